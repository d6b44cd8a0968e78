"""https://hl7.org/fhir/R4/search.html#escaping"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.values.escape import escaped, plain, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b", ["a", "b"]),
        ("a", ["a"]),
        ("", [""]),
        (",", ["", ""]),
        (r"a\,b,c", [r"a\,b", "c"]),
        (r"a\\,b", [r"a\\", "b"]),
        (r"a\b,c", [r"a\b", "c"]),
        ("a\\", ["a\\"]),
        (r"\|,\$", [r"\|", r"\$"]),
    ],
)
def test_a_separator_is_one_unless_a_backslash_precedes_it(text, parts):
    assert parts == split(text, ",")


@pytest.mark.parametrize(
    ("text", "meant"),
    [(r"a\,b", "a,b"), (r"a\|b", "a|b"), (r"a\$b", "a$b"), (r"a\\b", "a\\b"), (r"a\b", r"a\b"), ("a\\", "a\\")],
)
def test_a_backslash_before_a_separator_is_taken_away(text, meant):
    assert meant == plain(text)


@given(st.lists(st.text(alphabet=",|$\\a", max_size=5), min_size=1, max_size=4))
def test_escaped_parts_come_back(parts):
    escaped = ["".join(f"\\{c}" if c in ",|$\\" else c for c in part) for part in parts]

    assert parts == [plain(part) for part in split(",".join(escaped), ",")]


@given(st.text(alphabet="a\\,|$", max_size=12))
def test_an_escaped_text_is_one_value_and_means_itself(text):
    value = escaped(text)

    assert [[value]] * 3 == [split(value, separator) for separator in ",|$"]
    assert text == plain(value)
