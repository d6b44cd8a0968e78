from typing import Any

import pytest

from fhir_server.fhir.definitions import Constraint, r4
from fhir_server.fhir.path import PathError, constraint
from fhir_server.validation.invariant import STRUCTURAL
from fhir_server.validation.natives import NATIVE
from fhir_server.validation.validate import Validator
from tests.validation.seeds import ABSENT, changed


def everywhere() -> list[tuple[Constraint, str]]:
    """Each constraint with each type that it is asked of."""
    return [
        (rule, of)
        for kind in sorted(r4().types)
        for rules, kinds in [
            (r4().constraints(kind), (kind,)),
            *((element.constraints, element.types) for element in r4().elements(kind).values()),
        ]
        for rule in rules
        for of in kinds
    ]


def test_every_constraint_of_r4_is_compiled_or_kept_by_hand() -> None:
    compiled, refused = set(), set()
    for rule, kind in everywhere():
        if rule.key in STRUCTURAL or rule.key in NATIVE:
            continue
        try:
            constraint(rule.expression, kind)
            compiled.add(rule.key)
        except PathError:
            refused.add((rule.key, kind))
    assert {"ras-1", "sqt-1"} == {key for key, _ in refused} < compiled, "they speak of one type of a choice"
    assert not {("ras-1", "Range"), ("sqt-1", "Quantity")} & refused
    assert len(compiled) == 220


ERRATA: list[tuple[str, str, str, Any, Any, str]] = [
    ("app-4", "Appointment", "status", "booked", "noshow", "Appointment"),
    ("bdl-8", "Bundle", "entry.1.fullUrl", "http://a.se/CarePlan/1/_history/2", ABSENT, "Bundle.entry[1]"),
    ("tim-9", "MedicationRequest", "dosageInstruction.0.timing.repeat.when", ["MORN", "CM"], ["MORN", "ACM"], "MedicationRequest.dosageInstruction[0].timing.repeat"),
    ("que-7", "Questionnaire", "item.0.item.1.enableWhen.0", {"question": "1.1", "operator": "exists", "answerString": "x"}, {"question": "1.1", "operator": "exists", "answerBoolean": True}, "Questionnaire.item[0].item[1].enableWhen[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "name", "place", "bad", "good", "expression"), ERRATA)
def test_a_constraint_with_an_erratum_means_what_it_says(
    key: str, name: str, place: str, bad: Any, good: Any, expression: str
) -> None:
    def broken(value: Any) -> list[tuple[str, str]]:
        issues = Validator().issues(changed(name, place, value))
        return [(issue.source, issue.expression) for issue in issues if issue.blocks]

    assert [(key, expression)] == broken(bad)
    assert [] == broken(good)


def test_a_constraint_that_only_advises_does_not_block() -> None:
    def advised(status: Any) -> list[tuple[str, str]]:
        issues = Validator().issues(changed("Condition", "clinicalStatus", status))
        return [(issue.source, issue.severity) for issue in issues if issue.source == "con-3"]

    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    assert [("con-3", "warning")] == advised(ABSENT)
    assert [] == advised({"coding": [{"system": system, "code": "active"}]})


def test_a_constraint_that_comes_out_empty_is_not_broken() -> None:
    plan = changed("CarePlan", "period", {"start": "2024-03-05", "end": "2024-03-05T08:00:00Z"})
    assert () == Validator().issues(plan)


def test_a_constraint_of_an_element_is_asked_of_each_of_its_values() -> None:
    organization = changed("Organization", "telecom", [{"value": "x", "system": "phone"}, {"use": "home"}])
    assert [("org-3", "Organization.telecom[1]")] == [
        (issue.source, issue.expression) for issue in Validator().issues(organization) if issue.blocks
    ]


def test_a_simple_quantity_has_no_comparator_where_another_may_have_one() -> None:
    request = changed("ServiceRequest", "quantityRange.low.comparator", "<")
    assert [("sqt-1", "ServiceRequest.quantity.low")] == [
        (issue.source, issue.expression) for issue in Validator().issues(request) if issue.blocks
    ]
    assert [] == [i for i in Validator().issues(changed("Task", "input.0.valueQuantity.comparator", "<")) if i.blocks]


def test_no_constraint_is_asked_of_what_has_not_the_right_shape() -> None:
    assert ["CarePlan.period.start"] == [
        issue.expression for issue in Validator().issues(changed("CarePlan", "period.start", {"x": 1}))
    ]


ENTRY: dict[str, Any] = {
    "fullUrl": "http://a.se/Basic/1",
    "resource": {"resourceType": "Basic", "id": "1", "code": {"text": "x"}},
}
REQUEST = {"request": {"method": "POST", "url": "Basic"}}
RESPONSE = {"response": {"status": "200"}}
DOCUMENT = {"type": "document", "identifier": {"system": "urn:x:y", "value": "1"}, "timestamp": "2024-01-01T00:00:00Z"}
COMPOSITION = {
    "resourceType": "Composition", "id": "1", "status": "final", "type": {"text": "x"}, "date": "2024",
    "author": [{"reference": "Practitioner/1"}], "title": "x",
}  # fmt: skip
HEADER = {
    "resourceType": "MessageHeader",
    "id": "1",
    "eventUri": "http://a.se/e",
    "source": {"endpoint": "http://a.se"},
}

BUNDLES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("bdl-1", {"type": "collection", "total": 1}, {"type": "searchset", "total": 1}),
    (
        "bdl-2",
        {"type": "collection", "entry": [{**ENTRY, "search": {"mode": "match"}}]},
        {"type": "searchset", "entry": [{**ENTRY, "search": {"mode": "match"}}]},
    ),
    ("bdl-3", {"type": "transaction", "entry": [ENTRY]}, {"type": "transaction", "entry": [ENTRY | REQUEST]}),
    ("bdl-3", {"type": "collection", "entry": [ENTRY | REQUEST]}, {"type": "collection", "entry": [ENTRY]}),
    ("bdl-4", {"type": "batch-response", "entry": [ENTRY]}, {"type": "batch-response", "entry": [ENTRY | RESPONSE]}),
    (
        "bdl-5",
        {"type": "collection", "entry": [{"fullUrl": "http://a.se/1"}]},
        {"type": "collection", "entry": [ENTRY]},
    ),
    (
        "bdl-7",
        {"type": "collection", "entry": [ENTRY, ENTRY]},
        {
            "type": "collection",
            "entry": [ENTRY, {**ENTRY, "resource": {**ENTRY["resource"], "meta": {"versionId": "2"}}}],
        },
    ),
    ("bdl-9", {k: v for k, v in DOCUMENT.items() if k != "identifier"}, DOCUMENT),
    ("bdl-10", {k: v for k, v in DOCUMENT.items() if k != "timestamp"}, DOCUMENT),
    ("bdl-11", {**DOCUMENT, "entry": [ENTRY]}, {**DOCUMENT, "entry": [{"resource": COMPOSITION}, ENTRY]}),
    ("bdl-12", {"type": "message", "entry": [ENTRY]}, {"type": "message", "entry": [{"resource": HEADER}, ENTRY]}),
]


@pytest.mark.parametrize(("key", "bad", "good"), BUNDLES)
def test_a_bundle_keeps_the_rules_of_its_type(key: str, bad: dict[str, Any], good: dict[str, Any]) -> None:
    def broken(bundle: dict[str, Any]) -> list[str]:
        issues = Validator().issues({"resourceType": "Bundle", **bundle})
        return [issue.source for issue in issues if issue.blocks]

    assert [key] == broken(bad)
    assert [] == broken(good)
