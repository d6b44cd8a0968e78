from typing import Any

import pytest

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.validation.profile import Profiles
from fhir_server.validation.terminology import WIDEST
from tests.validation.profiled import SETS, SYSTEM, coded, element, observation, patient, profile, told, value_set

REDS = value_set("reds", include=[{"system": SYSTEM, "concept": [{"code": "red"}, {"code": "crimson"}]}])
WARM = value_set("warm", include=[{"valueSet": [f"{SETS}reds"]}, {"system": SYSTEM, "concept": [{"code": "orange"}]}])


def bound(of: str, strength: str, **more: Any) -> dict[str, Any]:
    binding = {"strength": strength, "valueSet": f"{SETS}reds|1.0", **more}
    return profile("p", of.partition(".")[0], element(of, binding=binding))


CASES = [
    ("Patient.maritalStatus", patient(maritalStatus=coded("red")), patient(maritalStatus=coded("blue")), "concept"),
    ("Patient.maritalStatus", patient(maritalStatus=coded("red")), patient(maritalStatus={"text": "red"}), "concept"),
    (
        "Patient.maritalStatus",
        patient(maritalStatus=coded("red")),
        patient(maritalStatus=coded("red", "urn:x:other")),
        "concept",
    ),
    ("Patient.language", patient(language="red"), patient(language="blue"), "code"),
    (
        "Observation.value[x]",
        observation(valueQuantity={"value": 1, "system": SYSTEM, "code": "red"}),
        observation(valueQuantity={"value": 1, "system": SYSTEM, "code": "kg"}),
        "code",
    ),
    (
        "Patient.meta.tag",
        patient(meta={"tag": [{"system": SYSTEM, "code": "red"}]}),
        patient(meta={"tag": [{"system": SYSTEM, "code": "blue"}]}),
        "code",
    ),
]


@pytest.mark.parametrize(("of", "accepted", "refused", "kind"), CASES)
def test_a_required_binding_is_an_error_and_an_extensible_one_advice(
    of: str, accepted: Any, refused: Any, kind: str
) -> None:
    required, extensible = bound(of, "required"), bound(of, "extensible")
    assert [] == told(accepted, required, REDS)
    assert [f"profile-{kind}"] == [key for _, key, _ in told(refused, required, REDS)]
    assert [] == told(refused, extensible, REDS)
    advice = [key for _, key, _ in told(refused, extensible, REDS, severity="warning") if key.startswith("profile")]
    assert [f"profile-{kind}-advised"] == advice
    kept = [key for _, key, _ in told(accepted, extensible, REDS, severity="warning") if key.startswith("profile")]
    assert [] == kept


@pytest.mark.parametrize("strength", ["preferred", "example"])
def test_what_is_preferred_or_an_example_binds_nobody(strength: str) -> None:
    refused = patient(maritalStatus=coded("blue"))
    issues = told(refused, bound("Patient.maritalStatus", strength), REDS, severity="warning")
    assert [] == [key for _, key, _ in issues if key.startswith("profile")]
    assert ["profile-concept"] == [key for _, key, _ in told(refused, bound("Patient.maritalStatus", "required"), REDS)]


def test_the_widest_value_set_of_an_extensible_binding_is_required() -> None:
    widest = [{"url": WIDEST, "valueCanonical": f"{SETS}warm"}]
    asked = bound("Patient.maritalStatus", "extensible", extension=widest)
    assert [] == told(patient(maritalStatus=coded("orange")), asked, REDS, WARM)
    assert ["profile-concept"] == [key for _, key, _ in told(patient(maritalStatus=coded("blue")), asked, REDS, WARM)]


def test_a_concept_told_by_extensions_alone_is_let_be() -> None:
    absent = {"extension": [{"url": "http://example.org/x", "valueCode": "unknown"}]}
    assert [] == told(patient(maritalStatus=absent), bound("Patient.maritalStatus", "required"), REDS)


def test_a_value_set_that_is_not_here_is_refused_with_the_profile() -> None:
    Profiles([bound("Patient.maritalStatus", "required"), REDS]).check()
    with pytest.raises(BadDefinition, match=r"/p: Patient\.maritalStatus: no value set .*/reds\|1\.0 is here"):
        Profiles([bound("Patient.maritalStatus", "required")]).check()
    with pytest.raises(BadDefinition, match="no value set"):
        Profiles([bound("Patient.maritalStatus", "required"), {**REDS, "version": "2.0"}]).check()
    with pytest.raises(BadDefinition, match="/warm: no value set"):
        Profiles([WARM]).check()


def test_r4s_own_value_sets_need_not_be_brought() -> None:
    def asked(name: str) -> dict[str, Any]:
        binding = {"strength": "required", "valueSet": f"http://hl7.org/fhir/ValueSet/{name}"}
        return profile("p", "Observation", element("Observation.value[x].unit", binding=binding))

    def issues(name: str, unit: str) -> list[str]:
        return [key for _, key, _ in told(observation(valueQuantity={"value": 1, "unit": unit}), asked(name))]

    assert [] == issues("task-status", "completed")
    assert ["profile-code"] == issues("task-status", "finished")
    assert [] == issues("condition-code", "finished")  # SNOMED CT, which is not here to tell
