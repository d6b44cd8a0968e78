"""What entries are found by: it follows the trail when there is time, and a search waits for none of it."""

import pytest

from fhir_server.search.query import Everything
from fhir_server.storage.sqlite import keys
from fhir_server.storage.store import Commit, Order
from tests.storage.contract import OPEN, Clock, an_entry, sqlite_at

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path):
    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        yield store


async def write(store, count: int) -> None:
    for number in range(count):
        await store.commit(Commit(OPEN, entries=(an_entry(str(number)),)))


async def behind(store) -> int:
    await store.tend()
    return store._writer.ledger.unfound


async def test_the_keys_of_what_a_busy_second_brought_are_made_in_a_quieter_one(store, monkeypatch):
    monkeypatch.setattr(keys, "BUSY", 3)
    await write(store, 2)
    assert 0 == await behind(store)

    await write(store, 3)
    assert 3 == await behind(store)
    await write(store, 2)
    assert 0 == await behind(store)


async def test_a_trail_that_is_busy_for_long_is_not_put_off_for_ever(store, monkeypatch):
    monkeypatch.setattr(keys, "BUSY", 3)
    monkeypatch.setattr(keys, "LATE", 5)
    await write(store, 5)
    assert 5 == await behind(store)

    await write(store, 3)
    assert 0 == await behind(store)


async def test_a_search_finds_what_has_no_keys_yet(store, monkeypatch):
    monkeypatch.setattr(keys, "BUSY", 3)
    await write(store, 4)
    assert 4 == await behind(store)

    found, total = await store.find_entries(Everything(), OPEN, Order(), count=9, total=True)
    assert (4, 4, 0) == (len(found), total, store._writer.ledger.unfound)
