"""Values that are the same, whatever the order of their members."""

import pytest

from fhir_server.fhir.path.branch import VALUELESS, distinct, identity


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (1, True, False),
        (1, 1.0, True),
        ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": 1}, {"a": True}, False),
        ([], {}, False),
        (VALUELESS, VALUELESS, True),
    ],
)
def test_equal_values_share_a_key(one, other, same):
    assert same == (identity(one) == identity(other))


def test_of_equal_values_one_is_kept_in_its_place():
    assert ["b", {"x": 1}, "a"] == distinct(["b", {"x": 1}, "b", "a", {"x": 1}])


def test_an_element_without_a_value_shows_itself():
    assert "VALUELESS" == repr(VALUELESS)
