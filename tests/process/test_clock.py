"""Swedish days: the clocks change twice a year, and no day is lost or doubled by it."""

from datetime import date, datetime, time

import pytest

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.fhir.instant import HOUR
from fhir_server.process.clock import Term, day_of, days_between, end_of, last_of, reading, start_of, term_of
from tests.process.discharge.house import at


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-28T22:59:59.999+00:00", date(2026, 3, 28)),
        ("2026-03-28T23:00:00+00:00", date(2026, 3, 29)),
        ("2026-03-29T21:59:59.999+00:00", date(2026, 3, 29)),
        ("2026-03-29T22:00:00+00:00", date(2026, 3, 30)),
        ("2026-10-25T22:59:59.999+00:00", date(2026, 10, 25)),
        ("2026-10-25T23:00:00+00:00", date(2026, 10, 26)),
    ],
)
def test_a_day_is_that_of_swedish_clocks(moment, day):
    assert day == day_of(at(moment))


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 3, 30), 24), (date(2026, 10, 25), 25)], ids=str
)
def test_a_day_has_the_hours_it_has(day, hours):
    assert hours * HOUR == end_of(day) + 1 - start_of(day)
    assert day == day_of(start_of(day)) == day_of(end_of(day))


def test_a_reading_keeps_the_millisecond():
    assert time(12, 0, 0, 1000) == reading(at("2026-03-02 12:00:00.001")).time()
    assert datetime.fromisoformat("2026-07-01T12:00:00+02:00") == reading(at("2026-07-01T10:00:00+00:00"))


def test_days_between_leaves_the_end_out():
    assert [date(2026, 2, 28), date(2026, 3, 1)] == days_between(date(2026, 2, 28), date(2026, 3, 2))
    assert [] == days_between(date(2026, 3, 2), date(2026, 3, 2)) == days_between(date(2026, 3, 2), date(2026, 3, 1))


def test_a_term_in_hours_runs_by_the_clock_through_the_change():
    assert at("2026-03-29T11:00:00+02:00") == Term(hours=24).end(at("2026-03-28T10:00:00+01:00"))


def test_a_term_in_days_lasts_to_the_end_of_the_last():
    assert at("2026-03-31 23:59:59.999") == Term(days=3).end(at("2026-03-28 23:30"))
    assert at("2026-03-28 23:59:59.999") == Term(days=0).end(at("2026-03-28 00:00"))


def test_a_duration_is_a_term_in_hours_or_days():
    assert (Term(hours=24), Term(days=3), Term(days=0)) == (
        term_of({"value": 24, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}),
        term_of({"value": 3, "code": "d"}),
        term_of({"value": 0, "code": "d"}),
    )


@pytest.mark.parametrize(
    "wrong",
    [{"value": 3}, {"code": "d"}, {"value": 3, "code": "wk"}, {"value": 1.5, "code": "h"}, {"value": -1, "code": "d"}],
    ids=["no unit", "no value", "weeks", "a half", "less than none"],
)
def test_what_is_no_term_is_refused(wrong):
    with pytest.raises(BadDefinition):
        term_of(wrong)


def test_a_day_ends_by_stockholm_s_clocks_and_a_moment_where_it_says():
    assert end_of(date(2026, 3, 29)) == last_of("2026-03-29")
    assert start_of(date(2026, 3, 30)) - 1 == last_of("2026-03-29")
    assert start_of(date(2026, 3, 2)) + 999 == last_of("2026-03-02T00:00:00+01:00")
    assert last_of("yesterday") is None
