"""What the writer does to the database: Commits judged, and those that stand written, several at once."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from fhir_server.fhir.outcome import NotFound, Refusal
from fhir_server.search.query import Criterion, Everything
from fhir_server.storage.rules import incomplete, refuse
from fhir_server.storage.sqlite import blocks, indexing, keys
from fhir_server.storage.sqlite.clause import as_json
from fhir_server.storage.sqlite.compile import PRESENT, compiled
from fhir_server.storage.sqlite.find import search
from fhir_server.storage.sqlite.judge import Present, Version, delete, destroy, put, rederive
from fhir_server.storage.sqlite.tables import Tables
from fhir_server.storage.store import (
    SYSTEM_GRANTS,
    Change,
    Commit,
    Destroy,
    Entry,
    Indexing,
    Matches,
    Overtaken,
    Put,
    Reindexed,
    Stored,
)

Outcome: TypeAlias = tuple[Stored, ...] | Refusal | Overtaken
_Place: TypeAlias = tuple[str, str]
_Proposal: TypeAlias = list[Version] | Refusal | Overtaken


class Ledger:
    """The writer's hand. It wants a transaction to be open, and has written nothing of a Commit that it refuses."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], int]) -> None:
        """On the writer's own connection; `clock` gives milliseconds since 1970."""
        self._connection = connection
        self._tables = Tables(connection)
        self._clock = clock
        self.index_version = indexing.made_by(connection)
        self._found = keys.indexed(connection)
        self.making: int | None = None
        """The first moment of the versions that the open transaction makes."""

    def forget(self, unsealed: int = 0) -> None:
        """After a rollback: what was remembered of the database may no longer be in it; so many entries are still to seal."""
        self._tables.forget(unsealed)
        self._found = keys.indexed(self._connection)
        self.index_version = indexing.made_by(self._connection)

    @property
    def unsealed(self) -> int:
        """How many entries the open transaction has written."""
        return self._tables.chain.unsealed

    def seal(self) -> None:
        """Links what the open transaction has written to the chains, as the last thing before it is committed."""
        if self.unsealed:
            self._tables.chain.seal(self._clock())

    def sealed(self) -> None:
        """The transaction is committed: only now do the heads of the chains move."""
        self._tables.chain.move()

    @property
    def last_entry(self) -> int:
        """The number of the last entry."""
        return self._tables.last_entry

    @property
    def unfound(self) -> int:
        """How many entries have been written that no key leads to yet."""
        return self._tables.last_entry - self._found

    def index_trail(self) -> None:
        """Makes the keys that the next entries are found by, some at a time."""
        last = min(self._found + keys.AT_ONCE, self._tables.last_entry)
        keys.index(self._connection, self._found, last)
        self._found = last

    def record(self, commits: Sequence[Commit]) -> list[Outcome]:
        """What becomes of each Commit. No two of them touch one resource, and only the first has conditions."""
        present = self._present((change.type, change.id) for commit in commits for change in commit.changes)
        now = self._clock()
        self.making = now if self.making is None else min(self.making, now)
        proposals = [self._proposed(commit, present, now) for commit in commits]
        hidden = self._hidden(commits, proposals, present)
        judged = [
            self._judged(commit, NotFound.because("not-found") if number in hidden else proposal)
            for number, (commit, proposal) in enumerate(zip(commits, proposals, strict=True))
        ]
        self._write([(commit, it) for commit, it in zip(commits, judged, strict=True) if isinstance(it, list)])
        return [tuple(version.stored for version in it) if isinstance(it, list) else it for it in judged]

    def _present(self, places: Iterable[_Place]) -> dict[_Place, Present]:
        asked = list(places)
        if not asked:
            return {}
        rows = self._connection.execute(_PRESENT, (as_json(asked),)).fetchall()
        return {(row[1], row[2]): Present(*row) for row in rows}

    def _proposed(self, commit: Commit, present: dict[_Place, Present], now: int) -> _Proposal:
        try:
            for change in commit.changes:
                before = present.get((change.type, change.id))
                refuse(change, before.standing if before else None)
        except (Refusal, Overtaken) as refusal:
            return refusal
        return [self._version(change, present.get((change.type, change.id)), now) for change in commit.changes]

    def _version(self, change: Change, before: Present | None, now: int) -> Version:
        if isinstance(change, Put):
            return put(change, before.key if before else self._tables.next_key(), before, now)
        assert before is not None, "the deletion of nothing was refused"
        return destroy(change, before, now) if isinstance(change, Destroy) else delete(change, before, now)

    def _hidden(
        self, commits: Sequence[Commit], proposals: Sequence[_Proposal], present: dict[_Place, Present]
    ) -> set[int]:
        """The numbers of the Commits that would replace, or leave behind, what is not theirs to change."""
        asked: defaultdict[Criterion, list[_Row]] = defaultdict(list)
        for number, (commit, proposal) in enumerate(zip(commits, proposals, strict=True)):
            made = proposal if isinstance(proposal, list) else [None] * len(commit.changes)
            for change, version in zip(commit.changes, made, strict=True):
                reach = commit.reach(change)
                if not isinstance(reach, Everything):
                    asked[reach] += _touched(number, present.get((change.type, change.id)), version)
        return {number for reach, rows in asked.items() if rows for number in self._beyond(reach, rows)}

    def _beyond(self, reach: Criterion, rows: Sequence["_Row"]) -> set[int]:
        """Judged by the relations as they are before the Commit: nobody lets himself in by what he writes."""
        reached = compiled(reach, PRESENT)
        sql = f"SELECT r.number FROM ({_TOUCHED}) r WHERE NOT {reached.sql}"
        return {number for (number,) in self._connection.execute(sql, (as_json(rows), *reached.values)).fetchall()}

    def _judged(self, commit: Commit, proposal: _Proposal) -> list[Version] | Refusal | Overtaken:
        if isinstance(proposal, list):
            try:
                for condition in commit.conditions:
                    self._refuse_unmet(condition)
            except (Refusal, Overtaken) as refusal:
                return refusal
        return proposal

    def _refuse_unmet(self, condition: Matches) -> None:
        if not self.index_version:
            raise incomplete()
        found = search(condition.query, condition.within, count=len(condition.ids) + 1).page(self._connection).items
        if not condition.met_by(found):
            raise Overtaken

    def _write(self, made: Sequence[tuple[Commit, list[Version]]]) -> None:
        versions = [version for _, own in made for version in own if version.changes]
        if versions:
            self._tables.put_versions(versions)
            self._tables.put_derived(versions)
            self._tables.remove_versions([version for version in versions if version.stored.destroyed])
        self._tables.put_trail(made)

    # ------------------------------------------------------------------------------------------------ no Commits

    def reindex(self, rows: Sequence[Reindexed], reached: Indexing | None) -> None:
        """Replaces what is derived from these versions, where they are still current, and keeps how far it came. Overtaken."""
        if reached is not None:
            indexing.keep(self._connection, reached)
        present = self._present((row.type, row.id) for row in rows)
        found = [(row, present.get((row.type, row.id))) for row in rows]
        versions = [
            rederive(row, before)
            for row, before in found
            if before is not None and before.version == row.version and not before.deleted
        ]
        if versions:
            self._tables.put_indexes(versions)
            self._tables.put_derived(versions, anew=True)

    def index_is(self, version: str) -> None:
        """Says by which definitions the index is made. Overtaken."""
        indexing.end(self._connection, version)
        self.index_version = version

    def indexing(self, version: str) -> Indexing:
        """Begins to make the index, or goes on."""
        reached = indexing.begin(self._connection, version)
        self.index_version = ""
        return reached

    def change_fact(self, change: Callable[[sqlite3.Connection, int], bool], entries: Sequence[Entry]) -> bool:
        """Whether the change was one, made now on this connection; the entries are written with it."""
        done = change(self._connection, self._clock())
        if done and entries:
            self._tables.put_trail([(Commit(SYSTEM_GRANTS["registry"], entries=tuple(entries)), [])])
        return done

    def prune(self, organisation: str, number: int, entry: Entry) -> None:
        """Removes blocks of a chain, with their entries; the entry that tells of it is written with that. Overtaken."""
        if not blocks.prune(self._connection, organisation, number):
            raise Overtaken
        self._tables.put_trail([(Commit(SYSTEM_GRANTS["retention"], entries=(entry,)), [])])

    def check(self) -> None:
        """Writes more than fits where something else stood, and takes it away again, to see that there is room."""
        for value in ("x" * _ROOM, ""):
            self._connection.execute("UPDATE meta SET value = ? WHERE name = 'checked'", (value,))


_ROOM = 10_000
"""Bytes that want new pages: about as many as one more resource."""

_PRESENT = (
    "SELECT r.key, r.type, r.id, r.version, r.updated, r.deleted, r.patients, r.idx FROM json_each(?) j"
    " CROSS JOIN resources r ON r.type = json_extract(j.value, '$[0]') AND r.id = json_extract(j.value, '$[1]')"
)

_Row: TypeAlias = tuple[int, int, str, str, int, str, str]
"""The number of a Commit, and of a resource as it was or will be what a grant is judged by. Its words, and what points at it,
are what they are before the Commit.
"""

_TOUCHED = (
    "SELECT json_extract(value, '$[0]') AS number, json_extract(value, '$[1]') AS key, json_extract(value, '$[2]') AS type,"
    " json_extract(value, '$[3]') AS id, json_extract(value, '$[4]') AS updated, json_extract(value, '$[5]') AS patients,"
    " json_extract(value, '$[6]') AS idx FROM json_each(?)"
)


def _touched(number: int, before: Present | None, version: Version | None) -> Iterable[_Row]:
    if before is not None:
        yield number, before.key, before.type, before.id, before.updated, before.patients, before.idx
    if version is not None:
        it = version.stored
        yield number, version.key, it.type, it.id, it.updated, version.patients, version.idx
