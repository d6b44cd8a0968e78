"""The table of who may move an action: whole, sound, and refusing what it does not have."""

from copy import deepcopy

import pytest

from fhir_server.access.moves import (
    ACTION,
    DELETED,
    HANDOVER,
    NEW,
    NOBODY,
    OWNER,
    REQUESTER,
    TAKEN,
    file_of,
    load_moves,
    moves_of,
    statuses,
)
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.fhir.outcome import Conflict, Forbidden, Invalid

BOTH = frozenset({OWNER, REQUESTER})
ROWS = {(start, move.to): move for move in load_moves().moves for start in move.start}
ENDED = {"rejected", "cancelled", "failed", "completed", "entered-in-error"}
WHY = {"text": "tiden räcker inte"}


def an_action(status, **members):
    return None if status in {NEW, DELETED} else {"resourceType": "Task", "status": status, **members}


def refusal(start, to, sides, **members):
    """The key of what a step is refused with; "" where it is taken."""
    try:
        load_moves().refuse_move(an_action(start), an_action(to, **members), sides)
    except (Conflict, Forbidden, Invalid) as refused:
        return refused.issues[0].key
    return ""


def test_every_step_is_taken_where_a_row_has_it_and_by_whom_it_says():
    for start in {NEW, *statuses()}:
        for to in {DELETED, *statuses()} - {start}:
            row = ROWS.get((start, to))
            expected = dict.fromkeys([OWNER, REQUESTER], "action-not-yours" if row else "action-not-now")
            if row and row.by != NOBODY:
                expected[row.by] = ""
            assert expected == {side: refusal(start, to, {side}, statusReason=WHY) for side in BOTH}, (start, to)
            assert ("" if row else "action-not-now") == refusal(start, to, None, statusReason=WHY), (start, to)


def test_what_must_say_why_is_refused_without_to_systems_too():
    demanding = {step for step, row in ROWS.items() if row.demands}
    assert {"rejected", "failed"} == {to for _, to in demanding}
    for step, row in ROWS.items():
        assert ("action-reason" if row.demands else "") == refusal(*step, None)
        assert "" == refusal(*step, None, statusReason=WHY)


def test_what_has_ended_is_not_begun_again_and_each_that_goes_on_can_end():
    for start, to in ROWS:
        assert start not in ENDED or to == "entered-in-error"
    for status in {"draft", "requested", "received", *TAKEN}:
        assert {to for start, to in ROWS if start == status} & ENDED, status
    assert TAKEN <= {to for _, to in ROWS}


def test_nothing_is_taken_on_but_by_who_does_it():
    assert {OWNER} == {
        row.by for (_, to), row in ROWS.items() if to in {*TAKEN, "received", "rejected", "completed", "failed"}
    }
    assert {REQUESTER} == {row.by for (start, _), row in ROWS.items() if start == NEW}


def test_whose_it_is_and_of_which_plan_is_in_no_row():
    elements = {name for row in load_moves().contents for name in row.elements}
    assert {"for", "basedOn", "code", "requester", "intent", "status", "meta"}.isdisjoint(elements)
    assert {"note", "output", "owner"} <= elements


@pytest.mark.parametrize(
    ("status", "element", "by"),
    [
        ("requested", "description", {REQUESTER}),
        ("accepted", "description", set()),
        ("accepted", "note", {OWNER}),
        ("completed", "output", {OWNER}),
        ("draft", "owner", {REQUESTER}),
        ("accepted", "owner", {OWNER}),
        ("completed", "owner", set()),
        ("draft", "for", set()),
        ("accepted", "text", set(BOTH)),
    ],
)
def test_an_element_is_written_by_its_side_while_it_may_be(status, element, by):
    table, before = load_moves(), an_action(status)
    assert by == table.writers(element, status)
    for side in BOTH:
        for name in (element, f"_{element}"):
            if side in by:
                table.refuse_content(before, {**before, name: ["nytt"]}, {side})
            else:
                with pytest.raises(Forbidden) as refused:
                    table.refuse_content(before, {**before, name: ["nytt"]}, {side})
                assert f"Task.{element}" == refused.value.issues[0].expression


def test_who_moves_it_says_why_and_nobody_else_does_so_for_another():
    table, before = load_moves(), an_action("accepted")
    table.refuse_content(before, {**an_action("cancelled"), "statusReason": WHY}, {REQUESTER})
    with pytest.raises(Forbidden):
        table.refuse_content(before, {**before, "statusReason": WHY}, {REQUESTER})


def test_a_refusal_says_in_both_languages_what_comes_next_and_by_whom():
    with pytest.raises(Forbidden) as refused:
        load_moves().refuse_move(an_action("received"), an_action("accepted"), {REQUESTER})
    issue = refused.value.issues[0]
    next_steps = "accepted (owner), rejected (owner), cancelled (requester), entered-in-error (requester)"
    assert issue.text().endswith(f": {next_steps}.")
    assert issue.text("sv").endswith(f": {next_steps}.")
    assert issue.text("sv") != issue.text()


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        pytest.param("from", "begun", "names begun", id="unknown-start"),
        pytest.param("to", "begun", "names begun", id="unknown-end"),
        pytest.param("by", "somebody", "names somebody", id="unknown-side"),
        pytest.param("in", "begun", "names begun", id="unknown-while"),
        pytest.param("to", "received", "two rows lead from", id="twice"),
    ],
)
def test_a_row_that_cannot_be_is_refused(part, value, said):
    definition = deepcopy(dict(read("security"))[file_of(ACTION)])
    assert load_moves().moves == moves_of(definition).moves
    rows = [row for row in definition["parameter"] if any(it["name"] == part for it in row["part"])]
    row = rows[0] if value != "received" else rows[4]
    next(it for it in row["part"] if it["name"] == part)["valueCode"] = value
    with pytest.raises(BadDefinition, match=said):
        moves_of(definition)


def test_a_handover_is_asked_for_answered_once_and_then_only_completed():
    table = load_moves(HANDOVER)
    steps = {(start, move.to): move.by for move in table.moves for start in move.start if move.by != NOBODY}
    assert {(NEW, "requested"): REQUESTER} == {step: by for step, by in steps.items() if step[0] == NEW}
    assert {OWNER} == {by for (_, to), by in steps.items() if to in {"received", "accepted", "rejected", "completed"}}
    assert {"completed"} == {to for start, to in steps if start == "accepted"}
    assert not [step for step in steps if step[0] in ENDED]
    elements = {name for row in table.contents for name in row.elements}
    assert {"for", "focus", "code", "requester", "intent", "status", "meta"}.isdisjoint(elements)


def test_the_refusals_of_a_handover_speak_of_one():
    with pytest.raises(Forbidden) as refused:
        load_moves(HANDOVER).refuse_move(an_action("requested"), an_action("accepted"), {REQUESTER})
    assert "handover-not-yours" == refused.value.issues[0].key
    broken = deepcopy(dict(read("security"))[file_of(HANDOVER)])
    broken["parameter"][0]["part"][0]["valueCode"] = "begun"
    with pytest.raises(BadDefinition, match=file_of(HANDOVER)):
        moves_of(broken, HANDOVER)
