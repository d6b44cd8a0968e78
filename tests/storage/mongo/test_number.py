"""Rows of the trail are numbered by time, and shown when no lower number can come any more."""

import pytest

from fhir_server.storage.mongo.number import LEASE_MS, OPEN_MS, Numbers, first_of
from fhir_server.storage.store import Commit
from tests.databases import mongo_at, new_database
from tests.storage.contract import NOON, OPEN, Clock, a_notice, an_entry


def taken(numbers: Numbers, count: int = 1) -> list[int]:
    with numbers.writing() as take:
        return list(take(count))


def test_numbers_rise_within_a_millisecond_and_with_the_time(clock):
    numbers = Numbers(clock, 1)

    found = taken(numbers, 3) + taken(numbers, 5000)
    clock.now += 1
    found += taken(numbers)

    assert sorted(set(found)) == found
    assert first_of(NOON) <= found[0] < 2**63


def test_numbers_rise_also_when_the_clock_goes_back(clock):
    numbers = Numbers(clock, 1)
    (before,) = taken(numbers)
    clock.now -= 3_600_000

    assert before < taken(numbers)[0]


def test_two_processes_never_give_one_number(clock):
    assert set(taken(Numbers(clock, 1), 100)).isdisjoint(taken(Numbers(clock, 2), 100))


def test_what_is_being_written_and_all_above_it_is_not_settled(clock):
    numbers = Numbers(clock, 1)
    with numbers.writing() as take:
        assert taken(numbers)[0] < numbers.settled()  # nothing was taken: nothing is held up
        first, *_ = take(2)
        (above,) = taken(numbers)
        assert first == numbers.settled()
    assert above < numbers.settled()


def test_what_is_being_made_and_all_after_it_may_yet_appear(clock):
    numbers = Numbers(clock, 1)
    with numbers.making() as stamp, numbers.making():  # the other has not begun
        assert NOON == stamp() == numbers.made()
        clock.now += 10
        with numbers.making() as later:
            assert NOON + 10 == later()
            assert NOON == numbers.made()
            assert NOON + 10 == stamp()  # its second attempt: nothing of the first is left
            clock.now += 10
            assert NOON + 10 == numbers.made()
    assert NOON + 20 == numbers.made()


async def write(store, name: str) -> None:
    await store.commit(Commit(OPEN, entries=(an_entry(name),), notices=(a_notice(name),)))


async def seen(store) -> tuple[list[str], list[str]]:
    return (
        [entry.id for _, entry in await store.entries(OPEN)],
        [notice.id for _, _, notice in await store.notices()],
    )


@pytest.mark.anyio
async def test_one_process_alone_sees_its_rows_at_once_but_not_past_one_that_is_being_written(clock):
    async with mongo_at(new_database(), clock) as store:
        await write(store, "a")
        assert (["a"], ["a"]) == await seen(store)

        with store._ledger._numbers.writing() as take:
            take(1)
            await write(store, "b")
            assert (["a"], ["a"]) == await seen(store)
        assert (["a", "b"], ["a", "b"]) == await seen(store)


@pytest.mark.anyio
async def test_beside_another_process_that_writes_rows_are_seen_when_no_transaction_is_open(clock):
    uri = new_database()
    async with mongo_at(uri, clock) as one:
        async with mongo_at(uri, clock) as other:
            await write(other, "a")
            clock.now += 1
            await write(one, "b")
            assert ([], []) == await seen(one)
            clock.now += OPEN_MS
            assert (["a"], ["a"]) == await seen(one)
            clock.now += 1
            assert (["a", "b"], ["a", "b"]) == await seen(one) == await seen(other)
            clock.now += 1
            await write(one, "c")
            assert (["a", "b"], ["a", "b"]) == await seen(one)
        assert (["a", "b", "c"], ["a", "b", "c"]) == await seen(one)  # the other has left


@pytest.mark.anyio
async def test_a_process_that_died_holds_up_nobody_once_its_lease_has_ended():
    uri, clock = new_database(), Clock()
    async with mongo_at(uri, clock) as one:
        await write(one, "a")
        await one._link.database.writers.insert_one({"_id": 99, "until": clock.now + LEASE_MS})
        clock.now += LEASE_MS + OPEN_MS
        await write(one, "b")
        assert ["a"] == (await seen(one))[0]
        clock.now += 1
        assert ["a", "b"] == (await seen(one))[0]


@pytest.mark.anyio
async def test_who_begins_to_write_begins_above_all_that_is_there():
    uri = new_database()
    async with mongo_at(uri, Clock(NOON + 3000)) as ahead, mongo_at(uri, Clock(NOON)) as behind:
        await write(ahead, "a")
        await write(behind, "b")
        rows = await ahead._link.database.audit.find({}, sort=[("_id", 1)]).to_list()

        assert ["a", "b"] == [row["id"] for row in rows]
