"""What stands when the programs have ended: as a client reads it, and as the store tells of its audit and its outbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from fhir_server.assembly.outside import clock, sqlite_path
from fhir_server.storage.mongo.number import OPEN_MS
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import Entry, Notice, Store
from tests.databases import mongo_at
from tests.faults.programs.connection import Answer, Connection, Request
from tests.faults.programs.told import Bundle, Told, entries_of, version_in
from tests.faults.programs.told import Entry as BundleEntry
from tests.faults.programs.write import KINDS, PEOPLE, TOKENS, Json, Place, identifiers_of
from tests.storage.contract import OPEN

T = TypeVar("T")
A = TypeVar("A")
Get = Callable[[str], Awaitable[Answer]]
Groups = tuple[tuple[tuple[str, str], ...], ...]
AT_ONCE = 8
PATIENCE = 30
"""How often a store that is away is asked again, once a second."""
MANY = 1000
"""Versions of a resource, and rows of the audit at once: more than programs make of one."""
MANY_IN_URL = 100
"""Identifiers that fit into an address."""


@dataclass(frozen=True)
class Version:
    """An entry of a history; a deletion has no `text`."""

    number: int
    updated: str
    method: str
    status: str
    text: bytes = b""

    @cached_property
    def resource(self) -> Json:
        return msgspec.json.decode(self.text) if self.text else {}


@dataclass(frozen=True)
class Read:
    """The answer to a read."""

    status: int
    version: int | None
    text: bytes


@dataclass(frozen=True)
class Search:
    """A search by identifiers, each group of which must be met by one of its members, and the ids that it found."""

    type: str
    groups: Groups
    ids: frozenset[str]


@dataclass(frozen=True)
class Evidence:
    """Histories as they are served, newest first; the audit's entries; the outbox's notices, each with its version."""

    histories: dict[Place, tuple[Version, ...]]
    reads: dict[Place, Read]
    searches: tuple[Search, ...] = ()
    entries: tuple[Entry, ...] = ()
    notices: tuple[tuple[int, Notice], ...] = ()


@dataclass(frozen=True)
class Trail:
    """The audit and the outbox."""

    entries: tuple[Entry, ...]
    notices: tuple[tuple[int, Notice], ...]

    @property
    def places(self) -> set[Place]:
        """All resources that a version was ever written of."""
        audited = {(entry.type, entry.id) for entry in self.entries if entry.version}
        return audited | {(notice.type, notice.id) for _, notice in self.notices}


async def trail_in(database: str) -> Trail:
    """The trail in a database that no server has open."""
    async with _opened(database) as store:
        entries = [it async for it in _all(lambda after: store.entries(OPEN, after=after, count=MANY))]
        notices = [it async for it in _all(lambda after: store.notices(after=after, count=MANY))]
    return Trail(tuple(entry for _, entry in entries), tuple((version, notice) for _, version, notice in notices))


def _opened(database: str) -> AbstractAsyncContextManager[Store]:
    """MongoDB's rows are shown up to a horizon that lies so far behind, since a killed process still has its lease."""
    if database.startswith("mongodb:"):
        return mongo_at(database, lambda: clock() + OPEN_MS + 1)
    return _sqlite(sqlite_path(database))


@asynccontextmanager
async def _sqlite(path: str) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, clock)
    try:
        yield store
    finally:
        await store.close()


async def _all(batch: Callable[[int], Awaitable[Sequence[Any]]]) -> AsyncIterator[Any]:
    after = 0
    while found := await batch(after):
        for it in found:
            yield it
        after = found[-1][0]


# ------------------------------------------------------------------------------------------------ over HTTP


async def gathered(port: int, trail: Trail, told: Sequence[Told]) -> Evidence:
    """All that a client can see of the places in the trail, and of those that an answer named."""
    places = sorted(trail.places | {it.place for it in told if it.acknowledged and it.place})
    histories = await _each(port, places, _history)
    reads = await _each(port, places, _read)
    live = [(place[0], msgspec.json.decode(read.text)) for place, read in zip(places, reads, strict=True) if read.text]
    searches = await _each(port, [*_asked(live, told)], _search)
    return Evidence(
        dict(zip(places, histories, strict=True)),
        dict(zip(places, reads, strict=True)),
        tuple(searches),
        trail.entries,
        trail.notices,
    )


async def _each(port: int, them: Sequence[A], asking: Callable[[Get, A], Awaitable[T]]) -> list[T]:
    """What is answered about each of them, a few asked at once."""
    answers: dict[int, T] = {}
    waiting = iter(enumerate(them))

    async def ask() -> None:
        with closing(Connection()) as connection:
            for number, it in waiting:
                answers[number] = await asking(lambda path: _once_there(connection, port, path), it)

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return [answers[number] for number in range(len(them))]


async def _once_there(connection: Connection, port: int, path: str) -> Answer:
    """What is answered once the store is there again: a busy one says 503 for a while, and nothing is lost by it."""
    for _ in range(PATIENCE):
        answer = await connection.ask(port, Request("GET", path))
        if answer.status != 503:
            break
        await asyncio.sleep(1)
    return answer


async def _history(get: Get, place: Place) -> tuple[Version, ...]:
    answer = await get(f"{'/'.join(place)}/_history?_count={MANY}")
    if answer.status == 404:
        return ()
    assert 200 == answer.status, _said(place, answer)
    bundle = msgspec.json.decode(answer.body, type=Bundle)
    assert len(bundle.entry) == bundle.total
    return tuple(_version(entry) for entry in bundle.entry)


def _version(entry: BundleEntry) -> Version:
    said = entry.response
    number = version_in(said["etag"]) or 0
    return Version(number, said["lastModified"], entry.request["method"], said["status"], bytes(entry.resource))


async def _read(get: Get, place: Place) -> Read:
    answer = await get("/".join(place))
    text = answer.body if answer.status == 200 else b""
    return Read(answer.status, version_in(answer.headers.get("etag", "")), text)


def _asked(live: Sequence[tuple[str, Json]], told: Sequence[Told]) -> Iterator[tuple[str, Groups]]:
    """Searches for each live resource by all its identifiers at once, for each person, and for what no resource has."""
    for type, resource in live:
        yield type, tuple((own,) for own in sorted(identifiers_of(resource)))
    for person in sorted({it.write.person for it in told if it.write.person}):
        yield "Patient", (((PEOPLE, person),),)
    shown = {own for _, resource in live for own in identifiers_of(resource)}
    for type in KINDS:
        sent = ((TOKENS, it.write.token) for it in told if it.write.type == type)
        gone = [own for own in sent if own not in shown]
        for start in range(0, len(gone), MANY_IN_URL):
            yield type, (tuple(gone[start : start + MANY_IN_URL]),)


async def _search(get: Get, asked_for: tuple[str, Groups]) -> Search:
    type, groups = asked_for
    asked = [("identifier", ",".join(f"{system}|{value}" for system, value in group)) for group in groups]
    answer = await get(f"{type}?{urlencode([*asked, ('_count', str(MANY))])}")
    assert 200 == answer.status, _said(asked_for, answer)
    ids = [entry.fullUrl.rpartition("/")[2] for entry in entries_of(answer.body)]
    assert len(ids) == len(set(ids))
    return Search(type, groups, frozenset(ids))


def _said(asked: object, answer: Answer) -> str:
    return f"{asked}: {answer.status} {answer.body.decode(errors='replace')}"
