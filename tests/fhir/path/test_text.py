"""https://hl7.org/fhirpath/N1/#string-manipulation https://hl7.org/fhirpath/N1/#conversion"""

from decimal import Decimal

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
TEXT = [
    ("'abc'.contains('b')", [True]),
    ("'abc'.startsWith('b')", [False]),
    ("'abc'.endsWith('c')", [True]),
    ("'abc'.startsWith(1)", []),
    ("'abc'.startsWith({})", []),
    ("'abc'.length()", [3]),
    ("'abc'.upper()", ["ABC"]),
    ("'ABC'.lower()", ["abc"]),
    ("'abc'.indexOf('c')", [2]),
    ("'abc'.indexOf('x')", [-1]),
    ("'abc'.substring(1)", ["bc"]),
    ("'abc'.substring(1, 1)", ["b"]),
    ("'abc'.substring(3)", []),
    ("'abc'.substring(0, 0-1)", [""]),
    ("birthDate.matches('[0-9]{4}(-[0-9]{2}){2}')", [True]),
    ("birthDate.matches('[0-9]{4}')", [False]),
    ("name.given.matches('T')", []),
    ("'12'.toInteger()", [12]),
    ("'1.2'.toInteger()", []),
    ("true.toInteger()", [1]),
    ("'1.20'.toDecimal()", [Decimal("1.20")]),
    ("'x'.toDecimal()", []),
    ("'Infinity'.toDecimal()", []),
    ("false.toDecimal()", [Decimal(0)]),
    ("name.first().toDecimal()", []),
    ("multipleBirth.ofType(integer).toString()", ["2"]),
    ("true.toString()", ["true"]),
    ("name.first().toString()", []),
]


@pytest.mark.parametrize(("expression", "expected"), TEXT)
def test_a_function_of_text_gives_what_fhirpath_says(expression, expected):
    assert expected == compile_path(expression, "Patient")(PATIENT)
