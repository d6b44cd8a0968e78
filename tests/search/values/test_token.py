"""https://hl7.org/fhir/R4/search.html#token"""

import pytest

from fhir_server.search.query import Some, Token, Under
from fhir_server.search.values.token import TOKENS, bare, flag, media_type, of_type, token


@pytest.mark.parametrize(
    ("kind", "value", "pairs"),
    [
        ("Coding", {"system": "s", "code": "c"}, [("s", "c")]),
        ("Coding", {"code": "c"}, [("", "c")]),
        ("Coding", {"system": "s"}, [("s", "")]),
        ("Coding", {"display": "text alone"}, []),
        ("CodeableConcept", {"coding": [{"system": "s", "code": "c"}, {"code": "d"}]}, [("s", "c"), ("", "d")]),
        ("CodeableConcept", {"text": "text alone"}, []),
        ("CodeableConcept", {"coding": "nonsense"}, []),
        ("CodeableConcept", {"coding": [None, "x", {"code": 1}]}, []),
        ("Identifier", {"system": "s", "value": "v"}, [("s", "v")]),
        ("Identifier", {"value": "v"}, [("", "v")]),
        ("ContactPoint", {"system": "phone", "value": "08-1"}, [("", "08-1")]),
        ("ContactPoint", {"system": "phone"}, []),
        ("code", "active", [("", "active")]),
        ("boolean", False, [("", "false")]),
        ("boolean", True, [("", "true")]),
        ("string", "Text Å", [("", "text å")]),
        ("uri", "urn:x", [("", "urn:x")]),
    ],
)
def test_a_value_gives_its_tokens(kind, value, pairs):
    assert pairs == list(TOKENS[kind](value))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("c", Token("p", None, "c")),
        ("s|c", Token("p", "s", "c")),
        ("|c", Token("p", "", "c")),
        ("s|", Token("p", "s", None)),
        (r"s\|t|c\,d", Token("p", "s|t", "c,d")),
        ("urn:implied|c", Token("p", "", "c")),
        ("urn:implied|", Token("p", "", None)),
    ],
)
def test_a_token_is_asked_for_in_four_forms(text, asked):
    assert asked == token("p", text, frozenset({"urn:implied"}))


@pytest.mark.parametrize("text", ["", "|", "a|b|c"])
def test_what_is_no_token_is_none(text):
    assert token("p", text) is None


@pytest.mark.parametrize(
    ("text", "types", "asked"),
    [
        ("a", {"uri"}, Token("p", None, "a")),
        ("A", {"uri"}, Token("p", None, "A")),
        ("V1 Å", {"string"}, Token("p", None, "v1 å")),
        (r"a\|b", {"ContactPoint"}, Token("p", None, "a|b")),
    ],
)
def test_what_has_no_system_is_asked_for_by_its_code_alone_a_text_in_any_case(text, types, asked):
    assert asked == bare("p", text, types)


@pytest.mark.parametrize("text", ["", "|a", "s|a", "s|"])
def test_what_has_no_system_is_not_asked_for_with_one(text):
    assert bare("p", text, {"ContactPoint"}) is None


def test_a_flag_is_true_or_false():
    assert (Token("p", None, "true"), Token("p", None, "false")) == (flag("p", "true"), flag("p", "false"))
    for text in ("", "TRUE", "yes", "1", "|true"):
        assert flag("p", text) is None


def test_a_number_is_asked_for_with_the_type_that_it_is_given_as():
    assert Token("p", "http://x.example", "MR|1") == of_type("p", "http://x.example|MR|1")
    assert Token("p", "s", "MR|1|2") == of_type("p", r"s|MR|1\|2")


@pytest.mark.parametrize("text", ["", "MR|1", "|MR|1", "s||1", "s|MR|", "s|MR|1|2"])
def test_all_three_parts_of_a_typed_number_must_be_there(text):
    assert of_type("p", text) is None


def test_below_a_media_type_is_the_type_with_whatever_parameters():
    assert Some((Token("p", None, "text/xml"), Under("p", "text/xml;"))) == media_type("p", "text/xml")
    assert media_type("p", "") is None
