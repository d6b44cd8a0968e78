"""Days and clock readings as people in Sweden write them, and the FHIR dateTimes that they are."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.process.clock import reading

_DAY = re.compile(r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CLOCK = r"([0-9]{1,2})[:.]([0-9]{2})"
_TO = "[-\u2013]"
"""Whichever stroke people write between two times."""
_MEETING = re.compile(rf"([0-9-]{{10}})\s+(?:kl\.?\s*)?{_CLOCK}(?:\s*{_TO}\s*{_CLOCK})?", re.IGNORECASE | re.ASCII)
HOUR_LONG = timedelta(hours=1)


class Span(NamedTuple):
    """When somebody meets: the first and the last moment, by Stockholm's clocks.

    Two readings of one clock are compared by their timestamps: as datetimes they would forget the hour that comes twice.
    """

    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        """How long it is."""
        return int(self.end.timestamp() - self.start.timestamp()) // 60

    def is_over(self, now: datetime) -> bool:
        """Whether it has come to its end."""
        return self.end.timestamp() <= now.timestamp()


def day(text: str) -> date | None:
    """The day of YYYY-MM-DD, of the years 1900 to 2199; None for what is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def meeting(text: str) -> Span | None:
    """`YYYY-MM-DD hh:mm` or `YYYY-MM-DD hh:mm-hh:mm`, an hour long where no end is told; None for what is none, and for a
    reading that the clocks skip in spring. In the hour that comes twice in autumn the first is meant.
    """
    found = _MEETING.fullmatch(text)
    on = day(found[1]) if found else None
    if found is None or on is None:
        return None
    start = _reading(on, found[2], found[3])
    end = _reading(on, found[4], found[5]) if found[4] else start and _later(start)
    span = Span(start, end) if start and end else None
    return span if span and span.minutes > 0 else None


def _reading(on: date, hour: str, minute: str) -> datetime | None:
    try:
        told = datetime.combine(on, time(int(hour), int(minute)), STOCKHOLM)
    except ValueError:
        return None
    return told if _later(told, timedelta()).replace(tzinfo=None) == told.replace(tzinfo=None) else None


def _later(moment: datetime, by: timedelta = HOUR_LONG) -> datetime:
    return (moment.astimezone(UTC) + by).astimezone(STOCKHOLM)


def clock_reading(ms: int) -> datetime:
    """What Stockholm's clocks say at a moment, in milliseconds since 1970, to the second."""
    return reading(ms).replace(microsecond=0)
