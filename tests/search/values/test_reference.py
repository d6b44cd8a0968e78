"""https://hl7.org/fhir/R4/search.html#reference"""

import pytest

from fhir_server.search.query import Reference
from fhir_server.search.values.reference import REFERENCES, reference

BASE = "http://127.0.0.1:8080/fhir"


@pytest.mark.parametrize(
    ("kind", "value", "pairs"),
    [
        ("Reference", {"reference": "Patient/1"}, [("Patient", "1")]),
        ("Reference", {"reference": "Patient/1/_history/2"}, [("Patient", "1")]),
        ("Reference", {"reference": f"{BASE}/Patient/1"}, [("Patient", "1")]),
        ("Reference", {"reference": f"{BASE}/Patient/1/_history/2"}, [("Patient", "1")]),
        ("Reference", {"reference": "https://other.example/fhir/Patient/1"}, [("", "https://other.example/fhir/Patient/1")]),
        ("Reference", {"reference": "urn:oid:1.2.3"}, [("", "urn:oid:1.2.3")]),
        ("Reference", {"reference": "#goal"}, [("", "#")]),
        ("Reference", {"identifier": {"value": "1"}}, []),
        ("Reference", {"reference": 7}, []),
        ("canonical", "https://x.example/Q|2", [("", "https://x.example/Q|2"), ("", "https://x.example/Q")]),
        ("canonical", "https://x.example/Q", [("", "https://x.example/Q")]),
        ("uri", "https://x.example/Q", [("", "https://x.example/Q")]),
    ],
)  # fmt: skip
def test_a_value_gives_what_it_names(kind, value, pairs):
    assert pairs == list(REFERENCES[kind](value, BASE))


@pytest.mark.parametrize(
    ("text", "targets", "type", "asked"),
    [
        ("1", ("Patient",), "", Reference("p", "Patient", "1")),
        ("1", ("Group", "Patient"), "", Reference("p", None, "1")),
        ("1", ("Group", "Patient"), "Group", Reference("p", "Group", "1")),
        ("Patient/1", (), "", Reference("p", "Patient", "1")),
        ("Patient/1", (), "Patient", Reference("p", "Patient", "1")),
        (f"{BASE}/Patient/1", (), "", Reference("p", "Patient", "1")),
        ("Patient/1/_history/2", (), "", Reference("p", "Patient", "1")),
        ("https://other.example/Patient/1", (), "", Reference("p", "", "https://other.example/Patient/1")),
        (r"https://x.example/Q\|2", (), "", Reference("p", "", "https://x.example/Q|2")),
        ("urn:oid:1.2.3", (), "", Reference("p", "", "urn:oid:1.2.3")),
    ],
)
def test_a_reference_is_asked_for_by_id_by_type_or_by_address(text, targets, type, asked):
    assert asked == reference("p", text, BASE, targets, type)


@pytest.mark.parametrize(
    ("text", "type"),
    [("", ""), ("Colour/1", ""), ("Patient/", ""), ("a b", ""), ("Patient/1", "Group"), ("urn:oid:1.2.3", "Patient")],
)
def test_what_is_no_reference_is_none(text, type):
    assert reference("p", text, BASE, (), type) is None
