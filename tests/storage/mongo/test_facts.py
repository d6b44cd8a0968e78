"""What the server itself remembers, as it lies in the database, and between processes."""

import asyncio

import pytest

from tests.databases import mongo_at, new_database
from tests.storage.contract import NOON, Clock

pytestmark = pytest.mark.anyio


async def test_what_has_expired_is_cleared_away_once_a_minute_when_something_is_kept():
    clock = Clock()
    async with mongo_at(new_database(), clock) as store:
        facts = store._link.database.facts
        for key, until in (("short", NOON + 10), ("long", NOON + 70_000), ("for ever", 0)):
            await store.keep("jti", key, "", until=until)
        clock.now += 59_999
        await store.keep("jti", "new", "", until=0)
        assert 4 == await facts.count_documents({})

        clock.now += 1
        await store.keep("jti", "newer", "", until=0)

        rows = await facts.find().sort("_id").to_list()
        assert ["jti/for ever", "jti/long", "jti/new", "jti/newer"] == [row["_id"] for row in rows]


async def test_b_08_of_fifty_in_two_processes_who_use_a_jti_at_once_exactly_one_wins():
    uri = new_database()
    async with mongo_at(uri, Clock()) as one, mongo_at(uri, Clock()) as other:
        keeping = [store.keep("jti", "j", "", until=NOON + 10) for _ in range(25) for store in (one, other)]

        assert 1 == sum(await asyncio.gather(*keeping))
