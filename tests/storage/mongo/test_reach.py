"""Few patients are listed, of many each document is asked; the answer is the same."""

from unittest.mock import patch

import pytest

from fhir_server.search.query import Every, OfPatient, Query, Related, Token, Without
from fhir_server.storage.mongo import reach as module
from fhir_server.storage.mongo.reach import asked_of_each, reach
from fhir_server.storage.store import Grant, Relation
from tests.databases import mongo_at, new_database
from tests.storage.contract import NOON, a_put, ids, write

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
    assert ["relations0", "relations1"] == [join["$lookup"]["as"] for join in found.joins]
    assert {"$nor": [{"relations0": {"$ne": []}}], "relations0": {"$ne": []}, "relations1": {"$ne": []}} == found.joined


def test_the_pipeline_begins_with_what_one_index_answers_whole():
    narrow = asked_of_each(
        {"type": "CarePlan", "live": True}, [OfPatient(frozenset("12")), Token("status", None, "active")]
    )

    assert {"type": "CarePlan", "keys": "status~active"} == narrow.stages()[0]["$match"]
    assert narrow.direct == narrow.stages()[1]["$match"]
    assert [narrow.direct] == [stage["$match"] for stage in asked_of_each(narrow.direct, []).stages()]
