from typing import Any

from fhir_server.validation.validate import Validator

GOAL = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "x"}}


def issues_of(*contained: Any, **more: Any) -> list[tuple[str, str]]:
    subject = {"reference": "Patient/1"}
    plan = {
        "resourceType": "CarePlan",
        "contained": list(contained),
        "status": "draft",
        "intent": "plan",
        "subject": subject,
    }
    return [(issue.expression, issue.source) for issue in Validator().issues({**plan, **more}) if issue.blocks]


def test_a_contained_resource_is_used_by_a_reference_a_canonical_a_uri_or_by_pointing_out() -> None:
    goal = {**GOAL, "subject": {"reference": "Patient/1"}}
    activity = {"resourceType": "ActivityDefinition", "id": "g", "status": "draft"}
    assert [("CarePlan.contained[0]", "dom-3")] == issues_of(goal)
    assert [] == issues_of(goal, goal=[{"reference": "#g"}])
    assert [] == issues_of(activity, instantiatesCanonical=["#g"])
    assert [] == issues_of(activity, instantiatesUri=["#g"])
    pointing = {"resourceType": "Basic", "id": "g", "code": {"text": "x"}, "subject": {"reference": "#"}}
    assert [] == issues_of(pointing)


def test_one_contained_resource_may_use_another_under_the_ids_of_the_whole() -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "#p"}}
    practitioner = {"resourceType": "Practitioner", "id": "p"}
    assert [] == issues_of(role, practitioner, author={"reference": "#r"})
    assert [("CarePlan.contained[0].practitioner.reference", "ref-1")] == issues_of(role, author={"reference": "#r"})


def test_a_contained_resource_has_an_id_of_its_own() -> None:
    goal = {**GOAL, "subject": {"reference": "Patient/1"}}
    anonymous = {name: value for name, value in goal.items() if name != "id"}
    at_contained = "https://hl7.org/fhir/R4/references.html#contained"
    assert [("CarePlan.contained[0]", at_contained)] == issues_of(anonymous)
    assert [("CarePlan.contained[1].id", at_contained)] == issues_of(goal, goal, goal=[{"reference": "#g"}])


def test_a_contained_resource_has_neither_version_nor_label() -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    meta = {"versionId": "1", "lastUpdated": "2024-01-01T00:00:00Z", "security": [label], "tag": [label]}
    goal = {**GOAL, "subject": {"reference": "Patient/1"}, "meta": meta}
    assert [
        ("CarePlan.contained[0].meta.versionId", "dom-4"),
        ("CarePlan.contained[0].meta.lastUpdated", "dom-4"),
        ("CarePlan.contained[0].meta.security", "dom-5"),
    ] == issues_of(goal, goal=[{"reference": "#g"}])


def test_the_narrative_around_speaks_for_what_is_contained() -> None:
    goal = {**GOAL, "subject": {"reference": "Patient/1"}}
    plan = {"resourceType": "CarePlan", "contained": [goal], "status": "draft", "intent": "plan"}
    issues = Validator().issues({**plan, "subject": {"reference": "Patient/1"}, "goal": [{"reference": "#g"}]})
    assert [("CarePlan", "dom-6", "warning")] == [(issue.expression, issue.source, issue.severity) for issue in issues]


def test_an_entry_of_a_bundle_stands_for_itself() -> None:
    goal = {**GOAL, "subject": {"reference": "Patient/1"}}
    using = {"resourceType": "CarePlan", "status": "draft", "intent": "plan", "subject": {"reference": "Patient/1"}}
    holding = {**using, "contained": [goal], "goal": [{"reference": "#g"}]}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": holding}, {"resource": using}]}
    assert [] == [issue for issue in Validator().issues(bundle) if issue.blocks]
    using["goal"] = [{"reference": "#g"}]
    assert ["Bundle.entry[1].resource.goal[0].reference"] == [
        issue.expression for issue in Validator().issues(bundle) if issue.blocks
    ]
