"""https://hl7.org/fhir/R4/search.html#number https://hl7.org/fhir/R4/search.html#quantity"""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.codec import Number
from fhir_server.search.index import Index
from fhir_server.search.match import Candidate, matches
from fhir_server.search.query import Amount
from fhir_server.search.values.amount import LEAST, MOST, NUMBERS, QUANTITIES, number, quantity

MG = {"value": Number("5.4"), "unit": "milligram", "system": "http://unitsofmeasure.org", "code": "mg"}
UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("kind", "value", "ranges"),
    [
        ("Quantity", MG, [(5.4, 5.4, UCUM, "mg"), (5.4, 5.4, "", "milligram")]),
        ("Quantity", MG | {"unit": "mg"}, [(5.4, 5.4, UCUM, "mg")]),
        ("Quantity", {"value": 5}, [(5, 5, "", "")]),
        ("Quantity", {"value": 5, "unit": "st"}, [(5, 5, "", ""), (5, 5, "", "st")]),
        ("Quantity", {"value": 5, "comparator": "<"}, [(LEAST, 4.999999999999999, "", "")]),
        ("Quantity", {"value": 5, "comparator": "<="}, [(LEAST, 5, "", "")]),
        ("Quantity", {"value": 5, "comparator": ">="}, [(5, MOST, "", "")]),
        ("Quantity", {"value": 5, "comparator": ">"}, [(5.000000000000001, MOST, "", "")]),
        ("Quantity", {"value": 5, "comparator": ["<"]}, [(5, 5, "", "")]),
        ("Quantity", {"unit": "st"}, []),
        ("Quantity", {"value": "5"}, []),
        ("Quantity", {"value": True}, []),
        ("Quantity", {"value": 5, "unit": 7, "code": None}, [(5, 5, "", "")]),
        ("Range", {"low": {"value": 1, "code": "h"}, "high": {"value": 2}}, [(1, 2, "", "h")]),
        ("Range", {"low": {"value": 1, "unit": "timmar"}}, [(1, MOST, "", ""), (1, MOST, "", "timmar")]),
        ("Range", {"high": {"value": 2}}, [(LEAST, 2, "", "")]),
        ("Range", {}, []),
        ("Range", {"low": 1, "high": [2]}, []),
        ("SampledData", {"origin": {"value": 1}, "lowerLimit": 0, "upperLimit": 9}, [(0, 9, "", "")]),
        ("SampledData", {"origin": {"value": 1}, "lowerLimit": 0}, [(1, 1, "", "")]),
        ("SampledData", {"origin": "1"}, []),
    ],
)
def test_a_quantity_gives_its_range_and_units(kind, value, ranges):
    assert ranges == list(QUANTITIES[kind](value))


@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        (7, [(7, 7, "", "")]),
        (Number("1.00"), [(1, 1, "", "")]),
        (Number("1e400"), [(MOST, MOST, "", "")]),
        (10**400, [(MOST, MOST, "", "")]),
        (-(10**400), [(LEAST, LEAST, "", "")]),
        (True, []),
        ("7", []),
        (None, []),
    ],
)
def test_a_number_gives_itself(value, ranges):
    assert ranges == list(NUMBERS["decimal"](value))


def hit(asked: Amount, stored: object) -> bool:
    index = Index(amounts={"p": list(NUMBERS["decimal"](stored))})
    return matches(asked, Candidate("Observation", "1", 0, index))


@pytest.mark.parametrize(
    ("asked", "inside", "outside"),
    [
        ("100", ["99.5", "100", "100.4999999999"], ["99.4999999999", "100.5"]),
        ("100.00", ["99.995", "100.00499999"], ["99.99499999", "100.005"]),
        ("1e2", ["50", "100", "149.9"], ["49.9", "150"]),
        ("1.00e2", ["99.5", "100.49"], ["100.5"]),
        ("-5", ["-5.5", "-5", "-4.51"], ["-4.5", "-5.51", "5"]),
        ("0", ["-0.5", "0", "0.4999"], ["0.5"]),
        ("+2.0", ["1.95", "2.04"], ["2.05"]),
        ("lt100", ["99.9999"], ["100", "100.1"]),
        ("le100", ["100", "99"], ["100.0001"]),
        ("gt100", ["100.0001"], ["100"]),
        ("ge100", ["100", "101"], ["99.9999"]),
        ("sa100", ["100.0001"], ["100"]),
        ("eb100", ["99.9999"], ["100"]),
        ("ne100", ["99.49", "100.5", "7"], ["100", "99.5"]),
        ("ap100", ["90", "100", "109.9"], ["89.9", "111"]),
        ("ap0.1", ["0.05", "0.1", "0.149"], ["0.04", "0.16"]),
        ("123456789012345678901234567890", ["123456789012345678901234567890"], ["123456789012345778901234567890"]),
    ],
)
def test_a_number_means_what_rounds_to_it_and_with_a_prefix_the_very_number(asked, inside, outside):
    found = number("p", asked)

    assert found is not None
    assert [True] * len(inside) == [hit(found, Number(one)) for one in inside]
    assert [False] * len(outside) == [hit(found, Number(one)) for one in outside]


DIGITS = st.text(alphabet="0123456789", min_size=1, max_size=7)
"""Fourteen figures at the most: a float has fifteen."""
WRITTEN = st.builds(
    lambda sign, whole, rest: f"{sign}{whole}" + (f".{rest}" if rest else ""),
    st.sampled_from(["", "-"]),
    DIGITS,
    st.one_of(st.just(""), DIGITS),
)


@given(WRITTEN, WRITTEN)
def test_equality_is_what_decimal_reckoning_says(asked, stored):
    half = Fraction(Decimal(5).scaleb(int(Decimal(asked).as_tuple().exponent) - 1))
    there = Fraction(Decimal(asked)) - half <= Fraction(Decimal(stored)) < Fraction(Decimal(asked)) + half

    assert there == hit(number("p", asked), Number(stored))
    assert there != hit(number("p", f"ne{asked}"), Number(stored))


@given(WRITTEN, WRITTEN, st.sampled_from(["lt", "le", "gt", "ge", "sa", "eb"]))
def test_a_comparison_is_what_decimal_reckoning_says(asked, stored, prefix):
    one, other = Decimal(stored), Decimal(asked)
    expected = {
        **dict.fromkeys(("gt", "sa"), one > other),
        **dict.fromkeys(("lt", "eb"), one < other),
        "ge": one >= other,
        "le": one <= other,
    }

    assert expected[prefix] == hit(number("p", f"{prefix}{asked}"), Number(stored))


@given(WRITTEN | st.decimals(-(10**20), 10**20, places=12).map("{:f}".format))
def test_a_number_is_always_found_by_itself(written):
    assert hit(number("p", written), Number(written))
    assert hit(number("p", f"ap{written}"), Number(written))


@pytest.mark.parametrize(
    "text",
    ["", "eq", "x", "1,0", "1.", ".5", "1e", "1e999999", "1e100", "9" * 31, "0x10", "\u0661", "NaN", "Infinity", "zz1", "eq eq1", "--1", " 1", "1 "],
)  # fmt: skip
def test_what_is_no_number_is_none(text):
    assert number("p", text) is None
    assert quantity("p", text) is None


@pytest.mark.parametrize(
    ("text", "system", "code"),
    [
        ("5.4", None, None),
        ("5.4|http://unitsofmeasure.org|mg", UCUM, "mg"),
        ("5.4||mg", None, "mg"),
        (r"5.4||a\|b", None, "a|b"),
    ],
)
def test_a_quantity_is_asked_for_with_a_unit_or_without(text, system, code):
    found = quantity("p", text)

    assert (5.35, 5.449999999999999, system, code) == (found.low, found.high, found.system, found.code)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5.4|http://unitsofmeasure.org|mg", True),
        ("5.4||mg", True),
        ("5.4||milligram", True),
        ("5.4", True),
        ("5.40", True),
        ("le5.4|http://unitsofmeasure.org|mg", True),
        ("lt5.4|http://unitsofmeasure.org|mg", False),
        ("5.4|http://unitsofmeasure.org|milligram", False),
        ("5.4|urn:other|mg", False),
        ("5.4||MG", False),
        ("6||mg", False),
    ],
)
def test_a_unit_is_the_code_of_its_system_or_else_what_is_read(text, found):
    index = Index(amounts={"p": list(QUANTITIES["Quantity"](MG))})

    assert found == matches(quantity("p", text), Candidate("Observation", "1", 0, index))


@pytest.mark.parametrize("text", ["5.4|", "5.4|mg", "5.4|s|", "5.4||", "5.4|a|b|c", "|s|mg", "five||mg"])
def test_what_is_no_quantity_is_none(text):
    assert quantity("p", text) is None


def test_a_comparator_is_all_that_it_says():
    index = Index(amounts={"p": list(QUANTITIES["Quantity"]({"value": 5, "comparator": "<"}))})

    expected = {"lt5": True, "le5": True, "gt5": False, "eb5": True, "sa1": False, "gt1": True, "5": False, "ap5": True}
    assert expected == {
        text: matches(quantity("p", text), Candidate("Observation", "1", 0, index)) for text in expected
    }
