"""https://hl7.org/fhirpath/N1/#existence https://hl7.org/fhirpath/N1/#tree-navigation"""

import pytest

from fhir_server.fhir.path import compile_path

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "birthDate": "1912-12-12",
    "name": [{"use": "official", "given": ["Tolvan", "T"]}, {"use": "usual", "given": ["T"]}],
    "telecom": [{"value": "1"}, {"value": "2"}, {"value": "1"}],
    "multipleBirthInteger": 2,
    "link": [{"other": {"reference": "Patient/1"}}, {"other": {"reference": "urn:x:y"}}],
}
EXISTENCE = [
    ("name.exists()", [True]),
    ("contact.exists()", [False]),
    ("name.exists(use = 'usual')", [True]),
    ("name.exists(use = 'old')", [False]),
    ("name.empty()", [False]),
    ("name.all(given.exists())", [True]),
    ("name.all(given.count() > 1)", [False]),
    ("contact.all(name.exists())", [True]),
    ("name.given.count()", [3]),
    ("name.use.isDistinct()", [True]),
    ("telecom.isDistinct()", [False]),
    ("active.hasValue()", [True]),
    ("gender.hasValue()", [False]),
    ("name.first().hasValue()", [False]),
    ("active.not()", [False]),
    ("gender.not()", []),
    ("name.first().not()", [False]),
    ("name.given.not()", []),
    ("link.other.resolve().count()", [1]),
    ("link.first().other.resolve().is(Patient)", [True]),
]
TREE = [
    ("name.first().children().count()", [3]),
    ("descendants().value", ["1", "2", "1"]),
    ("descendants().given.count()", [3]),
    ("active.children()", []),
    ("link.descendants().reference", ["Patient/1", "urn:x:y"]),
]


@pytest.mark.parametrize(("expression", "expected"), [*EXISTENCE, *TREE])
def test_a_function_gives_what_fhirpath_says(expression, expected):
    assert expected == compile_path(expression, "Patient")(PATIENT)
