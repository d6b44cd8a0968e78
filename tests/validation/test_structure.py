"""Every type of R4, as full and as bare as its table lets it be."""

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.fhir.definitions import CORE, json_name, r4
from fhir_server.validation.validate import Validator
from tests.validation.made import DEEPEST, bare, full, value

VALIDATOR = Validator()
BY_RULE = {"constraint", "constraint-advised", "concept-not-allowed"}
"""What a resource made from the tables alone may be refused for: rules between elements, which the tables do not tell."""


def unexpected(resource: Any) -> list[tuple[str, str]]:
    return [(issue.expression, issue.key) for issue in VALIDATOR.issues(resource) if issue.key not in BY_RULE]


@pytest.mark.parametrize("kind", sorted(r4().resource_types))
def test_a_resource_with_all_that_its_table_has_is_well_formed(kind: str) -> None:
    resource = full(kind)
    if "extension" in resource:
        resource["extension"] = [{"url": "http://example.org/x", "valueString": "x"}]
    if "meta" in resource:
        resource["meta"]["profile"] = [CORE + kind]
    assert [] == unexpected(resource)


@pytest.mark.parametrize("kind", sorted(r4().resource_types))
def test_a_resource_with_only_what_it_must_have_is_well_formed_and_each_part_of_it_is_needed(kind: str) -> None:
    resource = bare(kind)
    assert [] == unexpected(resource)
    for element in r4().elements(kind).values():
        if element.min:
            less = {name: held for name, held in resource.items() if name != json_name(element, element.types[0])}
            assert (f"{kind}.{element.name}", "required") in [
                (issue.expression, issue.code) for issue in VALIDATOR.issues(less)
            ]


def variants() -> Iterator[tuple[str, str]]:
    for kind in sorted(r4().types):
        for element in r4().elements(kind).values():
            if element.choice and kind not in {"Element", "BackboneElement"}:
                yield kind, element.name


@pytest.mark.parametrize(("kind", "name"), list(variants()))
def test_every_type_of_a_choice_is_accepted_alone_and_no_two_together(kind: str, name: str) -> None:
    element = r4().elements(kind)[name]
    of_value = {json_name(element, of): value(element, of, DEEPEST) for of in element.types}
    for json, one in of_value.items():
        assert [] == _at(kind, name, {json: one})
    first, second = list(of_value)[:2]
    assert ["choice-twice"] == _at(kind, name, {first: of_value[first], second: of_value[second]})


def _at(kind: str, name: str, node: Any) -> list[str]:
    """The issues that stand at the choice itself; the rest of the node is not filled in."""
    expression = f"{kind}.{name}"
    if kind in r4().resource_types:
        node = {"resourceType": kind, **node}
    return [
        issue.key
        for issue in VALIDATOR.issues(node, type=kind)
        if issue.expression == expression and issue.key not in BY_RULE
    ]
