"""What stands on the shelf is found as what is stored is found, and the store beneath has all the rest."""

import asyncio

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.index import Index
from fhir_server.search.match import Candidate, answer
from fhir_server.search.query import Everything, Identity, Query, Sort, Token, every, narrowed
from fhir_server.storage.shelf import Shelf, ShelfOverStore, Shelved
from fhir_server.storage.store import Commit, Grant, Matches, Overtaken, Store, Stored
from tests.storage.contract import GRANTS, NARROWED, NOON, OPEN, a_put, ids, write
from tests.storage.test_contract_meaning import QUERIES, RESOURCES, as_candidates

pytestmark = pytest.mark.anyio

TYPE = "ValueSet"
CODE = Query(TYPE, Token("code", None, "x"))


def shelved(candidate: Candidate, version: int = 7) -> Shelved:
    stored = Stored(candidate.type, candidate.id, version, candidate.updated, b"{}", "PUT", candidate.patients)
    return Shelved(stored, candidate)


def a_shelf(*ids: str) -> Shelf:
    index = Index({"code": [("s", "x")]})
    return Shelf(frozenset({TYPE}), [shelved(Candidate(TYPE, id, NOON, index)) for id in ids])


@pytest.fixture
def over(store: Store) -> ShelfOverStore:
    return ShelfOverStore(a_shelf("a", "b"), store)


# ------------------------------------------------------------------------------------------------ what is found


def walked(shelf: Shelf, query: Query, grant: Grant, size: int) -> tuple[list[str], list[int | None]]:
    """The ids of all pages, and their totals."""

    async def walk() -> tuple[list[str], list[int | None]]:
        page = await shelf.search(query, grant, count=size)
        found, totals = ids(page), [page.total]
        while page.next is not None:
            page = await shelf.search(query, grant, count=size, after=page.next)
            found, totals = found + ids(page), [*totals, page.total]
        return found, totals

    return asyncio.run(walk())


@given(RESOURCES, QUERIES, st.integers(1, 5), st.sampled_from([*GRANTS]))
def test_all_pages_hold_what_the_query_and_the_grant_ask_for_in_order(resources, query, size, grant):
    candidates = as_candidates(resources)
    shelf = Shelf(frozenset({"CarePlan", "Goal"}), map(shelved, candidates))
    where = every(narrowed(query.where, GRANTS[grant].query), GRANTS[grant].query)

    found, totals = walked(shelf, query, GRANTS[grant], size)

    expected = [candidate.id for candidate in answer(replace(query, where=where), candidates)]
    assert expected == found
    assert {len(expected)} == set(totals)


@given(RESOURCES, QUERIES, st.integers(1, 4))
def test_a_page_goes_on_where_the_one_before_ended_though_its_last_item_is_no_more(resources, query, size):
    assume("Linked" not in repr(query))  # what is no more may have been what another was found by
    candidates = as_candidates(resources)
    whole = [candidate.id for candidate in answer(query, candidates)]

    async def continued() -> list[str]:
        before = Shelf(frozenset({"CarePlan", "Goal"}), map(shelved, candidates))
        first = await before.search(query, OPEN, count=size)
        if first.next is None:
            return []
        rest = [shelved(candidate) for candidate in candidates if candidate.id != first.items[-1].id]
        after = Shelf(frozenset({"CarePlan", "Goal"}), rest)
        return ids(await after.search(query, OPEN, count=len(candidates), after=first.next))

    assert whole[size:] == asyncio.run(continued())


async def test_a_search_for_nothing_but_the_total_shows_nothing():
    page = await a_shelf("a", "b").search(CODE, OPEN, count=0)

    assert ((), 2, None) == (page.items, page.total, page.next)
    assert (await a_shelf("a", "b").search(CODE, OPEN, count=0, total=False)).total is None


# ------------------------------------------------------------------------------------------------ read by id


async def test_a_resource_is_read_by_its_id_and_by_the_number_of_its_one_version():
    shelf = a_shelf("a")

    assert b"{}" == (await shelf.read(TYPE, "a", OPEN)).text
    assert await shelf.read(TYPE, "a", OPEN) == await shelf.vread(TYPE, "a", 7, OPEN)


@pytest.mark.parametrize(("id", "version", "grant"), [("z", 7, OPEN), ("a", 6, OPEN), ("a", 7, NARROWED)])
async def test_another_id_or_version_and_what_the_grant_does_not_reach_are_not_found(id, version, grant):
    with pytest.raises(NotFound):
        await a_shelf("a").vread(TYPE, id, version, grant)


# ------------------------------------------------------------------------------------------------ over a store


async def test_each_type_is_read_and_searched_where_it_is(over):
    await write(over, a_put("a", title="stored"))

    assert b"stored" in (await over.read("CarePlan", "a", OPEN)).text
    assert b"stored" in (await over.vread("CarePlan", "a", 1, OPEN)).text
    assert ["a"] == ids(await over.search(Query("CarePlan"), OPEN, count=9))
    assert 7 == (await over.read(TYPE, "a", OPEN)).version
    assert 7 == (await over.vread(TYPE, "a", 7, OPEN)).version
    assert ["b", "a"] == ids(await over.search(Query(TYPE, sort=(Sort("_id", descending=True),)), OPEN, count=9))


async def test_what_stands_on_the_shelf_is_not_in_the_store(over):
    await write(over, a_put("a"))

    assert [("CarePlan", "a")] == [(one.type, one.id) async for one in over.resources(OPEN)]


async def test_what_stands_on_the_shelf_is_found_while_the_stores_index_is_made_anew(over):
    await over.index_is("")

    assert ["a", "b"] == ids(await over.search(Query(TYPE), OPEN, count=9))


ONLY_A = Query(TYPE, Identity(frozenset("a")))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Matches(ONLY_A, frozenset({"a"})), True),
        (Matches(ONLY_A, frozenset({"b"})), False),
        (Matches(CODE, frozenset({"a"})), False),
        (Matches(Query(TYPE, Token("code", None, "y")), frozenset({"a"})), False),
        (Matches(Query(TYPE, Token("code", None, "y"))), True),
        (Matches(ONLY_A), False),
        (Matches(Query("CarePlan", Everything())), True),
        (Matches(Query("CarePlan", Everything()), frozenset({"z"})), False),
    ],
)
async def test_a_condition_is_judged_where_its_resources_are(over, condition, holds):
    commit = Commit(OPEN, (a_put("new"),), (condition,))
    if holds:
        assert 1 == len(await over.commit(commit))
    else:
        with pytest.raises(Overtaken):
            await over.commit(commit)

    assert (["new"] if holds else []) == ids(await over.search(Query("CarePlan"), OPEN, count=9))


async def test_conditions_on_both_must_all_hold(over):
    stored, kept = Matches(Query("CarePlan", Everything())), Matches(ONLY_A, frozenset({"a"}))

    await over.commit(Commit(OPEN, (a_put("one"),), (stored, kept)))
    with pytest.raises(Overtaken):
        await over.commit(Commit(OPEN, (a_put("two"),), (kept, stored)))

    assert ["one"] == ids(await over.search(Query("CarePlan"), OPEN, count=9))
