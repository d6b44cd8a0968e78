"""A row of the addressing register: when it is open, and whom it is for."""

from datetime import date

import pytest

from fhir_server.process.addressing.row import age, row_of
from tests.discharge import ms
from tests.register import a_row, a_week

OFFICE = a_week(start="08:00:00", end="16:30:00")
NIGHT = a_week("fri", "sat", start="21:00:00", end="06:00:00")
ROUND_THE_CLOCK = {"daysOfWeek": ["sat", "sun"], "allDay": True}
MIDSUMMER = {"description": "Midsommarafton", "during": {"start": "2026-06-19", "end": "2026-06-19"}}


@pytest.mark.parametrize(
    ("open_", "at", "told"),
    [
        pytest.param(True, "2026-03-02 03:00", {}, id="no hours"),
        pytest.param(False, "2026-03-02 07:59", {"availableTime": [OFFICE]}, id="before it opens"),
        pytest.param(True, "2026-03-02 08:00", {"availableTime": [OFFICE]}, id="as it opens"),
        pytest.param(True, "2026-03-02 16:29", {"availableTime": [OFFICE]}, id="before it closes"),
        pytest.param(False, "2026-03-02 16:30", {"availableTime": [OFFICE]}, id="as it closes"),
        pytest.param(False, "2026-03-07 10:00", {"availableTime": [OFFICE]}, id="a Saturday"),
        pytest.param(True, "2026-03-07 10:00", {"availableTime": [OFFICE, ROUND_THE_CLOCK]}, id="all Saturday"),
        pytest.param(True, "2026-03-06 23:00", {"availableTime": [NIGHT]}, id="Friday night"),
        pytest.param(True, "2026-03-08 05:59", {"availableTime": [NIGHT]}, id="the morning after Saturday night"),
        pytest.param(False, "2026-03-08 06:00", {"availableTime": [NIGHT]}, id="when the night is over"),
        pytest.param(False, "2026-03-06 05:00", {"availableTime": [NIGHT]}, id="the morning before"),
        pytest.param(True, "2026-03-30 08:00", {"availableTime": [OFFICE]}, id="as it opens in summer time"),
        pytest.param(False, "2026-06-19 10:00", {"availableTime": [OFFICE], "notAvailable": [MIDSUMMER]}, id="closed"),
        pytest.param(False, "2026-06-19 00:30", {"notAvailable": [MIDSUMMER]}, id="closed from Stockholm's midnight"),
        pytest.param(True, "2026-06-20 00:30", {"notAvailable": [MIDSUMMER]}, id="open after Stockholm's midnight"),
        pytest.param(True, "2026-06-18 10:00", {"availableTime": [OFFICE], "notAvailable": [MIDSUMMER]}, id="the day before"),
    ],
)  # fmt: skip
def test_a_unit_is_open_by_stockholms_clocks(open_, at, told):
    assert open_ is row_of(a_row("r", **told)).is_open(ms(at))


@pytest.mark.parametrize(
    ("holds", "at", "told"),
    [
        pytest.param(True, "2026-03-02 10:00", {}, id="without an end"),
        pytest.param(False, "2026-03-02 10:00", {"active": False}, id="not active"),
        pytest.param(False, "2026-03-01 23:59", {"validity": {"start": "2026-03-02"}}, id="the day before"),
        pytest.param(True, "2026-03-02 00:00", {"validity": {"start": "2026-03-02"}}, id="from its first day"),
        pytest.param(True, "2026-03-02 23:59", {"validity": {"end": "2026-03-02"}}, id="to its last day"),
        pytest.param(False, "2026-03-03 00:00", {"validity": {"end": "2026-03-02"}}, id="the day after"),
    ],
)
def test_a_row_holds_while_it_is_valid(holds, at, told):
    assert holds is row_of(a_row("r", **told)).holds(ms(at))


@pytest.mark.parametrize(
    ("is_for", "born", "told"),
    [
        pytest.param(True, "1961-01-18", {}, id="everybody"),
        pytest.param(True, "1961-01-18", {"days": (16, 31)}, id="born within"),
        pytest.param(True, "1961-01-16", {"days": (16, 31)}, id="born on the first day"),
        pytest.param(False, "1961-01-15", {"days": (16, 31)}, id="born the day before"),
        pytest.param(True, "2008-03-02", {"ages": (18, None)}, id="eighteen today"),
        pytest.param(False, "2008-03-03", {"ages": (18, None)}, id="eighteen tomorrow"),
        pytest.param(True, "2008-03-03", {"ages": (None, 17)}, id="seventeen still"),
        pytest.param(False, "2008-03-02", {"ages": (None, 17)}, id="seventeen no more"),
    ],
)
def test_a_row_is_for_those_of_its_birth_days_and_ages(is_for, born, told):
    assert is_for is row_of(a_row("r", **told)).is_for(date.fromisoformat(born), date(2026, 3, 2))


def test_of_whom_no_birth_date_is_known_only_rows_that_do_not_ask_are():
    assert row_of(a_row("r")).is_for(None, date(2026, 3, 2))
    assert not row_of(a_row("r", days=(1, 31))).is_for(None, date(2026, 3, 2))
    assert not row_of(a_row("r", ages=(0, None))).is_for(None, date(2026, 3, 2))


def test_who_was_born_on_a_leap_day_is_older_in_march():
    assert 17 == age(date(2008, 2, 29), date(2026, 2, 28))
    assert 18 == age(date(2008, 2, 29), date(2026, 3, 1))
