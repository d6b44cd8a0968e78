"""Extensions with definitions."""

from typing import Any

import pytest

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.validation.profile import Profiles
from fhir_server.validation.validate import Validator
from tests.validation.profiled import OURS, element, extension, kind, patient, profile, slicing

TEXT = element("Extension.value[x]", min=1, type=[kind("string")])
MARK = extension("mark", TEXT, on="Patient.contact")
MODIFYING = extension("hold", TEXT, on="Patient")
MODIFYING["differential"]["element"][0]["isModifier"] = True


def part(name: str, *more: dict[str, Any], min: int = 0) -> list[dict[str, Any]]:
    of = f"Extension.extension:{name}"
    return [element(of, min=min, max="1"), element(f"{of}.url", fixedUri=name), *more]


COMPLEX = extension(
    "meeting",
    *part("place", element("Extension.extension:place.value[x]", type=[kind("string")]), min=1),
    *part("day", element("Extension.extension:day.value[x]", type=[kind("date")])),
    element("Extension.value[x]", max="0"),
)


def mark(**value: Any) -> dict[str, Any]:
    return {"url": f"{OURS}mark", **(value or {"valueString": "x"})}


def told(resource: Any, *definitions: dict[str, Any], severity: str = "error") -> list[tuple[str, str]]:
    issues = Validator(Profiles(definitions)).issues(resource)
    return [(issue.expression, issue.key) for issue in issues if issue.severity == severity]


CONTACT = {"name": {"text": "A"}}
PLACES = {
    "Patient.contact": patient(contact=[{**CONTACT, "extension": [mark()]}]),
    "Patient": patient(extension=[mark()]),
    "HumanName": patient(name=[{"family": "A", "extension": [mark()]}]),
    "HumanName.family": patient(name=[{"_family": {"extension": [mark()]}}]),
    "Patient.birthDate": patient(_birthDate={"extension": [mark()]}),
    "Patient.identifier": patient(identifier=[{"value": "1", "extension": [mark()]}]),
    "Patient.contact.name": patient(contact=[{"name": {"text": "A", "extension": [mark()]}}]),
    "Patient.contact.name.family": patient(contact=[{"name": {"_family": {"extension": [mark()]}}}]),
    "Patient.deceased[x]": patient(_deceasedBoolean={"extension": [mark()]}),
    "Patient.name.given": patient(name=[{"_given": [{"extension": [mark()]}]}]),
}
AS_WELL = {
    "Patient.contact.name": {"HumanName"},
    "Patient.contact.name.family": {"HumanName.family"},
}
"""Where an extension of the one stands, it stands in the other too."""


@pytest.mark.parametrize("context", PLACES)
def test_an_extension_stands_only_where_its_definition_says(context: str) -> None:
    definition = extension("mark", TEXT, on=context)
    Profiles([definition]).check()
    fitting = {place for place in PLACES if place == context or context in AS_WELL.get(place, ())}
    assert fitting == {place for place, resource in PLACES.items() if [] == told(resource, definition)}
    wrong = {key for place in PLACES.keys() - fitting for _, key in told(PLACES[place], definition)}
    assert {"extension-context"} == wrong


@pytest.mark.parametrize("context", ["Element", "DomainResource", "Resource", "Patient"])
def test_a_type_to_extend_is_one_or_what_that_is_derived_from(context: str) -> None:
    definition = extension("mark", TEXT, on=context)
    assert [] == told(PLACES["Patient"], definition)
    elsewhere = told(PLACES["HumanName"], definition)
    assert ([] if context == "Element" else ["extension-context"]) == [key for _, key in elsewhere]


def test_an_extension_may_extend_another_one() -> None:
    within = extension("mark", TEXT, context=[{"type": "extension", "expression": f"{OURS}outer"}])
    outer = {"url": f"{OURS}outer", "extension": [mark()]}
    other = {"url": f"{OURS}other", "extension": [mark()]}
    assert [] == told(patient(extension=[outer]), within)
    assert [("Patient.extension[0].extension[0]", "extension-context")] == told(patient(extension=[other]), within)


def test_what_is_in_an_extension_is_what_its_definition_says() -> None:
    definition = extension("mark", TEXT)
    assert [] == told(patient(extension=[mark()]), definition)
    assert [("Patient.extension[0].value", "profile-type")] == told(
        patient(extension=[mark(valueBoolean=True)]), definition
    )
    nested = mark(extension=[{"url": "http://example.org/x", "valueCode": "x"}])
    assert [("Patient.extension[0].value", "profile-missing")] == told(patient(extension=[nested]), definition)


def test_an_extension_that_is_not_known_is_let_be() -> None:
    other = {"url": "http://example.org/other", "valueBoolean": True}
    assert [] == told(patient(extension=[other], modifierExtension=[other]), MARK)


def meeting(*parts: dict[str, Any]) -> dict[str, Any]:
    return patient(extension=[{"url": f"{OURS}meeting", "extension": list(parts)}])


def test_the_parts_of_an_extension_are_those_of_its_definition() -> None:
    place, day = {"url": "place", "valueString": "x"}, {"url": "day", "valueDate": "2024-01-01"}
    assert [] == told(meeting(place, day), COMPLEX)
    at = "Patient.extension[0].extension"
    assert [(at, "profile-slice-missing")] == told(meeting(day), COMPLEX)
    assert [(f"{at}[1].value", "profile-type")] == told(meeting(place, {"url": "day", "valueString": "x"}), COMPLEX)
    assert [(f"{at}[1].url", "extension-part")] == told(meeting(place, {"url": "hour", "valueString": "x"}), COMPLEX)
    foreign = {"url": "http://example.org/x", "valueString": "x"}
    assert [] == told(meeting(place, foreign), COMPLEX)


def test_an_extension_that_modifies_stands_where_those_stand_that_do() -> None:
    hold = {"url": f"{OURS}hold", "valueString": "x"}
    assert [] == told(patient(modifierExtension=[hold]), MODIFYING)
    assert [("Patient.extension[0]", "extension-modifies")] == told(patient(extension=[hold]), MODIFYING)
    plain = extension("mark", TEXT)
    assert [] == told(patient(extension=[mark()]), plain)
    assert [("Patient.modifierExtension[0]", "extension-modifies-not")] == told(
        patient(modifierExtension=[mark()]), plain
    )


def test_what_would_change_a_meaning_unknown_to_us_is_refused_where_a_profile_is_claimed() -> None:
    unknown = {"url": "http://example.org/unknown", "valueString": "x"}
    plain = profile("p", "Patient", element("Patient.name", max="1"))
    claimed = {"profile": [plain["url"]]}
    contact = {**CONTACT, "modifierExtension": [unknown]}
    assert [] == told(patient(contact=[contact]), plain)
    assert [] == told(patient(meta=claimed, contact=[{**CONTACT, "extension": [unknown]}]), plain)
    assert [("Patient.contact[0].modifierExtension[0]", "modifier-unknown")] == told(
        patient(meta=claimed, contact=[contact]), plain
    )


def test_a_profile_asks_for_an_extension_by_its_definition() -> None:
    asked = profile(
        "p",
        "Patient",
        element("Patient.extension", slicing=slicing(("value", "url"))),
        element("Patient.extension:mark", min=1, max="1", type=[kind("Extension", f"{OURS}mark")]),
    )
    definition, claimed = extension("mark", TEXT), {"profile": [f"{OURS}p"]}
    assert [] == told(patient(meta=claimed, extension=[mark()]), asked, definition)
    assert [("Patient.extension", "profile-slice-missing")] == told(patient(meta=claimed), asked, definition)
    twice = patient(meta=claimed, extension=[mark(), mark()])
    assert [("Patient.extension", "profile-slice-too-many")] == told(twice, asked, definition)


def test_an_extension_of_a_primitive_is_asked_for_beside_it() -> None:
    asked = profile(
        "p",
        "Patient",
        element("Patient.birthDate.extension:mark", min=1, type=[kind("Extension", f"{OURS}mark")]),
    )
    definition, claimed = extension("mark", TEXT), {"profile": [f"{OURS}p"]}
    with_mark = patient(meta=claimed, birthDate="2020", _birthDate={"extension": [mark()]})
    assert [] == told(with_mark, asked, definition)
    assert [("Patient.birthDate.extension", "profile-slice-missing")] == told(
        patient(meta=claimed, birthDate="2020"), asked, definition
    )
    assert [] == told(patient(meta=claimed), asked, definition)


@pytest.mark.parametrize("context", ["CarePlna", "Patient.contakt", "HumanName.x"])
def test_a_definition_that_extends_what_r4_does_not_have_is_refused(context: str) -> None:
    with pytest.raises(BadDefinition, match=f"/mark: R4 has no {context} to extend"):
        Profiles([extension("mark", TEXT, on=context)]).check()
    Profiles([extension("mark", TEXT, on="Patient.contact")]).check()


def test_advice_within_an_element_hides_no_constraint_on_it() -> None:
    rule = {"key": "mark-1", "severity": "warning", "human": "x", "expression": "value.exists() and false"}
    advising = extension("mark", TEXT)
    advising["differential"]["element"][0]["constraint"] = [rule]
    home = {"use": "home", "city": "x", "extension": [mark()]}
    organization = {"resourceType": "Organization", "name": "x", "address": [home]}
    assert [("Organization.address[0]", "constraint")] == told(organization, advising)
    assert [] == told({**organization, "address": [{**home, "use": "work"}]}, advising)
    assert ("Organization.address[0].extension[0]", "profile-constraint-advised") in told(
        organization, advising, severity="warning"
    )


@pytest.mark.parametrize("url", [[], {}, 1, None, ["x"]])
def test_an_extension_within_one_of_the_wrong_shape_is_told_so(url: Any) -> None:
    outer = {"url": url, "extension": [mark()]}
    assert ("Patient.extension[0].extension[0]", "extension-context") in told(patient(extension=[outer]), MARK)
