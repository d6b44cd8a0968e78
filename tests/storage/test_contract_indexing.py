"""The contract of every store: an index in the making, how far it came, and who makes it."""

import pytest

from fhir_server.fhir.outcome import Unavailable
from fhir_server.search.index import Index
from fhir_server.search.query import Query, Token
from fhir_server.storage.store import Indexing, Overtaken, Reindexed
from tests.storage.contract import MINE, a_put, ids, write

pytestmark = pytest.mark.anyio

NEW = Index({"new": [("s", "x")]})
FOUND = Query("CarePlan", Token("new", "s", "x"))


def rows(*names: str) -> list[Reindexed]:
    return [Reindexed("CarePlan", name, 1, NEW, (MINE,)) for name in names]


@pytest.fixture
async def begun(store):
    """An index that is made for the first of two resources."""
    await write(store, a_put("a"), a_put("b"))
    reached = Indexing("tomorrow's", ("CarePlan", "a"), 1, (await store.indexing("tomorrow's")).total)
    await store.reindex(rows("a"), reached)
    return reached


async def test_an_index_begins_at_the_beginning_of_all_there_are(store):
    await write(store, a_put("a"), a_put("b"))

    assert Indexing("tomorrow's", ("", ""), 0, 2) == await store.indexing("tomorrow's")


async def test_searches_wait_for_its_end_and_come_back_with_it(store, begun, grant):
    assert "" == await store.index_version()
    with pytest.raises(Unavailable) as refusal:
        await store.search(FOUND, grant, count=10)
    assert ["incomplete"] == [issue.code for issue in refusal.value.issues]

    await store.reindex(rows("b"), Indexing("tomorrow's", ("CarePlan", "b"), 2, 2))
    await store.index_is("tomorrow's")

    assert "tomorrow's" == await store.index_version()
    assert ["a", "b"] == ids(await store.search(FOUND, grant, count=10))


async def test_it_goes_on_where_it_was(store, begun):
    assert begun == await store.indexing("tomorrow's")
    assert begun == await store.indexing("tomorrow's")
    assert "" == await store.index_version()


async def test_by_other_definitions_it_begins_anew(store, begun):
    assert Indexing("of the day after", ("", ""), 0, 2) == await store.indexing("of the day after")
    assert Indexing("tomorrow's", ("", ""), 0, 2) == await store.indexing("tomorrow's")


async def test_one_that_is_whole_is_made_anew_from_the_beginning(store, begun):
    await store.index_is("tomorrow's")

    assert Indexing("tomorrow's", ("", ""), 0, 2) == await store.indexing("tomorrow's")
    assert "" == await store.index_version()


async def test_one_that_was_thrown_away_is_made_anew_from_the_beginning(store, begun):
    await store.index_is("")

    assert 0 == (await store.indexing("tomorrow's")).done


async def test_who_was_overtaken_by_other_definitions_writes_no_more_of_the_index(store, begun, grant):
    await store.indexing("of the day after")

    with pytest.raises(Overtaken):
        await store.reindex(rows("b"), Indexing("tomorrow's", ("CarePlan", "b"), 2, 2))
    with pytest.raises(Overtaken):
        await store.index_is("tomorrow's")
    await store.index_is("of the day after")

    assert "of the day after" == await store.index_version()
    assert ["a"] == ids(await store.search(FOUND, grant, count=10))


async def test_who_comes_after_the_end_is_told_so_and_the_index_stays_whole(store, begun, grant):
    await store.index_is("tomorrow's")

    with pytest.raises(Overtaken):
        await store.reindex(rows("b"), Indexing("tomorrow's", ("CarePlan", "b"), 2, 2))

    assert "tomorrow's" == await store.index_version()
    assert ["a"] == ids(await store.search(FOUND, grant, count=10))


async def test_what_is_written_meanwhile_is_found_at_the_end(store, begun, grant):
    await write(store, a_put("0", tokens=NEW.tokens), a_put("c", tokens=NEW.tokens))
    await write(store, a_put("b", tokens=NEW.tokens, title="changed"))

    await store.reindex(rows("b"), Indexing("tomorrow's", ("CarePlan", "c"), 3, 2))  # what was read before the change
    await store.index_is("tomorrow's")

    assert ["0", "a", "b", "c"] == ids(await store.search(FOUND, grant, count=10))
    assert 2 == (await store.read("CarePlan", "b", grant)).version
