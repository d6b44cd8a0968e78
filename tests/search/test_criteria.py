"""https://hl7.org/fhir/R4/search.html#chaining https://hl7.org/fhir/R4/search.html#has"""

import time

import pytest

from fhir_server.search.criteria import MOST_COMPARED, MOST_HOPS, MOST_WAYS
from fhir_server.search.parameter import CHAIN, parameters_of
from fhir_server.search.parse import Parser
from fhir_server.search.query import (
    Every,
    Identity,
    Linked,
    LinkedFrom,
    Missing,
    Reference,
    Some,
    Text,
    Token,
    Without,
)
from tests.search.reading import BASE, PARAMETERS, PARSER, refusal, where

NAMED = Text("name", "starts", "lind")
TEAM = Reference("participant", "Organization", "u")


@pytest.mark.parametrize(
    ("type", "name", "value", "criterion"),
    [
        ("CarePlan", "patient.name", "Lind", Linked("patient", "Patient", NAMED)),
        ("CarePlan", "subject:Patient.name", "Lind", Linked("subject", "Patient", NAMED)),
        ("CarePlan", "subject.name", "Lind", Linked("subject", "Patient", NAMED)),
        ("CarePlan", "subject.identifier", "s|1", Some(tuple(Linked("subject", type, Token("identifier", "s", "1")) for type in ("Group", "Patient")))),
        ("CarePlan", "patient.name:exact", "Lind", Linked("patient", "Patient", Text("name", "exact", "Lind"))),
        ("CarePlan", "patient.gender:not", "male", Linked("patient", "Patient", Without(Token("gender", None, "male")))),
        ("CarePlan", "patient.active:missing", "true", Linked("patient", "Patient", Missing("active"))),
        ("CarePlan", "patient._id", "a,b", Linked("patient", "Patient", Identity(frozenset({"a", "b"})))),
        ("CarePlan", "patient.organization.name", "Lind", Linked("patient", "Patient", Linked("organization", "Organization", NAMED))),
        ("CarePlan", "care-team.participant:Organization.name", "Lind", Linked("care-team", "CareTeam", Linked("participant", "Organization", NAMED))),
        ("Patient", "_has:Task:subject:status", "ready", LinkedFrom("Task", "subject", Token("status", None, "ready"))),
        ("Patient", "_has:Task:subject:owner.name", "Lind", None),
        ("Patient", "_has:Task:subject:owner:Organization.name", "Lind", LinkedFrom("Task", "subject", Linked("owner", "Organization", NAMED))),
        ("Patient", "_has:CarePlan:subject:_has:Task:based-on:status", "ready", LinkedFrom("CarePlan", "subject", LinkedFrom("Task", "based-on", Token("status", None, "ready")))),
        ("CarePlan", "patient._has:Task:subject:status", "ready", Linked("patient", "Patient", LinkedFrom("Task", "subject", Token("status", None, "ready")))),
        ("Patient", "_has:CarePlan:patient:_id", "a", LinkedFrom("CarePlan", "patient", Identity(frozenset({"a"})))),
        ("CarePlan", "_list", "a,b", LinkedFrom("List", "item", Identity(frozenset({"a", "b"})))),
        ("CarePlan", "patient._list", "a", Linked("patient", "Patient", LinkedFrom("List", "item", Identity(frozenset({"a"}))))),
        ("CarePlan", "_has:List:item:_id", "a", LinkedFrom("List", "item", Identity(frozenset({"a"})))),
    ],
)  # fmt: skip
def test_a_chain_leads_from_resource_to_resource(type, name, value, criterion):
    found = where((name, value), type=type)

    assert found == (criterion or found)


def test_a_hop_to_several_types_goes_to_those_that_know_the_parameter():
    found = where(("_has:Task:subject:owner.name", "Lind"), type="Patient")

    types = [way.type for way in found.where.parts]
    assert ["HealthcareService", "Organization", "Patient", "Practitioner", "RelatedPerson"] == types


@pytest.mark.parametrize(
    ("name", "value", "criterion"),
    [
        ("care-team-participant", "Organization/u", Linked("care-team", "CareTeam", TEAM)),
        ("care-team-participant:Organization", "u", Linked("care-team", "CareTeam", TEAM)),
        ("care-team-participant:Organization.name", "Lind", Linked("care-team", "CareTeam", Linked("participant", "Organization", NAMED))),
        ("care-team-participant:identifier", "s|1", Linked("care-team", "CareTeam", Token("participant:identifier", "s", "1"))),
        ("care-team-participant:missing", "false", Linked("care-team", "CareTeam", Without(Every((Missing("participant"), Missing("participant:identifier")))))),
        ("care-team-participant:missing", "true", Without(Linked("care-team", "CareTeam", Without(Every((Missing("participant"), Missing("participant:identifier"))))))),
    ],
)  # fmt: skip
def test_another_name_for_a_chain_is_the_chain(name, value, criterion):
    assert criterion == where((name, value))


def test_another_name_may_stand_wherever_a_parameter_may():
    assert where(("_filter", "care-team-participant pr false")) == where(("care-team-participant:missing", "true"))
    assert where(("_filter", "care-team-participant pr true")) == where(("care-team-participant:missing", "false"))
    ahead = where(("_has:CarePlan:patient:follow-up", "2026"), type="Patient")
    assert ("CarePlan", "activity-reference", "Appointment") == (ahead.type, ahead.where.parameter, ahead.where.type)


def test_what_asks_the_opposite_of_another_name_asks_it_of_the_whole_chain():
    def defined(code, base, expression, kind, **members):
        return {"resourceType": "SearchParameter", "url": f"urn:test:{base}-{code}", "code": code, "base": [base]} | {
            "expression": expression,
            "type": kind,
            **members,
        }

    definitions = [
        defined("team", "CarePlan", "CarePlan.careTeam", "reference", target=["CareTeam"]),
        defined("category", "CareTeam", "CareTeam.category", "token"),
        defined("sort", "CarePlan", None, "token", extension=[{"url": CHAIN, "valueString": "team.category"}]),
    ]
    parser = Parser(parameters_of((f"{place}.json", one) for place, one in enumerate(definitions)), BASE)

    def asked(name, value):
        return parser.parse("CarePlan", [(name, value)]).query.where

    linked = Linked("team", "CareTeam", Token("category", None, "a"))
    assert (linked, Without(linked)) == (asked("sort", "a"), asked("sort:not", "a"))
    genders = "http://hl7.org/fhir/ValueSet/administrative-gender"
    assert Without(asked("sort:in", genders)) == asked("sort:not-in", genders)


@pytest.mark.parametrize(
    ("type", "wrong", "right", "key", "said"),
    [
        ("CarePlan", "status.name", "patient.name", "chain-reference", "status"),
        ("CarePlan", "_id.name", "patient.name", "chain-reference", "_id"),
        ("CarePlan", "instantiates-canonical.name", "patient.name", "chain-reference", "instantiates-canonical"),
        ("CarePlan", "subject:Goal.name", "subject:Patient.name", "unknown-modifier", "subject"),
        ("CarePlan", "subject:identifier.name", "subject:identifier", "unknown-modifier", "subject"),
        ("CarePlan", "subject:Patient:exact.name", "subject:Patient.name", "unknown-modifier", "subject"),
        ("CarePlan", "patient.colour", "patient.name", "unknown-parameter", "colour"),
        ("CarePlan", "patient.", "patient", "unknown-parameter", ""),
        ("CarePlan", ".name", "patient.name", "unknown-parameter", ".name"),
        ("CarePlan", "subject.", "subject", "unknown-parameter", ""),
        ("Task", "focus._id", "focus:CarePlan._id", "chain-too-wide", "focus"),
        ("Patient", "_has", "_has:Task:subject:status", "has-form", None),
        ("Patient", "_has:", "_has:Task:subject:status", "has-form", None),
        ("Patient", "_has:Task", "_has:Task:subject:status", "has-form", None),
        ("Patient", "_has:Task:subject", "_has:Task:subject:status", "has-form", None),
        ("Patient", "_has:Colour:subject:status", "_has:Task:subject:status", "has-form", None),
        ("Patient", "_has:Task:status:status", "_has:Task:subject:status", "has-reference", "status"),
        ("Patient", "_has:Task:colour:status", "_has:Task:subject:status", "has-reference", "colour"),
        ("Organization", "_has:Goal:patient:_id", "_has:Goal:subject:_id", "has-reference", "patient"),
        ("Patient", "_has:CarePlan:care-team-participant:_id", "_has:CarePlan:patient:_id", "has-reference", "care-team-participant"),
        ("PlanDefinition", "_has:CarePlan:instantiates-canonical:_id", "_has:List:item:_id", "has-reference", "instantiates-canonical"),
        ("CarePlan", "_list:not", "_list", "unknown-modifier", "_list"),
        ("CarePlan", "_filter:not", "status", "unknown-modifier", "_filter"),
    ],
)  # fmt: skip
def test_a_chain_that_leads_nowhere_is_refused_and_says_where_it_breaks(type, wrong, right, key, said):
    where((right, "a"), type=type)

    issue = refusal((wrong, "a"), type=type)
    assert (key, said) == (issue.key, issue.said.get("name"))


def test_a_list_is_named_by_its_id():
    assert "id" == refusal(("_list", "$current-allergies")).said["expected"]


def test_a_lenient_caller_has_a_chain_to_an_unknown_parameter_left_aside_and_no_other():
    search = PARSER.parse("CarePlan", [("patient.colour", "red"), ("status", "active")], lenient=True)

    assert (("status", "active"),) == search.understood
    assert ["colour"] == [issue.said["name"] for issue in search.warnings]
    for name in ("patient:Goal.name", "status.name", "_has:Task", "_has:Task:status:x", "_list:not", "_filter"):
        refusal((name, "colour eq red"), lenient=True)


def test_a_chain_leads_through_so_many_resources_and_no_more():
    part = "part-of"
    where((".".join([*["part-of"] * MOST_HOPS, "status"]), "ready"), type="Task")
    assert {"limit": MOST_HOPS} == dict(
        refusal((".".join([*[part] * (MOST_HOPS + 1), "status"]), "x"), type="Task").said
    )
    back = "_has:Task:part-of:"
    where((back * MOST_HOPS + "status", "ready"), type="Task")
    assert "chain-too-long" == refusal((back * (MOST_HOPS + 1) + "status", "x"), type="Task").key


@pytest.mark.parametrize(
    ("type", "name"),
    [
        ("Task", "focus.focus.focus.focus.focus._id"),
        ("Task", "subject.subject.subject.subject.subject.status"),
        ("Task", "focus.focus.focus.focus.focus.colour"),
        ("Task", "subject.subject.subject.subject.subject.colour"),
        ("Provenance", "target.entity.target.entity.target._id"),
        ("List", "item.item.item.item.item.item.item"),
        ("Task", ".".join(["part-of"] * 10_000)),
        ("Task", "_has:Task:part-of:" * 10_000 + "status"),
        ("Task", "." * 100_000),
        ("Task", ":" * 100_000),
        ("Task", "_has:" * 20_000),
    ],
)
def test_a_chain_that_may_go_everywhere_is_refused_at_once(type, name):
    for code in PARAMETERS.types:
        PARAMETERS.of(code)
    started = time.perf_counter()

    assert refusal((name, "a"), type=type).key
    assert 5 > time.perf_counter() - started


def test_ways_that_lead_nowhere_are_counted_too():
    nowhere = ".".join([*["subject"] * MOST_HOPS, "colour"])

    PARSER.parse("Task", [("subject.colour", "a")], lenient=True)
    assert "too-many-comparisons" == refusal((nowhere, "a"), type="QuestionnaireResponse", lenient=True).key


def test_no_hop_goes_more_ways_than_it_may():
    found = where(("focus.status", "active"), type="Task")

    assert 1 < len(found.parts) <= MOST_WAYS


def test_a_search_compares_so_often_and_no_more():
    wide = "focus.status"
    ways = len(where((wide, "a"), type="Task").parts)
    each = ",".join(map(str, range(MOST_COMPARED // ways // 2)))

    where((wide, each), type="Task")
    where((wide, each), ("status", "a"), type="Task")
    assert "too-many-comparisons" == refusal((wide, each), (f"{wide}:not", each), ("status", each), type="Task").key
