"""Workflows that cannot work are refused; each is the sound one with one thing changed."""

from copy import deepcopy
from typing import Any

import pytest

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.definitions import BadDefinition
from fhir_server.process.definition import DISCHARGE, load_workflow, workflow_of
from tests.discharge import OFFSET, SYSTEMS, a_transition, action, drop, leave_follow_up_by_nothing, relate


@pytest.fixture
def plan() -> dict[str, Any]:
    return deepcopy(dict(SYSTEMS[DISCHARGE]))


WRONG = {
    "a state that cannot be reached": (lambda plan: drop(plan, "closed"), "closed cannot be reached"),
    "a state that is left by nothing": (leave_follow_up_by_nothing, "follow-up is left by nothing"),
    "a terminal state that leads on": (
        lambda plan: action(plan, "admitted")["extension"].append(a_transition("closed", to="planning")),
        "closed is left, and is terminal",
    ),
    "a state that there is not": (
        lambda plan: action(plan, "admitted")["extension"].append(a_transition("closed", to="heaven")),
        "admitted: heaven is no state",
    ),
    "a moment that there is not": (
        lambda plan: action(plan, "admitted")["extension"].append({"url": structure("clock"), "valueCode": "born"}),
        "admitted: born is no moment",
    ),
    "a deadline that starts from nothing": (
        lambda plan: relate(
            plan, "hemgang", actionId="fax", relationship="after", offsetDuration={"value": 1, **OFFSET}
        ),
        "hemgang: its time starts from nothing, fax",
    ),
    "what is to come before what there is not": (
        lambda plan: relate(plan, "hemgang", actionId="fax", relationship="before"),
        "hemgang: nothing is called fax",
    ),
    "a deadline by no paragraph": (
        lambda plan: relate(plan, "avbrott", relationship="after", offsetDuration={"value": 1, **OFFSET}),
        "avbrott is due by no paragraph",
    ),
    "a code that stands twice": (
        lambda plan: plan["action"].append(deepcopy(action(plan, "hemgang"))),
        "hemgang stands twice",
    ),
    "an event that can never happen": (
        lambda plan: action(plan, "vardbegaran").update(extension=[]),
        "vardbegaran can never happen",
    ),
}


@pytest.mark.parametrize(("spoil", "why"), WRONG.values(), ids=[name.replace(" ", "-") for name in WRONG])
def test_what_cannot_work_is_refused(plan, spoil, why):
    assert load_workflow().actions == workflow_of(plan, SYSTEMS).actions
    spoil(plan)

    with pytest.raises(BadDefinition, match=why):
        workflow_of(plan, SYSTEMS)
