"""What is due in a case: by whom, until when, and whether it is late."""

from dataclasses import replace

import pytest

from fhir_server.process.clock import Term
from fhir_server.process.definition import load_workflow
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.deadline import deadlines
from tests.process.discharge.house import at, moments

WHOLE = Course(
    assessed=at("2026-02-24 11:20"),
    notified=at("2026-02-24 16:05"),
    contact=at("2026-02-25 15:40"),
    ready=at("2026-03-02 09:40"),
    calls=moments("2026-03-02 14:10"),
    discharged=at("2026-03-04 11:00"),
    informed=at("2026-03-04 11:10"),
)
LAW = load_workflow()
NEVER = at("2030-01-01 00:00")


def due(course: Course, code: str):
    return {one.code: one for one in deadlines(course, LAW)}.get(code)


def is_late(course: Course, code: str, now: int = NEVER) -> bool:
    return due(course, code).is_late(now)


def test_each_deadline_says_by_whom_and_by_which_paragraph():
    assert [
        ("inskrivning", "inpatient", "2 kap. 1\u20133 §§ lagen (2017:612)"),
        ("fast-vardkontakt", "open-care", "2 kap. 5 § lagen (2017:612)"),
        ("kallelse-sip", "open-care", "4 kap. 3 § lagen (2017:612)"),
        ("hemgang", "inpatient", "3 kap. 2 § lagen (2017:612)"),
    ] == [(one.code, one.by, one.paragraph) for one in deadlines(WHOLE, LAW)]


def test_what_was_done_in_time_is_never_late():
    assert [False] * 4 == [one.is_late(NEVER) for one in deadlines(WHOLE, LAW)]


LATE = {
    "inskrivning": ({"notified": at("2026-02-25 11:20:01")}, {"notified": at("2026-02-25 11:20")}),
    "fast-vardkontakt": ({"contact": at("2026-03-04 11:00:01")}, {"contact": at("2026-03-04 11:00")}),
    "kallelse-sip": ({"calls": moments("2026-03-06 00:00")}, {"calls": moments("2026-03-05 23:59:59.999")}),
    "hemgang": ({"informed": at("2026-03-05 00:00")}, {"informed": at("2026-03-04 23:59:59.999")}),
}


@pytest.mark.parametrize("code", LATE)
def test_what_was_done_past_its_time_is_late_and_a_moment_sooner_is_not(code):
    late, just = LATE[code]

    assert (True, False) == (is_late(replace(WHOLE, **late), code), is_late(replace(WHOLE, **just), code))


def test_what_is_not_done_is_late_once_its_time_is_past():
    undone = Course(assessed=at("2026-03-28T10:00:00+01:00"))
    until = at("2026-03-29T11:00:00+02:00")  # 24 hours, over the night of 23

    assert until == due(undone, "inskrivning").until
    assert (False, True) == (is_late(undone, "inskrivning", until), is_late(undone, "inskrivning", until + 1))


def test_a_fixed_contact_is_due_before_the_discharge_whenever_that_is():
    waiting = replace(WHOLE, contact=None, discharged=None)

    assert None is due(waiting, "fast-vardkontakt").until
    assert not is_late(waiting, "fast-vardkontakt")
    assert is_late(replace(waiting, discharged=WHOLE.discharged), "fast-vardkontakt")


def test_a_call_is_due_where_there_is_to_be_a_sip():
    uncalled = replace(WHOLE, calls=())

    assert [True, False, False] == [
        due(replace(uncalled, planned=planned), "kallelse-sip") is not None for planned in (True, False, None)
    ]


def test_a_call_waits_for_the_discharge_ready_notice_in_force():
    assert None is due(replace(WHOLE, ready=None), "kallelse-sip")


def test_nothing_is_due_any_more_to_who_has_died():
    dead = Course(assessed=at("2026-03-02 10:00"), died=at("2026-03-03 10:00"))

    assert () == deadlines(dead, LAW)
    assert 1 == len(deadlines(replace(dead, died=None), LAW))


def test_another_law_gives_another_time_to_somebody_else():
    quick = tuple(replace(it, term=Term(hours=4)) if it.code == "inskrivning" else it for it in LAW.deadlines)
    notice = replace(LAW.actions["inskrivning"], senders=frozenset({"municipality"}), source="9 kap. 9 §")
    sooner = deadlines(WHOLE, replace(LAW, deadlines=quick, actions={**LAW.actions, "inskrivning": notice}))

    assert at("2026-02-24 15:20") == sooner[0].until
    assert sooner[0].is_late(NEVER)
    assert ("municipality", "9 kap. 9 §") == (sooner[0].by, sooner[0].paragraph)
