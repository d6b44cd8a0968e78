from typing import Any

import pytest

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.validation.profile import Profiles
from tests.validation.profiled import coded, element, kind, observation, patient, profile, slicing, told

RED, BLUE = ("red", "#F00"), ("blue", "#00F")
BY_SYSTEM = slicing(("value", "system"))


def numbered(*identifiers: tuple[str, str]) -> dict[str, Any]:
    return patient(identifier=[{"system": f"urn:x:{system}", "value": value} for system, value in identifiers])


def by_system(rules: str = "open", *more: dict[str, Any], ordered: bool = False) -> dict[str, Any]:
    """One red at the most, one blue at least."""
    how = slicing(("value", "system"), rules=rules, ordered=ordered)
    return profile(
        "p",
        "Patient",
        element("Patient.identifier", slicing=how),
        element("Patient.identifier:red", max="1"),
        element("Patient.identifier:red.system", fixedUri="urn:x:red"),
        element("Patient.identifier:blue", min=1),
        element("Patient.identifier:blue.system", fixedUri="urn:x:blue"),
        *more,
    )


@pytest.mark.parametrize(
    ("identifiers", "rules", "ordered", "expected"),
    [
        (["blue"], "open", False, []),
        (["red"], "open", False, [("Patient.identifier", "profile-slice-missing", "p#Patient.identifier:blue")]),
        (["blue", "red"], "open", False, []),
        (
            ["blue", "red", "red"],
            "open",
            False,
            [("Patient.identifier", "profile-slice-too-many", "p#Patient.identifier:red")],
        ),
        (["blue", "green"], "open", False, []),
        (
            ["blue", "green"],
            "closed",
            False,
            [("Patient.identifier[1]", "profile-slice-none", "p#Patient.identifier")],
        ),
        (["blue", "red"], "closed", False, []),
        (["red", "blue"], "open", True, []),
        (["blue", "red"], "open", True, [("Patient.identifier[1]", "profile-slice-order", "p#Patient.identifier")]),
        (["red", "blue", "green"], "openAtEnd", False, []),
        (
            ["red", "green", "blue"],
            "openAtEnd",
            False,
            [("Patient.identifier[2]", "profile-slice-last", "p#Patient.identifier")],
        ),
    ],
)
def test_slices_have_their_numbers_their_order_and_their_neighbours(
    identifiers: list[str], rules: str, ordered: bool, expected: Any
) -> None:
    resource = numbered(*((system, "1") for system in identifiers))
    assert expected == told(resource, by_system(rules, ordered=ordered))


def test_what_is_said_within_a_slice_holds_in_it_alone() -> None:
    asked = by_system("open", element("Patient.identifier:blue.period", min=1))
    resource = numbered(("blue", "1"), ("red", "1"))
    expected = ("Patient.identifier[0].period", "profile-missing", "p#Patient.identifier:blue.period")
    assert [expected] == told(resource, asked)
    resource["identifier"][0]["period"] = {"start": "2024"}
    assert [] == told(resource, asked)


def test_what_is_said_of_the_whole_holds_in_each_slice() -> None:
    asked = by_system("open", element("Patient.identifier.use", min=1))
    assert ["Patient.identifier[0].use"] == [place for place, _, _ in told(numbered(("blue", "1")), asked)]


def test_a_profile_adds_slices_to_those_of_its_base_and_to_what_they_hold() -> None:
    base = by_system("closed")
    derived = profile(
        "derived",
        "Patient",
        element("Patient.identifier:red", min=1),
        element("Patient.identifier:blue.period", min=1),
        element("Patient.identifier:green"),
        element("Patient.identifier:green.system", fixedUri="urn:x:green"),
        base=base["url"],
    )
    resource = numbered(("red", "1"), ("blue", "1"), ("green", "1"))
    resource["identifier"][1]["period"] = {"start": "2024"}
    assert [] == told(resource, derived, base)
    assert ["profile-slice-none"] == [key for _, key, _ in told(resource, base)]
    assert [
        ("Patient.identifier", "profile-slice-missing", "derived#Patient.identifier:red"),
        ("Patient.identifier[0].period", "profile-missing", "derived#Patient.identifier:blue.period"),
    ] == told(numbered(("blue", "1")), derived, base)


def test_a_slice_is_sliced_again() -> None:
    asked = profile(
        "p",
        "Patient",
        element("Patient.identifier", slicing=BY_SYSTEM),
        element("Patient.identifier:red", min=2, slicing=slicing(("value", "use"))),
        element("Patient.identifier:red.system", fixedUri="urn:x:red"),
        element("Patient.identifier:red/old", max="1"),
        element("Patient.identifier:red/old.use", fixedCode="old"),
        element("Patient.identifier:red/usual", min=1),
        element("Patient.identifier:red/usual.use", fixedCode="usual"),
    )

    def resource(*uses: str) -> dict[str, Any]:
        other = {"system": "urn:x:blue", "use": "usual"}
        return patient(identifier=[other, *({"system": "urn:x:red", "value": "1", "use": use} for use in uses)])

    assert [] == told(resource("old", "usual"), asked)
    assert [] == told(resource("usual", "temp"), asked)
    none_usual = [("Patient.identifier", "profile-slice-missing", "p#Patient.identifier:red/usual")]
    assert none_usual == told(resource("old", "temp"), asked)
    two_old = [("Patient.identifier", "profile-slice-too-many", "p#Patient.identifier:red/old")]
    assert two_old == told(resource("old", "old", "usual"), asked)
    assert ["profile-slice-too-few"] == [key for _, key, _ in told(resource("usual"), asked)]


def test_what_is_asked_of_a_slice_within_one_that_asks_nothing_is_asked_of_no_value_too() -> None:
    asked = profile(
        "p",
        "Patient",
        element("Patient.identifier", slicing=BY_SYSTEM),
        element("Patient.identifier:red", slicing=slicing(("value", "use"))),
        element("Patient.identifier:red.system", fixedUri="urn:x:red"),
        element("Patient.identifier:red/usual", min=1),
        element("Patient.identifier:red/usual.use", fixedCode="usual"),
    )
    none_usual = [("Patient.identifier", "profile-slice-missing", "p#Patient.identifier:red/usual")]
    blue, red = ({"system": f"urn:x:{colour}", "use": "usual"} for colour in ("blue", "red"))

    assert none_usual == told(patient(identifier=[blue]), asked)
    assert [] == told(patient(identifier=[blue, red]), asked)


def test_slices_without_ids_are_told_by_their_names_and_their_order() -> None:
    asked = by_system("closed", element("Patient.identifier:blue.period", min=1))
    for content in asked["differential"]["element"]:
        del content["id"]
    resource = numbered(("blue", "1"), ("red", "1"))
    expected = ("Patient.identifier[0].period", "profile-missing", "p#Patient.identifier.period")
    assert [expected] == told(resource, asked)
    resource["identifier"][0]["period"] = {"start": "2024"}
    assert [] == told(resource, asked)


def test_a_choice_is_sliced_by_its_types_though_nobody_says_so() -> None:
    asked = profile(
        "p",
        "Observation",
        element("Observation.value[x]:valueQuantity"),
        element("Observation.value[x]:valueQuantity.unit", min=1),
        element("Observation.value[x]:valueCodeableConcept"),
        element("Observation.value[x]:valueCodeableConcept.text", min=1),
    )
    assert [] == told(observation(valueQuantity={"value": 1, "unit": "kg"}), asked)
    assert [] == told(observation(valueString="x"), asked)
    assert ["Observation.value.unit"] == [place for place, _, _ in told(observation(valueQuantity={"value": 1}), asked)]
    assert ["Observation.value.text"] == [
        place for place, _, _ in told(observation(valueCodeableConcept=coded("red")), asked)
    ]


def test_slices_that_nothing_tells_apart_are_refused() -> None:
    parts = element("Patient.identifier:red"), element("Patient.identifier:blue")
    Profiles([by_system()]).check()
    with pytest.raises(BadDefinition, match="nothing tells its slices apart"):
        Profiles([profile("p", "Patient", *parts)]).check()
    how = element("Patient.identifier", slicing=BY_SYSTEM)
    with pytest.raises(BadDefinition, match=r"Patient\.identifier:red: nothing is said at system"):
        Profiles([profile("p", "Patient", how, *parts)]).check()


def test_a_type_narrowed_in_a_slice_is_asked_for_there() -> None:
    asked = profile(
        "p",
        "Observation",
        element("Observation.component", slicing=slicing(("pattern", "code"))),
        element("Observation.component:weight"),
        element("Observation.component:weight.code", patternCodeableConcept=coded("weight")),
        element("Observation.component:weight.value[x]", type=[kind("Quantity")]),
    )

    def component(code: str, **value: Any) -> dict[str, Any]:
        return observation(component=[{"code": coded(code), **value}])

    assert [] == told(component("weight", valueQuantity={"value": 1}), asked)
    assert [] == told(component("mood", valueString="x"), asked)
    assert ["profile-type"] == [key for _, key, _ in told(component("weight", valueString="x"), asked)]
