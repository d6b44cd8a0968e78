"""Each constraint written by hand, held and broken by one change."""

from copy import deepcopy
from typing import Any

import pytest

from fhir_server.fhir.definitions import r4
from fhir_server.validation.natives import NATIVE
from fhir_server.validation.validate import Validator

ELEMENT = {"definition": "x", "min": 0, "max": "1"}
STRUCTURE: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": "http://example.org/x",
    "name": "X",
    "status": "draft",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "snapshot": {
        "element": [
            {"id": path, "path": path, "base": {"path": path, "min": 0, "max": "1"}, **ELEMENT}
            for path in ("Patient", "Patient.name", "Patient.name.family")
        ]
    },
    "differential": {"element": [{"id": path, "path": path, **ELEMENT} for path in ("Patient.name", "Patient.active")]},
}
GUIDE = {
    "resourceType": "ImplementationGuide",
    "url": "http://example.org/x",
    "name": "X",
    "status": "draft",
    "packageId": "x",
    "fhirVersion": ["4.0.1"],
    "definition": {
        "grouping": [{"id": "a", "name": "A"}],
        "resource": [{"reference": {"reference": "Patient/1"}, "groupingId": "a", "fhirVersion": ["4.0.1"]}],
    },
}
QUESTIONS = {
    "resourceType": "Questionnaire",
    "status": "draft",
    "item": [
        {"linkId": "1", "type": "group", "item": [{"linkId": "1.1", "type": "string"}]},
        {"linkId": "2", "type": "string"},
    ],
}
CODES = {
    "resourceType": "CodeSystem",
    "status": "draft",
    "content": "complete",
    "concept": [{"code": "a", "concept": [{"code": "b"}]}, {"code": "c"}],
}
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "1"}]},
    "valueString": "x",
    "component": [{"code": {"coding": [{"code": "2", "system": "http://loinc.org"}]}, "valueString": "y"}],
}
TEAM = {
    "resourceType": "CareTeam",
    "contained": [{"resourceType": "Practitioner", "id": "p"}, {"resourceType": "Patient", "id": "q"}],
    "participant": [
        {"member": {"reference": "#p"}, "onBehalfOf": {"reference": "Organization/1"}},
        {"member": {"reference": "#q"}},
    ],
}

BROKEN: list[tuple[str, dict[str, Any], str, Any, str]] = [
    ("que-2", QUESTIONS, "item.1.linkId", "1.1", "Questionnaire"),
    ("csd-1", CODES, "concept.1.code", "b", "CodeSystem"),
    ("obs-7", OBSERVATION, "component.0.code.coding.0.code", "1", "Observation"),
    ("ctm-1", TEAM, "participant.0.member.reference", "Patient/1", "CareTeam.participant[0]"),
    ("ctm-1", TEAM, "participant.1.onBehalfOf", {"reference": "Organization/1"}, "CareTeam.participant[1]"),
    ("ig-1", GUIDE, "definition.resource.0.groupingId", "b", "ImplementationGuide.definition"),
    ("ig-2", GUIDE, "definition.resource.0.fhirVersion.0", "4.0.0", "ImplementationGuide"),
    ("sdf-8", STRUCTURE, "snapshot.element.2.path", "Group.name", "StructureDefinition.snapshot"),
    ("sdf-8", STRUCTURE, "snapshot.element.0.path", "Group", "StructureDefinition.snapshot"),
    ("sdf-8a", STRUCTURE, "differential.element.1.path", "Group.active", "StructureDefinition.differential"),
    ("sdf-8a", STRUCTURE, "differential.element.0.path", "Group.name", "StructureDefinition.differential"),
]


def put(resource: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    other: Any = deepcopy(resource)
    node: Any = other
    *steps, last = (int(step) if step.isdigit() else step for step in place.split("."))
    for step in steps:
        node = node[step]
    node[last] = value
    return dict(other)


def broken(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [(issue.source, issue.expression) for issue in Validator().issues(resource) if issue.key == "constraint"]


@pytest.mark.parametrize(("key", "resource", "place", "value", "expression"), BROKEN)
def test_one_change_breaks_the_constraint(
    key: str, resource: dict[str, Any], place: str, value: Any, expression: str
) -> None:
    assert [] == [finding for finding in broken(resource) if finding[0] in NATIVE]
    assert (key, expression) in broken(put(resource, place, value))


def test_each_of_them_is_broken_once_here_and_is_one_of_r4s() -> None:
    official = {constraint.key for kind in r4().types for constraint in r4().constraints(kind)}
    assert set(NATIVE) == {case[0] for case in BROKEN}
    assert set(NATIVE) <= official


def test_a_member_who_cannot_be_told_is_let_pass() -> None:
    unknown = put(TEAM, "participant.0.member", {"identifier": {"value": "x"}})
    assert [] == [finding for finding in broken(unknown) if finding[0] == "ctm-1"]


def test_a_component_may_repeat_the_code_of_an_observation_without_a_value() -> None:
    repeating = put(OBSERVATION, "component.0.code.coding.0.code", "1")
    assert [("obs-7", "Observation")] == broken(repeating)
    del repeating["valueString"]
    assert [] == broken(repeating)


def test_a_path_is_judged_beside_a_type_that_is_no_text() -> None:
    assert ("sdf-8a", "StructureDefinition.differential") in broken(put(STRUCTURE, "type", ["Patient"]))
