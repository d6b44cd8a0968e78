"""Few patients and resources are listed, of many each document is asked; the answer is the same."""

from unittest.mock import patch

import pytest

from fhir_server.search.query import (
    BlockedBy,
    Every,
    Everything,
    Identity,
    Linked,
    LinkedFrom,
    OfPatient,
    Query,
    Related,
    Some,
    Sort,
    Token,
    Without,
)
from fhir_server.storage.mongo import reach as module
from fhir_server.storage.mongo.reach import asked_of_each, listed, reach
from fhir_server.storage.store import Commit, Delete, Grant, Relation
from tests.databases import mongo_at, new_database
from tests.storage.contract import NOON, OPEN, a_put, ids, write

UNIT = Related(frozenset({"Organization/1"}), frozenset({"care-team"}), NOON)
OTHER = Related(frozenset({"Organization/2"}), frozenset({"care-team"}), NOON)
GRANT = Grant(UNIT, "TREAT", "related")


@pytest.fixture
async def filled(clock):
    """A unit that has to do with the patients 0 to 2 of five, one plan each."""
    async with mongo_at(new_database(), clock) as store:
        await store.index_is("definitions of today")
        teams = [
            a_put(f"t{n}", type="CareTeam", patient=f"{n}", relations=(Relation(f"{n}", "Organization/1", "care-team", "CareTeam/t"),))
            for n in range(3)
        ]  # fmt: skip
        await write(
            store, *teams, *(a_put(f"{n}", patient=f"{n}", tokens={"status": [("", "active")]}) for n in range(5))
        )
        yield store


@pytest.mark.anyio
@pytest.mark.parametrize(("listed", "joins"), [(3, 0), (2, 1)])
async def test_few_patients_are_listed_and_many_are_asked_for(filled, listed, joins):
    with patch.object(module, "LISTED", listed):
        found = await reach(filled._link.database, {"type": "CarePlan"}, [UNIT])
        page = await filled.search(Query("CarePlan", Token("status", None, "active")), GRANT, count=2)

    assert joins == len(found.joins)
    assert (["0", "1"], 3) == (ids(page), page.total)


def test_what_needs_no_relation_is_asked_first():
    own = {"type": "CarePlan"}
    found = asked_of_each(own, [Every((OfPatient(frozenset("1")), Without(UNIT))), UNIT, OTHER])

    assert {"type": "CarePlan", "patients": {"$in": ["1"]}} == found.direct == found.probe
    assert ["hop0", "hop1"] == [join["$lookup"]["as"] for join in found.joins]
    assert {"$nor": [{"hop0": {"$ne": []}}], "hop0": {"$ne": []}, "hop1": {"$ne": []}} == found.joined


def test_the_pipeline_begins_with_what_one_index_answers_whole():
    narrow = asked_of_each(
        {"type": "CarePlan", "live": True}, [OfPatient(frozenset("12")), Token("status", None, "active")]
    )

    assert {"type": "CarePlan", "keys": "status~active"} == narrow.stages()[0]["$match"]
    assert narrow.direct == narrow.stages()[1]["$match"]
    assert [narrow.direct] == [stage["$match"] for stage in asked_of_each(narrow.direct, []).stages()]


CLOSED = BlockedBy("documented-by", frozenset({"inner-block"}), frozenset({"Organization/3"}), NOON)


@pytest.mark.anyio
async def test_few_blocks_are_listed_by_organization_and_many_are_asked_for(filled):
    said = (("0", "1"), ("1", "1"), ("2", "2"), ("3", "3"))
    marked = {"documented-by": [("Organization", "1")]}
    await write(
        filled,
        *(
            a_put(f"k{patient}", type="Consent", patient=patient, relations=(Relation(patient, f"Organization/{by}", "inner-block", "Consent/k"),))
            for patient, by in said
        ),
        *(a_put(f"{n}", patient=f"{n}", references=marked) for n in range(4)),
    )  # fmt: skip
    database, unit = filled._link.database, Grant(Without(CLOSED), "TREAT", "unit")

    for most, joins, found in ((3, 0, ["0 Organization/1", "1 Organization/1", "2 Organization/2"]), (2, 1, None)):
        with patch.object(module, "LISTED", most):
            assert {CLOSED: found} == await listed(database, [Without(CLOSED)])
            assert joins == len((await reach(database, {"type": "CarePlan"}, [Without(CLOSED)])).joins)
            page = await filled.search(Query("CarePlan"), unit, count=9)
            assert (["2", "3", "4"], 3) == (ids(page), page.total)
    few = await reach(database, {"type": "CarePlan"}, [CLOSED])
    of_one = {"patients": {"$in": ["0", "1"]}, "keys": 'documented-by@["Organization","1"]'}
    of_two = {"patients": {"$in": ["2"]}, "keys": 'documented-by@["Organization","2"]'}
    assert {"type": "CarePlan", "$or": [of_one, of_two]} == few.direct


# ------------------------------------------------------------------------------------------------ chains

ACTIVE = Token("status", None, "active")
TO_ACTIVE = Linked("goal", "Goal", ACTIVE)
FROM_ACTIVE = LinkedFrom("Goal", "addresses", ACTIVE)
THERE_AND_BACK = Linked("goal", "Goal", LinkedFrom("CarePlan", "goal", Identity(frozenset({"1"}))))


@pytest.fixture
async def linked(clock):
    """Five plans, each with its goal, which addresses the plan after it; two of the goals are active, and one is deleted."""
    async with mongo_at(new_database(), clock) as store:
        await store.index_is("definitions of today")
        await write(
            store,
            *(a_put(f"{n}", patient=f"{n}", references={"goal": [("Goal", f"g{n}"), ("Patient", "g0")]}) for n in range(5)),
            *(
                a_put(
                    f"g{n}", type="Goal", patient=f"{n}",
                    tokens={"status": [("", "active")] if n < 3 else []},
                    references={"addresses": [("CarePlan", f"{n + 1}"), ("", "urn:x")]},
                )
                for n in range(5)
            ),
        )  # fmt: skip
        await store.commit(Commit(OPEN, (Delete("Goal", "g2"),)))
        yield store


CHAINS = [
    (TO_ACTIVE, ["0", "1"]),
    (FROM_ACTIVE, ["1", "2"]),
    (THERE_AND_BACK, ["1"]),
    (Without(TO_ACTIVE), ["2", "3", "4"]),
    (Some((TO_ACTIVE, FROM_ACTIVE)), ["0", "1", "2"]),
    (Every((TO_ACTIVE, FROM_ACTIVE)), ["1"]),
    (Linked("goal", "Goal", Without(ACTIVE)), ["3", "4"]),
    (Linked("goal", "Patient", Everything()), []),
    (LinkedFrom("Goal", "addresses", Linked("addresses", "CarePlan", TO_ACTIVE)), ["1"]),
]


@pytest.mark.anyio
@pytest.mark.parametrize("most", [0, 1, 2, 1000])
@pytest.mark.parametrize(("chain", "expected"), CHAINS)
async def test_a_chain_leads_to_the_same_by_a_list_and_by_asking_each(linked, most, chain, expected):
    with patch.object(module, "LISTED", most):
        page = await linked.search(Query("CarePlan", chain), OPEN, count=1)
        descending = await linked.search(Query("CarePlan", chain, (Sort("_id", descending=True),)), OPEN, count=9)

    assert (expected[:1], len(expected)) == (ids(page), page.total)
    assert expected[::-1] == ids(descending)


@pytest.mark.anyio
@pytest.mark.parametrize("most", [0, 1000])
async def test_no_hop_of_a_chain_leads_beyond_the_grant(linked, most):
    of_one = Grant(OfPatient(frozenset("1")), "TREAT", "one")
    of_two = Grant(OfPatient(frozenset("01")), "TREAT", "two")

    with patch.object(module, "LISTED", most):
        for grant, found in ((of_one, []), (of_two, ["1"])):  # the goal that addresses the plan 1 is of the patient 0
            assert found == ids(await linked.search(Query("CarePlan", FROM_ACTIVE), grant, count=9))


@pytest.mark.anyio
async def test_what_few_lead_to_drives_the_query_and_what_many_lead_to_follows_it(linked):
    database = linked._link.database
    found = await listed(database, [Every((TO_ACTIVE, Without(THERE_AND_BACK)))])
    of_plan = THERE_AND_BACK.where
    few = await reach(database, {"type": "CarePlan"}, [TO_ACTIVE])

    assert {TO_ACTIVE: ["g0", "g1"], of_plan: ["Goal/g1", "Patient/g0"], THERE_AND_BACK: ["g1"]} == found
    assert {"type": "CarePlan", "keys": {"$in": ['goal@["Goal","g0"]', 'goal@["Goal","g1"]']}} == few.probe
    with patch.object(module, "LISTED", 1):
        assert {TO_ACTIVE: None, of_plan: ["Goal/g1", "Patient/g0"], THERE_AND_BACK: ["g1"]} == await listed(
            database, [TO_ACTIVE, THERE_AND_BACK]
        )
        many = await reach(database, {"type": "CarePlan"}, [TO_ACTIVE])
        assert (1, {"type": "CarePlan"}, {}) == (len(many.joins), many.direct, many.probe)


@pytest.mark.anyio
async def test_what_is_pointed_at_is_not_listed_where_it_is_too_much(linked):
    everything = LinkedFrom("Goal", "addresses", Everything())
    with patch.object(module, "POINTED_AT", 0):
        assert {everything: None} == await listed(linked._link.database, [everything])
    assert {everything: [f"CarePlan/{n}" for n in (1, 2, 4, 5)]} == await listed(linked._link.database, [everything])


def test_a_document_is_looked_up_by_a_member_that_has_an_index():
    chain, back = asked_of_each({"type": "CarePlan"}, [TO_ACTIVE]), asked_of_each({"type": "CarePlan"}, [FROM_ACTIVE])

    assert ("to.goal", "_id") == _ends(chain.joins[-1])
    assert ("hop0key", "keys") == _ends(back.joins[-1])
    assert {"hop0": 0, "hop0key": 0} == back.stages()[-1]["$project"]
    assert {"type": "Goal", "keys": "status~active"} == back.joins[-1]["$lookup"]["pipeline"][0]["$match"]


def _ends(join):
    return join["$lookup"]["localField"], join["$lookup"]["foreignField"]
