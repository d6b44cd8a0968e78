"""Every statement of a change to a fact is made to fail once, and always: the fact and the entry that tells of it, or neither."""

import pytest

from fhir_server.fhir.outcome import Unavailable
from fhir_server.storage.store import Entry
from tests.faults.breaking import breaking
from tests.storage.contract import NOON, OPEN, Clock, sqlite_at

pytestmark = pytest.mark.anyio

TOLD = [Entry(NOON, '{"who":"somebody"}', "$client-add", 200)]
CHANGES = {
    "keep": (lambda store: store.keep("client", "new", "new", until=0, entries=TOLD), {"new": "new", "old": "old"}),
    "replace": (
        lambda store: store.replace("client", "old", "old", "other", until=0, entries=TOLD),
        {"old": "other"},
    ),
    "drop": (lambda store: store.drop("client", "old", entries=TOLD), {}),
}
BEFORE = {"old": "old"}


@pytest.fixture(params=CHANGES)
def change(request):
    return CHANGES[request.param]


async def stands(store) -> tuple[dict[str, str], int]:
    return dict(await store.all_kept("client")), len(await store.entries(OPEN))


async def statements(change) -> list[str]:
    async with sqlite_at(":memory:", Clock()) as store:
        await store.keep("client", "old", "old", until=0)
        connection = breaking(store)
        assert await change(store)
        return connection.statements


async def test_whatever_statement_always_fails_nothing_is_changed_and_then_all_is(change):
    make, after = change

    for broken in await statements(make):
        async with sqlite_at(":memory:", Clock()) as store:
            await store.keep("client", "old", "old", until=0)
            connection = breaking(store)
            connection.breaks = lambda _, statement, broken=broken: statement == broken
            with pytest.raises(Unavailable):
                await make(store)
            assert (BEFORE, 0) == await stands(store)

            connection.breaks = lambda _number, _statement: False
            assert await make(store)
            assert (after, 1) == await stands(store)


async def test_whatever_statement_fails_once_the_change_is_made_once(change):
    make, after = change

    for place in range(len(await statements(make))):
        async with sqlite_at(":memory:", Clock()) as store:
            await store.keep("client", "old", "old", until=0)
            connection = breaking(store)
            connection.breaks = lambda number, _, place=place: number == place
            assert await make(store)
            assert (after, 1) == await stands(store)
