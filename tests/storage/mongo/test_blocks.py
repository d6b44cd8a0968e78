"""The sealer: a block a second for each organisation, by who holds its lease, and never twice in one place."""

import asyncio

import pytest
from msgspec.structs import replace

from fhir_server.audit.verify import verify
from fhir_server.storage.mongo import blocks
from fhir_server.storage.mongo.schema import SCHEMA
from fhir_server.storage.seal import BEGINNING, rows_in
from fhir_server.storage.store import Commit
from tests.databases import mongo_at, new_database
from tests.storage.contract import NOON, OPEN, Clock, an_entry

pytestmark = pytest.mark.anyio


def of(organisation: str) -> Commit:
    return Commit(OPEN, entries=(replace(an_entry("a"), organisation=organisation, at=NOON),))


def counted(found) -> list[int]:
    return [len(list(rows_in(block.rows))) for block in found]


async def test_what_is_not_sealed_is_sealed_each_time_in_a_block_of_each_organisation():
    clock = Clock()
    async with mongo_at(new_database(), clock) as store:
        for organisation in "ABA":
            await store.commit(of(organisation))
        clock.now += 1000
        await store.tend()
        await store.tend()
        await store.commit(of("A"))
        clock.now += 1000
        await store.tend()

        found = await store.blocks("A")
        assert ([2, 1], [1]) == (counted(found), counted(await store.blocks("B")))
        assert [BEGINNING, found[0].digest] == [block.previous for block in found]
        assert (4, 0) == ((told := await verify(store)).entries, told.unsealed)


async def test_more_than_a_block_holds_is_sealed_in_several(monkeypatch):
    monkeypatch.setattr(blocks, "AT_ONCE", 2)
    clock = Clock()
    async with mongo_at(new_database(), clock) as store:
        await store.commit(Commit(OPEN, entries=tuple(replace(an_entry("a"), at=NOON) for _ in range(5))))
        clock.now += 1000
        await store.tend()

        assert [2, 2, 1] == counted(await store.blocks(""))
        assert 0 == (await verify(store)).unsealed


async def test_an_organisation_is_sealed_by_who_holds_its_lease_until_that_ends():
    uri, clock = new_database(), Clock()
    async with mongo_at(uri, clock) as first, mongo_at(uri, clock) as second:
        await first.commit(of("A"))
        clock.now += 6_000
        await first.tend()
        await first.commit(of("A"))
        clock.now += 6_000
        await second.tend()
        assert [1] == counted(await second.blocks("A"))  # the lease is the first one's
        clock.now += blocks.LEASE_MS
        await second.tend()
        assert [1, 1] == counted(await second.blocks("A"))
        assert (2, 0) == ((told := await verify(first)).entries, told.unsealed)


async def test_two_sealers_at_once_make_one_chain():
    uri, clock = new_database(), Clock()
    async with mongo_at(uri, clock) as first, mongo_at(uri, clock) as second:
        for round in range(5):
            for organisation in "AB":
                await (first, second)[round % 2].commit(of(organisation))
            clock.now += blocks.LEASE_MS + 6_000
            await asyncio.gather(first.tend(), second.tend())
        clock.now += blocks.LEASE_MS + 6_000
        await asyncio.gather(first.tend(), second.tend())

        assert (10, 0) == ((told := await verify(first)).entries, told.unsealed)


async def test_the_trail_of_an_earlier_release_is_given_what_it_lacks_and_sealed():
    uri, clock = new_database(), Clock()
    async with mongo_at(uri, clock) as store:
        database = store._link.database
        old = {"at": NOON, "agent": '{"who":"anonymous"}', "interaction": "read", "status": 200, "type": "CarePlan"}
        old |= {
            "id": "a",
            "version": 1,
            "patient": "p1",
            "rule": "open",
            "purpose": "TREAT",
            "request": "",
            "query": "",
        }
        await database.audit.insert_one({"_id": 1, **old, "patients": ["p1"]})
        await database.meta.update_one({"_id": "schema"}, {"$set": {"value": 1}})
    async with mongo_at(uri, clock) as store:
        clock.now += 1000
        await store.tend()

        assert SCHEMA == (await store._link.database.meta.find_one({"_id": "schema"}))["value"]
        assert (1, 0) == ((told := await verify(store)).entries, told.unsealed)
        ((_, entry),) = await store.entries(OPEN)
        assert ("", "", "") == (entry.organisation, entry.digest, entry.reason)
