"""A story's dates, moved to another day."""

from datetime import date

import pytest

from fhir_server.fhir.shift import day_zero, shifted


@pytest.mark.parametrize(
    ("before", "days", "after"),
    [
        ("2026-03-02", 3, "2026-03-05"),
        ("2026-03-02", -2, "2026-02-28"),
        ("2026-03-02T16:00:00+01:00", 1, "2026-03-03T16:00:00+01:00"),
        ("2026-03-02T16:00:00.250+01:00", 1, "2026-03-03T16:00:00.250+01:00"),
        ("2026-03-02T12:00:00Z", 1, "2026-03-03T12:00:00Z"),
        ("2026-03", 400, "2026-03"),
        ("2026", 400, "2026"),
        ("191212121212", 3, "191212121212"),
        ("2026-02-30", 3, "2026-02-30"),
        ("2026-03-02 är en måndag", 3, "2026-03-02 är en måndag"),
    ],
)
def test_full_dates_move_and_nothing_else_does(before, days, after):
    assert {"x": [after]} == shifted({"x": [before]}, days)


def test_noon_in_winter_is_noon_in_summer():
    assert "2026-07-02T12:00:00+02:00" == shifted("2026-03-02T12:00:00+01:00", 122)


def test_a_birthday_stays():
    assert {"birthDate": "1912-12-12"} == shifted({"birthDate": "1912-12-12"}, 10)


@pytest.mark.parametrize(("stamp", "zero"), [("2026-03-02T16:00:00Z", date(2026, 3, 2)), ("2026", None), (7, None)])
def test_day_zero_is_the_date_of_the_bundle(stamp, zero):
    assert zero == day_zero({"timestamp": stamp})
