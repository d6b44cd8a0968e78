"""https://hl7.org/fhir/R4/searchparameter.html"""

import json

import pytest

from fhir_server.fhir.definitions import BadDefinition, r4, read
from fhir_server.search.parameter import CHAIN, OFFICIAL, load_parameters, parameters_of
from tools.list_parameters import README, with_lists, with_tables
from tools.take_parameters import STATEMENT, types

OURS = "https://fhir-care-plan-server.example/"


def a_definition(**members):
    return {
        "resourceType": "SearchParameter",
        "url": "urn:test:plan-status",
        "code": "status",
        "base": ["CarePlan"],
        "type": "token",
        "expression": "CarePlan.status",
        **members,
    }


def loaded(*definitions):
    return parameters_of([(f"SearchParameter-{place}.json", one) for place, one in enumerate(definitions)])


def a_chain(chain, **members):
    return a_definition(
        code="alias", type="reference", expression=None, extension=[{"url": CHAIN, "valueString": chain}], **members
    )


def test_the_readme_lists_every_parameter_that_is_defined_and_what_is_left_out():
    text = README.read_text()

    assert with_tables(text) == text


def test_the_capability_statement_lists_what_may_be_asked_for_and_what_may_come_along():
    rows = json.loads(STATEMENT.read_text())["rest"][0]["resource"]

    assert with_lists(rows, load_parameters()) == rows
    (plan,) = [row for row in rows if row["type"] == "CarePlan"]
    assert "CarePlan:subject" in plan["searchInclude"]
    assert "CarePlan:care-team-participant" not in plan["searchInclude"]
    assert "Task:focus" in plan["searchRevInclude"]
    assert "Goal:subject" not in plan["searchRevInclude"]


def test_every_definition_is_hl7s_own_or_one_of_ours():
    for name, definition in read("search"):
        official = definition["url"].startswith(OFFICIAL)
        assert (
            definition["url"] == f"{OFFICIAL if official else OURS}{definition['resourceType']}/{definition['id']}"
        ), name
        assert not official or "4.0.1" == definition["version"]


def test_ours_say_what_they_are_for_and_are_named_by_type_and_code():
    ours = [one for _, one in read("search") if one["url"].startswith(OURS)]

    assert ours
    for definition in ours:
        assert [definition["id"]] == [f"{base}-{definition['code']}" for base in definition["base"]]
        assert definition["base"][0] in {*types(), "DomainResource"}
        assert definition["description"]
        assert "active" == definition["status"]
        assert definition["code"] in README.read_text().split("## Ours")[1].split("## What")[0]


def test_every_definition_compiles():
    load_parameters().check()


def test_what_is_hl7s_is_compiled_when_it_is_asked_for_and_what_is_not_at_once():
    bad = a_definition(expression="CarePlan.colour")

    with pytest.raises(BadDefinition, match="colour"):
        loaded(bad)
    later = loaded(bad | {"url": f"{OFFICIAL}SearchParameter/x"}, a_definition(base=["Task"], expression="Task.status"))
    assert ["status"] == list(later.of("Task"))
    for first in (later.check, lambda: later.of("CarePlan")):
        with pytest.raises(BadDefinition, match=r"SearchParameter-0\.json: for CarePlan: .*colour"):
            first()


def test_what_kind_a_parameter_is_of_is_known_before_it_is_compiled():
    broken = a_definition(url=f"{OFFICIAL}SearchParameter/x", expression="CarePlan.colour")

    assert {"status": "token"} == loaded(broken).kinds("CarePlan")
    parameters = load_parameters()
    for type in ("CarePlan", "Observation", "Patient"):
        assert {code: one.kind for code, one in parameters.of(type).items()} == parameters.kinds(type)


def test_the_parameters_of_a_type_are_compiled_once():
    parameters = load_parameters()

    assert parameters.of("CarePlan") is parameters.of("CarePlan")


def test_every_type_of_resource_can_be_searched_by_id_and_by_last_update():
    parameters = load_parameters()

    assert r4().resource_types == set(parameters.types)
    assert all({"_id", "_lastUpdated"} <= parameters.of(type).keys() for type in parameters.types)


def test_a_parameter_is_known_by_its_type_and_code():
    parameters = load_parameters()

    own = parameters.of("CarePlan")
    assert sorted(own) == list(own)
    assert {
        "_id",
        "_text",
        "_content",
        "_profile",
        "activity-date",
        "patient",
        "status",
        "care-team-participant",
    } <= own.keys()
    assert "http://hl7.org/fhir/SearchParameter/clinical-patient" == own["patient"].url
    assert {} == dict(parameters.of("Nothing"))


def test_a_definition_is_about_each_of_its_bases_alone():
    parameters = loaded(
        a_definition(base=["CarePlan", "Task"], expression="CarePlan.status | Task.status | Goal.lifecycleStatus")
    )

    assert {"CarePlan", "Task"} == set(parameters.types)
    assert ["code"] == [path.type for path in parameters.of("Task")["status"].paths]


def test_what_references_may_name_follows_from_the_element_and_the_definition():
    parameters = load_parameters()

    assert ("Patient",) == parameters.of("CarePlan")["patient"].targets
    assert ("Group", "Patient") == parameters.of("CarePlan")["subject"].targets


def test_a_chain_goes_on_from_what_points_at_resources():
    plan = load_parameters().of("CarePlan")

    assert plan["subject"].leads
    assert not plan["instantiates-canonical"].leads
    assert not plan["status"].leads


def test_a_code_implies_the_system_of_its_value_set():
    parameters = load_parameters()

    assert {"http://hl7.org/fhir/request-status"} == parameters.of("CarePlan")["status"].systems
    assert set() == parameters.of("CarePlan")["category"].systems


def test_what_is_no_search_parameter_is_passed_over():
    assert [] == list(loaded({"resourceType": "CompartmentDefinition"}).types)


def test_a_sound_definition_is_taken():
    assert ["status"] == list(loaded(a_definition()).of("CarePlan"))


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"code": ""}, "code"),
        ({"expression": None}, "expression"),
        ({"base": []}, "base"),
        ({"type": "special"}, "special"),
        ({"base": ["Plan"]}, "Plan"),
        ({"expression": "CarePlan.colour"}, "colour"),
        ({"expression": "CarePlan.status.where("}, "too early"),
        ({"expression": "CarePlan.period"}, "token cannot be taken from a Period"),
        ({"type": "reference"}, "reference cannot be taken from a code"),
        ({"type": "date"}, "date cannot be taken from a code"),
        ({"type": "number"}, "number cannot be taken from a code"),
        ({"type": "composite"}, "component"),
        ({"type": "composite", "component": [{"definition": "urn:x", "expression": "colour"}]}, "colour"),
        ({"type": "composite", "component": [{"definition": "urn:x", "expression": "period"}]}, "elements of a code"),
    ],
)
def test_a_definition_that_cannot_be_used_stops_the_start_and_is_named(members, why):
    with pytest.raises(BadDefinition, match=why) as refusal:
        loaded(a_definition(**members))

    assert "SearchParameter-0.json" in str(refusal.value)


def test_two_definitions_of_one_code_stop_the_start():
    with pytest.raises(BadDefinition, match="status already"):
        loaded(a_definition(), a_definition(url="urn:test:other"))

    assert {"status", "state"} == set(loaded(a_definition(), a_definition(code="state")).of("CarePlan"))


def test_a_code_of_a_type_is_no_other_parameter_of_all_types():
    everywhere = a_definition(url="urn:test:all", base=["Resource"], expression="Resource.id")

    with pytest.raises(BadDefinition, match="CarePlan has a search parameter status already"):
        loaded(a_definition(), everywhere)
    assert {"status", "own"} == set(loaded(a_definition(), everywhere | {"code": "own"}).of("CarePlan"))


TEAM = a_definition(
    url="urn:test:team", code="team", type="reference", expression="CarePlan.careTeam", target=["CareTeam"]
)
MEMBER = a_definition(url="urn:test:member", code="member", base=["CareTeam"], type="reference", expression="CareTeam.participant.member")  # fmt: skip


def test_another_name_for_a_chain_has_the_chain_and_no_values():
    alias = loaded(TEAM, MEMBER, a_chain("team.member")).of("CarePlan")["alias"]

    assert ("team.member", (), "reference") == (alias.chain, alias.paths, alias.kind)


@pytest.mark.parametrize(
    ("chain", "why"),
    [
        ("team.colour", "CareTeam has no parameter colour"),
        ("colour.member", "CarePlan has no reference colour"),
        ("status.member", "CarePlan has no reference status"),
        ("team:Goal.member", "Goal has no parameter member"),
        ("team.member.name", "nothing says of which type name is"),
        ("alias", "CarePlan has no parameter alias"),
        ("alias.member", "CarePlan has no reference alias"),
        (".", "CarePlan has no parameter"),
    ],
)
def test_a_chain_that_leads_nowhere_stops_the_start_and_is_named(chain, why):
    with pytest.raises(BadDefinition, match=why) as refusal:
        loaded(TEAM, MEMBER, a_definition(), a_chain(chain))

    assert "SearchParameter-3.json: for CarePlan" in str(refusal.value)
