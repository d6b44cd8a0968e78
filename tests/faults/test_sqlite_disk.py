"""A disk that is full, a database that somebody else holds, and those who wait when the store closes."""

import asyncio
import sqlite3

import pytest

from fhir_server.fhir.outcome import Unavailable
from fhir_server.search.query import Identity, Query
from fhir_server.storage.store import Commit
from tests.faults.breaking import breaking_reads
from tests.storage.contract import OPEN, Clock, a_notice, a_put, an_entry, ids, sqlite_at, text_of, write

pytestmark = pytest.mark.anyio

ONE = Query("CarePlan", Identity(frozenset({"a"})))


def pages(store, most: int | None = None) -> int:
    """How many pages the file has; with `most`, it may have no more."""
    connection = store._writer._link.connection
    with store._writer._link.lock:
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {count + most if most is not None else 2**30}")
    return count


def large(id: str, title: str = "x") -> Commit:
    return Commit(OPEN, (a_put(id, title=title * 20_000),), (), (an_entry(id),), (a_notice(id),))


@pytest.mark.parametrize("path", ["file", ":memory:"])
async def test_a_full_disk_loses_nothing_and_is_overcome(tmp_path, path):
    async with sqlite_at(str(tmp_path / path) if path == "file" else path, Clock()) as store:
        pages(store, most=60)

        results = await asyncio.gather(*(store.commit(large(f"{n}")) for n in range(10)), return_exceptions=True)
        for n in range(10, 20):
            results += await asyncio.gather(store.commit(large(f"{n}")), return_exceptions=True)

        acknowledged = [f"{n}" for n, result in enumerate(results) if not isinstance(result, Exception)]
        assert 0 < len(acknowledged) < 20
        assert all(isinstance(result, tuple | Unavailable) for result in results)
        assert sorted(acknowledged) == [stored.id async for stored in store.resources(OPEN)]
        assert len(acknowledged) == len(await store.entries(OPEN)) == len(await store.notices())
        assert text_of("x" * 20_000, 1, Clock().now) == (await store.read("CarePlan", acknowledged[0], OPEN)).text

        pages(store)
        await store.commit(large("room"))
        assert len(acknowledged) + 1 == (await store.search(Query("CarePlan"), OPEN, count=1)).total


async def test_one_too_large_for_the_disk_takes_no_neighbour_along(tmp_path):
    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        await write(store, *(a_put(f"{n}") for n in range(8)))
        pages(store, most=40)

        commits = [write(store, a_put(f"{n}", title="two")) for n in range(8)]
        commits.insert(4, store.commit(large("large", "x" * 20)))
        results = await asyncio.gather(*commits, return_exceptions=True)

        assert [4] == [place for place, result in enumerate(results) if isinstance(result, Unavailable)]
        assert [2] * 8 == [result[0].version for place, result in enumerate(results) if place != 4]


async def test_a_store_with_a_full_disk_says_so_and_still_reads(tmp_path):
    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        await write(store, a_put("a"))
        store._writer._link.connection.execute("PRAGMA query_only = ON")  # a disk that lets nothing be written

        with pytest.raises(Unavailable):
            await store.check()
        assert "a" == (await store.read("CarePlan", "a", OPEN)).id
        store._writer._link.connection.execute("PRAGMA query_only = OFF")
        assert await store.check() is None


async def test_what_cannot_be_read_is_unavailable_and_not_absent():
    async with sqlite_at(":memory:", Clock()) as store:
        await write(store, a_put("a"))
        connection = breaking_reads(store)
        connection.breaks = lambda _, statement: "FROM resources" in statement

        for reading in (store.read("CarePlan", "a", OPEN), store.search(ONE, OPEN, count=1), store.check()):
            with pytest.raises(Unavailable):
                await reading
        connection.breaks = lambda _number, _statement: False
        assert "a" == (await store.read("CarePlan", "a", OPEN)).id
        assert ["a"] == ids(await store.search(ONE, OPEN, count=1))


async def test_a_database_that_somebody_else_holds_is_away_until_he_lets_go(tmp_path):
    path = tmp_path / "plans.db"
    async with sqlite_at(str(path), Clock()) as store:
        store._writer._link.connection.execute("PRAGMA busy_timeout = 20")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Unavailable) as refusal:
            await write(store, a_put("a"))
        assert "store-away" == refusal.value.issues[0].key
        other.execute("ROLLBACK")
        other.close()
        assert 1 == (await write(store, a_put("a")))[0].version


async def test_what_was_handed_in_is_finished_before_the_store_closes(tmp_path):
    path = str(tmp_path / "plans.db")
    async with sqlite_at(path, Clock()) as store:
        commits = [asyncio.ensure_future(write(store, a_put(f"{n}"))) for n in range(50)]
        await asyncio.sleep(0)
    assert all(commit.done() and commit.result()[0].version == 1 for commit in commits)

    with pytest.raises(Unavailable):
        await write(store, a_put("late"))
    async with sqlite_at(path, Clock()) as store:
        assert 50 == (await store.search(Query("CarePlan"), OPEN, count=1)).total


async def test_one_who_no_longer_waits_disturbs_nobody(tmp_path):
    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        impatient = asyncio.ensure_future(write(store, a_put("impatient")))
        patient = asyncio.ensure_future(write(store, a_put("patient")))
        await asyncio.sleep(0)
        impatient.cancel()

        assert 1 == (await patient)[0].version
        with pytest.raises(asyncio.CancelledError):
            await impatient


async def test_a_store_closes_twice_as_once(tmp_path):
    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        await write(store, a_put("a"))
        await store.close()
