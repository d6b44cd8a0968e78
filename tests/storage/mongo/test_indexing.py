"""Servers of several releases on one database: none indexes or searches by definitions that no longer rule."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from fhir_server.fhir.outcome import Unavailable
from fhir_server.search.query import Query, Token
from fhir_server.storage.mongo.number import LEASE_MS
from fhir_server.storage.mongo.store import MongoStore
from fhir_server.storage.store import Commit, Matches
from tests.databases import new_database
from tests.storage.contract import NOON, OPEN, Clock, a_put, an_entry, ids, write

pytestmark = pytest.mark.anyio

PLANS = Query("CarePlan")


class Opened:
    """Stores of one database, each with a clock of its own."""

    def __init__(self, uri: str, stack: AsyncExitStack) -> None:
        self._uri = uri
        self._stack = stack
        self.clock = Clock()

    async def store(self, definitions: str) -> MongoStore:
        opened = await MongoStore.open(self._uri, self.clock, definitions)
        self._stack.push_async_callback(opened.close)
        return opened


@pytest.fixture
async def opened():
    async with AsyncExitStack() as stack:
        yield Opened(new_database(), stack)


@pytest.fixture
async def old(opened):
    store = await opened.store("old")
    await store.index_is("old")
    await write(store, a_put("a"))
    return store


def refused(result: object) -> bool:
    return isinstance(result, Unavailable) and "incomplete" == result.issues[0].code


async def test_an_index_is_not_made_anew_before_those_who_write_by_other_definitions_have_ended(old, opened):
    new = await opened.store("new")
    beginning = asyncio.create_task(new.indexing("new"))
    await asyncio.sleep(1)
    assert not beginning.done()
    await write(old, a_put("b"))  # it holds its lease still: what it writes is there before the making begins

    opened.clock.now += LEASE_MS // 2
    await asyncio.sleep(1)
    assert not beginning.done()
    opened.clock.now = NOON + LEASE_MS - 5_000  # it renews its lease, and is told
    with pytest.raises(Unavailable) as refusal:
        await write(old, a_put("c"))

    assert refused(refusal.value)
    assert "new" == (await asyncio.wait_for(beginning, 5)).version
    assert ["a", "b"] == [stored.id async for stored in new.resources(OPEN)]


async def test_who_was_closed_is_not_waited_for(old, opened):
    await old.close()
    new = await opened.store("new")

    assert "new" == (await asyncio.wait_for(new.indexing("new"), 5)).version


async def test_who_writes_by_the_same_definitions_is_not_waited_for_and_goes_on_writing(old, opened):
    other = await opened.store("old")

    assert "old" == (await asyncio.wait_for(other.indexing("old"), 5)).version
    opened.clock.now += LEASE_MS
    await write(old, a_put("b", tokens={"code": [("s", "1")]}))
    await other.index_is("old")

    assert ["b"] == ids(await old.search(Query("CarePlan", Token("code", "s", "1")), OPEN, count=10))


async def test_by_other_definitions_nothing_is_written_or_searched_while_all_is_read(old, opened):
    new = await opened.store("new")
    opened.clock.now += LEASE_MS + 10_000
    await new.indexing("new")
    await new.index_is("new")

    results = await asyncio.gather(
        write(old, a_put("b")),
        old.commit(Commit(OPEN, (a_put("b"),), (Matches(PLANS),))),
        old.search(PLANS, OPEN, count=10),
        return_exceptions=True,
    )

    assert [True, True, True] == [refused(result) for result in results]
    assert "a" == (await old.read("CarePlan", "a", OPEN)).id
    assert () == await old.commit(Commit(OPEN, entries=(an_entry("a"),)))
    assert ["a"] == ids(await new.search(PLANS, OPEN, count=10))
    assert 1 == (await write(new, a_put("b")))[0].version


async def test_whose_definitions_rule_again_writes_again(old, opened):
    new = await opened.store("new")
    opened.clock.now += LEASE_MS + 10_000
    await new.index_is("new")
    with pytest.raises(Unavailable):
        await write(old, a_put("b"))

    await old.index_is("old")
    opened.clock.now += LEASE_MS

    assert 1 == (await write(old, a_put("b")))[0].version
