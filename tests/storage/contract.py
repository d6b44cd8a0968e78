"""What every store is held to: where the stores come from, under which grants they are called, and what is put into them.

A new store joins by one line in PLAIN. Each test runs under the open grant, under one narrowed to the patient MINE, and under
one that says so of what is about patients, and opens the directory beside it; and so that what the patient has closed is left out.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch

from fhir_server.fhir.instant import instant
from fhir_server.search.index import Index
from fhir_server.search.query import BlockedBy, Every, Everything, OfKind, OfPatient, Some, Without
from fhir_server.storage.sqlite import begin, chain, related
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import Commit, Draft, Entry, Grant, Notice, Page, Put, Relation, Store, Stored
from tests.databases import joining, mongo

MINE, THEIRS = "p1", "p2"
OPEN = Grant(Everything(), "HOPERAT", "open")
NARROWED = Grant(OfPatient(frozenset({MINE})), "TREAT", "one-patient")
DIRECTORY = frozenset({"Organization", "Practitioner", "PractitionerRole", "HealthcareService"})
CLINICAL = frozenset({"AuditEvent", "Basic", "CarePlan", "CareTeam", "Communication", "Consent", "Goal", "Task"})
CITIZEN = Grant(Some((OfKind(DIRECTORY), Every((OfKind(CLINICAL), OfPatient(frozenset({MINE})))))), "PATRQT", "citizen")
NOON = 1_700_000_000_000
_BLOCKS = frozenset({"inner-block", "outer-block"})
CLOSED = BlockedBy("documented-by", _BLOCKS, frozenset({"Organization/own", "Organization/county"}), NOON)
"""What a patient has closed to a unit: not what the unit documented itself, nor its county."""
STAFF = Grant(
    Some(
        (
            OfKind(DIRECTORY),
            Every((OfKind(CLINICAL - {"AuditEvent"}), OfPatient(frozenset({MINE})), Without(CLOSED))),
            Every((OfKind(frozenset({"AuditEvent"})), OfPatient(frozenset({MINE})))),
        )
    ),
    "TREAT",
    "staff",
)
GRANTS = {"open": OPEN, "one-patient": NARROWED, "citizen": CITIZEN, "staff": STAFF}


class Clock:
    """A clock that a test sets: milliseconds since 1970."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


Opened: TypeAlias = AbstractAsyncContextManager[Store]


@asynccontextmanager
async def sqlite_file(folder: Path, clock: Clock) -> AsyncIterator[Store]:
    async with sqlite_at(str(folder / "plans.db"), clock) as store:
        yield store


@asynccontextmanager
async def sqlite_memory(folder: Path, clock: Clock) -> AsyncIterator[Store]:
    async with sqlite_at(":memory:", clock) as store:
        yield store


@asynccontextmanager
async def sqlite_at(path: str, clock: Clock) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, clock)
    try:
        await store.index_is("definitions of today")
        yield store
    finally:
        await store.close()


@contextmanager
def walking() -> Iterator[None]:
    """As a store searches that has too many of everything to gather and sort them: in threads, along its indexes."""
    few = patch.multiple(begin, GATHERED=-1, FEW=-1, LISTED=-1)
    with few, patch.object(chain, "ENDS", -1), patch.object(related, "BLOCKS", -1):
        yield


@contextmanager
def sieving() -> Iterator[None]:
    """As a store searches in which each criterion is met by more than a few: chains are settled, keys are sieved."""
    with patch.object(begin, "FEW", 0):
        yield


WAYS: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
    "sqlite-walking": walking,
    "sqlite-sieving": sieving,
    "mongo-joining": joining,
}
"""What a store is made to do that holds as little as those of tests do, for as long as the block lasts."""


def in_the_way_of(kind: str) -> AbstractContextManager[None]:
    """Within the block a store searches as this kind of STORES does."""
    return WAYS.get(kind, nullcontext)()


def opening(kind: str, opener: Callable[[Path, Clock], Opened]) -> Callable[[Path, Clock], Opened]:
    """The opener of a store that searches as its kind does for as long as it is open."""

    @asynccontextmanager
    async def opened(folder: Path, clock: Clock) -> AsyncIterator[Store]:
        with in_the_way_of(kind):
            async with opener(folder, clock) as store:
                yield store

    return opened


PLAIN: Mapping[str, Callable[[Path, Clock], Opened]] = {
    "sqlite-file": sqlite_file,
    "sqlite-memory": sqlite_memory,
    "sqlite-walking": sqlite_memory,
    "sqlite-sieving": sqlite_memory,
    "mongo": mongo,
    "mongo-joining": mongo,
}
STORES: Mapping[str, Callable[[Path, Clock], Opened]] = {kind: opening(kind, opener) for kind, opener in PLAIN.items()}


# ------------------------------------------------------------------------------------------------ what is put in


def a_draft(title: str = "SIP") -> Draft:
    return Draft(
        b'{"resourceType":"CarePlan","meta":{"versionId":', b',"lastUpdated":', f'}},"title":"{title}"}}'.encode()
    )


def text_of(title: str, version: int, updated: int) -> bytes:
    """The JSON that a draft becomes, written out."""
    return (
        f'{{"resourceType":"CarePlan","meta":{{"versionId":"{version}","lastUpdated":"{instant(updated)}"}},'
        f'"title":"{title}"}}'
    ).encode()


def a_put(
    id: str = "a",
    *,
    type: str = "CarePlan",
    title: str = "SIP",
    patient: str = MINE,
    tokens: dict[str, list[tuple[str, str]]] | None = None,
    references: dict[str, list[tuple[str, str]]] | None = None,
    spans: dict[str, list[tuple[int, int]]] | None = None,
    strings: dict[str, list[tuple[str, str, str]]] | None = None,
    amounts: dict[str, list[tuple[float, float, str, str]]] | None = None,
    words: dict[str, list[str]] | None = None,
    elements: dict[str, list[Index]] | None = None,
    relations: tuple[Relation, ...] = (),
    method: str = "PUT",
    absent: bool = True,
    present: bool = True,
    version: int | None = None,
    rereads: bool = False,
) -> Put:
    index = Index(
        tokens or {}, references or {}, spans or {}, strings or {}, amounts or {}, words or {}, elements or {}
    )
    return Put(
        type, id, a_draft(title), index, (patient,), relations, method=method,
        absent=absent, present=present, version=version, rereads=rereads,
    )  # fmt: skip


def an_entry(id: str = "a", **members: str | int) -> Entry:
    return Entry(NOON, '{"who":"somebody"}', "update", 200, "CarePlan", id, **members)


def a_notice(id: str = "a") -> Notice:
    return Notice("CarePlan", id, "write")


async def write(store: Store, *changes: Put, grant: Grant = OPEN) -> tuple[Stored, ...]:
    return await store.commit(Commit(grant, changes))


def ids(page: Page) -> list[str]:
    return [stored.id for stored in page.items]
