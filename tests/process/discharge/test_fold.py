"""A case as a fold over its events: what takes back, what corrects, what is broken and flagged, and what is refused."""

from dataclasses import replace

import pytest

from fhir_server.fhir.outcome import Conflict
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.fold import fold, home_care, illegal, made_illegal, refuse_made_illegal, told_by
from tests.discharge import ADMITTED, CONTACT, HOME, NOTICE, PLANNED, READY, RECEIVED, WAITING, an_event, ms


def test_a_case_in_which_nothing_has_happened_has_not_begun():
    assert Course(state="not-begun") == fold(())


# ------------------------------------------------------------------------------------------------ taken back


def test_a_withdrawal_leaves_the_case_as_it_was_before_the_notice():
    withdrawn = an_event("utskrivningsklar-aterkallad", "10 08:00", cancels=READY.id)

    assert fold(PLANNED) == fold((*PLANNED, READY, withdrawn))


def test_a_new_notice_after_a_withdrawal_starts_the_clock_anew():
    withdrawn = an_event("utskrivningsklar-aterkallad", "10 08:00", cancels=READY.id)
    again = an_event("utskrivningsklar", "11 14:00")

    course = fold((*PLANNED, READY, withdrawn, again))

    assert ("discharge-ready", ms("11 14:00")) == (course.state, course.ready)


def test_a_second_notice_is_refused_while_the_first_stands():
    assert "case-not-now" == illegal(WAITING, an_event("utskrivningsklar", "11 14:00")).key


def test_an_annulled_withdrawal_leaves_the_notice_standing():
    withdrawn = an_event("utskrivningsklar-aterkallad", "10 08:00", cancels=READY.id)
    annulled = an_event("makulerat", "10 09:00", cancels=withdrawn.id)

    course = fold((*PLANNED, READY, withdrawn, annulled))

    assert ("discharge-ready", READY.at) == (course.state, course.ready)


def test_a_notice_to_the_wrong_unit_was_not_received_either():
    wrong = an_event("felsant", "02 14:00", cancels=NOTICE.id)

    course = fold((ADMITTED, NOTICE, RECEIVED, wrong))

    assert ("assessed", None) == (course.state, course.notified)


def test_what_the_wrong_unit_has_received_begins_no_planning_at_the_right_one():
    right = an_event("inskrivning", "02 12:30")
    wrong = an_event("felsant", "02 14:00", cancels=NOTICE.id)

    assert "planning" == fold((ADMITTED, NOTICE, right, RECEIVED)).state
    assert "notified" == fold((ADMITTED, NOTICE, right, RECEIVED, wrong)).state


def test_an_undone_homecoming_takes_the_end_of_the_stay_with_it():
    ended = an_event("discharged", "12 10:50")
    undone = an_event("hemgang-aterkallad", "12 13:00", cancels=HOME.id)

    assert ms("12 10:50") == fold((*WAITING, ended, HOME)).discharged
    assert fold(WAITING) == fold((*WAITING, ended, HOME, undone))


def test_an_end_of_the_stay_after_that_counts():
    undone = an_event("hemgang-aterkallad", "12 13:00", cancels=HOME.id)
    ended, home = an_event("discharged", "14 10:50"), an_event("hemgang", "14 11:00")

    assert ms("14 10:50") == fold((*WAITING, HOME, undone, ended, home)).discharged


@pytest.mark.parametrize("before", [PLANNED, WAITING, (*WAITING, HOME)], ids=["planning", "ready", "home"])
def test_a_death_told_by_mistake_leaves_the_case_as_it_was(before):
    died = an_event("avliden", "13 04:00")
    undone = an_event("avliden-aterkallad", "13 09:00", cancels=died.id)

    assert ("deceased", died.at) == (fold((*before, died)).state, fold((*before, died)).died)
    assert fold(before) == fold((*before, died, undone))


@pytest.mark.parametrize(
    ("code", "named", "why"),
    [
        ("utskrivningsklar-aterkallad", READY.id, None),
        ("utskrivningsklar-aterkallad", "", "case-takes-nothing-back"),
        ("utskrivningsklar-aterkallad", "none", "case-takes-nothing-back"),
        ("utskrivningsklar-aterkallad", NOTICE.id, "case-takes-nothing-back"),
        ("makulerat", NOTICE.id, None),
        ("makulerat", ADMITTED.id, "case-takes-nothing-back"),
        ("administrativt", "", None),
        ("administrativt", NOTICE.id, "case-takes-nothing-back"),
    ],
)
def test_what_takes_back_names_what_it_may_and_what_stands(code, named, why):
    found = illegal((*PLANNED, READY), an_event(code, "10 08:00", cancels=named))

    assert why == (found and found.key)


def test_nothing_is_taken_back_twice():
    first = an_event("makulerat", "10 08:00", cancels=CONTACT.id)

    again = an_event("makulerat", "10 09:00", cancels=CONTACT.id)

    assert illegal(PLANNED, again) is None
    assert "case-takes-nothing-back" == illegal((*PLANNED, first), again).key


# ------------------------------------------------------------------------------------------------ corrected


@pytest.mark.parametrize(
    ("reason", "counts_from", "flag"),
    [
        ("wrong-content", "09 09:00", "clock-stands"),
        ("sent-twice", "09 09:00", "clock-stands"),
        ("wrong-time", "09 15:00", "clock-renewed"),
        ("wrong-person", "09 15:00", "clock-renewed"),
        ("wrong-unit", "09 15:00", "clock-renewed"),
        ("changed-state", "09 15:00", "clock-renewed"),
    ],
)
def test_the_reason_of_a_correction_says_what_the_clock_does(reason, counts_from, flag):
    corrected = an_event("utskrivningsklar", "09 15:00", corrects=READY.id, reason=reason)

    course = fold((*PLANNED, READY, corrected))

    assert ("discharge-ready", ms(counts_from)) == (course.state, course.ready)
    ((code, reasoning),) = [(it.code, it.source) for it in course.flags]
    assert flag == code
    assert "clock" in reasoning


def test_a_correction_takes_the_place_of_what_it_replaces():
    corrected = an_event("inskrivning", "03 15:00", corrects=NOTICE.id, reason="wrong-content", value="2026-02-20")

    course = fold((*PLANNED, corrected))

    assert ("planning", NOTICE.at, "2026-02-20") == (course.state, course.notified, course.estimated)


def test_a_correction_of_a_correction_replaces_both():
    one = an_event("inskrivning", "03 15:00", corrects=NOTICE.id, reason="wrong-content", value="2026-02-20")
    two = an_event("inskrivning", "03 16:00", corrects=one.id, reason="wrong-content", value="2026-02-21")

    course = fold((*PLANNED, one, two))

    assert (NOTICE.at, "2026-02-21") == (course.notified, course.estimated)


def test_an_annulled_correction_leaves_what_it_replaced():
    corrected = an_event("inskrivning", "03 15:00", corrects=NOTICE.id, reason="wrong-time", value="2026-02-20")
    annulled = an_event("makulerat", "03 16:00", cancels=corrected.id)

    assert (NOTICE.at, "2026-02-12") == (
        fold((*PLANNED, corrected, annulled)).notified,
        fold((*PLANNED, corrected, annulled)).estimated,
    )


@pytest.mark.parametrize(
    ("code", "named", "reason", "why"),
    [
        ("utskrivningsklar", READY.id, "wrong-content", None),
        ("utskrivningsklar", READY.id, "wrong-time", None),
        ("utskrivningsklar", READY.id, "", "case-correction-reason"),
        ("utskrivningsklar", "none", "wrong-content", "case-corrects-nothing"),
        ("utskrivningsklar", NOTICE.id, "wrong-content", "case-corrects-nothing"),
    ],
)
def test_a_correction_names_one_of_its_kind_and_says_why(code, named, reason, why):
    found = illegal((*PLANNED, READY), an_event(code, "09 15:00", corrects=named, reason=reason))

    assert why == (found and found.key)


def test_a_notice_can_be_sent_no_later_than_the_discharge_however_it_is_called():
    """What counts from the correction has to be possible then; what counts from the first sending was."""
    late = an_event("utskrivningsklar", "12 15:00", corrects=READY.id, reason="wrong-time")
    worded = an_event("utskrivningsklar", "12 15:00", corrects=READY.id, reason="wrong-content")

    assert "case-not-now" == illegal((*WAITING, HOME), late).key
    assert illegal((*WAITING, HOME), worded) is None


# ------------------------------------------------------------------------------------------------ refused


def test_what_comes_again_is_the_same_and_is_not_refused():
    assert illegal(WAITING, READY) is None
    assert fold(WAITING) == fold((*WAITING, READY, READY))


def test_what_comes_too_late_to_be_true_is_refused_by_what_was_sent_since():
    died = an_event("avliden", "08 04:00", late=True)

    found = illegal(WAITING, died)

    assert ("case-breaks-later", "utskrivningsklar", "deceased") == (found.key, found.event, found.state)
    assert illegal(PLANNED, died) is None


def test_what_was_stored_past_the_guards_moves_nothing_and_is_flagged():
    strange = an_event("hemgang-aterkallad", "10 12:00", cancels=READY.id)
    unknown = an_event("fax", "10 13:00")

    course = fold((*WAITING, strange, unknown))

    assert "discharge-ready" == course.state
    assert [("out-of-order", "hemgang-aterkallad"), ("out-of-order", "fax")] == [
        (flag.code, flag.about) for flag in course.flags
    ]


def test_what_is_unknown_is_refused():
    assert "case-unknown" == illegal(PLANNED, an_event("fax", "04 10:00")).key


@pytest.mark.parametrize(
    ("code", "party", "why"),
    [
        ("utskrivningsklar", "inpatient", None),
        ("utskrivningsklar", "municipality", "case-sender"),
        ("oppenvard-insats", "open-care", None),
        ("oppenvard-insats", "inpatient", "case-sender"),
        ("planering", "municipality", None),
    ],
)
def test_each_message_is_sent_by_those_whose_it_is(code, party, why):
    event = an_event(code, "09 10:00")

    found = illegal(PLANNED, event, parties=[party])

    assert why == (found and found.key)
    assert illegal(PLANNED, event) is None


def test_a_refusal_says_in_both_languages_what_is_wrong_and_what_is_allowed():
    refuse_made_illegal(WAITING, (*WAITING, HOME))
    with pytest.raises(Conflict) as refusal:
        refuse_made_illegal((*WAITING, HOME), (*WAITING, HOME, an_event("utskrivningsklar", "13 09:00")))

    (issue,) = refusal.value.issues
    assert "'utskrivningsklar' cannot happen now: the case is 'discharged'. Allowed: received, " in issue.text()
    assert "'utskrivningsklar' kan inte ske nu: ärendet är 'discharged'. Tillåtet: received, " in issue.text("sv")


# ------------------------------------------------------------------------------------------------ home care


@pytest.mark.parametrize(
    ("more", "does"),
    [
        ((), "pause"),
        ((an_event("permission", "07 10:00"),), "resume"),
        ((an_event("permission", "07 10:00"), an_event("permission-ater", "08 18:00")), "pause"),
        ((HOME,), "resume"),
        ((HOME, an_event("hemgang-aterkallad", "12 13:00", cancels=HOME.id)), "pause"),
        ((an_event("avliden", "08 04:00"),), "end"),
        (
            (
                an_event("avliden", "08 04:00"),
                an_event("avliden-aterkallad", "08 09:00", cancels="avliden 08 04:00"),
            ),
            "pause",
        ),
        ((an_event("makulerat", "03 15:00", cancels=NOTICE.id),), "resume"),
    ],
    ids=["admitted", "on-leave", "back", "home", "undone", "died", "alive-at-the-ward", "annulled"],
)
def test_home_care_is_told_to_pause_resume_or_end(more, does):
    assert does == home_care((*PLANNED, *more)).does


def test_home_care_is_told_nothing_before_the_first_message():
    assert home_care((ADMITTED,)) is None


def test_who_has_been_told_is_who_a_standing_message_was_sent_to():
    notice = replace(NOTICE, recipients=frozenset({"Organization/a", "Organization/b"}))
    annulled = an_event("makulerat", "02 14:00", cancels=notice.id)

    assert notice.recipients == told_by("inskrivning", (ADMITTED, notice))
    assert frozenset() == told_by("utskrivningsklar", (ADMITTED, notice))
    assert frozenset() == told_by("inskrivning", (ADMITTED, notice, annulled))


# ------------------------------------------------------------------------------------------------ several at once


def test_what_comes_together_is_judged_together():
    back = an_event("utskrivningsklar-aterkallad", "10 09:00", cancels=READY.id)
    again = an_event("utskrivningsklar", "11 09:00")
    case = (*PLANNED, READY)

    assert "case-not-now" == made_illegal(case, (*case, again)).key
    assert made_illegal(case, (*case, again, back)) is None


def test_what_was_told_is_not_changed_beneath_what_rests_on_it():
    moved = replace(NOTICE, at=ms("08 12:00"))
    before, after = (*PLANNED, READY), (ADMITTED, moved, RECEIVED, CONTACT, READY)

    assert ("case-breaks-later", "received") == (
        made_illegal(before, after).key,
        made_illegal(before, after).event,
    )
    assert made_illegal(before, (ADMITTED, replace(NOTICE, at=ms("02 12:30")), RECEIVED, CONTACT, READY)) is None


def test_what_was_illegal_already_stands_in_nobodys_way():
    stray = an_event("planering", "02 09:00")
    case = (ADMITTED, stray, NOTICE)

    assert made_illegal(case, (*case, CONTACT)) is None
    assert "case-not-now" == made_illegal((ADMITTED, NOTICE), case).key


def test_a_state_has_begun_with_what_stands():
    back = an_event("utskrivningsklar-aterkallad", "10 09:00", cancels=READY.id)

    assert (None, "not-begun") == (fold(()).since, fold(()).state)
    assert READY.at == fold((*PLANNED, READY)).since
    assert RECEIVED.at == fold((*PLANNED, READY, back)).since


def test_who_was_told_of_a_homecoming_that_is_taken_back_was_not_told():
    back = an_event("hemgang-aterkallad", "12 15:00", cancels=HOME.id)

    assert HOME.at == fold((*WAITING, HOME)).informed
    assert fold((*WAITING, HOME, back)).informed is None
