"""Nobody learns by a chain what he may not see; what is said of several types is settled for one."""

import pytest
from hypothesis import given

from fhir_server.search.match import matches
from fhir_server.search.query import (
    NOTHING,
    Every,
    Everything,
    Linked,
    LinkedFrom,
    OfKind,
    Query,
    Some,
    Token,
    Without,
    every,
    narrowed,
    reachable,
    settled_for,
)
from tests.storage.test_contract_meaning import ASKED_UNDER, RESOURCES, as_candidates

GRANT, ACTIVE = Token("grant", None, "x"), Token("status", None, "active")


def test_what_is_no_chain_stays_as_it_is():
    for criterion in (Everything(), ACTIVE, Every((ACTIVE, ACTIVE)), Some((ACTIVE,)), Without(ACTIVE)):
        assert criterion == narrowed(criterion, GRANT)


def test_each_hop_is_within_the_grant():
    inner = Linked("organization", "Organization", ACTIVE)

    assert Linked(
        "subject", "Patient", Every((Linked("organization", "Organization", Every((ACTIVE, GRANT))), GRANT))
    ) == narrowed(Linked("subject", "Patient", inner), GRANT)
    assert LinkedFrom("Task", "focus", Every((ACTIVE, GRANT))) == narrowed(LinkedFrom("Task", "focus", ACTIVE), GRANT)


def test_a_chain_is_narrowed_wherever_it_stands():
    chain = LinkedFrom("Task", "focus", ACTIVE)
    expected = narrowed(chain, GRANT)

    for around in (lambda one: Every((ACTIVE, one)), lambda one: Some((one, ACTIVE)), Without):
        assert around(expected) == narrowed(around(chain), GRANT)


def test_an_open_grant_changes_nothing():
    chain = Linked("subject", "Patient", LinkedFrom("Task", "focus", ACTIVE))

    assert chain == narrowed(chain, every())


# ------------------------------------------------------------------------------------------------ settled for a type

PLAN, GOAL = OfKind(frozenset({"CarePlan"})), OfKind(frozenset({"Goal"}))
TO_PLAN = Linked("about", "CarePlan", PLAN)

SETTLED = [
    (PLAN, Everything(), NOTHING),
    (OfKind(frozenset()), NOTHING, NOTHING),
    (ACTIVE, ACTIVE, ACTIVE),
    (Every((PLAN, ACTIVE)), ACTIVE, NOTHING),
    (Every((PLAN, GOAL)), NOTHING, NOTHING),
    (Some((PLAN, ACTIVE)), Everything(), ACTIVE),
    (Some((Every((PLAN, ACTIVE)), Every((GOAL, GRANT)))), ACTIVE, GRANT),
    (Without(PLAN), NOTHING, Everything()),
    (Without(Every((PLAN, ACTIVE))), Without(ACTIVE), Everything()),
    (TO_PLAN, Linked("about", "CarePlan", Everything()), Linked("about", "CarePlan", Everything())),
    (LinkedFrom("Goal", "about", Every((PLAN, ACTIVE))), NOTHING, NOTHING),
    (Every((Every((PLAN, Everything())), Some((ACTIVE, NOTHING)))), ACTIVE, NOTHING),
]


@pytest.mark.parametrize(("criterion", "of_plans", "of_goals"), SETTLED)
def test_what_is_said_of_other_types_is_gone_and_nothing_is_left_around_it(criterion, of_plans, of_goals):
    assert (of_plans, of_goals) == (settled_for(criterion, "CarePlan"), settled_for(criterion, "Goal"))


@given(RESOURCES, ASKED_UNDER)
def test_a_criterion_settled_for_a_type_means_of_it_what_it_meant(resources, criterion):
    for one in as_candidates(resources):
        settled = settled_for(criterion, one.type)
        assert "OfKind" not in repr(settled)
        assert matches(criterion, one) == matches(settled, one)


def test_a_grant_is_settled_at_each_hop_for_the_type_there():
    chain = Query("Goal", Linked("about", "CarePlan", ACTIVE))
    grant = Some((Every((PLAN, GRANT)), GOAL))

    assert Linked("about", "CarePlan", Every((ACTIVE, GRANT))) == reachable(chain, grant)
    assert NOTHING == reachable(chain, GOAL)
