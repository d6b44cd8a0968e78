"""Points and stretches of time: FHIR's date, dateTime and instant as milliseconds since 1970 UTC, and back.

No value of FHIR goes through `datetime`, which knows neither a leap second nor the end of the year 9999.
https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

import re
from datetime import UTC, date
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

BEGINNING, END = -(2**62), 2**62
"""Before and after everything: the open ends of a period."""

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
YEAR_BY_YEAR, MONTH_BY_MONTH, DAY_BY_DAY, MINUTE_BY_MINUTE, SECOND_BY_SECOND = range(5)
"""How exactly a value is told. A fraction of a second is no further step: https://hl7.org/fhirpath/N1/#datetime-comparison."""

_EPOCH = date(1970, 1, 1).toordinal()
_FORM = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?",
    re.ASCII,
)
_DAYS = {
    "01": 31,
    "02": 28,
    "03": 31,
    "04": 30,
    "05": 31,
    "06": 30,
    "07": 31,
    "08": 31,
    "09": 30,
    "10": 31,
    "11": 30,
    "12": 31,
}
_FURTHEST = 14 * HOUR


class Moment(NamedTuple):
    """A value on its own clock: the milliseconds it covers, both ends included, as if it were UTC; how many its zone is
    ahead of UTC (None: no zone is told); and how exactly it is told (`DAY_BY_DAY`, …).
    """

    low: int
    high: int
    offset: int | None
    precision: int


@lru_cache(maxsize=8192)
def moment(text: str) -> Moment | None:
    """A FHIR date, dateTime or instant as it is told; None for what is none. Seconds may be left out, as in a search."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        if day is None:
            return _month(int(year), month) if month else _year(int(year))
        start = (date(int(year), int(month), int(day)).toordinal() - _EPOCH) * DAY
    except ValueError:
        return None
    if hour is None:
        return Moment(start, start + DAY - 1, None, DAY_BY_DAY)
    return _clock(start, hour, minute, second, fraction, zone)


def _year(year: int) -> Moment:
    start = (date(year, 1, 1).toordinal() - _EPOCH) * DAY
    end = (date(year, 12, 31).toordinal() - _EPOCH + 1) * DAY
    return Moment(start, end - 1, None, YEAR_BY_YEAR)


def _month(year: int, month: str) -> Moment:
    start = (date(year, int(month), 1).toordinal() - _EPOCH) * DAY
    leap = month == "02" and (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    return Moment(start, start + (_DAYS[month] + leap) * DAY - 1, None, MONTH_BY_MONTH)


def _clock(
    start: int, hour: str, minute: str, second: str | None, fraction: str | None, zone: str | None
) -> Moment | None:
    offset = _offset(zone)
    if hour > "23" or minute > "59" or (second or "00") > "60" or (offset is not None and abs(offset) > _FURTHEST):
        return None
    low = start + int(hour) * HOUR + int(minute) * MINUTE
    if second is None:
        return Moment(low, low + MINUTE - 1, offset, MINUTE_BY_MINUTE)
    # a leap second (:60) counts as the second before it: milliseconds since 1970 have no room for it
    low += min(int(second), 59) * SECOND
    if fraction is None:
        return Moment(low, low + SECOND - 1, offset, SECOND_BY_SECOND)
    low += int(fraction[:3].ljust(3, "0"))
    return Moment(low, low + 10 ** max(3 - len(fraction), 0) - 1, offset, SECOND_BY_SECOND)


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone == "Z":
        return 0
    minutes = int(zone[4:])
    ahead = int(zone[1:3]) * HOUR + minutes * MINUTE if minutes < 60 else _FURTHEST + 1  # noqa: PLR2004  # minutes
    return -ahead if zone[0] == "-" else ahead


def span(text: str) -> tuple[int, int] | None:
    """The first and the last millisecond since 1970 UTC that a date, dateTime or instant covers; None for what is none.

    A value without a zone is taken as UTC, so that it means the same on every server.
    https://hl7.org/fhir/R4/search.html#date
    """
    found = moment(text)
    if found is None:
        return None
    low, high, offset, _ = found
    return (low - offset, high - offset) if offset else (low, high)


def day_of(text: str) -> date | None:
    """The day of a FHIR date that is told whole; None for one of a year or a month alone, and for what is none."""
    told = moment(text)
    return date.fromisoformat(text) if told is not None and told.precision == DAY_BY_DAY else None


def instant(ms: int) -> str:
    """A FHIR instant in UTC (`2026-11-21T10:00:00.123Z`) of milliseconds since 1970; the years 1 to 9999."""
    days, rest = divmod(ms, DAY)
    return f"{_date(days)}T{_TIMES[rest // MINUTE]}:{rest % MINUTE // SECOND:02d}.{rest % SECOND:03d}Z"


_TIMES = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))


def _date(days: int) -> str:
    return date.fromordinal(days + _EPOCH).isoformat()


_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_YEAR = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(ms: int) -> str:
    """The date of a Last-Modified header, in whole seconds. https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7"""
    return _http_date(ms // SECOND)


@lru_cache(maxsize=4096)
def _http_date(seconds: int) -> str:
    days, rest = divmod(seconds * SECOND, DAY)
    day = date.fromordinal(days + _EPOCH)
    clock = f"{_TIMES[rest // MINUTE]}:{rest % MINUTE // SECOND:02d}"
    return f"{_WEEK[day.weekday()]}, {day.day:02d} {_YEAR[day.month - 1]} {day.year:04d} {clock} GMT"


def from_http_date(text: str) -> int | None:
    """Milliseconds since 1970 of the date in an If-Modified-Since header; None for what is none."""
    try:
        found = parsedate_to_datetime(text)
        return int(found.replace(tzinfo=found.tzinfo or UTC).timestamp()) * SECOND
    except (ValueError, OverflowError):
        return None
