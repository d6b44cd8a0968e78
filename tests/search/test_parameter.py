"""https://hl7.org/fhir/R4/searchparameter.html"""

import pytest

from fhir_server.fhir.definitions import r4, read
from fhir_server.search.parameter import BadDefinition, compiled, load_parameters
from tools.list_parameters import README, with_table


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
    return compiled([(f"SearchParameter-{place}.json", one) for place, one in enumerate(definitions)])


def test_the_readme_lists_every_parameter_that_is_defined():
    text = README.read_text()

    assert with_table(text) == text


def test_every_definition_is_hl7s_own():
    for name, definition in read("search"):
        assert definition["url"] == f"http://hl7.org/fhir/SearchParameter/{definition['id']}", name
        assert "4.0.1" == definition["version"]


def test_every_type_of_resource_can_be_searched_by_id_and_by_last_update():
    parameters = load_parameters()

    assert r4().resource_types == set(parameters.types)
    assert all({"_id", "_lastUpdated"} <= parameters.of(type).keys() for type in parameters.types)


def test_a_parameter_is_known_by_its_type_and_code():
    parameters = load_parameters()

    own = ["_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"]
    assert [*own, "category", "identifier", "patient", "status", "subject"] == list(parameters.of("CarePlan"))
    assert "http://hl7.org/fhir/SearchParameter/clinical-patient" == parameters.of("CarePlan")["patient"].url
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
