"""https://hl7.org/fhirpath/N1/grammar.html"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.path.parse import (
    DEEPEST,
    LONGEST,
    MOST_TOKENS,
    Call,
    Item,
    Literal,
    Member,
    Negative,
    Nothing,
    Operation,
    PathError,
    This,
    TypeTest,
    Variable,
    alternatives,
    parse,
)


def name(text):
    return Member(This(), text)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a.b", Member(name("a"), "b")),
        ("`div`", name("div")),
        ("a[0]", Item(name("a"), Literal("integer", 0))),
        ("a.contains", Member(name("a"), "contains")),
        ("is", name("is")),
        ("f()", Call(This(), "f", ())),
        ("a.f(1, b)", Call(name("a"), "f", (Literal("integer", 1), name("b")))),
        ("$this", This()),
        ("%resource", Variable("resource")),
        ("%'vs-x'", Variable("vs-x")),
        ("{}", Nothing()),
        ("true", Literal("boolean", value=True)),
        ("2.50", Literal("decimal", Decimal("2.50"))),
        ("-1", Negative(Literal("integer", 1))),
        ("+1", Literal("integer", 1)),
        (r"'it\'s \u00e5 \\s'", Literal("string", r"it's å \s")),
        ("@2026-03-02", Literal("date", "2026-03-02")),
        ("@2026-03-02T10:00:00+01:00", Literal("dateTime", "2026-03-02T10:00:00+01:00")),
        ("@2026T", Literal("dateTime", "2026")),
        ("@T10:00", Literal("time", "10:00")),
        ("a is FHIR.Patient", TypeTest(name("a"), "is", "FHIR.Patient")),
        ("a // said beside\n.b /* and between */", Member(name("a"), "b")),
    ],
)
def test_each_form_has_its_tree(text, tree):
    assert tree == parse(text)


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a implies b or c", "a implies (b or c)"),
        ("a = b in c", "(a = b) in c"),
        ("a | b = c", "(a | b) = c"),
        ("a as X | b", "(a as X) | b"),
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a & b > c", "(a & b) > c"),
        ("-a.b", "-(a.b)"),
        ("a and b = c", "a and (b = c)"),
        ("a > b = c", "(a > b) = c"),
    ],
)
def test_operators_bind_as_fhirpath_says(text, grouped):
    assert parse(grouped) == parse(text)


def test_a_union_is_known_by_its_parts():
    assert [name("a"), name("b"), name("c")] == list(alternatives(parse("a | (b | c)")))
    assert [Operation("and", name("a"), name("b"))] == list(alternatives(parse("a and b")))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("", "a"),
        ("a.", "a.b"),
        ("a b", "a.b"),
        ("(a", "(a)"),
        ("a)", "(a)"),
        ("a[0", "a[0]"),
        ("f(a", "f(a)"),
        ("f(a,)", "f(a,b)"),
        ("'open", "'open'"),
        (r"'\q'", r"'\n'"),
        ("a ! b", "a != b"),
        ("a is 1", "a is b"),
        ("$index", "$this"),
        ("a.1", "a.b"),
        ("{a}", "{}"),
        ("a and", "a and b"),
        ("a # b", "a = b"),
        ("a" * (LONGEST + 1), "a" * LONGEST),
        ("(" * DEEPEST + "a" + ")" * DEEPEST, "(" * (DEEPEST - 1) + "a" + ")" * (DEEPEST - 1)),
        ("a" + ".a" * (MOST_TOKENS // 2), "a" + ".a" * (MOST_TOKENS // 2 - 1)),
    ],
)
def test_what_is_not_fhirpath_is_refused(wrong, right):
    parse(right)

    with pytest.raises(PathError):
        parse(wrong)


@given(st.text(alphabet="ab.()[]'`|=<>&+-*/ 01@T:{},$%\\n", max_size=40))
def test_any_text_has_a_tree_or_is_refused(text):
    try:
        parse(text)
    except PathError:
        return
