"""The seam: what every store does, and the two values without which it does nothing.

To read, a store demands a `Grant`; to write, a `Commit`. Nothing here knows a database.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from fhir_server.fhir.instant import BEGINNING, END
from fhir_server.search.index import Index
from fhir_server.search.query import Criterion, Everything, Query

# ---------------------------------------------------------------------------------------------- to read


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be seen: a criterion that is part of every query, before limit, total, include and history.

    `rule` names the rule that opened it, and `purpose` is the purpose of use; both stand in the audit. It does not speak of
    Words: nobody's right hangs on how a text is written, and of what is deleted they are not kept.
    """

    query: Criterion
    purpose: str
    rule: str


SYSTEM_GRANTS = {
    "reindex": Grant(Everything(), "HSYSADMIN", "system-reindex"),
    "identity": Grant(Everything(), "HOPERAT", "system-identity"),
    "readiness": Grant(Everything(), "HSYSADMIN", "system-readiness"),
}
"""The server's own look-ups, each under a name of its own: no bypass. `reindex` reads every stored resource to derive its
index anew; `identity` matches a person by national identifier; `readiness` asks whether anything can be read at all."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version at rest. `updated` is milliseconds since 1970; `text` the JSON served byte for byte, empty for the
    version that a deletion makes; `method` the HTTP verb that made it; `patients` the ids that anchor it.
    """

    type: str
    id: str
    version: int
    updated: int
    text: bytes
    method: str
    patients: tuple[str, ...]
    digest: bytes = b""

    @property
    def deleted(self) -> bool:
        """Whether this version says that the resource was deleted."""
        return not self.text


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an ordered answer. `total` None: not counted. `next` None: nothing follows; else the position (the sort
    keys and the id of the last item) from which the next page starts.
    """

    items: tuple[Stored, ...]
    total: int | None = None
    next: tuple[str | int | float | None, ...] | None = None


# ---------------------------------------------------------------------------------------------- to write


@dataclass(frozen=True, slots=True)
class Draft:
    """The JSON of a version before it has a number and a time: `versionId` and `lastUpdated` go into the two gaps, inside
    the transaction that makes them.
    """

    before: bytes
    between: bytes
    after: bytes

    def text(self, version: int, updated: str) -> bytes:
        """The JSON of the version, `updated` being its FHIR instant."""
        return b'%b"%d"%b"%b"%b' % (self.before, version, self.between, updated.encode(), self.after)


@dataclass(frozen=True, slots=True)
class Relation:
    """Someone has to do with a patient: by a team, a consent or a case. `actor` is a reference (`Practitioner/1`);
    `start` and `end` are milliseconds since 1970, both included; `source` is the resource that says so.
    """

    patient: str
    actor: str
    kind: str
    source: str
    plan: str = ""
    start: int = BEGINNING
    end: int = END


@dataclass(frozen=True, slots=True)
class Put:
    """A new version of a resource. `absent` and `present` say whether it may be made where there is none (or a deleted
    one), and where there is one; `version` is the one that must be current (If-Match). `rereads`: the caller did not name
    it, the change was made from it; where another is current by now the Commit is Overtaken, and not Stale.
    """

    type: str
    id: str
    draft: Draft
    index: Index
    patients: tuple[str, ...]
    relations: tuple[Relation, ...] = ()
    method: str = "PUT"
    absent: bool = True
    present: bool = True
    version: int | None = None
    rereads: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """The resource is deleted: a version without content. One that is deleted already stays as it is."""

    type: str
    id: str
    version: int | None = None


Change: TypeAlias = Put | Delete


@dataclass(frozen=True, slots=True)
class Matches:
    """The resources that match the query are those of these ids and no others; without ids, none does (If-None-Exist).
    Judged as it is written: a grant that it was looked up under is no part of it unless the query says so.
    """

    query: Query
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One lean row of the audit. `agent` is JSON, encoded once a token. `version` 0 and `patient` "" are filled in by the
    store where the Commit changes the resource: the version that it writes, the ids of its patients with spaces between.
    `at` is milliseconds since 1970; `status` what the caller was answered.
    """

    at: int
    agent: str
    interaction: str
    status: int
    type: str = ""
    id: str = ""
    version: int = 0
    patient: str = ""
    rule: str = ""
    purpose: str = ""
    request: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened that others wait for: a row of the outbox, its version filled in by the store. There is none of a
    resource that the Commit leaves as it is, deleted already.
    """

    type: str
    id: str
    interaction: str


@dataclass(frozen=True, slots=True)
class Commit:
    """What is written, all or none: changes with their index and relations, audit entries, notices; and the conditions that
    the store judges inside the transaction.
    """

    grant: Grant
    changes: tuple[Change, ...] = ()
    conditions: tuple[Matches, ...] = ()
    entries: tuple[Entry, ...] = ()
    notices: tuple[Notice, ...] = ()


class Unopened(Exception):
    """The database cannot be opened; the message says why and what to do."""


class Overtaken(Exception):
    """A condition of the Commit no longer holds, or what it was made from is not current; nothing was written. Look again, and
    decide anew.
    """


# ---------------------------------------------------------------------------------------------- the store

COUNTED = 10_000
"""Totals are counted to here; past it they are left out."""


class Store(Protocol):
    """A place where resources rest. Both stores pass one contract suite, `tests/storage/contract.py`.

    Refusals raised here: NotFound, Gone, Conflict, Stale, Unavailable (fhir/outcome.py), and Overtaken.
    """

    async def read(self, type: str, id: str, grant: Grant) -> Stored:
        """The current version. NotFound where there is none or the grant does not reach it, Gone where it is deleted."""
        ...

    async def vread(self, type: str, id: str, version: int, grant: Grant) -> Stored:
        """One version, under the anchors that it and the current version have. NotFound; Gone for a deletion."""
        ...

    async def history(
        self,
        type: str,
        id: str,
        grant: Grant,
        *,
        count: int,
        after: tuple[str | int | float | None, ...] | None = None,
        since: int | None = None,
        at: tuple[int, int] | None = None,
    ) -> Page:
        """The versions of one resource, of a type (`id` ""), or of every type (`type` "" too) but those of rules.APART:
        newest first, deletions too, from the position `after` on (storage/past.py). With `since`, made at that instant (ms)
        or later; with `at`, current at some moment of a span, its ends included. The grant judges a version by the anchors
        that it has itself, and by all that the current one has.

        Of one resource: NotFound where the grant reaches no version at all; a total on every page. Of more: a total on the
        first page, to COUNTED; and nothing past a horizon before which no transaction is open, so that nobody who asks
        `since` the last one shown misses any.
        """
        ...

    async def search(
        self,
        query: Query,
        grant: Grant,
        *,
        count: int,
        after: tuple[str | int | float | None, ...] | None = None,
        total: bool = True,
    ) -> Page:
        """The resources that match and that the grant reaches, `count` of them from the position `after`. With `total` they
        are counted, to COUNTED; past that the total is None.
        """
        ...

    async def values(self, type: str, parameter: str, grant: Grant, *, count: int) -> Sequence[tuple[str, str]]:
        """The values (system, code) that a token parameter has among the resources of a type that the grant reaches: each
        once, in order, `count` of them at the most.
        """
        ...

    async def commit(self, commit: Commit) -> tuple[Stored, ...]:
        """Writes all of the Commit or nothing: one Stored for each change, in their order, durable when this returns.

        A change to a resource that the grant does not reach is NotFound, and so is an update of none. Stale where the
        version named is not current; Conflict where a create meets an existing id; Overtaken where a condition fails, or a
        version read is no longer current.
        """
        ...

    def resources(self, grant: Grant, *, after: tuple[str, str] = ("", "")) -> AsyncIterator[Stored]:
        """Every current resource in the order of type and id, from a place on: for reindexing and copies."""
        ...

    async def index_version(self) -> str:
        """Which definitions the whole index was made by; "" while it is being made."""
        ...

    async def index_is(self, version: str) -> None:
        """Says that the index was made by these definitions, or ("") that it is of no use. Overtaken where it is just being
        made by others.
        """
        ...

    async def indexing(self, version: str) -> "Indexing":
        """Begins to make the index by these definitions, or goes on where that was left off. From now on searches are
        refused, and so is each write by other definitions.
        """
        ...

    async def reindex(self, rows: Sequence["Reindexed"], reached: "Indexing | None" = None) -> None:
        """Replaces what is derived from these versions, where they are still current, and keeps in the same transaction how far
        the making of the index has come. Overtaken where it is no longer being made by these definitions.
        """
        ...

    async def entries(self, grant: Grant, *, after: int = 0, count: int = 1000) -> Sequence[tuple[int, Entry]]:
        """The audit in the order it was written, with the number of each row, from a number on."""
        ...

    async def notices(self, *, after: int = 0, count: int = 1000) -> Sequence[tuple[int, int, Notice]]:
        """The outbox in the order it was written: number, version, notice; from a number on."""
        ...

    async def relations(self, patient: str) -> Sequence[Relation]:
        """Who has to do with a patient, whenever."""
        ...

    async def check(self) -> None:
        """Raises Unavailable where the store cannot be read or written just now."""
        ...

    async def close(self) -> None:
        """Finishes what was handed in and lets go of the database."""
        ...


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What is derived anew from one version."""

    type: str
    id: str
    version: int
    index: Index
    patients: tuple[str, ...]
    relations: tuple[Relation, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Indexing:
    """An index in the making: by which definitions, up to which place (type and id), how many resources that was, of about
    how many that there were when it began.
    """

    version: str
    place: tuple[str, str] = ("", "")
    done: int = 0
    total: int = 0
