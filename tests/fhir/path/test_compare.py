"""https://hl7.org/fhirpath/N1/#equality https://hl7.org/fhirpath/N1/#comparison"""

import pytest

from fhir_server.fhir.codec import Number
from fhir_server.fhir.path import constraint

IN_ORDER = constraint("start <= end", "Period")
SAME = constraint("start = end", "Period")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02", "2026-03-03", True),
        ("2026-03-03", "2026-03-02", False),
        ("2026-03-02", "2026-03-02", True),
        ("2026", "2027-01-01", True),
        ("2027", "2026-12-31", False),
        ("2026", "2026-03-02", None),
        ("2026-03-02", "2026-03-02T10:00:00Z", None),
        ("2026-03-02T10:00:00Z", "2026-03-02T12:00:00+03:00", False),
        ("2026-03-02T10:00:00Z", "2026-03-02T12:00:00+01:00", True),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00.000Z", True),
        ("2026-03-02T10:00:00.500Z", "2026-03-02T10:00:00Z", False),
        # a value without a zone is read in the zone of the other
        ("2026-03-02", "2026-03-02T00:30:00+01:00", None),
        ("2026-03-02", "2026-03-01T23:30:00+01:00", False),
        ("2026-03-02T10:00:00", "2026-03-02T10:00:00+01:00", True),
        ("soon", "2026-03-02", None),
        ("2026-03-02", None, None),
        (["2026-03-02"], "2026-03-03", None),
    ],
)
def test_dates_compare_as_exactly_as_they_are_told(start, end, expected):
    assert expected is IN_ORDER({"start": start, "end": end}, {})


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02", "2026-03-02", True),
        ("2026-03-02", "2026-03-03", False),
        ("2026-03", "2026-03-02", None),
        ("2026-03", "2026-04-02", False),
        ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00+01:00", True),
    ],
)
def test_dates_are_equal_where_they_mean_the_same_moment(start, end, expected):
    assert expected is SAME({"start": start, "end": end}, {})


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ({"value": 1}, {"value": 2}, True),
        ({"value": 2}, {"value": Number("1.5")}, False),
        ({"value": 1, "code": "kg", "system": "u"}, {"value": 2, "code": "kg", "system": "u"}, True),
        ({"value": 1, "code": "kg", "system": "u"}, {"value": 2, "code": "g", "system": "u"}, None),
        ({"value": 1, "unit": "kg"}, {"value": 2, "unit": "g"}, None),
        ({"value": "1"}, {"value": 2}, None),
        ({}, {"value": 2}, None),
    ],
)
def test_quantities_compare_within_one_unit(low, high, expected):
    assert expected is constraint("low <= high", "Range")({"low": low, "high": high}, {})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 = 1.0", True),
        ("1 = '1'", False),
        ("true = 1", False),
        ("'a' < 'b'", True),
        ("'a' < 1", None),
        ("{} = 1", None),
        ("(1 | 2) = (1 | 2)", True),
        ("(1 | 2) = (2 | 1)", False),
        ("(1 | 2) = 1", False),
        ("(1 | 2) < 3", None),
        ("@2026-03-02 = @2026-03-02T10:00:00", None),
        ("@2026-03-02 < @2026-03-03T10:00:00", True),
        ("1 != 2", True),
        ("{} != 2", None),
    ],
)
def test_values_compare_by_what_they_are(expression, expected):
    assert expected is constraint(expression, "Patient")({}, {})


def test_concepts_are_equal_whatever_the_order_of_their_members():
    same = constraint("code = category.first()", "Observation")

    assert same({"code": {"text": "a", "id": "1"}, "category": [{"id": "1", "text": "a"}]}, {})
    assert same({"code": {"text": "a", "id": "1"}, "category": [{"id": "1", "text": "b"}]}, {}) is False
