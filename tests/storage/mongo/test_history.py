"""A history of many resources ends before what may yet appear in it: nobody who asks since the last one shown misses any."""

import asyncio
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from fhir_server.storage.mongo.number import LEASE_MS, MAKING_MS
from fhir_server.storage.mongo.transaction import PATIENCE
from tests.databases import mongo_at, new_database
from tests.storage.contract import NOON, OPEN, Clock, a_put, ids, write


async def seen(store, **asked) -> list[str]:
    return ids(await store.history("CarePlan", "", OPEN, count=10, **asked))


@asynccontextmanager
async def held_open(store, *changes):
    """While the block lasts, a transaction is open in which versions have been made and are not yet written."""
    begun, go_on, done = asyncio.Event(), asyncio.Event(), store._ledger._write

    async def wait(versions, session) -> None:
        begun.set()
        await go_on.wait()
        await done(versions, session)

    with patch.object(store._ledger, "_write", wait):
        writing = asyncio.create_task(write(store, *changes))
        await begun.wait()
    yield
    go_on.set()
    await writing


@pytest.mark.anyio
async def test_what_is_being_written_holds_up_all_that_is_made_after_it(clock):
    async with mongo_at(new_database(), clock) as store:
        await write(store, a_put("before"))
        clock.now += 10
        async with held_open(store, a_put("slow")):
            await write(
                store, a_put("same")
            )  # of the same millisecond: who asks since then is told of the slow one too
            clock.now += 10
            await write(store, a_put("after"))
            assert ["same", "before"] == await seen(store)
            assert 1 == (await store.history("CarePlan", "after", OPEN, count=10)).total
        assert ["after", "slow", "same", "before"] == await seen(store)
        assert ["after", "slow", "same"] == await seen(store, since=NOON + 10)


@pytest.mark.anyio
async def test_beside_another_process_that_writes_it_ends_where_no_transaction_can_be_open(clock):
    uri = new_database()
    async with mongo_at(uri, clock) as one:
        async with mongo_at(uri, clock) as other:
            await write(other, a_put("a"))
            clock.now += MAKING_MS
            await write(one, a_put("b"))
            assert ["a"] == await seen(one) == await seen(other)
            assert 1 == (await one.history("CarePlan", "b", OPEN, count=10)).total
            clock.now += MAKING_MS - 1
            assert ["a"] == await seen(one)
            clock.now += 1
            assert ["b", "a"] == await seen(one)
            await write(one, a_put("c"))
            assert ["b", "a"] == await seen(one)
        assert ["c", "b", "a"] == await seen(one)  # the other has left


@pytest.mark.anyio
async def test_a_process_that_died_holds_up_nobody_once_its_lease_has_ended():
    uri, clock = new_database(), Clock()
    async with mongo_at(uri, clock) as one:
        await one._link.database.writers.insert_one({"_id": 99, "until": clock.now + LEASE_MS})
        clock.now += LEASE_MS + MAKING_MS
        await write(one, a_put("a"))
        assert [] == await seen(one)
        clock.now += 1
        assert ["a"] == await seen(one)


def test_no_transaction_lasts_longer_than_is_waited_for():
    assert PATIENCE * 1000 < MAKING_MS
