"""Swedish workdays, against almanacs."""

from datetime import date, timedelta

import pytest

from fhir_server.process.workday import easter, is_workday, workdays_after

EASTERS = {
    1961: (4, 2), 1981: (4, 19), 2000: (4, 23), 2008: (3, 23), 2011: (4, 24), 2019: (4, 21), 2020: (4, 12), 2021: (4, 4),
    2022: (4, 17), 2023: (4, 9), 2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2028: (4, 16), 2029: (4, 1),
    2030: (4, 21), 2038: (4, 25),
}  # fmt: skip
OFF = {
    2025: ["01-01", "01-06", "04-18", "04-21", "05-01", "05-29", "06-06", "06-20", "12-24", "12-25", "12-26", "12-31"],
    2026: ["01-01", "01-06", "04-03", "04-06", "05-01", "05-14", "06-19", "12-24", "12-25", "12-31"],
}
"""The days off of a year that fall on a Monday to Friday."""


@pytest.mark.parametrize("year", EASTERS)
def test_easter_is_when_almanacs_have_it(year):
    assert date(year, *EASTERS[year]) == easter(year)


@pytest.mark.parametrize("year", OFF)
def test_the_days_off_of_a_year(year):
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))

    assert OFF[year] == [f"{day:%m-%d}" for day in days if day.weekday() < 5 and not is_workday(day)]


@pytest.mark.parametrize("year", range(2020, 2040))
def test_midsummer_eve_is_a_friday_from_the_19th_to_the_25th(year):
    fridays = [day for day in (date(year, 6, number) for number in range(19, 26)) if day.weekday() == 4]

    assert [False] == [is_workday(day) for day in fridays]


def test_weekends_are_no_workdays():
    assert [True, False, False, True] == [is_workday(date(2026, 3, day)) for day in (6, 7, 8, 9)]


def test_no_workdays_after_a_day_is_the_day_itself():
    assert date(2026, 3, 7) == workdays_after(date(2026, 3, 7), 0)
    assert date(2026, 3, 9) == workdays_after(date(2026, 3, 7), 1)
