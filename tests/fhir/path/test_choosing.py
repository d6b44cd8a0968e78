"""https://hl7.org/fhirpath/N1/#filtering-and-projection"""

import pytest

from fhir_server.fhir.path import PathError, compile_path

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "birthDate": "1912-12-12",
    "name": [{"use": "official", "given": ["Tolvan", "T"]}, {"use": "usual", "given": ["T"]}],
    "telecom": [{"value": "1"}, {"value": "2"}, {"value": "1"}],
    "multipleBirthInteger": 2,
    "link": [{"other": {"reference": "Patient/1"}}, {"other": {"reference": "urn:x:y"}}],
}
CHOOSING = [
    ("name.where(use = 'usual').given", ["T"]),
    ("name.select(given.first())", ["Tolvan", "T"]),
    ("name.given.first()", ["Tolvan"]),
    ("name.given.last()", ["T"]),
    ("name.given.tail()", ["T", "T"]),
    ("name.given.skip(1)", ["T", "T"]),
    ("name.given.take(2)", ["Tolvan", "T"]),
    ("contact.first()", []),
    ("contact.last()", []),
    ("name.given.distinct()", ["Tolvan", "T"]),
    ("name.given | name.use", ["Tolvan", "T", "official", "usual"]),
    ("name.given.union('T')", ["Tolvan", "T", "T"]),
    ("name.given.union(name.given)", ["Tolvan", "T"]),
    ("name.given.combine('T').count()", [4]),
    ("telecom.intersect(telecom.first())", [{"value": "1"}]),
    ("telecom.exclude(telecom.first())", [{"value": "2"}]),
    ("iif(active, 'yes', 'no')", ["yes"]),
    ("iif(active.not(), 'yes', 'no')", ["no"]),
    ("iif(active.not(), 'yes')", []),
    ("contact.iif(empty(), true, false)", [True]),
    ("name.iif(empty(), use, given.first())", ["Tolvan"]),
    ("name.trace('names').use", ["official", "usual"]),
    ("name.trace('names', use).use", ["official", "usual"]),
]


@pytest.mark.parametrize(("expression", "expected"), CHOOSING)
def test_what_is_chosen_is_what_fhirpath_says(expression, expected):
    assert expected == compile_path(expression, "Patient")(PATIENT)


def test_of_a_choice_it_is_enough_that_one_type_has_the_element():
    concept = {"valueCodeableConcept": {"coding": [{"code": "x"}]}}

    assert ["x"] == compile_path("value.coding.code", "Observation")(concept)
    with pytest.raises(PathError):
        compile_path("value.colour", "Observation")
