from typing import Any

import pytest

from fhir_server.fhir.definitions import CORE, BadDefinition
from fhir_server.validation.profile import Profiles
from tests.validation.profiled import (
    OURS,
    SETS,
    SYSTEM,
    coded,
    element,
    extension,
    kind,
    observation,
    patient,
    profile,
    slicing,
    told,
    value_set,
)

LINK = {"url": f"{OURS}mark", "valueCode": "x"}


def only_one(of: str, type: str, how: dict[str, Any], *parts: dict[str, Any]) -> dict[str, Any]:
    """At most one of what the slice `one` tells."""
    return profile("p", type, element(of, slicing=how), element(f"{of}:one", max="1"), *parts)


def contained(id: str, type: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": type, "id": id, **more}


CATEGORY = "Observation.category"
COMPONENT = "Observation.component"
MEMBER = "Observation.hasMember"
ENTRY = "Bundle.entry"
PLAIN = {"code": {"text": "x"}, "status": "final"}
RED_ONES = value_set("reds", include=[{"system": SYSTEM, "concept": [{"code": "red"}, {"code": "crimson"}]}])


def concepts(*codes: str) -> dict[str, Any]:
    return observation(category=[coded(code) for code in codes])


def components(*parts: dict[str, Any]) -> dict[str, Any]:
    return observation(component=[{"code": {"text": "x"}, **part} for part in parts])


def bundle(*types: str) -> dict[str, Any]:
    resources = [{"resourceType": type} for type in types]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": it} for it in resources]}


def members(*nodes: dict[str, Any]) -> dict[str, Any]:
    return observation(contained=list(nodes), hasMember=[{"reference": f"#{node['id']}"} for node in nodes])


def about(contained_gender: str) -> dict[str, Any]:
    person = contained("a", "Patient", gender=contained_gender)
    return observation(contained=[person], subject={"reference": "#a"})


def collection(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": it} for it in resources]}


NUMBERED = profile("numbered", "Observation", element("Observation.identifier", min=1))
IDENTIFIED = [{"value": "1"}]

CASES = {
    "pattern-this": (
        only_one(CATEGORY, "Observation", slicing(("pattern", "$this")), element(f"{CATEGORY}:one", patternCodeableConcept=coded("red"))),
        concepts("red", "blue"),
        concepts("red", "red"),
    ),
    "value-path": (
        only_one(
            CATEGORY,
            "Observation",
            slicing(("value", "coding.code"), ("value", "coding.system")),
            element(f"{CATEGORY}:one.coding.code", fixedCode="red"),
            element(f"{CATEGORY}:one.coding.system", fixedUri=SYSTEM),
        ),
        concepts("red", "blue"),
        concepts("red", "red"),
    ),
    "value-within-a-pattern": (
        only_one(COMPONENT, "Observation", slicing(("value", "code.coding.code")), element(f"{COMPONENT}:one.code", patternCodeableConcept=coded("red"))),
        components({"code": coded("red")}, {"code": coded("blue")}),
        components({"code": coded("red")}, {"code": coded("red")}),
    ),
    "value-through-a-slice": (
        only_one(
            COMPONENT,
            "Observation",
            slicing(("value", "code.coding.code")),
            element(f"{COMPONENT}:one.code.coding", slicing=slicing(("value", "code"))),
            element(f"{COMPONENT}:one.code.coding:red"),
            element(f"{COMPONENT}:one.code.coding:red.code", fixedCode="red"),
        ),
        components({"code": coded("red")}, {"code": coded("blue")}),
        components({"code": coded("red")}, {"code": coded("red")}),
    ),
    "value-by-binding": (
        only_one(CATEGORY, "Observation", slicing(("value", "$this")), element(f"{CATEGORY}:one", binding={"strength": "required", "valueSet": f"{SETS}reds"})),
        concepts("red", "blue"),
        concepts("red", "crimson"),
    ),
    "type-of-a-resource": (
        only_one(ENTRY, "Bundle", slicing(("type", "resource")), element(f"{ENTRY}:one.resource", type=[kind("Patient")])),
        bundle("Patient", "Device"),
        bundle("Patient", "Patient"),
    ),
    "type-of-a-choice": (
        only_one(COMPONENT, "Observation", slicing(("type", "value")), element(f"{COMPONENT}:one.value[x]", type=[kind("string")])),
        components({"valueString": "x"}, {"valueBoolean": True}),
        components({"valueString": "x"}, {"valueString": "y"}),
    ),
    "type-of-a-target": (
        only_one("Observation.performer", "Observation", slicing(("type", "resolve()")), element("Observation.performer:one", type=[kind("Reference", to=(f"{CORE}Organization",))])),
        observation(performer=[{"reference": "Organization/1"}, {"reference": "Patient/1"}]),
        observation(performer=[{"reference": "Organization/1"}, {"type": "Organization", "display": "x"}]),
    ),
    "value-of-a-target": (
        only_one(
            MEMBER,
            "Observation",
            slicing(("value", "resolve().code")),
            element(f"{MEMBER}:one", type=[kind("Reference", to=(f"{OURS}red",))]),
        ),
        members(contained("a", "Observation", status="final", code=coded("red")), contained("b", "Observation", **PLAIN)),
        members(*(contained(id, "Observation", status="final", code=coded("red")) for id in "ab")),
    ),
    "profile-of-a-target": (
        only_one(MEMBER, "Observation", slicing(("profile", "resolve()")), element(f"{MEMBER}:one", type=[kind("Reference", to=(f"{OURS}numbered",))])),
        members(contained("a", "Observation", identifier=IDENTIFIED, **PLAIN), contained("b", "Observation", **PLAIN)),
        members(*(contained(id, "Observation", identifier=IDENTIFIED, **PLAIN) for id in "ab")),
    ),
    "profile-of-a-value": (
        only_one("Patient.name", "Patient", slicing(("profile", "$this")), element("Patient.name:one", type=[kind("HumanName", f"{OURS}full")])),
        patient(name=[{"family": "A"}, {"text": "B"}]),
        patient(name=[{"family": "A"}, {"family": "B"}]),
    ),
    "profile-of-an-entry": (
        only_one(ENTRY, "Bundle", slicing(("profile", "resource")), element(f"{ENTRY}:one.resource", type=[kind("Observation", f"{OURS}of-one")])),
        collection(about(contained_gender="male"), about(contained_gender="female")),
        collection(about(contained_gender="male"), about(contained_gender="male")),
    ),
    "profile-that-knows-its-resource": (
        only_one("Patient.name", "Patient", slicing(("profile", "$this")), element("Patient.name:one", type=[kind("HumanName", f"{OURS}swedish")])),
        patient(language="en", name=[{"family": "A"}, {"family": "B"}]),
        patient(language="sv", name=[{"family": "A"}, {"family": "B"}]),
    ),
    "exists": (
        only_one("Patient.name", "Patient", slicing(("exists", "period")), element("Patient.name:one.period", min=1)),
        patient(name=[{"family": "A", "period": {"start": "2024"}}, {"family": "B"}]),
        patient(name=[{"family": "A", "period": {"start": "2024"}}, {"family": "B", "period": {"end": "2024"}}]),
    ),
    "exists-not": (
        only_one("Patient.name", "Patient", slicing(("exists", "period")), element("Patient.name:one.period", max="0")),
        patient(name=[{"family": "A", "period": {"start": "2024"}}, {"family": "B"}]),
        patient(name=[{"family": "A"}, {"family": "B"}]),
    ),
    "extension": (
        only_one(
            "Patient.name",
            "Patient",
            slicing(("value", f"extension('{OURS}mark').value")),
            element("Patient.name:one.extension:mark", type=[kind("Extension", f"{OURS}mark")]),
            element("Patient.name:one.extension:mark.value[x]", fixedCode="x"),
        ),
        patient(name=[{"family": "A", "extension": [LINK]}, {"family": "B", "extension": [{**LINK, "valueCode": "y"}]}]),
        patient(name=[{"family": "A", "extension": [LINK]}, {"family": "B", "extension": [LINK]}]),
    ),
    "extension-exists": (
        only_one(
            "Patient.name",
            "Patient",
            slicing(("exists", f"extension('{OURS}mark')")),
            element("Patient.name:one.extension:mark", min=1, type=[kind("Extension", f"{OURS}mark")]),
        ),
        patient(name=[{"family": "A", "extension": [LINK]}, {"family": "B"}]),
        patient(name=[{"family": "A", "extension": [LINK]}, {"family": "B", "extension": [LINK]}]),
    ),
    "of-type": (
        only_one(
            COMPONENT,
            "Observation",
            slicing(("value", "value.ofType(Quantity).unit")),
            element(f"{COMPONENT}:one.valueQuantity"),
            element(f"{COMPONENT}:one.valueQuantity.unit", fixedString="kg"),
        ),
        components({"valueQuantity": {"value": 1, "unit": "kg"}}, {"valueQuantity": {"value": 1, "unit": "g"}}),
        components({"valueQuantity": {"value": 1, "unit": "kg"}}, {"valueQuantity": {"value": 2, "unit": "kg"}}),
    ),
}  # fmt: skip
AROUND = (
    RED_ONES,
    NUMBERED,
    extension("mark", element("Extension.value[x]", type=[kind("code")])),
    profile("red", "Observation", element("Observation.code", patternCodeableConcept=coded("red"))),
    profile("of-one", "Observation", element("Observation.subject", type=[kind("Reference", to=(f"{OURS}man",))])),
    profile("man", "Patient", element("Patient.gender", fixedCode="male")),
    profile(
        "swedish",
        "HumanName",
        {
            **element("HumanName"),
            "constraint": [
                {"key": "swedish-1", "severity": "error", "human": "x", "expression": "%resource.language = 'sv'"}
            ],
        },
    ),
    profile("full", "HumanName", element("HumanName.family", min=1)),
)


@pytest.mark.parametrize("name", CASES)
def test_a_value_belongs_to_the_slice_that_its_discriminator_tells(name: str) -> None:
    asked, accepted, refused = CASES[name]
    Profiles([asked, *AROUND]).check()
    assert [] == told(accepted, asked, *AROUND)
    assert ["profile-slice-too-many"] == [key for _, key, _ in told(refused, asked, *AROUND)]


def test_what_a_reference_points_at_elsewhere_may_belong_to_a_slice() -> None:
    of = "Observation.hasMember"
    asked = profile(
        "p",
        "Observation",
        element(of, slicing=slicing(("value", "resolve().code"), rules="closed")),
        element(f"{of}:one", min=1, max="1", type=[kind("Reference", to=(f"{OURS}red",))]),
    )
    elsewhere = observation(hasMember=[{"reference": "Observation/1"}, {"reference": "Observation/2"}])
    assert [] == told(elsewhere, asked, *AROUND)
    here = members(contained("a", "Observation", **PLAIN))
    assert {"profile-slice-missing", "profile-slice-none"} == {key for _, key, _ in told(here, asked, *AROUND)}


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (("position", "$this"), "no discriminator is of the type position"),
        (("value", "coding.where(code = 'x')"), "a discriminator is a path of names"),
        (("value", "coding."), "a name was expected"),
    ],
)
def test_a_discriminator_that_is_none_is_refused(how: tuple[str, str], why: str) -> None:
    part = element(f"{CATEGORY}:one", patternCodeableConcept=coded("red"))
    with pytest.raises(BadDefinition, match=why):
        Profiles([only_one(CATEGORY, "Observation", slicing(how), part)]).check()
    Profiles([only_one(CATEGORY, "Observation", slicing(("value", "$this")), part)]).check()
