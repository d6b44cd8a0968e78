"""https://hl7.org/fhir/R4/search.html#string"""

import string as letters
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.query import Text
from fhir_server.search.values.string import (
    LONGEST_KEY,
    MOST_BEGINNINGS,
    STRINGS,
    fold,
    folded_words,
    key,
    of_name,
    string,
)

LATIN = st.text(alphabet=letters.ascii_letters + "ÅÄÖåäöÉéÜüØøÆæŁłñçß -'’.,", max_size=30)  # noqa: RUF001  # the typographic one is meant


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Åsa  Öberg-Lind", "asa oberg lind"),
        ("ÅNGSTRÖM", "angstrom"),
        ("Å", "a"),
        ("A\u030a", "a"),
        ("\u212b", "a"),
        ("O'Brien", "obrien"),
        ("O’Brien", "obrien"),  # noqa: RUF001
        ("Søren Æbelø", "soren aebelo"),
        ("Łódź", "lodz"),
        ("Þór Ðahl", "thor dahl"),
        ("Œuvre", "oeuvre"),
        ("Straße", "strasse"),
        ("ﬁnal", "final"),
        ("℡", "tel"),
        ("Storgatan 12, 3 tr.", "storgatan 12 3 tr"),
        ("snake_case", "snake case"),
        ("\ttab\nline\u00a0space", "tab line space"),
        ("Ольга", "ольга"),
        ("महिमा", "मह म"),
        ("李明", "李明"),
        ("—…!", ""),
        ("", ""),
    ],
)
def test_what_is_compared_has_no_case_accents_or_punctuation(text, folded):
    assert folded == fold(text)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text):
    assert fold(text) == fold(fold(text))


@given(st.text(max_size=40))
def test_a_folded_text_is_its_words(text):
    assert fold(text).split(" ") == folded_words(text) or (fold(text), folded_words(text)) == ("", [])


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=20))
def test_the_table_of_letters_says_what_the_pattern_says(text):
    beyond_the_table = "\ufb01"

    assert [*folded_words(text), "fi"] == folded_words(f"{text} {beyond_the_table}")


@given(LATIN)
def test_case_makes_no_difference(text):
    assert fold(text) == fold(text.upper()) == fold(text.lower())


@given(LATIN, LATIN)
def test_a_text_begins_and_contains_as_it_is_read(text, more):
    assert fold(f"{text} {more}").startswith(fold(text))
    assert fold(more) in fold(f"{text} {more}")


NAMES = ["Aa", "Andersson", "Berg Anna", "Berg Åsa", "Bergman", "Eskil", "Étienne", "Xu", "Über", "Yrsa", "Zorn"]
NAMES += ["Åberg", "Ålund", "Æbelø", "Ärlig", "Öberg", "Ørsted", "Östman"]


def test_the_order_is_swedish():
    assert NAMES == sorted({*NAMES}, key=key)


def test_the_letters_after_z_are_the_same_however_they_are_written():
    assert key("Å") == key("å") == key("A\u030a") == key("\u212b") > key("Z")
    assert key("A'b") == key("Ab")
    assert key("o'å") == key("oå")


@pytest.mark.parametrize("text", ["{", "a|b", "}z"])
def test_a_brace_is_no_letter(text):
    assert key(text) == fold(text)


@given(st.text(max_size=200))
def test_a_key_is_short_and_the_same_for_what_is_folded_alike(text):
    assert LONGEST_KEY >= len(key(text))
    assert key(text) == key(text.replace(" ", "  "))
    assert bool(key(text)) == bool(fold(text))


@given(st.text(alphabet=letters.ascii_letters + " -.", max_size=40))
def test_without_accents_the_key_is_the_folded_text(text):
    assert fold(text)[:LONGEST_KEY] == key(text)


@pytest.mark.parametrize(
    ("kind", "value", "folded"),
    [
        ("string", "Ängsstigen", ["angsstigen"]),
        ("markdown", "*Plan* B", ["plan b"]),
        ("string", "", []),
        ("HumanName", {"family": "Ek", "given": ["Åsa", "Eva"], "use": "official"}, ["asa", "ek", "eva"]),
        ("HumanName", {"text": "Åsa Ek", "prefix": ["Dr"], "suffix": ["jr"]}, ["asa ek", "dr", "ek", "jr"]),
        ("HumanName", {"family": "Öberg Lind"}, ["lind", "oberg lind"]),
        ("HumanName", {"family": 7, "given": [None, {}], "text": []}, []),
        ("Address", {"line": ["Storgatan 1"], "city": "Åmål", "postalCode": "662 30"}, ["662 30", "amal", "storgatan 1"]),
        ("Address", {"use": "home", "period": {}}, []),
    ],
)  # fmt: skip
def test_a_value_gives_its_parts(kind, value, folded):
    assert folded == sorted(one for _, one, _ in STRINGS[kind](value))


def test_a_later_word_of_a_name_is_not_the_exact_name_and_has_its_place():
    first, second = of_name("Öberg Lind")

    assert ("}berg lind", "oberg lind", "Öberg Lind") == first
    assert ("}berg lind", "lind", "") == second


def test_a_search_begins_at_no_more_than_so_many_words():
    assert MOST_BEGINNINGS == len(of_name("o " * 1000))


@pytest.mark.parametrize(
    ("text", "modifier", "asked"),
    [
        ("Öberg", "", Text("p", "starts", "oberg")),
        ("Öberg", "contains", Text("p", "contains", "oberg")),
        ("Öberg", "exact", Text("p", "exact", "Öberg")),
        ("Öberg", "equals", Text("p", "equals", "oberg")),
        ("Öberg", "ends", Text("p", "ends", "oberg")),
        (r"Ek\, Eva", "", Text("p", "starts", "ek eva")),
        (r"Ek\, Eva", "exact", Text("p", "exact", "Ek, Eva")),
        (".*.*(a+)+$", "contains", Text("p", "contains", "a")),
        ("—", "exact", Text("p", "exact", "—")),
    ],
)
def test_a_string_is_asked_for_by_its_beginning_or_as_the_modifier_says(text, modifier, asked):
    assert asked == string("p", text, modifier)


@pytest.mark.parametrize(("text", "modifier"), [("", ""), ("—", ""), ("", "exact"), (" ", "contains")])
def test_where_nothing_is_left_to_look_for_there_is_no_question(text, modifier):
    assert string("p", text, modifier) is None


def test_a_megabyte_is_folded_in_no_time():
    for text in ("a" * 2**20, "å" * 2**20, "a b" * 2**18, "\u0301" * 2**20, "'’ø" * 2**18):  # noqa: RUF001
        started = time.perf_counter()
        fold(text)
        key(text)
        assert 10 > time.perf_counter() - started
