"""https://hl7.org/fhir/R4/json.html#primitive: a primitive is a value, and what stands beside it."""

import pytest

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.patch.place import Slot, Spot

GIVEN = r4().elements("HumanName")["given"]
FAMILY = r4().elements("HumanName")["family"]
DECEASED = r4().elements("Patient")["deceased"]
ID = {"id": "1"}


def given(**members):
    return Slot(members, GIVEN, "string")


@pytest.mark.parametrize(
    ("members", "pairs"),
    [
        ({}, []),
        ({"given": ["a", "b"]}, [("a", None), ("b", None)]),
        ({"given": ["a", None], "_given": [None, ID]}, [("a", None), (None, ID)]),
        ({"_given": [ID]}, [(None, ID)]),
        ({"given": ["a"], "_given": [None, ID]}, [("a", None), (None, ID)]),
        ({"given": "a"}, []),
    ],
)
def test_a_list_is_read_as_pairs(members, pairs):
    slot = given(**members)

    assert pairs == list(slot)
    assert len(pairs) == len(slot)


def test_what_does_not_repeat_is_one_pair_or_none():
    assert [] == list(Slot({}, FAMILY, "string"))
    assert [("a", ID)] == list(Slot({"family": "a", "_family": ID}, FAMILY, "string"))
    assert [(None, ID)] == list(Slot({"_family": ID}, FAMILY, "string"))


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (lambda slot: slot.insert(0, ("x", None)), {"given": ["x", "a", "b"]}),
        (lambda slot: slot.insert(2, ("x", ID)), {"given": ["a", "b", "x"], "_given": [None, None, ID]}),
        (lambda slot: slot.replace(1, ("x", None)), {"given": ["a", "x"]}),
        (lambda slot: slot.replace(1, (None, ID)), {"given": ["a", None], "_given": [None, ID]}),
        (lambda slot: slot.move(0, 1), {"given": ["b", "a"]}),
        (lambda slot: slot.remove(0), {"given": ["b"]}),
    ],
)
def test_a_list_is_changed_in_step_with_what_stands_beside_it(change, after):
    holder = {"given": ["a", "b"]}
    change(Slot(holder, GIVEN, "string"))

    assert after == holder


def test_the_last_of_a_list_takes_the_member_along():
    holder = {"use": "usual", "given": ["a"], "_given": [ID]}
    Slot(holder, GIVEN, "string").remove(0)

    assert {"use": "usual"} == holder


def test_a_choice_of_another_type_keeps_its_place_among_the_members():
    holder = {"active": True, "deceasedBoolean": False, "_deceasedBoolean": ID, "gender": "male"}
    Slot(holder, DECEASED, "boolean").rename("dateTime").replace(0, ("2026", None))

    assert [("active", True), ("deceasedDateTime", "2026"), ("gender", "male")] == list(holder.items())


def test_an_element_that_is_left_empty_goes_with_what_was_in_it():
    patient = {"resourceType": "Patient", "contact": [{"name": {"text": "x"}}]}
    spot = Spot("Patient", patient)
    for type, name in (("Patient", "contact"), ("Patient.contact", "name"), ("HumanName", "text")):
        (spot,) = spot.children(r4().elements(type)[name])
    spot.remove()

    assert {"resourceType": "Patient"} == patient


def test_an_object_with_more_members_than_any_type_has_is_not_looked_through():
    crowd = {f"m{number}": 1 for number in range(500)}

    assert ["x"] == [spot.value for spot in Spot("HumanName", {"family": "x"}).children(FAMILY)]
    assert [] == list(Spot("HumanName", {"family": "x", **crowd}).children(FAMILY))
