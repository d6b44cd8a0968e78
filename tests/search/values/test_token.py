"""https://hl7.org/fhir/R4/search.html#token"""

import pytest

from fhir_server.search.query import Token
from fhir_server.search.values.token import TOKENS, token


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
        ("string", "text", [("", "text")]),
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
