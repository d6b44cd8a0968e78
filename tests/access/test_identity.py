"""Who a person is: by one national identifier."""

import pytest

from fhir_server.access.identity import load_persons
from tests.builders import PERSONNUMMER, TEST_PERSON

PERSONS = load_persons()
BY_NUMBER = ("identifier", f"{PERSONNUMMER}|{TEST_PERSON}")


@pytest.mark.parametrize(
    "system",
    [
        PERSONNUMMER,
        "urn:oid:1.2.752.129.2.1.3.1",
        "http://electronichealth.se/identifier/samordningsnummer",
        "urn:oid:1.2.752.129.2.1.3.3",
        "http://electronichealth.se/identifier/nationelltReservnummer",
        "urn:oid:1.2.752.74.9.1",
    ],
)
def test_a_national_identifier_names_a_person_in_either_form(system):
    assert PERSONS.names_one("Patient", [("identifier", f"{system}|{TEST_PERSON}")])


@pytest.mark.parametrize(
    ("type", "criteria"),
    [
        ("Practitioner", [BY_NUMBER]),
        ("Patient", []),
        ("Patient", [BY_NUMBER, BY_NUMBER]),
        ("Patient", [BY_NUMBER, ("active", "true")]),
        ("Patient", [("identifier:not", BY_NUMBER[1])]),
        ("Patient", [("identifier", TEST_PERSON)]),
        ("Patient", [("identifier", f"{PERSONNUMMER}|")]),
        ("Patient", [("identifier", f"{BY_NUMBER[1]},{PERSONNUMMER}|196101182803")]),
        ("Patient", [("identifier", f"urn:of-a-region|{TEST_PERSON}")]),
    ],
)
def test_anything_less_or_more_names_nobody(type, criteria):
    assert not PERSONS.names_one(type, criteria)
