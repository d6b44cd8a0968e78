"""Liability: what holds of every stay, and how it says why."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhir.instant import DAY, MINUTE
from fhir_server.fhir.wording import WORDS
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.liability import Liability, liability
from tests.process.discharge.house import (
    MUNICIPALITY,
    REGION,
    TERMS,
    agreement,
    at,
    away,
    moments,
    party,
    policies,
    said,
    stay,
)

LAW = policies().statute
MONDAY, HOME = "2026-03-02 10:00", "2026-03-10 10:00"
NEVER = at("2030-01-01 00:00")
MONTH = 31 * DAY // MINUTE
"""In minutes."""


def settled(course: Course, now: int = NEVER, policy=LAW) -> Liability:
    return liability(course, policy, now, TERMS)


@pytest.mark.parametrize(
    ("now", "liable"),
    [("2026-03-04 23:59:59", False), ("2026-03-05 00:00", True), ("2026-03-06 08:00", True)],
    ids=["the day before", "the first day", "later"],
)
def test_who_is_still_there_on_the_first_day_is_one_that_somebody_is_liable_for(now, liable):
    assert liable == settled(stay(MONDAY), at(now)).liable


def test_who_went_home_on_the_first_day_is_not():
    assert (False, True) == tuple(
        settled(stay(MONDAY, home)).liable for home in ("2026-03-05 18:00", "2026-03-06 08:00")
    )


def test_a_day_that_open_care_is_not_ready_for_is_nobodys_today():
    unready = stay(MONDAY, readiness=said(("2026-03-02 11:00", "not-clarified")))

    assert not settled(unready, at("2026-03-06 08:00")).liable


MINUTES = st.integers(0, MONTH)
ANSWERS = st.lists(st.tuples(MINUTES, st.sampled_from(["available", "unavailable", "not-clarified"])), max_size=5)
LEAVES = st.lists(MINUTES, max_size=6, unique=True).map(sorted)


def spent(begins: int, answers, bounds, **more) -> Course:
    """A stay whose answers and leaves are told in minutes from its discharge-ready notice."""
    leaves = tuple((begins + out * MINUTE, begins + back * MINUTE) for out, back in zip(bounds[::2], bounds[1::2]))  # noqa: B905  # the last bound may be alone
    readiness = tuple((begins + minute * MINUTE, answer) for minute, answer in sorted(answers))
    return Course(notified=0, ready=begins, readiness=((0, "available"), *readiness), leaves=leaves, **more)


@settings(max_examples=150, deadline=None)
@given(MINUTES, st.lists(MINUTES, min_size=2, max_size=2).map(sorted), ANSWERS, LEAVES, st.booleans())
def test_a_later_discharge_never_takes_a_liable_day_away(start, homes, answers, bounds, workdays):
    begins = at("2026-03-16 00:00") + start * MINUTE
    policy = replace(LAW, counted="workdays") if workdays else LAW
    sooner, later = (
        settled(spent(begins, answers, bounds, discharged=begins + home * MINUTE), policy=policy) for home in homes
    )

    assert set(sooner.dates) <= set(later.dates)
    assert sooner.begins == later.begins


@settings(max_examples=150, deadline=None)
@given(MINUTES, MINUTES, ANSWERS, LEAVES, st.integers(1, 4), st.sampled_from(["calendar", "workdays"]))
def test_what_is_moved_by_whole_weeks_is_settled_as_much_later(start, home, answers, bounds, weeks, counted):
    policy = replace(LAW, counted=counted)
    july = (
        at("2026-07-01 00:00") + start * MINUTE
    )  # from here to October: no holiday, no change of the clocks, no new year
    here, there = (
        settled(spent(begins, answers, bounds, discharged=begins + home * MINUTE), policy=policy)
        for begins in (july, july + weeks * 7 * DAY)
    )

    moved = timedelta(weeks=weeks)
    assert here.begins + moved == there.begins
    assert [day + moved for day in here.dates] == list(there.dates)


UNREADY = "Open care's efforts were not available, or nobody had made clear whether they were"


def test_the_reasons_are_told_line_by_line_with_their_paragraphs():
    course = stay(
        "2022-03-07 13:00",
        "2022-03-16 10:00",
        planned=True,
        calls=moments("2022-03-08 09:00"),
        readiness=said(("2022-03-07 15:00", "available"), ("2022-03-12 10:00", "unavailable"), ("2022-03-13 10:00", "available")),
        leaves=away(("2022-03-14 10:00", "2022-03-15 10:00")),
    )  # fmt: skip

    assert [
        ("5 kap. 4 § lagen (2017:612)", "No agreement of the two speaks of this case: the statute applies."),
        ("5 kap. 3 § lagen (2017:612)", "The admission notice was sent 1970-01-01 01:00:00, in time."),
        (
            "5 kap. 3 § lagen (2017:612)",
            "The call to planning was sent 2022-03-08 09:00:00, in time: the last moment was 2022-03-10 23:59:59.",
        ),
        (
            "5 kap. 4 § lagen (2017:612)",
            "The discharge-ready notice was sent 2022-03-07 13:00:00, after 12:00:00; days until liability: 4.",
        ),
        ("5 kap. 4 § lagen (2017:612)", "In calendar days, the first day that can be liable is 2022-03-11."),
        (
            "5 kap. 5 § lagen (2017:612)",
            f"{UNREADY}; days that do not count for it: 2, 2022-03-12/2022-03-13.",
        ),
        (
            "5 kap. 4 § lagen (2017:612)",
            "The person was on leave; days at whose end it was so, which do not count: 1, 2022-03-14.",
        ),
        ("5 kap. 4 § lagen (2017:612)", "The person was discharged on 2022-03-16, a day that does not count."),
        ("5 kap. 4 § lagen (2017:612)", "Liable days: 2, 2022-03-11, 2022-03-15."),
        ("5 kap. 6 § lagen (2017:612)", "Days of 2022: 2, at 9300 kronor each: 18600 kronor."),
    ] == [(line.paragraph, line.text()) for line in settled(course).reasoning]


def test_a_reason_that_a_lawyer_has_to_confirm_says_so_until_it_is_agreed_on():
    course = stay(MONDAY, HOME)
    own = policies(agreement("fem", "2026-01-01", counted="calendar", discharge_day=True))
    agreed = own.policy_of(party(REGION), party(MUNICIPALITY), "somatic", at(MONDAY))

    told = [[one.key for one in settled(course, policy=policy).reasoning if one.unverified] for policy in (LAW, agreed)]
    assert [["liability-begins-calendar", "liability-discharged"], []] == told


def test_the_reasons_are_told_in_swedish_too():
    assert [
        "Ingen överenskommelse mellan parterna gäller ärendet: lagen tillämpas.",
        "Inget inskrivningsmeddelande har skickats, så ingen kommun kan bli betalningsansvarig.",
        "Ingen kommun är därför betalningsansvarig.",
    ] == [line.text("sv") for line in settled(stay(MONDAY, HOME, notified=None)).reasoning]


def test_every_word_has_the_same_gaps_in_both_languages():
    assert [] == [key for key, (english, swedish) in WORDS.items() if gaps(english) != gaps(swedish)]


def gaps(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}


WAITING = stay(MONDAY, planned=True)
"""Not called yet."""


@pytest.mark.parametrize(
    ("key", "course", "now", "policy"),
    [
        ("liability-waits-for-call", WAITING, "2026-03-05 23:59:59.999", LAW),
        ("liability-uncalled", WAITING, "2026-03-06 00:00", LAW),
        ("liability-called-late", replace(WAITING, calls=moments("2026-03-06 00:00")), HOME, LAW),
        ("liability-from-call", replace(WAITING, calls=moments("2026-03-06 00:00")), HOME, replace(LAW, late_call="from-call")),
        ("liability-no-sip", stay(MONDAY), HOME, LAW),
        ("liability-sip-unsaid", stay(MONDAY, planned=None), HOME, LAW),
        ("liability-not-ready", stay(), HOME, LAW),
        ("liability-noticed-after", stay(MONDAY, notified=at("2026-03-02 10:01")), HOME, LAW),
        ("liability-still-there", stay(MONDAY), HOME, LAW),
        ("liability-died", stay(MONDAY, died=at("2026-03-08 10:00")), HOME, LAW),
        ("liability-died-counts", stay(MONDAY, died=at("2026-03-08 10:00")), HOME, replace(LAW, discharge_day=True)),
        ("liability-discharged-counts", stay(MONDAY, HOME), HOME, replace(LAW, discharge_day=True)),
        ("liability-no-days", stay(MONDAY, "2026-03-03 10:00"), HOME, LAW),
        ("liability-no-rate", stay(MONDAY, HOME), HOME, LAW),
        ("liability-begins-workdays", stay(MONDAY, HOME), HOME, replace(LAW, counted="workdays")),
        ("liability-by-average", stay(MONDAY, HOME), HOME, replace(LAW, model="average")),
        ("policy-agreement", stay(MONDAY, HOME), HOME, replace(LAW, agreement="fem")),
    ],
    ids=lambda one: one if isinstance(one, str) and one[:1].islower() else "",
)  # fmt: skip
def test_each_case_has_its_own_words(key, course, now, policy):
    found = {line.key: line for line in settled(course, at(now), policy).reasoning}

    assert key in found
    assert "{" not in found[key].text() + found[key].text("sv")
