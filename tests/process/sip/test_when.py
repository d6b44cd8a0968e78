from datetime import date

import pytest

from fhir_server.process.sip.when import clock_reading, day, meeting


def test_a_day_is_one_that_exists():
    assert date(2028, 2, 29) == day("2028-02-29")
    assert day("2026-02-29") is None


@pytest.mark.parametrize("text", ["", "2026-2-9", "20260209", "2026-W07-1", "1899-12-31", "2200-01-01", "9 april"])
def test_what_is_not_written_as_a_day_is_none(text):
    assert day(text) is None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-02-26 13:00", "2026-02-26T13:00:00+01:00", "2026-02-26T14:00:00+01:00"),
        ("2026-04-09 kl 9.30", "2026-04-09T09:30:00+02:00", "2026-04-09T10:30:00+02:00"),
        ("2026-04-09 KL. 13:00 - 13:45", "2026-04-09T13:00:00+02:00", "2026-04-09T13:45:00+02:00"),
        ("2026-10-24 23:30", "2026-10-24T23:30:00+02:00", "2026-10-25T00:30:00+02:00"),
        ("2026-10-25 02:30", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("2026-03-29 01:30", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"),
    ],
)
def test_a_meeting_is_by_stockholms_clocks_and_an_hour_long_unless_it_says(text, start, end):
    assert (start, end) == tuple(moment.isoformat() for moment in meeting(text))


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-09",
        "2026-04-09 25:00",
        "2026-02-30 13:00",
        "2026-04-09 13:00-13:00",
        "2026-04-09 13:00-12:00",
        "2026-03-29 02:30",
        "2026-04-09 \u0661\u0663:\u0660\u0660",
    ],
)
def test_what_is_no_time_that_anybody_can_meet_is_none(text):
    assert meeting(text) is None


def test_a_moment_is_read_off_stockholms_clocks_to_the_second():
    assert "2026-07-01T12:00:00+02:00" == clock_reading(1_782_900_000_123).isoformat()
