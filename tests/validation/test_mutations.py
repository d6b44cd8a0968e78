"""Fifteen thousand damaged resources: whatever the JSON, the answer is a list of issues, and never an exception."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhir.codec import Number, decode, encode
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import Issue
from fhir_server.validation.validate import Validator
from tests.validation.made import full
from tests.validation.seeds import NAMES, seed

MUTATIONS = 15_000
VALIDATOR = Validator()
WRONG = (
    None, True, False, 0, -1, 7, 2**70, Number("1.50"), Number("-0"), "", " ", "x", "x y", "#", "#goal-1", "2024-02-30",
    "Patient/p1", "http://", "urn:uuid:x", "\u0000", "<div/>", [], {}, [None], [[]], ["x"], [{}], {"": ""}, {"id": "x"},
    {"reference": "#x"}, {"resourceType": "Patient"}, {"resourceType": []}, {"extension": [{"url": "x"}]}, {"coding": ["x"]},
    {"value": 1, "code": {}}, [{"resourceType": "Goal", "id": 3}], {"start": [], "end": 4}, "9999-12-31T23:59:60+14:00",
)  # fmt: skip
NAMES_TO_ADD = (
    "x",
    "_x",
    "id",
    "extension",
    "_status",
    "contained",
    "resourceType",
    "meta",
    "valueString",
    "fhir_comments",
)


def nodes(value: Any) -> Iterator[Any]:
    """Every object and list in a value that has something in it."""
    if isinstance(value, dict | list) and value:
        yield value
        for child in value.values() if isinstance(value, dict) else value:
            yield from nodes(child)


def mutate(resource: Any, chance: random.Random) -> None:
    """Damages one place: replaces, leaves out, adds, renames, doubles, wraps, or moves something in from elsewhere."""
    everywhere = list(nodes(resource))
    node = chance.choice(everywhere)
    key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
    match chance.randrange(7 if isinstance(node, dict) else 5):
        case 0:
            node[key] = deepcopy(chance.choice(WRONG))
        case 1:
            del node[key]
        case 2:
            node[key] = [node[key]]
        case 3:
            node[key] = {"value": node[key]}
        case 4:
            other = chance.choice(everywhere)
            node[key] = seed(chance.choice(NAMES)) if other is node else deepcopy(chance.choice((list(other), other)))
        case 5:
            node[chance.choice(NAMES_TO_ADD)] = deepcopy(chance.choice(WRONG))
        case 6:
            node[chance.choice((f"_{key}", f"{key}x", "modifierExtension"))] = deepcopy(node[key])


def check(resource: Any) -> bool:
    """Whether the resource blocks, when its issues are such as can be sent."""
    issues = VALIDATOR.issues(resource)
    assert isinstance(issues, tuple)
    for issue in issues:
        assert isinstance(issue, Issue)
        assert "{" not in issue.text("en") + issue.text("sv")
        assert issue.as_json()["severity"] in {"error", "warning", "information"}
    return any(issue.blocks for issue in issues)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_has_no_issue_that_blocks(name: str) -> None:
    assert not check(seed(name))


def test_no_mutation_raises_and_most_are_refused() -> None:
    chance = random.Random(20240305)
    refused = 0
    kinds = [encode(full(kind)) for kind in sorted(r4().resource_types)]
    for number in range(MUTATIONS):
        resource = seed(chance.choice(NAMES)) if number % 6 else decode(chance.choice(kinds))
        for _ in range(chance.choice((1, 1, 2, 4))):
            mutate(resource, chance)
        refused += check(resource)
    assert 0.7 * MUTATIONS < refused < MUTATIONS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(WRONG),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from([*NAMES_TO_ADD, "item"]), inside, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_json_at_all_gets_an_answer(value: Any) -> None:
    assert check(value)
    check({"resourceType": "Questionnaire", "status": "draft", "item": value})


def test_whatever_another_implementation_refuses_is_refused_here_too() -> None:
    """fhir.resources overlooks wrong codes and much else, so that only this direction says something."""
    chance = random.Random(5)
    accepted = 0
    for _ in range(3_000):
        resource = seed(chance.choice(NAMES))
        mutate(resource, chance)
        if not check(resource):
            accepted += 1
            get_fhir_model_class(resource["resourceType"]).model_validate_json(encode(resource))
    assert accepted > 100
