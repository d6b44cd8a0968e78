from typing import Any

import pytest

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.validation.snapshot import is_element, tree
from tests.validation.profiled import element, kind, patient, profile, slicing, told


def told_by(view: str, resource: Any) -> list[tuple[str, str, str]]:
    asked = profile(
        "p",
        "Patient",
        element("Patient.name", min=1),
        element("Patient.name.family", min=1),
        element("Patient.contact.gender", fixedCode="female"),
    )
    asked[view] = asked.pop("differential")
    return told(resource, asked)


@pytest.mark.parametrize("view", ["differential", "snapshot"])
def test_a_profile_is_read_from_its_differential_or_its_snapshot(view: str) -> None:
    assert [("Patient.name", "profile-missing", "p#Patient.name")] == told_by(view, patient())
    assert [] == told_by(view, patient(name=[{"family": "A"}]))
    contact = patient(name=[{"family": "A"}], contact=[{"gender": "male", "name": {"text": "B"}}])
    assert ["profile-fixed"] == [key for _, key, _ in told_by(view, contact)]


def test_a_snapshot_that_repeats_base_r4_adds_no_rule() -> None:
    rows = [
        element("Patient.contact.organization", min=0, max="1", type=[kind("Reference", to=("http://hl7.org/fhir/StructureDefinition/Organization",))]),
        element("Patient.gender", min=0, max="1", type=[kind("code")], binding={"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1"}),
        element("Patient.contact", constraint=[{"key": "pat-1", "severity": "error", "human": "x", "expression": "false"}, {"key": "ele-1", "severity": "error", "human": "x", "expression": "false"}]),
    ]  # fmt: skip
    asked = profile("p", "Patient", *rows)
    wrong = patient(gender="x", contact=[{"organization": {"reference": "Device/1"}}])
    assert ["code-not-allowed", "reference-target"] == sorted(key for _, key, _ in told(wrong, asked))


def test_the_tree_holds_what_each_profile_of_the_chain_says() -> None:
    base = profile("base", "CarePlan", element("CarePlan.category", min=1, slicing=slicing(("pattern", "$this"))))
    derived = profile(
        "derived", "CarePlan", element("CarePlan.category:sip", min=1), element("CarePlan.category", max="3")
    )
    root = tree("CarePlan", [base, derived])
    category = root.children["category"]
    assert ["base", "derived"] == [statement.profile.rpartition("/")[2] for statement in category.said]
    assert ["sip"] == list(category.slices)
    assert category.slices["sip"].general is category
    assert ("CodeableConcept",) == category.slices["sip"].types


@pytest.mark.parametrize(
    ("path", "types"),
    [
        ("CarePlan.activity.detail", ("CarePlan.activity.detail",)),
        ("CarePlan.activity.detail.code.coding", ("Coding",)),
        ("CarePlan.activity.detail.scheduledTiming.repeat.bounds[x]", ("Duration", "Range", "Period")),
        ("CarePlan.subject.identifier.type", ("CodeableConcept",)),
        ("CarePlan.created.extension", ("Extension",)),
    ],
)
def test_a_path_goes_through_backbones_datatypes_choices_and_primitives(path: str, types: tuple[str, ...]) -> None:
    root = tree("CarePlan", [profile("p", "CarePlan", element(path, min=1))])
    found = [place for place in _all(root) if any(statement.content.get("path") == path for statement in place.said)]
    assert [types] == [place.types for place in found]


def _all(place: Any) -> list[Any]:
    below = [*place.children.values(), *place.slices.values()]
    return [place, *(inner for child in below for inner in _all(child))]


@pytest.mark.parametrize("path", ["CarePlan.nothing", "CarePlan.activity.detail.codes", "CarePlan.created.value.x"])
def test_what_r4_does_not_have_is_refused(path: str) -> None:
    with pytest.raises(BadDefinition, match=path):
        tree("CarePlan", [profile("p", "CarePlan", element(path, min=1))])


def test_a_name_is_an_element_of_r4_or_none() -> None:
    for path in (
        "Patient",
        "HumanName.family",
        "CarePlan.activity.detail",
        "Patient.name.use",
        "string",
        "Observation.value",
    ):
        assert is_element(path)
    for path in ("Patiens", "HumanName.families", "CarePlan.activity.detail.x", "x.y", ""):
        assert not is_element(path)
