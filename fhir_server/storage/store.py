"""The seam: what every store does, and the two values without which it does nothing.

To read, a store demands a `Grant`; to write, a `Commit`. Nothing here knows a database.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from msgspec import Struct

from fhir_server.fhir.instant import BEGINNING, END
from fhir_server.search.index import Index
from fhir_server.search.query import Criterion, Everything, Query, at_moment

# ---------------------------------------------------------------------------------------------- to read


class Grant:
    """What may be seen: a criterion that is part of every query, before limit, total, include and history.

    `rule` names the rule that opened it, and `purpose` is the purpose of use; both stand in the audit. `emergencies` are the
    patients (ids) to whom the caller has emergency access, each with the rules that open by it: what is shown of them is so
    for another purpose, and by those rules too. It does not speak of Words: nobody's right hangs on how a text is written,
    and of what is deleted they are not kept.

    `lasting` may have NOW in it, and is then the same for as long as its caller stands where it does, so that a store may keep in
    mind what it makes of it; `query` has `at` there (milliseconds since 1970).
    """

    __slots__ = ("_query", "at", "emergencies", "lasting", "purpose", "rule")

    def __init__(
        self,
        lasting: Criterion,
        purpose: str,
        rule: str,
        emergencies: tuple[tuple[str, str], ...] = (),
        *,
        at: int | None = None,
    ) -> None:
        """Without `at` nothing in the criterion waits for a moment."""
        self.lasting, self.purpose, self.rule, self.emergencies, self.at = lasting, purpose, rule, emergencies, at
        self._query = lasting if at is None else None

    @property
    def query(self) -> Criterion:
        """The criterion at the moment of the Grant."""
        if self._query is None:
            self._query = at_moment(self.lasting, self.at or 0)
        return self._query

    def over(self, query: Criterion) -> "Grant":
        """The same, of another criterion."""
        return Grant(query, self.purpose, self.rule, self.emergencies)


SYSTEM_GRANTS = {
    "reindex": Grant(Everything(), "HSYSADMIN", "system-reindex"),
    "identity": Grant(Everything(), "HOPERAT", "system-identity"),
    "readiness": Grant(Everything(), "HSYSADMIN", "system-readiness"),
    "standing": Grant(Everything(), "HOPERAT", "system-standing"),
    "registry": Grant(Everything(), "HSYSADMIN", "system-registry"),
    "verification": Grant(Everything(), "HSYSADMIN", "system-verification"),
    "authorize": Grant(Everything(), "HSYSADMIN", "system-authorize"),
    "protection": Grant(Everything(), "HOPERAT", "system-protection"),
    "emergency": Grant(Everything(), "HOPERAT", "system-emergency"),
    "explanation": Grant(Everything(), "HSYSADMIN", "system-explanation"),
    "access-log": Grant(Everything(), "PATRQT", "system-access-log"),
    "anchor": Grant(Everything(), "HOPERAT", "system-anchor"),
    "door": Grant(Everything(), "HSYSADMIN", "system-door"),
    "notice": Grant(Everything(), "HOPERAT", "system-notice"),
    "destruction": Grant(Everything(), "HSYSADMIN", "system-destruction"),
    "retention": Grant(Everything(), "HSYSADMIN", "system-retention"),
    "process": Grant(Everything(), "HOPERAT", "system-process"),
    "receipt": Grant(Everything(), "HOPERAT", "system-receipt"),
    "request": Grant(Everything(), "HOPERAT", "system-request"),
}
"""The server's own look-ups, each under a name of its own: no bypass. `reindex` reads every stored resource to derive its index
anew; `identity` matches a person by national identifier; `standing` finds who a caller is, who works at a unit, and what is above it; `readiness` asks whether anything can
be read at all; under `registry` it is told who registered clients and issuers; `verification` reads the whole trail, to see that
it is what was written; `authorize` finds the synthetic people that one may be while developing; `protection` asks whose identity
is protected; `emergency` finds whether somebody is kept here, and whether a unit gives health care; by `explanation` it is told, at the command
line, what each rule says of a resource; under `notice` the case that a notice of admission begins is read and written, and the
person of a stay is read; under `door` it is told how many were turned away; under `destruction` two persons have
something destroyed; under `retention` the trail is pruned; `anchor` finds whom a refused call concerned; `access-log` tells a
citizen of the own person, and what units are called; `process` reads all that has happened in a case or to a plan, to say where it
stands, whether something more may happen in it, and whose an action of it is, with the team that follows; under `receipt` a message that a unit has read is marked as received, and who is
to acknowledge it is looked up; under `request` it is found whether a plan was asked for already, with the person's name, and who answers for
the unit that is asked."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version at rest. `updated` is milliseconds since 1970; `text` the JSON served byte for byte, empty for the
    version that a deletion makes; `method` the HTTP verb that made it, or DESTROYED; `patients` the ids that anchor it.
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
        """Whether this version says that the resource was deleted, or destroyed."""
        return not self.text

    @property
    def destroyed(self) -> bool:
        """Whether this version is what was left when the resource was destroyed."""
        return self.method == DESTROYED


class Page(Struct, frozen=True):
    """A part of an ordered answer. `total` None: not counted. `next` None: nothing follows; else the position (the sort
    keys and the id of the last item) from which the next page starts.
    """

    items: tuple[Stored, ...]
    total: int | None = None
    next: tuple[str | int | float | None, ...] | None = None


# ---------------------------------------------------------------------------------------------- to write


class Draft(Struct, frozen=True):
    """The JSON of a version before it has a number and a time: `versionId` and `lastUpdated` go into the two gaps, inside
    the transaction that makes them.
    """

    before: bytes
    between: bytes
    after: bytes

    def text(self, version: int, updated: str) -> bytes:
        """The JSON of the version, `updated` being its FHIR instant."""
        return b'%b"%d"%b"%b"%b' % (self.before, version, self.between, updated.encode(), self.after)


class Relation(Struct, frozen=True):
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


class Put(Struct, frozen=True):
    """A new version of a resource. `absent` and `present` say whether it may be made where there is none (or a deleted
    one), and where there is one; `version` is the one that must be current (If-Match). `rereads`: the caller did not name
    it, the change was made from it; where another is current by now the Commit is Overtaken, and not Stale. `reach`
    is what may be changed so, where that is not the Grant of the whole Commit.
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
    reach: Criterion | None = None


class Delete(Struct, frozen=True):
    """The resource is deleted: a version without content. One that is deleted already stays as it is. `reach` is as in Put."""

    type: str
    id: str
    version: int | None = None
    reach: Criterion | None = None


DESTROYED = "DESTROY"
"""Stands as the `method` of the version that a destruction leaves: no HTTP verb makes one."""


class Destroy(Struct, frozen=True):
    """All versions of the resource are destroyed, deleted or not, and what it is found by: what is left is one version without
    content (`method` DESTROYED), with its patients and, of its index, the tokens and references of the parameters `judged`, so
    that grants reach it as before.
    """

    type: str
    id: str
    judged: frozenset[str] = frozenset()
    version: int | None = None
    reach: Criterion | None = None


Change: TypeAlias = Put | Delete | Destroy


class Matches(Struct, frozen=True):
    """The resources that match the query are those of these ids and no others; without ids, none does (If-None-Exist).
    `within` is what may be seen of them, as a grant says it, at every hop of a chain too; who may see more is another caller
    with the same question. Those of `versions` (id, version) stand as they did.
    """

    query: Query
    ids: frozenset[str] = frozenset()
    within: Criterion = Everything()
    versions: frozenset[tuple[str, int]] = frozenset()

    def met_by(self, found: Iterable[Stored]) -> bool:
        """Whether it holds, where these match, of which one more than there are ids was asked for."""
        current = {(stored.id, stored.version) for stored in found}
        return {id for id, _ in current} == self.ids and self.versions <= current


class Entry(Struct, frozen=True):
    """One lean row of the audit. `agent` is JSON, encoded once a token; entries are found by its `names`, where it has any.
    `version` 0, `patient` "" and `digest` "" are filled in by the store where the Commit changes the resource: the version
    that it writes, the ids of its patients with spaces between, the hash of that version. `at` is milliseconds since 1970;
    `status` what the caller was answered.

    `organisation` is the provider whose entry it is, and in whose chain it stands; "" where it is nobody's. `digest` is the
    SHA-256, in Base64, of the version shown or written, of several that of their hashes one after the other; `reason` the key
    of a refusal.
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
    organisation: str = ""
    digest: str = ""
    reason: str = ""


class Block(Struct, frozen=True):
    """A link in the chain of an organisation's entries: their numbers and hashes (`storage/seal.py` says how they stand in
    `rows`), and the digest of the block before it, by which `digest` follows from all that came before. The first is number 1.
    `at` is milliseconds since 1970.
    """

    organisation: str
    number: int
    at: int
    previous: bytes
    rows: bytes
    digest: bytes


class Order(Struct, frozen=True):
    """The order of entries: `by` the moment `at`, then the number; or by the `number` alone."""

    by: str = "at"
    descending: bool = False


class Notice(Struct, frozen=True):
    """Something happened that others wait for: a row of the outbox, its version filled in by the store. There is none of a
    resource that the Commit leaves as it is, deleted already.
    """

    type: str
    id: str
    interaction: str


class Commit(Struct, frozen=True):
    """What is written, all or none: changes with their index and relations, audit entries, notices; and the conditions that
    the store judges inside the transaction.
    """

    grant: Grant
    changes: tuple[Change, ...] = ()
    conditions: tuple[Matches, ...] = ()
    entries: tuple[Entry, ...] = ()
    notices: tuple[Notice, ...] = ()

    def reach(self, change: Change) -> Criterion:
        """What a resource must be, before the change and after it, for the change to be its caller's to make."""
        return self.grant.query if change.reach is None else change.reach


class Unopened(Exception):
    """The database cannot be opened; the message says why and what to do."""


class Overtaken(Exception):
    """A condition of the Commit no longer holds, or what it was made from is not current; nothing was written. Look again, and
    decide anew.
    """


# ---------------------------------------------------------------------------------------------- the store

COUNTED = 10_000
"""Totals are counted to here; past it they are left out."""

FLEETING = frozenset({"code", "family", "launch", "session", "signing-key"})
"""Kinds of facts that a backup leaves out: what was used, ended or revoked after the backup was made would be good again once it is
restored; and a private key lies in no file that is carried about."""


class Facts(Protocol):
    """What the server itself remembers: who is registered, what was used up, what was revoked. Facts are no resources, and stand
    under no Grant: none is ever shown over FHIR, and nobody but the server asks for one.

    A fact is a text under a kind (a word, without `/`) and a key; `until` is the moment, in ms since 1970, from which it counts
    no longer, 0 for ever. What has expired is never given, and is cleared away in time. What is written is durable when the
    call returns. Every change takes the audit entries that tell of it: they are written with it or, where the answer is
    False, not at all. Unavailable.
    """

    async def keep(self, kind: str, key: str, text: str, *, until: int, entries: Sequence[Entry] = ()) -> bool:
        """Keeps a fact; False where there is one already. Of any number who keep the same one at once one is told True."""
        ...

    async def kept(self, kind: str, key: str) -> str | None:
        """The text of a fact; None where there is none."""
        ...

    async def all_kept(self, kind: str) -> Mapping[str, str]:
        """The facts of a kind: texts by their keys, in the order of these."""
        ...

    async def replace(
        self, kind: str, key: str, old: str, new: str, *, until: int, entries: Sequence[Entry] = ()
    ) -> bool:
        """Puts a text in the place of the one that is known; False where that is not, or no longer, what is kept."""
        ...

    async def drop(self, kind: str, key: str, *, entries: Sequence[Entry] = ()) -> bool:
        """Forgets a fact; True for the one who dropped it, False for all others: so what is good once is used once."""
        ...


class Trail(Protocol):
    """The audit, as who verifies it must see it: beside a running server too."""

    async def entries(self, grant: Grant, *, after: int = 0, count: int = 1000) -> Sequence[tuple[int, Entry]]:
        """The audit in the order it was written, with the number of each row, from a number on. The grant speaks of rows, as
        that of `find_entries` does.
        """
        ...

    async def blocks(self, organisation: str, *, after: int = 0, count: int = 100) -> Sequence[Block]:
        """The chain of an organisation, from a block on."""
        ...

    async def heads(self) -> Sequence[Block]:
        """The last block of each chain, in the order of the organisations, its `rows` left out."""
        ...

    async def settled(self) -> int:
        """No entry will yet appear that was numbered before this moment (milliseconds since 1970)."""
        ...


class Store(Trail, Facts, Protocol):
    """A place where resources rest. Both stores pass one contract suite, `tests/storage/contract.py`.

    Refusals raised here: NotFound, Gone, Conflict, Stale, Unavailable (fhir/outcome.py), and Overtaken.
    """

    async def read(self, type: str, id: str, grant: Grant) -> Stored:
        """The current version. NotFound where there is none or the grant does not reach it, Gone where it is deleted."""
        ...

    async def vread(self, type: str, id: str, version: int, grant: Grant) -> Stored:
        """One version, where the grant reaches it and the current one, each as it is. NotFound; Gone for a deletion."""
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
        """The versions of one resource, of a type (`id` ""), or of every type (`type` "" too) but those of APART:
        newest first, deletions too, from the position `after` on (storage/past.py). With `since`, made at that instant (ms)
        or later; with `at`, current at some moment of a span, its ends included. The grant judges a version by what
        it is itself (its anchors, its index), and by what the current one is; relations and other resources are as they are now.

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

        A change to a resource that the grant (or the change's own `reach`) does not reach is NotFound, and so is an update of none. Stale where the
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

    async def find_entries(
        self,
        where: Criterion,
        grant: Grant,
        order: Order,
        *,
        count: int,
        after: tuple[int, ...] | None = None,
        total: bool = False,
    ) -> tuple[Sequence[tuple[int, Entry]], int | None]:
        """So many entries that meet a criterion and that the grant reaches, each with its number, from a position on (the
        moment where the order goes by it, and the number); and with `total` how many there are, None past COUNTED.

        Both criteria speak of rows: `Identity` of numbers, `OfPatient` and `Related` of the patients, `Token` of
        `interaction`, `organisation`, `request` and `agent` (one of its names), `Reference` of what it is `about`, `Span` of `at`
        and `status`. A grant may say other things of other types, rows being AuditEvents to it; one that asks what no row tells
        reaches none.
        """
        ...

    async def tend(self) -> None:
        """Does what the store owes its trail, a little behind the writes: seals it, indexes it. Called each second."""
        ...

    async def prune(self, organisation: str, number: int, entry: Entry) -> None:
        """Removes the blocks of a chain up to this number, and their entries, and writes the entry that tells of it: all of it
        or nothing. Overtaken where nothing is there to remove, or nothing would be left of the chain.
        """
        ...

    async def scour(self) -> None:
        """Leaves nothing in the database's own files of what was destroyed, as far as the database lets it: room is needed for
        a copy of it. Unavailable.
        """
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


class Reindexed(Struct, frozen=True):
    """What is derived anew from one version."""

    type: str
    id: str
    version: int
    index: Index
    patients: tuple[str, ...]
    relations: tuple[Relation, ...] = ()


class Indexing(Struct, frozen=True):
    """An index in the making: by which definitions, up to which place (type and id), how many resources that was, of about
    how many that there were when it began.
    """

    version: str
    place: tuple[str, str] = ("", "")
    done: int = 0
    total: int = 0
