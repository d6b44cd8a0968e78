"""What the writer does beyond the contract: an index that has come to harm is made whole, and room is looked for."""

import pytest

from fhir_server.fhir.outcome import Unavailable
from fhir_server.search.query import Query, Span, Token, every
from fhir_server.storage.store import Reindexed
from tests.storage.contract import MINE, NARROWED, Clock, a_put, ids, sqlite_at, write

pytestmark = pytest.mark.anyio

PUT = a_put("a", tokens={"code": [("s", "1")], "other": [("s", "1")]}, spans={"date": [(1, 2)]})
FOUND = Query("CarePlan", every(Token("code", "s", "1"), Span("date", "eq", 1, 2)))


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM tokens",
        "DELETE FROM spans",
        "DELETE FROM tokens WHERE value = '1'",
        'UPDATE resources SET idx = \'{"t":{},"r":{},"s":{}}\'',
        'UPDATE resources SET idx = \'{"t":{},"r":{},"s":{}}\', patients = \'[]\'',
    ],
)
async def test_an_index_that_has_come_to_harm_is_made_whole(harm):
    async with sqlite_at(":memory:", Clock()) as store:
        await write(store, PUT)
        store._link.connection.execute(harm)

        await store.reindex([Reindexed("CarePlan", "a", 1, PUT.index, (MINE,))])

        assert ["a"] == ids(await store.search(FOUND, NARROWED, count=10))
        await write(store, a_put("a", tokens={"code": [("s", "2")]}))
        assert [] == store._link.connection.execute("SELECT * FROM tokens WHERE value = '1'").fetchall()


async def test_a_check_looks_for_room_and_leaves_nothing_behind():
    async with sqlite_at(":memory:", Clock()) as store:
        connection = store._link.connection
        (full,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {full}")

        with pytest.raises(Unavailable):
            await store.check()
        connection.execute("PRAGMA max_page_count = 1000000")
        assert await store.check() is None
        assert ("",) == connection.execute("SELECT value FROM meta WHERE name = 'checked'").fetchone()
