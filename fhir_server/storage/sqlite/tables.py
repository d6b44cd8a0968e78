"""The tables as the writer fills them: versions and what they are found by, the audit, the outbox."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fhir_server.storage.rules import completed
from fhir_server.storage.seal import members_of
from fhir_server.storage.sqlite import scour, statements
from fhir_server.storage.sqlite.blocks import Chain
from fhir_server.storage.sqlite.clause import as_json
from fhir_server.storage.sqlite.derived import NO_ROWS, Rows
from fhir_server.storage.sqlite.held import AMOUNT, SPAN, STRING
from fhir_server.storage.sqlite.judge import Version
from fhir_server.storage.sqlite.texts import COLUMNS
from fhir_server.storage.store import Commit, Entry, Notice

_AGENTS = 10_000
"""So many agents are remembered; then all are forgotten and met anew."""


@dataclass(slots=True)
class _Keyed:
    """Rows as they stand in their tables, with the keys of parameter and resource."""

    tokens: list[tuple[int, str, int, str]] = field(default_factory=list)
    spans: list[tuple[int, int, int, int]] = field(default_factory=list)
    strings: list[tuple[int, str, int, str, str]] = field(default_factory=list)
    amounts: list[tuple[int, int, int, int, str, str]] = field(default_factory=list)


class Tables:
    """The tables, and the keys of what is interned in them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """On the writer's own connection."""
        self._connection = connection
        self._parameters: dict[tuple[str, str, str], int] = {}
        self._agents: dict[str, int] = {}
        self.chain = Chain(connection)
        (last,) = connection.execute("SELECT coalesce(max(key), 0) FROM resources").fetchone()
        self._last_key = int(last)
        (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM audit").fetchone()
        self.last_entry = int(last)

    def forget(self, unsealed: int) -> None:
        """After a rollback: keys may have been remembered that no longer stand. That of a resource is never given again, nor
        the number of an entry. So many entries are still to be sealed.
        """
        self._parameters.clear()
        self._agents.clear()
        self.chain.forget(unsealed)

    def next_key(self) -> int:
        """The key of a new resource."""
        self._last_key += 1
        return self._last_key

    def _fill(self, statement: str, rows: Sequence[Any]) -> None:
        if rows:
            self._connection.execute(statement, (as_json(rows),))

    # ------------------------------------------------------------------------------------------------ versions

    def put_versions(self, versions: Sequence[Version]) -> None:
        """New versions take the places of those before them, which are kept where versions are."""
        replaced = [version.key for version in versions if version.before]
        self._fill(statements.KEEP_VERSIONS, replaced)
        put = partial(statements.put_resources, replacing=bool(replaced))
        statements.fill(self._connection, put, map(_columns, versions))

    def remove_versions(self, destroyed: Sequence[Version]) -> None:
        """What came before the versions that a destruction leaves; the file is then to be scoured."""
        if destroyed:
            self._fill(statements.REMOVE_VERSIONS, [version.key for version in destroyed])
            scour.demand(self._connection)

    def put_indexes(self, versions: Sequence[Version]) -> None:
        """Replaces what stands beside the texts of versions that stay."""
        self._fill(statements.PUT_INDEXES, [(version.key, version.patients, version.idx) for version in versions])

    def put_derived(self, versions: Sequence[Version], *, anew: bool = False) -> None:
        """What the versions are found by, where it differs from what those before them were found by; `anew`: all of it,
        whatever the tables may have lost or kept.
        """
        more, less = _Keyed(), _Keyed()
        for version in versions:
            new, old = version.rows, version.before.rows if version.before else NO_ROWS
            self._spread(version, new if anew else new.without(old), more)
            self._spread(version, old.joined(new) if anew else old.without(new), less)
        self._fill(statements.REMOVE_TOKENS, less.tokens)
        self._fill(statements.REMOVE_SPANS, less.spans)
        self._fill(statements.REMOVE_STRINGS, less.strings)
        self._fill(statements.REMOVE_AMOUNTS, less.amounts)
        self._fill(statements.ADD_TOKENS, sorted(more.tokens))
        self._fill(statements.ADD_SPANS, sorted(more.spans))
        self._fill(statements.ADD_STRINGS, sorted(more.strings))
        self._fill(statements.ADD_AMOUNTS, sorted(more.amounts))
        self._put_words(versions)
        self._put_relations(versions)

    def _spread(self, version: Version, rows: Rows, into: _Keyed) -> None:
        type, key, parameter = version.stored.type, version.key, self._parameter
        into.tokens += [(parameter(type, kind, code), value, key, space) for kind, code, value, space in rows.tokens]
        into.spans += [(parameter(type, SPAN, code), low, high, key) for code, low, high in rows.spans]
        into.strings += [
            (parameter(type, STRING, code), value, key, exact, place) for code, place, value, exact in rows.strings
        ]
        into.amounts += [
            (parameter(type, AMOUNT, code), low, high, key, system, unit)
            for code, low, high, system, unit in rows.amounts
        ]

    def _parameter(self, type: str, kind: str, code: str) -> int:
        key = self._parameters.get((type, kind, code))
        if key is None:
            self._connection.execute(
                "INSERT OR IGNORE INTO parameters (type, kind, code) VALUES (?, ?, ?)", (type, kind, code)
            )
            (key,) = self._connection.execute(
                "SELECT key FROM parameters WHERE type = ? AND kind = ? AND code = ?", (type, kind, code)
            ).fetchone()
            self._parameters[type, kind, code] = key
        return key

    def _put_words(self, versions: Sequence[Version]) -> None:
        """Of all the words of a resource, for which no index says what they were before."""
        self._fill(statements.REMOVE_WORDS, [version.key for version in versions if version.before])
        self._fill(statements.ADD_WORDS, [_worded(version) for version in versions if version.words])

    def _put_relations(self, versions: Sequence[Version]) -> None:
        self._fill(statements.REMOVE_RELATIONS, [version.key for version in versions if version.before])
        self._fill(
            statements.ADD_RELATIONS,
            [
                (version.key, it.patient, it.actor, it.kind, it.source, it.plan, it.start, it.end)
                for version in versions
                for it in version.relations
            ],
        )

    # ------------------------------------------------------------------------------------------------ the trail

    def put_trail(self, made: Iterable[tuple[Commit, Sequence[Version]]]) -> None:
        """Audit entries and notices, each with the version of its change."""
        entries: list[tuple[Any, ...]] = []
        notices: list[tuple[Any, ...]] = []
        for commit, versions in made:
            by_place = {(version.stored.type, version.stored.id): version for version in versions}
            entries += [self._audited(entry, by_place.get((entry.type, entry.id))) for entry in commit.entries]
            notices += _noticed(commit.notices, by_place)
        statements.fill(self._connection, statements.ADD_AUDIT, entries)
        self._fill(statements.ADD_OUTBOX, notices)

    def _audited(self, entry: Entry, version: Version | None) -> tuple[Any, ...]:
        members = members_of(entry if version is None else completed(entry, version.stored))
        self.last_entry += 1
        self.chain.add(self.last_entry, entry.organisation, members)
        at, agent, *rest = members
        return (self.last_entry, at, self._agent(agent), *rest)

    def _agent(self, agent: str) -> int:
        key = self._agents.get(agent)
        if key is None:
            if len(self._agents) >= _AGENTS:
                self._agents.clear()
            self._connection.execute("INSERT OR IGNORE INTO agents (agent) VALUES (?)", (agent,))
            (key,) = self._connection.execute("SELECT key FROM agents WHERE agent = ?", (agent,)).fetchone()
            self._agents[agent] = key
        return key


def _columns(version: Version) -> tuple[Any, ...]:
    it = version.stored
    beside = (version.patients, version.idx, it.text)
    return (version.key, it.type, it.id, it.version, it.updated, it.deleted, it.method, it.digest, *beside)


def _worded(version: Version) -> tuple[Any, ...]:
    texts = (" ".join(version.words.get(parameter, ())) for parameter in COLUMNS)
    return (version.key, version.stored.type, *texts)


def _noticed(notices: Iterable[Notice], by_place: dict[tuple[str, str], Version]) -> Iterable[tuple[Any, ...]]:
    """The notices; none of what is deleted already, for nothing happened to it."""
    for notice in notices:
        version = by_place.get((notice.type, notice.id))
        if version is None or version.changes:
            yield (version.stored.version if version else 0, notice.type, notice.id, notice.interaction)
