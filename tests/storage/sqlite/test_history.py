"""What a page of a long history costs: no more than one of a short history, whoever asks. And where it ends."""

import asyncio
import threading
from unittest.mock import patch

import pytest

from fhir_server.fhir.instant import END
from fhir_server.search.query import Everything, OfPatient
from fhir_server.storage.past import Past
from fhir_server.storage.sqlite import begin
from fhir_server.storage.sqlite.history import history
from fhir_server.storage.store import Commit, Delete
from tests.storage.contract import NOON, OPEN, Clock, a_put, ids, sqlite_at, write

pytestmark = pytest.mark.anyio

RARE, ONE, ALL = "Basic", OfPatient(frozenset({"1"})), Everything()


async def steps_of(size: int, type: str, grant, count: int, **asked) -> int:
    """Steps of SQLite's machine for a page in the middle of the history of so many resources, each of two versions."""
    clock = Clock()
    async with sqlite_at(":memory:", clock) as store:
        for version in range(2):
            for number in range(0, size, 100):
                clock.now += 1000
                await write(
                    store, *(a_put(f"{n:06}", patient=f"{n}", title=f"{version}") for n in range(number, number + 100))
                )
        await write(store, a_put("rare", type=RARE, patient="1"))
        await store.commit(Commit(OPEN, (Delete("CarePlan", "000001"),)))
        past = Past(type, "", count, (NOON + 1000 * (size // 100) + 500, type or "CarePlan", ""), horizon=END, **asked)
        return steps(store._link.connection, lambda connection: history(connection, past, grant), expected=count)


def steps(connection, work, expected: int) -> int:
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1

    connection.set_progress_handler(count, 1)
    page = work(connection)
    connection.set_progress_handler(None, 1)
    assert expected == len(page.items)
    return counted


@pytest.mark.parametrize(
    ("type", "grant", "count", "asked"),
    [
        ("CarePlan", ALL, 10, {}),
        ("", ALL, 10, {}),
        ("CarePlan", ALL, 10, {"since": NOON}),
        ("CarePlan", ALL, 10, {"at": (NOON + 1000, END)}),
        ("CarePlan", ONE, 1, {}),
        ("", ONE, 1, {}),
        (RARE, ALL, 0, {}),
    ],
)
async def test_a_page_costs_no_more_where_there_is_ten_times_as_much(type, grant, count, asked):
    few, many = [await steps_of(size, type, grant, count, **asked) for size in (400, 4000)]

    assert many < 1.5 * few


async def test_a_page_is_walked_to_where_it_would_take_too_long_to_gather(monkeypatch):
    """The measure is one: without the gathering, a page of one patient costs ten times as much among ten times as many."""
    monkeypatch.setattr(begin, "GATHERED", -1)
    few, many = [await steps_of(size, "CarePlan", ONE, 1) for size in (400, 4000)]

    assert many > 5 * few


async def test_what_is_being_written_holds_up_all_that_is_made_after_it(tmp_path, clock):
    """Two versions of one millisecond: the second is stamped with the next, in which nothing else was made yet."""
    async with sqlite_at(str(tmp_path / "plans.db"), clock) as store:
        await write(store, a_put("a"))
        await write(store, a_put("a"))
        begun, go_on, ledger = threading.Event(), threading.Event(), store._writer.ledger
        done = ledger._write

        def wait(made) -> None:
            begun.set()
            go_on.wait()
            done(made)

        with patch.object(ledger, "_write", wait):
            writing = asyncio.create_task(write(store, a_put("slow")))
            await asyncio.to_thread(begun.wait)
            clock.now += 1
            assert [1] == [one.version for one in (await store.history("", "", OPEN, count=10)).items]
            go_on.set()
            await writing
        assert ["a", "slow", "a"] == ids(await store.history("", "", OPEN, count=10))
