"""Faults of the network and of the disk in the middle of a Commit: all of it is written or nothing, and once."""

from collections.abc import Iterator
from contextlib import asynccontextmanager

import pytest

from fhir_server.fhir.outcome import NotFound, Unavailable
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
