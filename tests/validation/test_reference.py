from typing import Any

import pytest

from fhir_server.validation.validate import Validator

TYPE = "http://hl7.org/fhir/StructureDefinition/"


def issues_of(subject: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    plan = {"resourceType": "CarePlan", "status": "draft", "intent": "plan", "subject": subject, **more}
    return [(issue.expression, issue.key) for issue in Validator().issues(plan) if issue.blocks]


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/1"},
        {"reference": "Group/1/_history/2", "type": "Group"},
        {"reference": "https://example.org/fhir/Patient/1", "type": f"{TYPE}Patient"},
        {"reference": "https://example.org/anything"},
        {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
        {"identifier": {"value": "1"}, "type": "Patient"},
        {"reference": "Patient/1", "type": "http://example.org/model"},
        {"display": "somebody"},
    ],
)
def test_a_reference_to_a_type_allowed_is_accepted(subject: dict[str, Any]) -> None:
    assert [] == issues_of(subject)


@pytest.mark.parametrize(
    ("subject", "expression", "key"),
    [
        ({"reference": "Task/1"}, "CarePlan.subject", "reference-target"),
        ({"reference": "https://example.org/fhir/Task/1"}, "CarePlan.subject", "reference-target"),
        ({"identifier": {"value": "1"}, "type": "Task"}, "CarePlan.subject", "reference-target"),
        ({"reference": "Patient/1", "type": "Group"}, "CarePlan.subject.type", "reference-type-differs"),
        ({"reference": "Patient/1", "type": f"{TYPE}Group"}, "CarePlan.subject.type", "reference-type-differs"),
        ({"reference": "Patient"}, "CarePlan.subject.reference", "reference-form"),
        ({"reference": "Patient/a_b"}, "CarePlan.subject.reference", "reference-form"),
        ({"reference": "ftp://example.org"}, "CarePlan.subject.reference", "reference-form"),
        ({"reference": "Patient?identifier=1"}, "CarePlan.subject.reference", "reference-form"),
        ({"reference": "#"}, "CarePlan.subject.reference", "fragment-unresolved"),
        ({"reference": "#a"}, "CarePlan.subject.reference", "fragment-unresolved"),
    ],
)
def test_any_other_is_refused(subject: dict[str, Any], expression: str, key: str) -> None:
    assert [(expression, key)] == issues_of(subject)


def test_a_fragment_is_judged_by_the_type_of_what_it_names() -> None:
    patient = {"resourceType": "Patient", "id": "a"}
    assert [] == issues_of({"reference": "#a"}, contained=[patient])
    assert [("CarePlan.subject", "reference-target")] == issues_of(
        {"reference": "#a"}, contained=[{"resourceType": "Organization", "id": "a", "name": "x"}]
    )


def test_an_issue_in_the_reference_does_not_hide_its_wrong_target() -> None:
    assert [("CarePlan.subject.colour", "unknown-element"), ("CarePlan.subject", "reference-target")] == issues_of(
        {"reference": "Task/1", "colour": "red"}
    )


@pytest.mark.parametrize(("kind", "expected"), [("transaction", []), ("batch", ["reference-form"])])
def test_a_conditional_reference_stands_in_a_transaction_alone(kind: str, expected: list[str]) -> None:
    flag = {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": "Patient?identifier=http://example.org|1"},
    }
    entry = {"resource": flag, "request": {"method": "POST", "url": "Flag"}}
    issues = Validator().issues({"resourceType": "Bundle", "type": kind, "entry": [entry]})
    assert expected == [issue.key for issue in issues if issue.blocks]
