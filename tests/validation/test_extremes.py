"""The least and the greatest value: both included, compared as FHIRPath compares, left alone where that is open."""

from decimal import Decimal
from typing import Any

import pytest

from fhir_server.fhir.codec import Number
from fhir_server.fhir.definitions import BadDefinition
from fhir_server.validation.profile import Profiles
from tests.validation.profiled import OURS, element, extension, observation, patient, profile, told

KG = {"unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}


def weighing(value: Any, **unit: str) -> dict[str, Any]:
    return observation(valueQuantity={"value": value, **(unit or KG)})


def appointment(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "status": "proposed",
        "participant": [{"status": "needs-action", "type": [{"text": "x"}]}],
        **more,
    }


@pytest.mark.parametrize(
    ("type", "asked", "accepted", "refused", "expected"),
    [
        (
            "Patient",
            element("Patient.birthDate", minValueDate="1900-01-01"),
            patient(birthDate="1900-01-01"),
            patient(birthDate="1899-12-31"),
            ("Patient.birthDate", "profile-below", "p#Patient.birthDate"),
        ),
        (
            "Patient",
            element("Patient.birthDate", maxValueDate="2026-03-02"),
            patient(birthDate="2026-03-02"),
            patient(birthDate="2026-04"),
            ("Patient.birthDate", "profile-above", "p#Patient.birthDate"),
        ),
        (
            "Appointment",
            element("Appointment.minutesDuration", minValuePositiveInt=15),
            appointment(minutesDuration=15),
            appointment(minutesDuration=14),
            ("Appointment.minutesDuration", "profile-below", "p#Appointment.minutesDuration"),
        ),
        (
            "Appointment",
            element("Appointment.priority", maxValueUnsignedInt=9),
            appointment(priority=9),
            appointment(priority=10),
            ("Appointment.priority", "profile-above", "p#Appointment.priority"),
        ),
        (
            "Observation",
            element("Observation.value[x]", maxValueTime="22:00:00"),
            observation(valueTime="22:00:00"),
            observation(valueTime="22:00:01"),
            ("Observation.value", "profile-above", "p#Observation.value[x]"),
        ),
        (
            "Observation",
            element("Observation.valueQuantity.value", minValueDecimal=Decimal("0.5")),
            weighing(Number("0.50")),
            weighing(Number("0.49")),
            ("Observation.value.value", "profile-below", "p#Observation.valueQuantity.value"),
        ),
        (
            "Observation",
            element("Observation.value[x]", maxValueQuantity={"value": Decimal(300), **KG}),
            weighing(Number("300.0")),
            weighing(Number("300.1")),
            ("Observation.value", "profile-above", "p#Observation.value[x]"),
        ),
        (
            "Observation",
            element("Observation.issued", minValueInstant="2026-03-02T00:00:00+01:00"),
            observation(issued="2026-03-01T23:00:00Z"),
            observation(issued="2026-03-01T22:59:59Z"),
            ("Observation.issued", "profile-below", "p#Observation.issued"),
        ),
    ],
)
def test_a_value_lies_within_its_limits(type: str, asked: Any, accepted: Any, refused: Any, expected: Any) -> None:
    assert [] == told(accepted, profile("p", type, asked))
    assert [expected] == told(refused, profile("p", type, asked))


def test_both_limits_may_stand_on_one_element_and_the_last_of_a_chain_holds() -> None:
    base = profile("base", "Patient", element("Patient.multipleBirth[x]", minValueInteger=1, maxValueInteger=9))
    asked = profile("p", "Patient", element("Patient.multipleBirth[x]", maxValueInteger=3), base=f"{OURS}base")

    assert [] == told(patient(multipleBirthInteger=3), asked, base)
    assert [("Patient.multipleBirth", "profile-above", "p#Patient.multipleBirth[x]")] == told(
        patient(multipleBirthInteger=4), asked, base
    )
    assert [("Patient.multipleBirth", "profile-below", "base#Patient.multipleBirth[x]")] == told(
        patient(multipleBirthInteger=0), asked, base
    )


def test_a_limit_of_one_type_of_a_choice_says_nothing_of_the_others() -> None:
    asked = profile("p", "Patient", element("Patient.deceased[x]", minValueDateTime="2026"))

    assert [] == told(patient(deceasedBoolean=True), asked)
    assert ["profile-below"] == [key for _, key, _ in told(patient(deceasedDateTime="2025"), asked)]


@pytest.mark.parametrize(
    ("asked", "left_open", "refused"),
    [
        (
            element("Patient.birthDate", minValueDate="1950-09-07"),
            patient(birthDate="1950"),
            patient(birthDate="1949"),
        ),
        (
            element("Patient.birthDate", maxValueDate="1950-09-07"),
            patient(_birthDate={"extension": [{"url": "http://example.org/x", "valueCode": "y"}]}),
            patient(birthDate="1950-09-08"),
        ),
        (
            element("Observation.value[x]", maxValueQuantity={"value": 300, **KG}),
            weighing(400, unit="g", system=KG["system"], code="g"),
            weighing(400),
        ),
    ],
)
def test_what_cannot_be_compared_passes(asked: Any, left_open: Any, refused: Any) -> None:
    asked = profile("p", refused["resourceType"], asked)

    assert [] == told(left_open, asked)
    assert 1 == len(told(refused, asked))


def test_the_value_of_an_extension_lies_within_its_limits() -> None:
    days = extension("days", element("Extension.value[x]", maxValuePositiveInt=31), on="Patient")

    def born(day: int) -> dict[str, Any]:
        return patient(extension=[{"url": f"{OURS}days", "valuePositiveInt": day}])

    assert [] == told(born(31), profile("p", "Patient"), days)
    assert [("Patient.extension[0].value", "profile-above", "days#Extension.value[x]")] == told(
        born(32), profile("p", "Patient"), days
    )


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ({"minValueQuantity": {"value": 3, "code": "a"}}, "minValueQuantity is not of a type of the element"),
        ({"maxValueDateTime": "2026"}, "maxValueDateTime is not of a type of the element"),
        ({"minValueDate": "in spring"}, "its limit is no date that anything can be compared with"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused_with_its_profile(limit: Any, why: str) -> None:
    with pytest.raises(BadDefinition, match=rf"Patient\.birthDate: {why}"):
        Profiles([profile("p", "Patient", element("Patient.birthDate", **limit))]).check()
    Profiles([profile("p", "Patient", element("Patient.birthDate", minValueDate="1900"))]).check()
