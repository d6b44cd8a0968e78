"""A grant that speaks of other resources reaches versions, histories and writes as it reaches a search."""

from unittest.mock import patch

import pytest

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.query import Every, Identity, Linked, LinkedFrom, OfKind, OfPatient, Query, Some, Token, Without
from fhir_server.storage.mongo import reach
from fhir_server.storage.store import Commit, Delete, Grant, Page
from tests.databases import mongo_at, new_database
from tests.storage.contract import a_put, ids, write

pytestmark = pytest.mark.anyio

ACTIVE = Token("status", None, "active")
TO_ACTIVE, FROM_ACTIVE = Linked("goal", "Goal", ACTIVE), LinkedFrom("Goal", "addresses", ACTIVE)
REACHING_A = {
    "chain": TO_ACTIVE,
    "has": FROM_ACTIVE,
    "chain and patient": Every((TO_ACTIVE, OfPatient(frozenset({"p1"})))),
    "not the other": Without(Linked("goal", "Goal", Identity(frozenset({"h"})))),
    "nested": Some((Linked("goal", "Goal", Linked("addresses", "CarePlan", TO_ACTIVE)),)),
}
"""Grants that reach the plan `a` and its versions, and not the plan `b`."""


@pytest.fixture(params=[0, 1000])
async def store(request, clock):
    """The plans a and b, two versions of each; the goal of a is active, that of b is not."""
    with patch.object(reach, "LISTED", request.param):
        async with mongo_at(new_database(), clock) as store:
            await store.index_is("definitions of today")
            await write(store, _goal("g", "a", "active"), _goal("h", "b", "done"))
            for title in ("one", "two"):
                await write(store, *(_plan(id, goal, title) for id, goal in (("a", "g"), ("b", "h"))))
                clock.now += 1000
            yield store


def _goal(id, addressed, status):
    return a_put(
        id, type="Goal", tokens={"status": [("", status)]}, references={"addresses": [("CarePlan", addressed)]}
    )


def _plan(id, goal, title):
    return a_put(id, title=title, references={"goal": [("Goal", goal)]})


def _grant(name):
    return Grant(REACHING_A[name], "TREAT", name)


async def _versions(store, id, grant) -> Page | None:
    try:
        return await store.history("CarePlan", id, grant, count=9)
    except NotFound:
        return None


@pytest.mark.parametrize("name", REACHING_A)
async def test_versions_are_reached_with_the_current_one(store, name):
    grant = _grant(name)

    for version in (1, 2):
        assert version == (await store.vread("CarePlan", "a", version, grant)).version
        with pytest.raises(NotFound):
            await store.vread("CarePlan", "b", version, grant)
    assert [2, 1] == [it.version for it in (await _versions(store, "a", grant)).items]
    assert None is await _versions(store, "b", grant)
    assert ["a", "a"] == ids(await store.history("CarePlan", "", grant, count=9))
    assert ["a"] == ids(await store.search(Query("CarePlan"), grant, count=9))
    assert ["a"] == [it.id async for it in store.resources(grant) if it.type == "CarePlan"]


@pytest.mark.parametrize("name", REACHING_A)
async def test_what_is_written_is_within_the_grant_before_and_after(store, name):
    grant = _grant(name)

    with pytest.raises(NotFound):
        await store.commit(Commit(grant, (_plan("b", "g", "mine now"),)))  # not before
    with pytest.raises(NotFound):
        await store.commit(Commit(grant, (Delete("CarePlan", "b"),)))
    with pytest.raises(NotFound):
        await store.commit(
            Commit(grant, (a_put("a", patient="p2", references={"goal": [("Goal", "h")]}), _goal("g", "b", "done")))
        )
    (third,) = await store.commit(Commit(grant, (_plan("a", "g", "three"),)))
    (fourth,) = await store.commit(Commit(grant, (Delete("CarePlan", "a"),)))

    assert (3, 4) == (third.version, fourth.version)


async def test_nobody_lets_himself_in_by_the_reference_that_he_writes(store):
    claiming = _goal("k", "b", "active")

    with pytest.raises(NotFound):
        await store.commit(Commit(_grant("has"), (claiming, _plan("b", "h", "three"))))
    await write(store, claiming)
    assert 3 == (await store.commit(Commit(_grant("has"), (_plan("b", "h", "three"),))))[0].version


async def test_a_version_kept_before_its_index_was_is_shown_to_who_asks_for_patients_alone(clock):
    """As a release before kept it: nobody knows what it was, but for whose."""
    sip, mine = Token("category", "s", "sip"), OfPatient(frozenset({"p1"}))
    async with mongo_at(new_database(), clock) as store:
        for _ in range(3):
            await write(store, a_put("a", tokens={"category": [("s", "sip")]}))
        without = dict.fromkeys(("keys", "codes", "spans", "strings", "amounts", "elements", "to"), "")
        await store._link.database.versions.update_one({"version": 1}, {"$unset": without})
        clock.now += 1000
        for query, versions in (
            (mine, [3, 2, 1]),
            (Every((sip, mine)), [3, 2]),
            (Without(Token("category", "s", "other")), [3, 2]),
            (Some((sip, OfKind(frozenset({"Goal"})))), [3, 2]),
            (Some((mine, OfKind(frozenset({"Goal"})))), [3, 2, 1]),
        ):
            grant = Grant(query, "TREAT", "any")
            assert versions == [one.version for one in (await _versions(store, "a", grant)).items]
            for version in (1, 2, 3):
                assert (version in versions) == await _is_there(store, version, grant)


async def _is_there(store, version, grant) -> bool:
    try:
        return version == (await store.vread("CarePlan", "a", version, grant)).version
    except NotFound:
        return False
