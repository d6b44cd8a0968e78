"""The contract of every store: the versions of a type and of all types, newest first, and what `at` and `since` leave of them."""

from unittest.mock import patch

import pytest

from fhir_server.search.query import OfPatient, Related, Some, Token, Without, every
from fhir_server.storage import store as seam
from fhir_server.storage.store import Commit, Delete, Grant, Page, Relation
from tests.storage.contract import MINE, NARROWED, NOON, OPEN, THEIRS, a_put, text_of, write

pytestmark = pytest.mark.anyio


def places(page: Page) -> list[str]:
    return [f"{one.type}/{one.id}/{one.version}" for one in page.items]


async def all_pages(store, type, id, grant, *, count, **asked) -> list[str]:
    page = await store.history(type, id, grant, count=count, **asked)
    found = places(page)
    while page.next is not None:
        page = await store.history(type, id, grant, count=count, after=page.next, **asked)
        found += places(page)
    return found


@pytest.fixture
async def filled(store, clock):
    """Two plans and a goal of mine, one plan of somebody else's; each version a second after the one before it."""
    for change in (
        a_put("a", title="one"),
        a_put("t", patient=THEIRS),
        a_put("g", type="Goal"),
        a_put("a", title="two"),
        a_put("b", method="POST"),
        Delete("CarePlan", "b"),
        a_put("t", patient=THEIRS),
    ):
        clock.now += 1000
        await store.commit(Commit(OPEN, (change,)))
    return store


async def test_the_history_of_a_type_is_newest_first_with_its_deletions(filled, grant):
    page = await filled.history("CarePlan", "", grant, count=10)

    mine = ["CarePlan/b/2", "CarePlan/b/1", "CarePlan/a/2", "CarePlan/a/1"]
    open_too = ["CarePlan/t/2", *mine[:3], "CarePlan/t/1", mine[3]]
    expected = open_too if grant is OPEN else mine
    assert expected == places(page)
    assert (len(expected), None) == (page.total, page.next)
    by_place = dict(zip(places(page), page.items, strict=True))
    assert text_of("two", 2, NOON + 4000) == by_place["CarePlan/a/2"].text
    assert text_of("one", 1, NOON + 1000) == by_place["CarePlan/a/1"].text
    assert (b"", "DELETE") == (by_place["CarePlan/b/2"].text, by_place["CarePlan/b/2"].method)
    assert "POST" == by_place["CarePlan/b/1"].method


async def test_the_history_of_all_types_is_one_order(filled, grant):
    mine = ["CarePlan/b/2", "CarePlan/b/1", "CarePlan/a/2", "Goal/g/1", "CarePlan/a/1"]
    open_too = ["CarePlan/t/2", *mine[:4], "CarePlan/t/1", mine[4]]

    assert (open_too if grant is OPEN else mine) == places(await filled.history("", "", grant, count=10))


async def test_what_stands_apart_is_in_no_history_but_its_own(store, grant, clock):
    await write(store, a_put("x", type="AuditEvent"), a_put("a"))
    await write(store, a_put("x", type="AuditEvent"), a_put("a"))
    clock.now += 1

    page = await store.history("", "", grant, count=10)

    assert (["CarePlan/a/2", "CarePlan/a/1"], 2) == (places(page), page.total)
    assert 2 == (await store.history("AuditEvent", "x", grant, count=10)).total


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("type", ["CarePlan", ""])
async def test_a_history_is_turned_page_by_page_without_gap_or_double(filled, grant, type, count):
    whole = places(await filled.history(type, "", grant, count=100))

    assert whole == await all_pages(filled, type, "", grant, count=count)


async def test_versions_of_one_moment_are_told_apart_by_type_and_id(store, grant):
    await write(store, *(a_put(id, type=type) for type in ("Goal", "CarePlan") for id in "bca"))

    expected = [f"{type}/{id}/1" for type in ("Goal", "CarePlan") for id in "cba"]
    assert expected == places(await store.history("", "", grant, count=10))
    assert expected == await all_pages(store, "", "", grant, count=1)
    assert expected[3:] == await all_pages(store, "CarePlan", "", grant, count=2)


async def test_what_is_written_while_pages_are_turned_moves_none_of_what_was_there(filled, grant, clock):
    whole = places(await filled.history("", "", grant, count=100))
    page = await filled.history("", "", grant, count=2)
    found = places(page)

    while page.next is not None:
        clock.now += 1000
        await write(filled, a_put("a", title="later"), a_put(f"new{clock.now}"))
        page = await filled.history("", "", grant, count=2, after=page.next)
        found += places(page)

    assert whole == found


async def test_a_total_is_told_on_the_first_page_and_left_out_past_what_is_counted(filled, grant):
    whole = 6 if grant is OPEN else 4
    first = await filled.history("CarePlan", "", grant, count=1)

    assert whole == first.total
    assert None is (await filled.history("CarePlan", "", grant, count=1, after=first.next)).total
    assert 2 == (await filled.history("CarePlan", "a", grant, count=1)).total
    with patch.object(seam, "COUNTED", whole - 1):
        assert None is (await filled.history("CarePlan", "", grant, count=1)).total
    with patch.object(seam, "COUNTED", 1):
        assert 2 == (await filled.history("CarePlan", "a", grant, count=1)).total


async def test_of_none_there_is_only_the_total(filled, grant):
    page = await filled.history("Goal", "", grant, count=0)

    assert ((), 1, None) == (page.items, page.total, page.next)


async def test_where_nothing_is_reached_a_type_is_empty_and_a_resource_is_not_found(store):
    await write(store, a_put("t", patient=THEIRS))

    for type in ("CarePlan", "Goal", ""):
        page = await store.history(type, "", NARROWED, count=10)
        assert ((), 0, None) == (page.items, page.total, page.next)
    assert 1 == (await store.history("CarePlan", "", OPEN, count=10)).total


async def test_since_an_instant_are_those_made_then_or_later(filled, grant):
    theirs = ["CarePlan/t/2"] if grant is OPEN else []

    for type, expected in (("CarePlan", ["CarePlan/b/2", "CarePlan/b/1"]), ("", ["CarePlan/b/2", "CarePlan/b/1"])):
        page = await filled.history(type, "", grant, count=10, since=NOON + 5000)
        assert [*theirs, *expected] == places(page)
        assert len(theirs) + 2 == page.total
        assert [*theirs, *expected] == await all_pages(filled, type, "", grant, count=1, since=NOON + 5000)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((NOON, NOON + 999), []),  # before anything was
        ((NOON, NOON + 1000), ["CarePlan/a/1"]),  # its last millisecond
        ((NOON + 3999, NOON + 3999), ["Goal/g/1", "CarePlan/a/1"]),  # one moment, the last of the first version
        ((NOON + 4000, NOON + 4000), ["CarePlan/a/2", "Goal/g/1"]),  # one moment, the first of the second
        (
            (NOON + 3500, NOON + 4500),
            ["CarePlan/a/2", "Goal/g/1", "CarePlan/a/1"],
        ),  # current at its start, or made in it
        ((NOON + 5500, NOON + 5999), ["CarePlan/b/1", "CarePlan/a/2", "Goal/g/1"]),
        ((NOON + 9000, NOON + 9999), ["CarePlan/b/2", "CarePlan/a/2", "Goal/g/1"]),  # deleted it was, then
    ],
)
async def test_at_a_time_are_those_that_were_current_at_some_moment_of_it(filled, at, expected):
    assert expected == places(await filled.history("", "", NARROWED, count=10, at=at))
    assert expected == await all_pages(filled, "", "", NARROWED, count=1, at=at)
    assert len(expected) == (await filled.history("", "", NARROWED, count=1, at=at)).total
    plans = [place for place in expected if "CarePlan" in place]
    assert plans == places(await filled.history("CarePlan", "", NARROWED, count=10, at=at))
    of_one = [place for place in expected if "CarePlan/a" in place]
    assert of_one == places(await filled.history("CarePlan", "a", NARROWED, count=10, at=at))


async def test_at_and_since_must_both_hold(filled, grant):
    at = (NOON + 3500, NOON + 4500)

    page = await filled.history("CarePlan", "a", grant, count=10, at=at, since=NOON + 4000)

    assert (["CarePlan/a/2"], 1) == (places(page), page.total)
    assert 2 == (await filled.history("CarePlan", "a", grant, count=10, at=at)).total


async def test_versions_of_another_patients_time_are_not_shown(store, clock):
    await write(store, a_put("a", patient=THEIRS), a_put("b", patient=MINE))
    await write(store, a_put("a", patient=MINE), a_put("b", patient=THEIRS))
    clock.now += 1
    both = Grant(OfPatient(frozenset({MINE, THEIRS})), "TREAT", "both")

    for type in ("CarePlan", ""):
        assert ["CarePlan/a/2"] == places(await store.history(type, "", NARROWED, count=10))
        assert 1 == (await store.history(type, "", NARROWED, count=1)).total
        assert 4 == (await store.history(type, "", both, count=1)).total
        assert 4 == (await store.history(type, "", OPEN, count=1)).total


async def test_a_version_is_judged_by_what_it_was_and_by_what_the_resource_is_now(store, clock):
    secret = {"_security": [("s", "R")]}
    await write(store, a_put("a", tokens=secret), a_put("b"), a_put("c", tokens=secret), a_put("d", tokens=secret))
    await write(store, a_put("a"), a_put("b", tokens=secret), Delete("CarePlan", "c"))
    clock.now += 1
    not_secret = Without(Token("_security", None, "R"))
    mine = Grant(every(NARROWED.query, not_secret), "TREAT", "mine-unrestricted")
    mine_or_open = Grant(Some((Without(not_secret), NARROWED.query)), "TREAT", "mixed")

    for type in ("CarePlan", ""):
        for grant in (Grant(not_secret, "TREAT", "unrestricted"), mine):
            assert ["CarePlan/a/2"] == places(await store.history(type, "", grant, count=10))
        assert 7 == (await store.history(type, "", mine_or_open, count=1)).total


async def test_a_relation_opens_the_versions_of_its_patient(store, clock):
    team = Relation(MINE, "Organization/1", "care-team", "CareTeam/t")
    await write(store, a_put("t", type="CareTeam", relations=(team,)), a_put("a", patient=THEIRS), a_put("b"))
    await write(store, a_put("a"), Delete("CarePlan", "b"))
    clock.now += 1
    related = Grant(Related(frozenset({"Organization/1"}), frozenset({"care-team"}), NOON), "TREAT", "related")
    stranger = Grant(Related(frozenset({"Organization/2"}), frozenset({"care-team"}), NOON), "TREAT", "related")
    teams_or_theirs = Grant(Some((related.query, Token("status", None, "x"))), "TREAT", "mixed")

    for grant in (related, teams_or_theirs):
        expected = ["CarePlan/b/2", "CarePlan/a/2", "CareTeam/t/1", "CarePlan/b/1"]
        assert expected == places(await store.history("", "", grant, count=10))
        assert expected == await all_pages(store, "", "", grant, count=1)
        assert 3 == (await store.history("CarePlan", "", grant, count=1)).total
        assert ["CarePlan/a/2"] == places(await store.history("CarePlan", "a", grant, count=10))
    assert 0 == (await store.history("", "", stranger, count=10)).total


async def test_what_is_stamped_later_than_now_waits_until_then_but_not_in_its_own_history(store, grant, clock):
    """The second version of one millisecond is stamped with the next: others may yet be made before it."""
    await write(store, a_put("a"))
    await write(store, a_put("a"))

    for type in ("CarePlan", ""):
        page = await store.history(type, "", grant, count=10)
        assert (["CarePlan/a/1"], 1) == (places(page), page.total)
    assert 2 == (await store.history("CarePlan", "a", grant, count=10)).total
    clock.now += 1
    assert 2 == (await store.history("CarePlan", "", grant, count=10)).total
