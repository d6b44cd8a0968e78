"""What makes a workflow sound: every state can be reached and left, and nothing waits for what cannot happen."""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.process.workflow import Workflow


def refuse_unsound(workflow: Workflow, ids: Sequence[str], clocks: AbstractSet[str]) -> None:
    """BadDefinition where a code stands twice, a state cannot be reached, is left by nothing though it is not terminal, or is left
    though it is (by anything but what takes back), and where something hangs on what there is not. `ids` are those of the
    actions as they stand, `clocks` the moments that there are.
    """
    twice = [f"{code} stands twice" for code, count in Counter(ids).items() if count > 1]
    wrong = [*twice, *_unknown(workflow, clocks)] or [*_unreached(workflow), *_stuck(workflow), *_unordered(workflow)]
    if wrong:
        raise BadDefinition("; ".join(wrong))


def _unknown(workflow: Workflow, clocks: AbstractSet[str]) -> Iterator[str]:
    for action in workflow.actions.values():
        told = chain(action.transitions.keys(), action.transitions.values())
        yield from (f"{action.code}: {it} is no state" for it in sorted(set(told) - set(workflow.states)))
        yield from (f"{action.code}: {it} is no moment" for it in sorted(set(action.clocks) - clocks))
        named = action.takes_back | action.before | ({action.ends} if action.ends else set())
        yield from (f"{action.code}: nothing is called {it}" for it in sorted(named - workflow.actions.keys()))
    for deadline in workflow.deadlines:
        if deadline.after not in workflow.actions:
            yield f"{deadline.code}: its time starts from nothing, {deadline.after}"


def _unreached(workflow: Workflow) -> Iterator[str]:
    reached, todo = {workflow.initial}, [workflow.initial]
    while todo:
        state = todo.pop()
        found = {one.transitions[state] for one in workflow.actions.values() if state in one.transitions} - reached
        reached |= found
        todo.extend(found)
    yield from (f"{state} cannot be reached" for state in workflow.states if state not in reached)
    for code, action in workflow.actions.items():
        if not action.transitions:
            yield f"{code} can never happen"


def _stuck(workflow: Workflow) -> Iterator[str]:
    left = {
        state
        for one in workflow.actions.values()
        for state, to in one.transitions.items()
        if to != state and not one.takes_back
    }
    for state in workflow.states:
        if (state in left) == (state in workflow.terminal):
            yield f"{state} is left, and is terminal" if state in left else f"{state} is left by nothing"


def _unordered(workflow: Workflow) -> Iterator[str]:
    """What is due, or is to come before something, says by which paragraph."""
    ordered = {one.code for one in workflow.deadlines} | {one.code for one in workflow.actions.values() if one.before}
    yield from (f"{code} is due by no paragraph" for code in sorted(ordered) if not workflow.actions[code].source)
