"""Fifteen thousand damaged resources: whatever the JSON, the answer is a list of issues, and never an exception."""

import random
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import Issue
from fhir_server.validation.validate import Validator
from tests.validation.made import full
from tests.validation.mutate import NAMES_TO_ADD, WRONG, mutate
from tests.validation.seeds import NAMES, seed

MUTATIONS = 15_000
VALIDATOR = Validator()


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
