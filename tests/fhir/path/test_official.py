"""What R4 itself brings: its constraints, and the search expressions of the types we keep, all of them applied to anything."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.path import PathError, constraint, expand

BEYOND = {"dom-3", "ref-1", "txt-1", "txt-2", "sdf-8a"}
"""Named in the docstring of the package. The first four are kept by hand in validation."""
EXPRESSIONS = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("search_expressions.txt").read_text(encoding="utf-8").splitlines()
]


def official():
    """(type, constraint) of every type, and of every element that constrains its own value."""
    for type in sorted(r4().types):
        for rule in r4().constraints(type):
            yield type, rule
        for element in r4().elements(type).values():
            for rule in element.constraints:
                yield from ((kind, rule) for kind in element.types)


def compiled():
    found = {}
    for type, rule in official():
        try:
            found[rule.key, rule.expression] = constraint(rule.expression, type)
        except PathError:
            found.setdefault((rule.key, rule.expression), None)
    return found


RULES = compiled()


def test_all_constraints_compile_but_those_that_are_named():
    assert BEYOND == {key for (key, _), rule in RULES.items() if rule is None}
    assert len(RULES) > 230


@pytest.mark.parametrize("type", sorted({type for type, _ in EXPRESSIONS}))
def test_every_search_expression_compiles(type):
    for own, expression in EXPRESSIONS:
        if own == type:
            assert expand(expression, "CarePlan" if type == "Resource" else type), expression


NAMES = (
    "resourceType id reference extension url valueString start end contained meta code coding system value item entry "
    "resource type status _status subject period low"
)
KEYS = st.sampled_from(NAMES.split())
WORDS = ["Patient", "Patient/1", "#a", "#", "active", "2026", "2026-03-02T10:00:00Z", "12", ""]
TEXTS = st.sampled_from(WORDS) | st.text(max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@given(JSON, JSON)
def test_a_constraint_never_raises_whatever_it_is_applied_to(node, resource):
    for rule in RULES.values():
        if rule is not None:
            assert rule(node, resource) in {True, False, None}


PATHS = [
    path for own, expression in EXPRESSIONS for path in expand(expression, "CarePlan" if own == "Resource" else own)
]


@given(JSON)
def test_a_search_expression_never_raises_whatever_it_is_applied_to(node):
    for path in PATHS:
        assert isinstance(path.values(node), list)
