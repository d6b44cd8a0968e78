from typing import Any

import pytest

from tests.validation.profiled import element, kind, observation, patient, profile, told


@pytest.mark.parametrize(
    ("asked", "resource", "expected"),
    [
        (element("Patient.name", min=1), patient(), [("Patient.name", "profile-missing", "p#Patient.name")]),
        (element("Patient.name", min=1), patient(name=[{"family": "A"}]), []),
        (
            element("Patient.name", min=2),
            patient(name=[{"family": "A"}]),
            [("Patient.name", "profile-too-few", "p#Patient.name")],
        ),
        (element("Patient.name", min=2), patient(name=[{"family": "A"}, {"family": "B"}]), []),
        (
            element("Patient.name", max="1"),
            patient(name=[{"family": "A"}, {"family": "B"}]),
            [("Patient.name", "profile-too-many", "p#Patient.name")],
        ),
        (element("Patient.name", max="1"), patient(name=[{"family": "A"}]), []),
        (
            element("Patient.photo", max="0"),
            patient(photo=[{"title": "x"}]),
            [("Patient.photo", "profile-forbidden", "p#Patient.photo")],
        ),
        (element("Patient.photo", max="0"), patient(active=True), []),
        (
            element("Patient.birthDate", min=1),
            patient(active=True),
            [("Patient.birthDate", "profile-missing", "p#Patient.birthDate")],
        ),
        (element("Patient.birthDate", min=1), patient(birthDate="2020"), []),
        (element("Patient.deceased[x]", min=1), patient(deceasedBoolean=False), []),
        (
            element("Patient.deceased[x]", min=1),
            patient(active=True),
            [("Patient.deceased", "profile-missing", "p#Patient.deceased[x]")],
        ),
        (
            element("Patient.deceased[x]", max="0"),
            patient(deceasedBoolean=True),
            [("Patient.deceased", "profile-forbidden", "p#Patient.deceased[x]")],
        ),
    ],
)
def test_an_element_stands_as_often_as_its_profile_says(asked: Any, resource: Any, expected: Any) -> None:
    assert expected == told(resource, profile("p", "Patient", asked))


def test_an_element_that_has_extensions_alone_is_there() -> None:
    asked = profile("p", "Patient", element("Patient.birthDate", min=1))
    unknown = {"extension": [{"url": "http://example.org/x", "valueCode": "unknown"}]}
    assert [] == told(patient(_birthDate=unknown), asked)
    assert ["profile-missing"] == [key for _, key, _ in told(patient(_gender=unknown), asked)]


def test_what_is_within_an_element_is_asked_only_where_the_element_is() -> None:
    asked = profile("p", "Patient", element("Patient.contact"), element("Patient.contact.gender", min=1))
    assert [] == told(patient(), asked)
    contacts = [{"gender": "male", "name": {"text": "A"}}, {"name": {"text": "B"}}]
    expected = [("Patient.contact[1].gender", "profile-missing", "p#Patient.contact.gender")]
    assert expected == told(patient(contact=contacts), asked)


def test_only_the_strictest_of_a_chain_is_told_and_by_the_profile_that_says_it() -> None:
    base = profile("base", "Patient", element("Patient.name", min=1, max="3"))
    strict = profile("strict", "Patient", element("Patient.name", min=2), base=base["url"])
    assert [("Patient.name", "profile-too-few", "strict#Patient.name")] == told(patient(), strict, base)
    assert [("Patient.name", "profile-missing", "base#Patient.name")] == told(patient(), base, strict)
    four = patient(name=[{"family": letter} for letter in "ABCD"])
    assert [("Patient.name", "profile-too-many", "base#Patient.name")] == told(four, strict, base)
    assert [] == told(patient(name=four["name"][:2]), strict, base)


def test_what_only_repeats_base_r4_is_said_once_by_base_r4() -> None:
    asked = profile("p", "Observation", element("Observation.status", min=1, max="1", type=[kind("code")]))
    without = observation()
    del without["status"]
    assert ["missing"] == [key for _, key, _ in told(without, asked)]
    assert [] == told(observation(), asked)


def test_what_has_not_the_right_shape_is_told_so_and_is_not_missing_too() -> None:
    asked = profile("p", "Patient", element("Patient.name", min=1), element("Patient.name.family", min=1))
    assert ["not-array"] == [key for _, key, _ in told(patient(name={"given": ["A"]}), asked)]
    assert ["not-object"] == [key for _, key, _ in told(patient(name=["A"]), asked)]
    assert [] == told(patient(name=[{"family": "A"}]), asked)
