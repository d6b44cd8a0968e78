"""Nobody learns by a chain what he may not see; what is said of several types is settled for one."""

import pytest
from hypothesis import given
from msgspec.structs import replace

from fhir_server.search.match import matches
from fhir_server.search.query import (
    NOTHING,
    NOW,
    BlockedBy,
    Every,
    Everything,
    Linked,
    LinkedFrom,
    Missing,
    OfKind,
    Query,
    Reference,
    Related,
    Some,
    Sort,
    Text,
    Token,
    Veil,
    Veiled,
    Without,
    at_moment,
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


CLEAR = Token("_security", "urn:t", "open")
VEIL = Veil(
    (
        Veiled("Patient", frozenset({"address"}), frozenset(), "", True, CLEAR),
        Veiled("Patient", frozenset({"name"}), frozenset(), "identifier", False, CLEAR),
        Veiled("Appointment", frozenset({"actor"}), frozenset({"Location"}), "", True, CLEAR),
    )
)
AT_HOME, NAMED = Text("address", "starts", "a"), Text("name", "starts", "b")
NUMBERED = Token("identifier", "urn:t:number", "1")


def of_patients(where, *sort):
    return reachable(Query("Patient", where, sort), VEIL)


@pytest.mark.parametrize(
    "asked",
    [
        AT_HOME,
        Without(AT_HOME),
        Missing("address"),
        Some((ACTIVE, AT_HOME)),
        Every((NUMBERED, AT_HOME)),
        NAMED,
        Every((Token("identifier", None, "1"), NAMED)),
        Some((NUMBERED, NAMED)),
    ],
    ids=["said", "opposite", "missing", "or", "and", "name", "name-and-number", "name-or-number"],
)
def test_who_asks_by_what_is_veiled_reaches_what_is_clear_alone(asked):
    assert every(asked, CLEAR) == of_patients(asked)


def test_who_asks_by_something_else_reaches_all():
    for asked in (ACTIVE, NUMBERED, Every((NUMBERED, NAMED))):
        assert asked == of_patients(asked)
    assert Everything() == of_patients(Everything(), Sort("name"))
    assert CLEAR == of_patients(Everything(), Sort("address"))


def test_a_chain_is_veiled_at_its_end_and_not_at_its_beginning():
    chain = Linked("subject", "Patient", AT_HOME)
    assert Linked("subject", "Patient", every(AT_HOME, CLEAR)) == reachable(Query("CarePlan", chain), VEIL)
    back = LinkedFrom("RelatedPerson", "patient", ACTIVE)
    assert back == of_patients(back)


def test_a_reference_is_veiled_by_what_it_leads_to():
    asked = {target: Reference("actor", target, "1") for target in ("Location", None, "Patient")}
    told = {target: reachable(Query("Appointment", it), VEIL) for target, it in asked.items()}
    assert {
        "Location": every(asked["Location"], CLEAR),
        None: every(asked[None], CLEAR),
        "Patient": asked["Patient"],
    } == told
    pointing = LinkedFrom("Appointment", "actor", ACTIVE)
    assert replace(pointing, where=every(ACTIVE, CLEAR)) == reachable(Query("Location", pointing), VEIL)
    assert pointing == of_patients(pointing)


def test_a_veil_leaves_nothing_out_by_itself():
    assert Everything() == settled_for(VEIL, "Patient")


# ------------------------------------------------------------------------------------------------ the moment


def moving(at: int) -> Every:
    """Related and BlockedBy at every depth, at a moment."""
    related = Related(frozenset({"Organization/1"}), frozenset({"care-team"}), at)
    blocked = BlockedBy("documented-by", frozenset({"inner-block"}), frozenset(), at)
    deep = Linked("subject", "Patient", LinkedFrom("CareTeam", "subject", Some((related, Missing("name")))))
    return Every((related, Without(blocked), deep))


def test_a_moment_stands_wherever_now_stood_and_nowhere_else():
    assert moving(7) == at_moment(moving(NOW), 7)
    assert moving(7) == at_moment(moving(7), 8)


def test_what_waits_for_no_moment_is_left_as_it_is():
    still = Every((Token("status", None, "active"), Without(Missing("subject"))))

    assert at_moment(still, 7) is still
