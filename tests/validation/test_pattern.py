from typing import Any

import pytest

from fhir_server.fhir.codec import Number
from fhir_server.validation.pattern import exactly, having


@pytest.mark.parametrize(
    ("value", "wanted", "same", "fitting"),
    [
        ("x", "x", True, True),
        ("x", "y", False, False),
        (1, True, False, False),
        (True, True, True, True),
        (Number("1.00"), Number("1.0"), True, True),
        (None, "x", False, False),
        ({"a": 1, "b": 2}, {"a": 1}, False, True),
        ({"a": 1}, {"a": 1, "b": 2}, False, False),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, False, True),
        ([1, 2], [2], False, True),
        ([2, 1], [1, 2], False, True),
        ([1, 2], [1, 2], True, True),
        ([1], [1, 2], False, False),
        ([{"a": 1}, {"b": 2, "c": 3}], [{"b": 2}], False, True),
        ([{"a": 1}, {"b": 2}], [{"a": 1, "b": 2}], False, False),
        ("x", {"a": 1}, False, False),
        ({"a": 1}, [1], False, False),
        ({"a": [1]}, {"a": 1}, False, False),
    ],
)
def test_a_fixed_value_is_the_whole_and_a_pattern_a_part(value: Any, wanted: Any, same: bool, fitting: bool) -> None:
    assert same is exactly(wanted)(value)
    assert fitting is having(wanted)(value)
