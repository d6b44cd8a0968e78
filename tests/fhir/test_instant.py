"""https://hl7.org/fhir/R4/datatypes.html#dateTime"""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.instant import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    from_http_date,
    http_date,
    instant,
    moment,
    span,
)

NOON = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * SECOND
MIDNIGHT = NOON - 12 * HOUR
FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999


@pytest.mark.parametrize(
    ("text", "low", "length"),
    [
        ("2026-11-21", MIDNIGHT, DAY),
        ("2026-11-21T12:00Z", NOON, MINUTE),
        ("2026-11-21T12:00:00Z", NOON, SECOND),
        ("2026-11-21T12:00:00.5Z", NOON + 500, 100),
        ("2026-11-21T12:00:00.50Z", NOON + 500, 10),
        ("2026-11-21T12:00:00.500Z", NOON + 500, 1),
        ("2026-11-21T12:00:00.5009999Z", NOON + 500, 1),
        ("2026-11-21T13:00:00+01:00", NOON, SECOND),
        ("2026-11-21T08:30:00-03:30", NOON, SECOND),
        ("2026-11-21T12:00:00", NOON, SECOND),
        ("2026-11", MIDNIGHT - 20 * DAY, 30 * DAY),
        ("2026", 1_767_225_600_000, 365 * DAY),
        ("2024", 1_704_067_200_000, 366 * DAY),
        ("2024-02", 1_706_745_600_000, 29 * DAY),
        ("2100-02", 4_105_123_200_000, 28 * DAY),
    ],
)
def test_a_value_covers_all_that_it_leaves_open(text, low, length):
    assert (low, low + length - 1) == span(text)


def test_a_leap_second_counts_as_the_second_before_it():
    assert span("2016-12-31T23:59:59Z") == span("2016-12-31T23:59:60Z")


def test_the_first_and_the_last_moment_of_the_calendar_are_known():
    assert FIRST == span("0001")[0]
    assert LAST == span("9999")[1]
    assert LAST + 14 * HOUR == span("9999-12-31T23:59:59.999-14:00")[1]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("2026-02-29", "2024-02-29"),
        ("2026-13", "2026-12"),
        ("2026-00", "2026-01"),
        ("0000", "0001"),
        ("26", "2026"),
        ("2026-1-1", "2026-01-01"),
        ("2026-01-01 10:00:00Z", "2026-01-01T10:00:00Z"),
        ("2026-01-01T24:00:00Z", "2026-01-01T23:00:00Z"),
        ("2026-01-01T10:60:00Z", "2026-01-01T10:59:00Z"),
        ("2026-01-01T10:00:61Z", "2026-01-01T10:00:60Z"),
        ("2026-01-01T10Z", "2026-01-01T10:00Z"),
        ("2026-01-01T10:00:00+14:01", "2026-01-01T10:00:00+14:00"),
        ("2026-01-01T10:00:00+01:60", "2026-01-01T10:00:00+01:59"),
        ("2026-01-01T10:00:00z", "2026-01-01T10:00:00Z"),
        ("2026-01-01\n", "2026-01-01"),
        ("２０２６", "2026"),  # noqa: RUF001  # digits of another script
        ("", "2026"),
    ],
)
def test_what_is_no_date_is_none(wrong, right):
    assert span(wrong) is None
    assert span(right) is not None


def test_a_value_is_also_known_on_its_own_clock():
    assert NOON == moment("2026-11-21T12:00:00+01:00").low
    assert HOUR == moment("2026-11-21T12:00:00+01:00").offset
    assert moment("2026-11-21").offset is None


def test_an_instant_is_written_in_utc_with_milliseconds():
    assert "2026-11-21T12:00:00.123Z" == instant(NOON + 123)
    assert "1969-12-31T23:59:59.999Z" == instant(-1)


@given(st.integers(FIRST, LAST))
def test_an_instant_covers_the_millisecond_it_was_written_for(ms):
    assert (ms, ms) == span(instant(ms))


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES))  # noqa: DTZ001  # the zone is drawn
def test_a_time_with_a_zone_is_the_same_as_pythons(time):
    expected = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    assert (expected, expected) == span(time.isoformat(timespec="milliseconds"))


@given(st.text(alphabet="0123456789-:TZ+. ", max_size=30) | st.text(max_size=12))
def test_any_text_is_a_span_in_order_or_none(text):
    found = span(text)

    assert found is None or found[0] <= found[1]


def test_an_http_date_names_the_second():
    assert "Sat, 21 Nov 2026 12:00:00 GMT" == http_date(NOON + 999)
    assert NOON == from_http_date("Sat, 21 Nov 2026 12:00:00 GMT")


@given(st.integers(0, LAST))
def test_an_http_date_comes_back(ms):
    assert ms // SECOND * SECOND == from_http_date(http_date(ms))


def test_the_old_forms_of_an_http_date_are_read_too():
    assert from_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == from_http_date("Sun Nov  6 08:49:37 1994")


@given(st.text(max_size=40))
def test_any_text_is_an_http_date_or_none(text):
    assert isinstance(from_http_date(text), int | None)


@pytest.mark.parametrize("text", ["", "soon", "Sat, 32 Nov 2026 12:00:00 GMT", "Sat, 21 Nov 2026 12:00:00 +99999999"])
def test_what_is_no_http_date_is_none(text):
    assert from_http_date(text) is None
