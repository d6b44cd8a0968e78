"""Which notices a unit has not received: by its own acknowledgement, else by the message, and never of what is over."""

from typing import Any

import pytest

from fhir_server.process.definition import load_workflow
from fhir_server.process.worklist.cases import case_at
from fhir_server.process.worklist.messages import not_received, notices_of
from fhir_server.process.worklist.row import Whose
from tests.discharge import ms
from tests.process.case_house import a_case, a_message, a_stay, at

WHOSE = Whose("Organization/help", frozenset({"PractitionerRole/sara"}), frozenset(), frozenset(), lambda text: text)
NOW = ms("10 08:00")


def a_notice(**told: Any) -> dict[str, Any]:
    return a_message("inskrivning", "09 12:00", id="n", recipient=[at("Organization/help")], **told)


def an_acknowledgement(status: str, owner: str = "Organization/help") -> dict[str, Any]:
    return {"resourceType": "Task", "id": "t", "status": status, "owner": at(owner), "focus": at("Communication/n")}


def waits(
    notice: dict[str, Any], *tasks: dict[str, Any], case: list[dict[str, Any]] | None = None, now: int = NOW
) -> bool:
    told = [a_case(), a_stay(), notice] if case is None else case
    cases = [case_at("EpisodeOfCare/case", {}, told, now, load_workflow())]
    return ["Communication/n"] == [row.reference for row in not_received([notice], tasks, cases, WHOSE, now)]


RECEIVED = {"received": "2026-02-09T13:00:00+01:00"}


@pytest.mark.parametrize(
    ("told", "tasks", "expected"),
    [
        ({}, [], True),
        (RECEIVED, [], False),
        (RECEIVED, [an_acknowledgement("requested")], True),
        ({}, [an_acknowledgement("accepted", "PractitionerRole/sara")], False),
        ({}, [an_acknowledgement("rejected")], False),
        ({}, [an_acknowledgement("accepted", "Organization/clinic")], True),
    ],
    ids=["nothing is told", "the message", "another unit's receipt", "a colleague", "the wrong unit", "the clinic's"],
)
def test_a_unit_has_received_what_it_says_itself(told, tasks, expected):
    assert expected == waits(a_notice(**told), *tasks)


def test_what_was_taken_back_or_is_over_waits_for_nobody():
    notice, broken = a_notice(), a_message("avbrott", "09 13:00", id="b")
    gone = a_message("makulerat", "09 13:00", id="m", cancels="Communication/n")
    home = a_stay(status="finished", period={"start": "2026-02-02T08:00:00+01:00", "end": "2026-02-10T07:00:00+01:00"})

    for case in ([a_stay(), broken], [a_stay(), gone], [home]):
        assert not waits(notice, case=[a_case(), notice, *case])
        assert waits(notice, case=[a_case(), notice, a_stay()])


def test_a_notice_that_moves_nothing_is_not_lost():
    """It corrects what there is not, and was stored past the guards: to be read it is all the same."""
    assert waits(a_notice(corrects="Communication/nowhere"))


def test_nothing_waits_before_it_is_sent():
    assert not waits(a_notice(), now=ms("09 11:59"))
    assert waits(a_notice(), now=ms("09 12:00"))


def test_the_notices_are_those_that_planning_begins_with():
    assert ("inskrivning",) == notices_of(load_workflow())
