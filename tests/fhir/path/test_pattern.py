"""Regular expressions that cannot stall."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.path.parse import PathError
from fhir_server.fhir.path.pattern import LONGEST_TEXT, pattern

NAME = "[A-Z]([A-Za-z0-9_]){0,254}"


@pytest.mark.parametrize(
    "source",
    [
        NAME,
        "([^|#])*",
        r"^[a-zA-Z0-9\/\-_\[\]\@]+$",
        r"[A-Za-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*(\[x])?)*",
        r"\d{8}-?\d{4}",
        r"SE\d{10}-\w+",
        r"a{2,3}|b{2}|c{1,}|",
        r"(?:ab|a)(bc)?",
        r"[\s\-x]+",
        r"\W\D\S",
        "a.c",
        r"[]a]",
        r"\n\t[\n]?",
    ],
)
@pytest.mark.parametrize(
    "text",
    ["", "A", "Abc_9", "a b", "Patient.name", "Patient.value[x]", "19121212-1212", "SE2321000016-1003", "aa", "aaaa", "bb",
     "cc", "ab", "abc", "abbc", " -x", "-a-", "a\nc", "]", "a]", "\n\t", "a/b-[c]@", "x|1"],
)  # fmt: skip
def test_a_pattern_means_what_python_means_by_the_whole_string(source, text):
    source = source.replace("[]a]", r"[\]a]")

    assert bool(re.fullmatch(source, text, re.DOTALL | re.ASCII)) == pattern(source)(text)


@given(
    st.recursive(
        st.sampled_from(["a", "b", "[ab]", "[^a]", "."]),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
            st.tuples(inner, st.sampled_from("*+?")).map(lambda pair: f"({pair[0]}){pair[1]}"),
            st.tuples(inner, st.sampled_from(["{0,2}", "{2}", "{1,}"])).map(lambda pair: f"({pair[0]}){pair[1]}"),
        ),
        max_leaves=5,
    ),
    st.text(alphabet="abc", max_size=6),
)
def test_any_pattern_means_what_python_means(source, text):
    assert bool(re.fullmatch(source, text)) == pattern(source)(text)


@pytest.mark.parametrize("source", ["(a+)+b", "(a|aa)*b", "(a*)*b", "((a{1,64}){1,64}b|(a{1,3})+){1,9}c"])
def test_a_pattern_that_stalls_others_ends_here(source):
    assert pattern(source)("a" * 1000) in {False, None}


def test_a_text_too_long_to_tell_is_left_open():
    assert pattern("a*")("a" * LONGEST_TEXT) is True
    assert pattern("a*")("a" * (LONGEST_TEXT + 1)) is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("(a", "(a)"),
        ("a)", "(a)"),
        ("[a", "[a]"),
        ("*a", "a*"),
        ("a**", "a*"),
        ("a{2,1}", "a{1,2}"),
        ("a{x}", "a{1}"),
        ("a{1", "a{1}"),
        ("a{9999}", "a{999}"),
        ("(?=a)", "(?:a)"),
        (r"(a)\1", "(a)a"),
        (r"\b", r"\w"),
        ("a^b", "^ab"),
        ("a$b", "ab$"),
        ("a\\", "a"),
        ("(" * 50 + ")" * 50, "(())"),
        ("|".join(f"{n}x" for n in range(100)), "1x|2x"),
    ],
)
def test_a_pattern_beyond_the_subset_is_refused(wrong, right):
    pattern(right)

    with pytest.raises(PathError):
        pattern(wrong)
