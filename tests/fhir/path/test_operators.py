"""https://hl7.org/fhirpath/N1/#operations"""

from decimal import Decimal

import pytest

from fhir_server.fhir.path import compile_path, constraint

TRUTH = {"true": True, "false": False, "{}": None}
LOGIC = {
    "and": [True, False, None, False, False, False, None, False, None],
    "or": [True, True, True, True, False, None, True, None, None],
    "xor": [False, True, None, True, False, None, None, None, None],
    "implies": [True, False, None, True, True, True, True, None, None],
}


@pytest.mark.parametrize("operator", LOGIC)
def test_logic_has_three_values(operator):
    pairs = [f"{left} {operator} {right}" for left in TRUTH for right in TRUTH]

    assert LOGIC[operator] == [constraint(pair, "Patient")({}, {}) for pair in pairs]


def test_one_value_that_is_no_boolean_counts_as_true():
    rule = constraint("name and active", "Patient")

    assert rule({"name": [{"family": "T"}], "active": True}, {})
    assert rule({"active": True}, {}) is None
    assert rule({"name": [{"family": "T"}, {"family": "S"}], "active": True}, {}) is None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a' in ('a' | 'b')", [True]),
        ("'c' in ('a' | 'b')", [False]),
        ("{} in ('a' | 'b')", []),
        ("'a' in {}", [False]),
        ("('a' | 'b') contains 'b'", [True]),
        ("1 in (true | 2)", [False]),
        ("'a' & 'b'", ["ab"]),
        ("'a' & {}", ["a"]),
        ("1 + 2 * 3", [7]),
        ("7 - 2", [5]),
        ("1 / 4", [Decimal("0.25")]),
        ("1 / 0", []),
        ("7 div 2", [3]),
        ("7 mod 2", [1]),
        ("1 + {}", []),
        ("1 + true", []),
        ("-1.5", [Decimal("-1.5")]),
        ("-'a'", []),
        ("2 >= 2", [True]),
        ("2 > 2", [False]),
        ("1 < 2", [True]),
        ("2 <= 1", [False]),
    ],
)
def test_an_operator_gives_what_fhirpath_says(expression, expected):
    assert expected == compile_path(expression, "Patient")({})


def test_a_number_beyond_all_reckoning_is_empty():
    assert [] == compile_path("value * value", "Quantity")({"value": Decimal("1e999999")})
