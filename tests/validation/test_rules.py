from typing import Any

import pytest

from fhir_server.fhir.codec import Number
from fhir_server.fhir.definitions import CORE, BadDefinition
from fhir_server.fhir.outcome import Issue
from fhir_server.validation.profile import Profiles
from fhir_server.validation.validate import Validator
from tests.validation.profiled import OURS, coded, element, kind, observation, patient, profile, told


def weighing(**quantity: Any) -> dict[str, Any]:
    return observation(valueQuantity=quantity)


@pytest.mark.parametrize(
    ("asked", "accepted", "refused", "expected"),
    [
        (
            element("Patient.gender", fixedCode="female"),
            patient(gender="female"),
            patient(gender="male"),
            ("Patient.gender", "profile-fixed", "p#Patient.gender"),
        ),
        (
            element("Patient.active", fixedBoolean=True),
            patient(active=True),
            patient(active=False),
            ("Patient.active", "profile-fixed", "p#Patient.active"),
        ),
        (
            element("Patient.maritalStatus", fixedCodeableConcept=coded("red")),
            patient(maritalStatus=coded("red")),
            patient(maritalStatus={**coded("red"), "text": "more"}),
            ("Patient.maritalStatus", "profile-fixed", "p#Patient.maritalStatus"),
        ),
        (
            element("Patient.maritalStatus", patternCodeableConcept=coded("red")),
            patient(maritalStatus={"coding": [{"code": "x"}, coded("red")["coding"][0]], "text": "more"}),
            patient(maritalStatus=coded("blue")),
            ("Patient.maritalStatus", "profile-pattern", "p#Patient.maritalStatus"),
        ),
        (
            element("Patient.gender", fixedCode="female"),
            patient(gender="female"),
            patient(_gender={"extension": [{"url": "http://example.org/x", "valueCode": "y"}]}),
            ("Patient.gender", "profile-fixed", "p#Patient.gender"),
        ),
        (
            element("Patient.name.given", maxLength=3),
            patient(name=[{"given": ["Åsa"]}]),
            patient(name=[{"given": ["Åsa", "Britta"]}]),
            ("Patient.name[0].given[1]", "profile-too-long", "p#Patient.name.given"),
        ),
        (
            element("Patient.deceased[x]", type=[kind("boolean")]),
            patient(deceasedBoolean=True),
            patient(deceasedDateTime="2024"),
            ("Patient.deceased", "profile-type", "p#Patient.deceased[x]"),
        ),
    ],
)
def test_a_value_is_as_its_profile_says(asked: Any, accepted: Any, refused: Any, expected: Any) -> None:
    assert [] == told(accepted, profile("p", "Patient", asked))
    assert [expected] == told(refused, profile("p", "Patient", asked))


@pytest.mark.parametrize("way", ["Observation.valueQuantity", "Observation.value[x]:valueQuantity"])
def test_a_choice_narrowed_to_one_type_is_asked_for_in_that_type(way: str) -> None:
    asked = profile("p", "Observation", element(way, min=1), element(f"{way}.unit", min=1))
    assert [] == told(weighing(value=Number("70.0"), unit="kg"), asked)
    without_unit = [("Observation.value.unit", "profile-missing", f"p#{way}.unit")]
    assert without_unit == told(weighing(value=Number("70.0")), asked)
    issues = told(observation(valueString="x"), asked)
    assert ("Observation.value", "profile-slice-missing", f"p#{way}") in issues


def test_the_short_form_of_a_choice_leaves_it_the_types_told_and_the_long_form_does_not() -> None:
    short = profile("p", "Observation", element("Observation.valueQuantity.unit", min=1))
    long = profile("p", "Observation", element("Observation.value[x]:valueQuantity.unit", min=1))
    narrowed = ("Observation.value", "profile-type", "p#Observation.valueQuantity.unit")
    assert [narrowed] == told(observation(valueString="x"), short)
    assert [] == told(observation(valueString="x"), long)
    both = profile("p", "Observation", element("Observation.valueQuantity"), element("Observation.valueString"))
    assert [] == told(observation(valueString="x"), both)
    assert ["profile-type"] == [key for _, key, _ in told(observation(valueBoolean=True), both)]
    types = element("Observation.value[x]", type=[kind("Quantity"), kind("boolean")])
    wider = profile("p", "Observation", types, element("Observation.valueQuantity"))
    assert [] == told(observation(valueBoolean=True), wider)
    assert ["profile-type"] == [key for _, key, _ in told(observation(valueString="x"), wider)]


def test_what_is_said_within_a_choice_holds_for_the_types_that_are_left() -> None:
    narrowed = element("Observation.value[x]", type=[kind("Quantity"), kind("string")])
    asked = profile("p", "Observation", narrowed, element("Observation.value[x].unit", min=1))
    assert [] == told(weighing(value=1, unit="kg"), asked)
    assert [("Observation.value.unit", "profile-missing", "p#Observation.value[x].unit")] == told(
        weighing(value=1), asked
    )
    assert [] == told(observation(valueString="x"), asked)
    assert ["profile-type"] == [key for _, key, _ in told(observation(valueBoolean=True), asked)]


def test_a_constraint_of_a_profile_is_an_error_or_advice() -> None:
    def asked(severity: str) -> dict[str, Any]:
        rule = {"key": "p-1", "severity": severity, "human": "x", "expression": "name.exists() or active = false"}
        return profile("p", "Patient", element("Patient", constraint=[rule]))

    assert [("Patient", "profile-constraint", "p#p-1")] == told(patient(active=True), asked("error"))
    assert [] == told(patient(active=False), asked("error"))
    assert [] == told(patient(active=True), asked("warning"))
    advised = told(patient(active=True), asked("warning"), severity="warning")
    assert ("Patient", "profile-constraint-advised", "p#p-1") in advised


def test_a_constraint_on_an_element_knows_the_resource_around_it() -> None:
    rule = {"key": "p-2", "severity": "error", "human": "x", "expression": "gender = %resource.gender"}
    asked = profile("p", "Patient", element("Patient.contact", constraint=[rule]))
    contacts = [{"gender": "male", "name": {"text": "A"}}, {"gender": "female", "name": {"text": "B"}}]
    assert [("Patient.contact[0]", "profile-constraint", "p#p-2")] == told(
        patient(gender="female", contact=contacts), asked
    )
    assert [] == told(patient(gender="female", contact=contacts[1:]), asked)


def test_a_constraint_on_a_choice_need_not_fit_every_type() -> None:
    rule = {"key": "p-3", "severity": "error", "human": "x", "expression": "comparator.empty()"}
    asked = profile("p", "Observation", element("Observation.value[x]", constraint=[rule]))
    assert [("Observation.value", "profile-constraint", "p#p-3")] == told(weighing(value=1, comparator="<"), asked)
    assert [] == told(weighing(value=1), asked)
    assert [] == told(observation(valueString="x"), asked)


def test_a_constraint_that_does_not_compile_is_refused_with_its_profile() -> None:
    def profiles(expression: str) -> Profiles:
        rule = {"key": "p-4", "severity": "error", "human": "x", "expression": expression}
        return Profiles([profile("p", "Patient", element("Patient", constraint=[rule]))])

    profiles("name.exists()").check()
    with pytest.raises(BadDefinition, match=r"/p: Patient: the constraint p-4 does not compile: .*nickname"):
        profiles("nickname.exists()").check()


def test_a_value_keeps_to_the_profile_of_its_type() -> None:
    simple = element("Observation.component.value[x]", type=[kind("Quantity", f"{CORE}SimpleQuantity")])
    asked = profile("p", "Observation", simple)

    def component(**quantity: Any) -> dict[str, Any]:
        return observation(component=[{"code": {"text": "x"}, "valueQuantity": {"value": 1, **quantity}}])

    assert [] == told(component(unit="kg"), asked)
    assert {
        ("Observation.component[0].value", f"{CORE}SimpleQuantity#sqty-1"),
        ("Observation.component[0].value.comparator", f"{CORE}SimpleQuantity#Quantity.comparator"),
    } == {(place, source) for place, _, source in told(component(comparator="<"), asked)}


def test_a_type_in_place_of_a_profile_is_kept_by_its_constraints() -> None:
    asked = profile("p", "Observation", element("Observation.value[x]", type=[kind("Quantity", f"{CORE}Age")]))
    ucum = {"system": "http://unitsofmeasure.org", "code": "a"}
    assert [] == told(weighing(value=3, **ucum), asked)
    assert [("Observation.value", "constraint", "age-1")] == told(weighing(value=-3, **ucum), asked)


def test_of_several_profiles_of_a_type_one_is_enough() -> None:
    by_family = profile("family", "HumanName", element("HumanName.family", min=1))
    by_text = profile("text", "HumanName", element("HumanName.text", min=1))
    names = element("Patient.name", type=[kind("HumanName", f"{OURS}family", f"{OURS}text")])
    definitions = profile("p", "Patient", names), by_family, by_text
    assert [] == told(patient(name=[{"family": "A"}, {"text": "B"}]), *definitions)
    assert [("Patient.name[1]", "profile-of-type", "p#Patient.name")] == told(
        patient(name=[{"family": "A"}, {"given": ["B"]}]), *definitions
    )


def test_a_datatype_can_be_held_to_a_profile_alone() -> None:
    named = profile("named", "HumanName", element("HumanName.family", min=1))
    assert [] == told({"family": "A"}, named)
    assert [("HumanName.family", "profile-missing", "named#HumanName.family")] == told({"given": ["A"]}, named)


def test_what_a_content_reference_means_is_held_to_the_same() -> None:
    asked = profile("p", "Questionnaire", element("Questionnaire.item"), element("Questionnaire.item.text", min=1))

    def asking(**inner: Any) -> dict[str, Any]:
        deepest = {"linkId": "1.1.1", "type": "string", **inner}
        middle = {"linkId": "1.1", "type": "group", "text": "x", "item": [deepest]}
        outer = {"linkId": "1", "type": "group", "text": "x", "item": [middle]}
        return {"resourceType": "Questionnaire", "status": "active", "item": [outer]}

    assert [] == told(asking(text="x"), asked)
    expected = ("Questionnaire.item[0].item[0].item[0].text", "profile-missing", "p#Questionnaire.item.text")
    assert [expected] == told(asking(), asked)


def pattern_issue(pattern: Any, resource: Any) -> Issue:
    asked = profile("p", "Patient", element("Patient.maritalStatus", patternCodeableConcept=pattern))
    issues = Validator(Profiles([asked])).issues(resource, profiles=[asked["url"]])
    return next(issue for issue in issues if issue.blocks)


def test_an_issue_shows_what_the_profile_wants_and_nothing_of_the_record() -> None:
    secret = "Tolvan Tolvansson"
    issue = pattern_issue(coded("red"), patient(maritalStatus={"text": secret}))
    for language in ("en", "sv"):
        assert '"code":"red"' in issue.text(language)
        assert f"{OURS}p" in issue.text(language)
        assert secret not in str(issue.as_json(language))


def test_a_long_pattern_is_not_shown_whole() -> None:
    assert "x" * 100 in pattern_issue({"text": "x" * 100}, patient(maritalStatus={"text": "y"})).text()
    assert "x" * 500 not in pattern_issue({"text": "x" * 500}, patient(maritalStatus={"text": "y"})).text()
