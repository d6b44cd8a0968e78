"""Faults of the network and of the disk in the middle of a Commit: all of it is written or nothing, and once."""

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager

import pytest
from pymongo.errors import DuplicateKeyError, OperationFailure

from fhir_server.fhir.outcome import NotFound, Unavailable
from fhir_server.fhir.wording import MESSAGES
from fhir_server.storage.mongo.transaction import transacted
from fhir_server.storage.store import Commit
from tests.databases import emulator, mongo_at
from tests.storage.contract import OPEN, Clock, a_notice, a_put, an_entry

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("forsaken")]

WRITES = ["insert", "update", "find", "commitTransaction"]


@pytest.fixture(scope="module")
def faulty() -> Iterator[str]:
    """A server that fails when it is told to."""
    with emulator("--enable-test-commands") as (uri, _):
        yield uri


@asynccontextmanager
async def failing(store, times: int, **how):
    admin = store._link.client.admin
    await admin.command("configureFailPoint", "failCommand", mode={"times": times}, data=how)
    try:
        yield
    finally:
        await admin.command("configureFailPoint", "failCommand", mode="off")


def a_commit() -> Commit:
    return Commit(OPEN, (a_put("a", tokens={"identifier": [("s", "1")]}),), (), (an_entry("a"),), (a_notice("a"),))


async def counted(store) -> list[int]:
    return [
        await store._link.database[name].count_documents({}) for name in ("resources", "versions", "audit", "outbox")
    ]


@pytest.mark.parametrize("command", WRITES)
async def test_a_connection_that_breaks_is_mended_and_the_commit_is_written_once(faulty, command):
    async with mongo_at(f"{faulty}broken-{command}", Clock()) as store:
        await store._writers.announce()
        async with failing(store, 1, failCommands=[command], closeConnection=True):
            (stored,) = await store.commit(a_commit())

        assert 1 == stored.version
        assert [1, 0, 1, 1] == await counted(store)


async def test_a_row_that_is_sent_again_is_there_once_and_another_under_its_number_is_refused(faulty):
    """As the driver does where an answer was lost, or where it took being cancelled for a broken connection."""
    async with mongo_at(f"{faulty}again", Clock()) as store:
        row = {"_id": 7, "interaction": "read", "patients": ["p1"]}
        await store._ledger._write_once(row)
        await store._ledger._write_once(dict(row))

        assert [0, 0, 1, 0] == await counted(store)
        with pytest.raises(DuplicateKeyError):
            await store._ledger._write_once(row | {"interaction": "update"})


@pytest.mark.parametrize("command", WRITES)
async def test_a_disk_that_is_full_leaves_nothing_of_a_commit(faulty, command):
    async with mongo_at(f"{faulty}full-{command}", Clock()) as store:
        await store._writers.announce()
        async with failing(store, 1, failCommands=[command], errorCode=14031):
            with pytest.raises(Unavailable):
                await store.commit(a_commit())

        assert [0, 0, 0, 0] == await counted(store)
        with pytest.raises(NotFound):
            await store.read("CarePlan", "a", OPEN)
        assert 1 == (await store.commit(a_commit()))[0].version


async def test_a_commit_of_which_nothing_was_heard_is_not_said_to_be_unwritten(faulty):
    async with mongo_at(f"{faulty}unheard", Clock()) as store:
        await store._writers.announce()
        async with failing(store, 1, failCommands=["commitTransaction"], errorCode=14031):
            with pytest.raises(Unavailable) as after:
                await store.commit(a_commit())
        async with failing(store, 1, failCommands=["insert"], errorCode=14031):
            with pytest.raises(Unavailable) as before:
                await store.commit(a_commit())

    assert ["store-unsure", "store-away"] == [it.value.issues[0].key for it in (after, before)]
    assert "Nothing was written" not in MESSAGES["store-unsure"][0]


async def test_what_fails_anew_after_a_commit_was_sent_is_not_said_to_be_unwritten(faulty):
    async with mongo_at(f"{faulty}anew", Clock()) as store:

        async def begun_anew(times: list[int]) -> None:
            async def work(session, hurry):
                times.append(1)
                if len(times) > 1:
                    raise OperationFailure("the disk is full", 14031)
                await store._link.database["resources"].insert_one({"_id": "x"}, session=session)

            labels = ["TransientTransactionError"]
            async with failing(store, 1, failCommands=["commitTransaction"], errorCode=112, errorLabels=labels):
                await transacted(store._link, work)

        runs: list[int] = []
        with pytest.raises(Unavailable) as found:
            await begun_anew(runs)

    assert 2 == len(runs)
    assert "store-unsure" == found.value.issues[0].key


@pytest.mark.parametrize("command", WRITES)
async def test_l_08_a_primary_that_is_lost_while_many_write_loses_and_doubles_nothing(faulty, command):
    """What a driver meets when a primary goes: its connections break. Another member to fail over to the emulator has not."""
    async with mongo_at(f"{faulty}lost-{command}", Clock()) as store:
        await store._writers.announce()

        async def one(number: int) -> int | None:
            try:
                (stored,) = await store.commit(Commit(OPEN, (a_put("a", title=f"{number}"),), (), (an_entry("a"),)))
            except Unavailable:
                return None
            return stored.version

        async with failing(store, 5, failCommands=[command], closeConnection=True):
            acknowledged = [version for version in await asyncio.gather(*map(one, range(12))) if version is not None]

        history = [it.version for it in (await store.history("CarePlan", "a", OPEN, count=100)).items]
        rows, _, audit, _ = await counted(store)

    assert len(acknowledged) == len(set(acknowledged)) > 0
    assert set(acknowledged) <= set(history)
    assert list(range(len(history), 0, -1)) == history
    assert (1, len(history)) == (rows, audit)
