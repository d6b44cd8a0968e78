"""The contract of every store: chains, both ways, look at what is there and of the type that is named."""

import pytest

from fhir_server.search.query import Every, Everything, Linked, LinkedFrom, Query, Reference, Token, Without
from fhir_server.storage.store import Commit, Delete, Store
from tests.storage.contract import MINE, NARROWED, OPEN, THEIRS, a_put, ids, write

pytestmark = pytest.mark.anyio

ACTIVE = Token("status", None, "active")


@pytest.fixture
async def filled(store: Store) -> Store:
    """Plans that point at goals g (active), h (not), and gone (deleted); and at a unit that has the name of a goal."""
    active, on_hold = {"status": [("", "active")]}, {"status": [("", "on-hold")]}
    await write(
        store,
        a_put("g", type="Goal", tokens=active, references={"about": [("CarePlan", "a")]}),
        a_put("h", type="Goal", tokens=on_hold, patient=THEIRS, references={"about": [("CarePlan", "b")]}),
        a_put("gone", type="Goal", tokens=active, references={"about": [("CarePlan", "c")]}),
        a_put("k", type="Goal", tokens=active, references={"about": [("Patient", "d"), ("", "CarePlan/d")]}),
        a_put("a", references={"goal": [("Goal", "g")]}, tokens=active),
        a_put("b", references={"goal": [("Goal", "g"), ("Goal", "h")]}, patient=THEIRS),
        a_put("c", references={"goal": [("Goal", "gone")]}),
        a_put("d", references={"goal": [("Organization", "g"), ("", "Goal/g")], "other": [("Goal", "g")]}),
        a_put("e", references={"goal": [("Goal", "h")]}),
    )
    await store.commit(Commit(OPEN, (Delete("Goal", "gone"),)))
    return store


CHAINS = [
    (Linked("goal", "Goal", ACTIVE), "ab", "a"),
    (Linked("goal", "Goal", Everything()), "abe", "a"),
    (Linked("goal", "Organization", ACTIVE), "", ""),
    (Linked("other", "Goal", ACTIVE), "d", "d"),
    (Linked("never", "Goal", ACTIVE), "", ""),
    (Without(Linked("goal", "Goal", ACTIVE)), "cde", "cde"),
    (Linked("goal", "Goal", Without(ACTIVE)), "be", ""),
    (Every((ACTIVE, Linked("goal", "Goal", ACTIVE))), "a", "a"),
    (LinkedFrom("Goal", "about", ACTIVE), "a", "a"),
    (LinkedFrom("Goal", "about", Everything()), "ab", "a"),
    (LinkedFrom("CarePlan", "about", Everything()), "", ""),
    (LinkedFrom("Goal", "goal", Everything()), "", ""),
    (Without(LinkedFrom("Goal", "about", Everything())), "cde", "cde"),
    (Linked("goal", "Goal", LinkedFrom("CarePlan", "goal", ACTIVE)), "ab", "a"),
    (Linked("goal", "Goal", Linked("about", "CarePlan", ACTIVE)), "ab", "a"),
    (LinkedFrom("Goal", "about", Reference("about", "CarePlan", "b")), "b", ""),
]


@pytest.mark.parametrize(("criterion", "found", "mine"), CHAINS)
async def test_a_chain_finds_what_it_says_and_nothing_past_the_grant(filled, criterion, found, mine):
    query = Query("CarePlan", criterion)

    assert list(found) == ids(await filled.search(query, OPEN, count=9))
    assert list(mine) == ids(await filled.search(query, NARROWED, count=9))


async def test_a_chain_follows_what_becomes_of_what_it_goes_through(filled):
    query = Query("CarePlan", Linked("goal", "Goal", ACTIVE))

    assert ["a", "b"] == ids(await filled.search(query, OPEN, count=9))
    await write(filled, a_put("h", type="Goal", tokens={"status": [("", "active")]}, patient=MINE))
    assert ["a", "b", "e"] == ids(await filled.search(query, OPEN, count=9))
    assert ["a", "e"] == ids(await filled.search(query, NARROWED, count=9))
    await filled.commit(Commit(OPEN, (Delete("Goal", "h"),)))
    assert ["a", "b"] == ids(await filled.search(query, OPEN, count=9))
