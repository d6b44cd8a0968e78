"""Profiles that nobody here wrote: all those of HL7's own package, and HL7's own examples held to them.

R4_PACKAGE names hl7.fhir.r4.core.tgz (4.0.1); the examples are had as in tests/fidelity/official.py.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from fhir_server.fhir.codec import decode
from fhir_server.fhir.definitions import CORE, BadDefinition, r4
from fhir_server.validation.profile import Profiles
from fhir_server.validation.validate import Validator
from tests.fidelity.official import Examples
from tools.generate_r4 import of_type, package

PACKAGE = "R4_PACKAGE"

UNSOUND = {
    "allergyintolerance-substanceExposureRisk": "inv-1 speaks of elements that an Extension does not have",
    "example-composition": "document-section-library, which it speaks of, is not in the package",
}
"""What the package says and does not have itself."""

ELSEWHERE = {
    "regex": "on ElementDefinition.type, for Questionnaire.item and ElementDefinition",
    "structuredefinition-fhir-type": "on ElementDefinition.type, for ElementDefinition.type.code",
    "structuredefinition-normative-version": "on every conformance resource, for StructureDefinition",
    "translation": "on ValueSet.expansion.contains, for string, code and markdown",
    "valueset-concept-comments": "on CodeSystem.concept, for ValueSet.compose.include.concept",
}
"""Extensions that HL7's examples have elsewhere than their own definitions say."""

BY_CODE = {
    "85354-9": "bp",
    "29463-7": "bodyweight",
    "8302-2": "bodyheight",
    "39156-5": "bmi",
    "8867-4": "heartrate",
    "9279-1": "resprate",
    "8310-5": "bodytemp",
    "2708-6": "oxygensat",
    "8287-5": "headcircum",
    "85353-1": "vitalspanel",
}
"""https://hl7.org/fhir/R4/observation-vitalsigns.html"""


@pytest.fixture(scope="module")
def definitions() -> list[dict[str, Any]]:
    named = os.environ.get(PACKAGE)
    if not named:
        pytest.skip(f"{PACKAGE} names no hl7.fhir.r4.core.tgz, so HL7's own profiles were not compiled")
    found = package(Path(named))
    return [it for kind in ("StructureDefinition", "ValueSet", "CodeSystem") for it in of_type(found, kind)]


@pytest.fixture(scope="module")
def profiles(definitions: list[dict[str, Any]]) -> Profiles:
    return Profiles(definitions)


@pytest.fixture(scope="module")
def validator(profiles: Profiles) -> Validator:
    return Validator(profiles)


def test_every_official_profile_compiles(profiles: Profiles) -> None:
    refused = {}
    for profile in profiles.own:
        try:
            profile.compile()
        except BadDefinition as error:
            refused[profile.canonical.removeprefix(CORE)] = str(error)
    assert UNSOUND.keys() == refused.keys(), refused
    assert 441 == len(profiles.own)
    assert 45 == sum(profile.type in r4().resource_types for profile in profiles.own)


def test_every_official_example_keeps_to_what_it_claims(validator: Validator, official: Examples) -> None:
    claims, elsewhere, wrong = 0, set(), []
    for kind, id, resource in resources(official):
        claims += any(map(validator.profiles.find, resource.get("meta", {}).get("profile", ())))
        for issue in blocking(validator, resource):
            if issue.key == "extension-context":
                elsewhere.add(issue.said["profile"].removeprefix(CORE))
            elif issue.key.startswith(("profile", "extension-part", "extension-modifies", "modifier")):
                wrong.append(f"{kind}/{id} {issue.expression} {issue.source}")
    assert [] == wrong
    assert ELSEWHERE.keys() >= elsewhere
    assert claims > 1900


def test_the_official_vital_signs_keep_to_the_profile_of_their_code(validator: Validator, official: Examples) -> None:
    held = {}
    for _, id, resource in resources({"Observation": official["Observation"]}):
        codings = resource["code"].get("coding", ())
        for name in {BY_CODE[coding["code"]] for coding in codings if coding.get("code") in BY_CODE}:
            held[id] = {issue.source for issue in blocking(validator, resource, f"{CORE}{name}")}
    assert {"f202": {f"{CORE}vitalsigns#Observation.effective[x]"}} == {id: told for id, told in held.items() if told}
    assert {"blood-pressure", "blood-pressure-cancel", "bmi", "heart-rate", "satO2", "vitals-panel"} < held.keys()


@pytest.mark.parametrize(
    ("kind", "id", "profile", "change", "source"),
    [
        ("Observation", "blood-pressure", "bp", lambda it: it["component"].pop(), "bp#Observation.component:DiastolicBP"),
        ("Observation", "blood-pressure", "bp", lambda it: it.pop("category"), "vitalsigns#Observation.category"),
        ("Observation", "heart-rate", "heartrate", lambda it: it["valueQuantity"].pop("unit"), "heartrate#Observation.valueQuantity.unit"),
        ("Observation", "heart-rate", "heartrate", lambda it: it["valueQuantity"].update(code="kg"), "heartrate#Observation.valueQuantity.code"),
        ("Observation", "heart-rate", "heartrate", lambda it: it.update(effectiveDateTime="2024"), "vitalsigns#vs-1"),
        ("Observation", "body-length", "bodyheight", lambda it: it["valueQuantity"].update(code="kg"), "bodyheight#Observation.valueQuantity.code"),
        ("ValueSet", "task-status", "shareablevalueset", lambda it: it.pop("version"), "shareablevalueset#ValueSet.version"),
    ],
)  # fmt: skip
def test_one_thing_changed_in_an_official_example_is_told(
    validator: Validator, official: Examples, kind: str, id: str, profile: str, change: Any, source: str
) -> None:
    resource = decode(official[kind][id])
    assert set() == {issue.source for issue in blocking(validator, resource, f"{CORE}{profile}")} - placed_elsewhere()
    change(resource)
    assert f"{CORE}{source}" in {issue.source for issue in blocking(validator, resource, f"{CORE}{profile}")}


def test_the_official_snapshots_come_to_the_same_as_the_differentials(
    definitions: list[dict[str, Any]], validator: Validator, official: Examples
) -> None:
    bare = [{name: it[name] for name in it if name != "differential"} for it in definitions]
    by_snapshot = Validator(Profiles(bare))
    about = [it.canonical for it in validator.profiles.own if it.type == "Observation"]
    wrong = 0
    for _, id, resource in resources({"Observation": official["Observation"]}):
        for canonical in about:
            places = {issue.expression for issue in blocking(validator, resource, canonical)}
            assert places == {issue.expression for issue in blocking(by_snapshot, resource, canonical)}, (id, canonical)
            wrong += bool(places)
    assert wrong > 500  # most examples are no blood pressure


def placed_elsewhere() -> set[str]:
    return {f"{CORE}{name}#Extension" for name in ELSEWHERE}


def resources(official: Any) -> Any:
    """The examples that are a resource of their own: what stands in the large Bundles stands in those as well."""
    for kind, by_id in official.items():
        for id, text in by_id.items():
            if kind != "Bundle":
                yield kind, id, decode(text)


def blocking(validator: Validator, resource: Any, *profiles: str) -> list[Any]:
    return [issue for issue in validator.issues(resource, profiles=profiles) if issue.blocks]
