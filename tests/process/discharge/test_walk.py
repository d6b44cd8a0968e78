"""What a case comes to when nothing in it is taken back: its moments, and what was broken on the way."""

import pytest

from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.fold import HomeCare, fold, home_care, illegal
from tests.discharge import (
    ADMITTED,
    CALL,
    HOME,
    NOTICE,
    PLANNED,
    READY,
    WAITING,
    a_case,
    an_event,
    flagged,
    ms,
)


def test_a_whole_case_leaves_its_moments_and_nothing_to_remark():
    leave = an_event("permission", "07 10:00"), an_event("permission-ater", "08 18:00")
    told = an_event("oppenvard-insats", "10 13:00", value="available")

    assert Course(
        state="discharged",
        admitted=ms("02 08:00"),
        assessed=ms("02 08:00"),
        notified=ms("02 12:00"),
        estimated="2026-02-12",
        contact=ms("03 09:00"),
        ready=ms("09 09:00"),
        calls=(ms("10 10:00"),),
        planned=True,
        readiness=((ms("10 13:00"), "available"),),
        leaves=((ms("07 10:00"), ms("08 18:00")),),
        discharged=ms("12 11:00"),
        informed=ms("12 11:00"),
        since=ms("12 11:00"),
    ) == fold((*WAITING, *leave, told, HOME))


def test_a_later_assessment_is_when_the_need_was_seen():
    assert ms("04 10:00") == fold((ADMITTED, an_event("assessed", "04 10:00"))).assessed
    assert ms("02 08:00") == fold((ADMITTED, an_event("assessed", "01 10:00"))).assessed


def test_a_new_estimate_takes_the_place_of_the_one_in_the_notice():
    changed = an_event("inskrivning-andring", "04 10:00", value="2026-02-16")

    assert "2026-02-16" == fold((*PLANNED, changed)).estimated
    assert "2026-02-12" == fold(PLANNED).estimated


# ------------------------------------------------------------------------------------------------ away, moved, compelled


def test_nobody_comes_back_who_was_not_away():
    away, back = an_event("permission", "07 10:00"), an_event("permission-ater", "08 18:00")

    assert "case-not-now" == illegal(PLANNED, back).key
    assert illegal((*PLANNED, away), back) is None
    assert "case-not-now" == illegal((*PLANNED, away), an_event("permission", "07 12:00")).key


def test_a_leave_goes_on_until_the_return_and_not_past_the_discharge():
    away = an_event("permission", "07 10:00")

    assert ((away.at, None),) == fold((*PLANNED, away)).leaves
    assert ((away.at, HOME.at),) == fold((*PLANNED, away, HOME)).leaves


@pytest.mark.parametrize("code", ["avdelningsbyte", "overflyttning"])
def test_whoever_moves_keeps_the_case_and_its_clocks(code):
    assert fold(WAITING) == fold((*WAITING, an_event(code, "11 10:00")))


def test_an_emergency_visit_without_admission_begins_no_case_and_stops_home_care_meanwhile():
    visit, ended = an_event("akutbesok", "01 20:00"), an_event("akutbesok-avslutat", "01 23:00")

    assert Course(state="not-begun") == fold((visit, ended))
    assert HomeCare("pause", visit.at) == home_care((visit,))
    assert HomeCare("resume", ended.at) == home_care((visit, ended))


def test_a_notice_of_compulsory_care_is_one_of_discharge_ready_and_no_sip_is_made():
    told = an_event("lpt-underrattelse", "09 09:00")

    course = fold((*PLANNED, told))

    assert ("discharge-ready", told.at, False, ()) == (course.state, course.ready, course.planned, course.flags)


@pytest.mark.parametrize(
    ("codes", "planned"),
    [((), None), (("sip-accepted",), True), (("sip-declined",), False), (("sip-declined", "sip-accepted"), True)],
)
def test_the_last_that_was_said_of_a_sip_counts(codes, planned):
    assert planned is fold(a_case("admitted", "inskrivning", *codes)).planned


# ------------------------------------------------------------------------------------------------ broken, and flagged


@pytest.mark.parametrize(
    ("events", "flags"),
    [
        ((*WAITING, HOME), []),
        ((ADMITTED, NOTICE, READY, CALL, HOME), [("missing", "fast-vardkontakt")]),
        ((ADMITTED, READY), [("missing", "inskrivning")]),
        ((*PLANNED, HOME), [("missing", "utskrivningsklar")]),
        ((ADMITTED, an_event("inskrivning", "03 08:00")), []),
        ((ADMITTED, an_event("inskrivning", "03 08:01")), [("late", "inskrivning")]),
        ((ADMITTED, an_event("assessed", "03 10:00"), an_event("inskrivning", "04 10:00")), []),
        ((*PLANNED, READY, an_event("kallelse-sip", "12 23:59")), []),
        ((*PLANNED, READY, an_event("kallelse-sip", "13 00:00")), [("late", "kallelse-sip")]),
        ((*WAITING, an_event("discharged", "12 10:00"), an_event("hemgang", "12 23:59")), []),
        ((*WAITING, an_event("discharged", "12 10:00"), an_event("hemgang", "13 00:00")), [("late", "hemgang")]),
        ((*PLANNED, an_event("inskrivning", "06 09:00")), []),
        (
            (ADMITTED, an_event("inskrivning", "02 12:00", late=True)),
            [("registered-late", "inskrivning")],
        ),
    ],
    ids=[
        "by-the-book",
        "home-without-a-contact",
        "ready-without-a-notice",
        "home-without-being-ready",
        "notice-at-the-24th-hour",
        "notice-a-minute-later",
        "need-seen-later",
        "call-on-the-third-day",
        "call-on-the-fourth",
        "information-the-same-day",
        "information-the-day-after",
        "another-unit-told-later",
        "phoned-first",
    ],
)
def test_what_the_statute_orders_and_practice_breaks_is_allowed_and_flagged(events, flags):
    for place, event in enumerate(events):
        assert illegal(events[:place], event) is None

    assert flags == flagged(events)


def test_a_flag_names_its_event_and_its_paragraph():
    (flag,) = fold((ADMITTED, NOTICE, READY, CALL, HOME)).flags

    assert (HOME.id, "2 kap. 5 § lagen (2017:612)") == (flag.event, flag.source)


def test_a_breach_is_told_once():
    twice = (ADMITTED, NOTICE, READY, an_event("discharged", "12 10:50"), HOME)

    assert [("missing", "fast-vardkontakt")] == flagged(twice)
