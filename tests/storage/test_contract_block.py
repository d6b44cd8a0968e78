"""The contract of every store: blocks close what an organization documented, of a patient, for a time, to all but those it is for."""

import pytest

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.query import (
    BlockedBy,
    Every,
    Everything,
    Linked,
    LinkedFrom,
    OfKind,
    Query,
    Sort,
    Token,
    Without,
    every,
)
from fhir_server.storage.store import Commit, Delete, Grant, Matches, Overtaken, Put, Relation, Store
from tests.storage.contract import CLOSED, MINE, NOON, OPEN, THEIRS, a_draft, a_put, ids, write

pytestmark = pytest.mark.anyio

UNIT = Grant(Without(CLOSED), "TREAT", "unit")
ONE, TWO, OWN, COUNTY = "Organization/1", "Organization/2", "Organization/own", "Organization/county"
ALL, SEEN = "abcdefgh", "bcefg"


def documented(id: str, *by: str, patient: str = MINE, type: str = "CarePlan", **references) -> Put:
    marks = {"documented-by": [tuple(one.split("/", 1)) for one in by]} if by else {}
    return a_put(id, type=type, patient=patient, references=marks | references)


def a_block(id: str, organization: str, patient: str = MINE, kind: str = "inner-block", **period) -> Put:
    said = Relation(patient, organization, kind, f"Consent/{id}", **period)
    return a_put(id, type="Consent", patient=patient, relations=(said,))


@pytest.fixture
async def filled(store: Store, clock) -> Store:
    """My patient has closed what One documented; theirs what Two did, and what the unit and its county did; and it is over, or
    not yet begun, of what is another's. The plans a, d and h are closed.
    """
    await write(
        store,
        a_block("k", ONE),
        a_block("l", TWO, THEIRS, "outer-block", start=NOON, end=NOON),
        a_block("m", OWN, THEIRS),
        a_block("n", COUNTY, THEIRS, "outer-block"),
        a_block("past", TWO, end=NOON - 1),
        a_block("coming", TWO, start=NOON + 1),
        a_block("other", TWO, kind="consent"),
        documented("a", ONE),
        documented("b", ONE, patient=THEIRS),
        documented("c", TWO),
        documented("d", COUNTY, TWO, patient=THEIRS),
        documented("e", COUNTY, OWN, patient=THEIRS),
        a_put("f"),
        a_put("g", references={"author": [("Organization", "1")], "documented-by": [("Practitioner", "1"), ("", ONE)]}),
        Put("CarePlan", "h", a_draft(), documented("h", TWO, ONE).index, (THEIRS, MINE)),
        documented("open", TWO, type="Goal", about=[("CarePlan", "a"), ("CarePlan", "c")]),
        documented("shut", ONE, type="Goal", about=[("CarePlan", "b"), ("CarePlan", "c")]),
    )
    clock.now += 1000
    return store


async def seen(store: Store, type: str, id: str, grant: Grant, version: int = 1) -> bool:
    """Whether a version is read; and where it is the current one, so is the resource and its history."""
    try:
        return id == (await store.vread(type, id, version, grant)).id
    except NotFound:
        return False


async def test_what_is_closed_is_read_searched_counted_and_told_of_nowhere(filled):
    first = await filled.search(Query("CarePlan"), UNIT, count=2)
    page = await filled.search(Query("CarePlan", sort=(Sort("_id", descending=True),)), UNIT, count=9)
    history = await filled.history("CarePlan", "", UNIT, count=9)
    walked = [one.id async for one in filled.resources(UNIT) if one.type == "CarePlan"]

    assert list(SEEN) == [id for id in ALL if await seen(filled, "CarePlan", id, UNIT)]
    assert list(ALL) == ids(await filled.search(Query("CarePlan"), OPEN, count=9))
    assert (list(SEEN[:2]), len(SEEN)) == (ids(first), first.total)
    assert (list(SEEN[::-1]), len(SEEN)) == (ids(page), page.total)
    assert (list(SEEN[::-1]), len(SEEN)) == (ids(history), history.total)
    assert list(SEEN) == walked
    for asked in (filled.read("CarePlan", "a", UNIT), filled.history("CarePlan", "a", UNIT, count=9)):
        with pytest.raises(NotFound):
            await asked


CLOSED_BY = [
    (CLOSED, "adh"),
    (BlockedBy("documented-by", frozenset({"inner-block"}), frozenset(), NOON), "aeh"),
    (BlockedBy("documented-by", frozenset({"outer-block"}), frozenset(), NOON), "deh"),
    (BlockedBy("documented-by", frozenset({"outer-block"}), frozenset({TWO}), NOON), "de"),
    (BlockedBy("documented-by", frozenset({"inner-block", "outer-block"}), frozenset({ONE, TWO, COUNTY}), NOON), "e"),
    (BlockedBy("documented-by", frozenset({"inner-block"}), frozenset(), NOON - 1), "aceh"),
    (BlockedBy("documented-by", frozenset({"inner-block"}), frozenset(), NOON + 1), "aceh"),
    (BlockedBy("documented-by", frozenset({"outer-block"}), frozenset(), NOON + 1), "de"),
    (BlockedBy("documented-by", frozenset(), frozenset(), NOON), ""),
    (BlockedBy("author", frozenset({"inner-block"}), frozenset(), NOON), "g"),
    (BlockedBy("never", frozenset({"inner-block"}), frozenset(), NOON), ""),
]


@pytest.mark.parametrize(("criterion", "closed"), CLOSED_BY)
async def test_it_is_closed_by_whom_it_points_at_and_whose_it_is_at_a_moment(filled, criterion, closed):
    left_out = "".join(sorted(set(ALL) - set(closed)))
    for where, found in ((criterion, closed), (Without(criterion), left_out)):
        page = await filled.search(Query("CarePlan", where), OPEN, count=9)
        assert (list(found), len(found)) == (ids(page), page.total)
        assert list(found) == [id for id in ALL if await seen(filled, "CarePlan", id, Grant(where, "TREAT", "any"))]


CHAINS = [
    (Linked("about", "CarePlan", Everything()), "Goal", ["open"]),
    (LinkedFrom("Goal", "about", Everything()), "CarePlan", ["c"]),
    (Without(LinkedFrom("Goal", "about", Everything())), "CarePlan", list("befg")),
    (Every((LinkedFrom("Goal", "about", Linked("about", "CarePlan", Everything())), Everything())), "CarePlan", ["c"]),
]


@pytest.mark.parametrize(("chain", "type", "found"), CHAINS)
async def test_no_hop_of_a_chain_leads_through_what_is_closed(filled, chain, type, found):
    assert found == ids(await filled.search(Query(type, chain), UNIT, count=9))


async def test_a_block_counts_from_the_commit_that_writes_it_until_the_one_that_ends_it(filled):
    await write(filled, a_block("o", TWO))
    assert list("befg") == ids(await filled.search(Query("CarePlan"), UNIT, count=9))
    await write(filled, a_put("k", type="Consent"))
    await filled.commit(Commit(OPEN, (Delete("Consent", "o"),)))
    assert list("abcefg") == ids(await filled.search(Query("CarePlan"), UNIT, count=9))


async def test_a_version_is_closed_by_its_own_marks_and_by_those_of_the_current_one(filled, clock):
    await write(filled, documented("c", ONE))
    await write(filled, documented("a", TWO))
    await write(filled, documented("a", COUNTY))

    with pytest.raises(NotFound):
        await filled.history("CarePlan", "c", UNIT, count=9)
    assert [False, True, True] == [await seen(filled, "CarePlan", "a", UNIT, version) for version in (1, 2, 3)]
    assert [False, False] == [await seen(filled, "CarePlan", "c", UNIT, version) for version in (1, 2)]
    clock.now += 1000
    page = await filled.history("CarePlan", "a", UNIT, count=9)
    assert ([3, 2], 2) == ([one.version for one in page.items], page.total)
    of_all = await filled.history("CarePlan", "", UNIT, count=20)
    assert [("a", 3), ("a", 2)] == [(one.id, one.version) for one in of_all.items if one.id in "ac"]


async def test_what_is_closed_is_closed_when_it_is_deleted_too(filled, clock):
    await filled.commit(Commit(OPEN, (Delete("CarePlan", "a"), Delete("CarePlan", "f"))))
    clock.now += 1000

    told = await filled.history("CarePlan", "", UNIT, count=20)
    assert {"f"} == {one.id for one in told.items if one.id in "af"}


@pytest.mark.parametrize(
    "change",
    [
        documented("a", OWN),  # out of what is closed
        documented("c", ONE),  # into it
        documented("new", ONE),
        documented("new", COUNTY, TWO, patient=THEIRS),
        Delete("CarePlan", "d"),
        Delete("CarePlan", "h"),
    ],
)
async def test_nothing_closed_is_written_over_taken_away_or_left_behind(filled, change):
    with pytest.raises(NotFound):
        await filled.commit(Commit(UNIT, (documented("c", TWO), change)))

    assert 1 == (await filled.read("CarePlan", "c", OPEN)).version
    for open_to_it in (documented("c", OWN), documented("new", OWN, patient=THEIRS), Delete("CarePlan", "e")):
        assert 1 == len(await filled.commit(Commit(UNIT, (open_to_it,))))


async def test_a_chain_in_a_grant_is_judged_by_blocks_when_it_writes(filled):
    grant = Grant(Linked("about", "CarePlan", Without(CLOSED)), "TREAT", "goals of open plans")
    through = {"about": [("CarePlan", "c")]}
    closed = {"about": [("CarePlan", "a")]}

    assert 1 == len(await write(filled, a_put("new", type="Goal", references=through), grant=grant))
    with pytest.raises(NotFound):
        await write(filled, a_put("newer", type="Goal", references=closed), grant=grant)


async def test_nobody_opens_what_is_closed_by_the_commit_that_writes_it(filled):
    with pytest.raises(NotFound):
        await write(filled, a_put("k", type="Consent"), documented("a", ONE), grant=UNIT)


async def test_a_condition_is_judged_without_what_is_closed(filled):
    for within, found in ((UNIT.query, SEEN), (Everything(), ALL)):
        await filled.commit(Commit(OPEN, conditions=(Matches(Query("CarePlan"), frozenset(found), within),)))
        with pytest.raises(Overtaken):
            await filled.commit(Commit(OPEN, conditions=(Matches(Query("CarePlan"), frozenset("ab"), within),)))


async def test_a_type_that_a_grant_closes_alone_is_closed_alone(filled):
    plans = every(OfKind(frozenset({"CarePlan"})), CLOSED)
    grant = Grant(Without(plans), "TREAT", "of plans")

    assert list(SEEN) == ids(await filled.search(Query("CarePlan"), grant, count=9))
    assert ["open", "shut"] == ids(await filled.search(Query("Goal"), grant, count=9))


async def test_the_values_of_a_parameter_are_those_of_what_is_open(store):
    for id, organization in (("a", ONE), ("b", TWO)):
        put = documented(id, organization)
        await write(store, Put("CarePlan", id, put.draft, _coded(put.index, id), put.patients))
    await write(store, a_block("k", ONE))

    assert [("s", "b")] == list(await store.values("CarePlan", "category", UNIT, count=9))
    assert ["b"] == ids(await store.search(Query("CarePlan", Token("category", "s", None)), UNIT, count=9))


def _coded(index, code: str):
    index.tokens["category"] = [("s", code)]
    return index
