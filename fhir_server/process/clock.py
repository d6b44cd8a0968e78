"""What Swedish clocks and calendars say: the day of a moment, its end, days added to a date, and the end of a term.

A day is a day of the calendar and not 24 hours: the night on which the clocks change makes no term shorter or longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.fhir.instant import HOUR, SECOND, span
from fhir_server.fhir.shift import STOCKHOLM

DAY = len("2026-03-02")
_ONE = timedelta(days=1)


def reading(moment: int, zone: tzinfo = STOCKHOLM) -> datetime:
    """What the clocks say at a moment, in milliseconds since 1970, to the millisecond."""
    return datetime.fromtimestamp(moment // SECOND, zone).replace(microsecond=moment % SECOND * 1000)


def day_of(moment: int, zone: tzinfo = STOCKHOLM) -> date:
    """The local date of a moment, in milliseconds since 1970."""
    return reading(moment, zone).date()


def start_of(day: date, zone: tzinfo = STOCKHOLM) -> int:
    """The first millisecond of a local day, since 1970."""
    return int(datetime.combine(day, time(), zone).timestamp()) * SECOND


def end_of(day: date, zone: tzinfo = STOCKHOLM) -> int:
    """The last millisecond of a local day, since 1970."""
    return start_of(day + _ONE, zone) - 1


def last_of(text: str) -> int | None:
    """The last moment of what a dateTime says: of a day by Stockholm's calendar; None where it is none."""
    told = span(text)
    if told is None:
        return None
    return end_of(date.fromisoformat(text)) if len(text) == DAY else told[1]


def days_between(first: date, end: date) -> list[date]:
    """The days from the first until the end, which is not one of them."""
    return [first + timedelta(days=number) for number in range((end - first).days)]


@dataclass(frozen=True, slots=True)
class Term:
    """How long there is: so many hours by the clock, or so many days by the calendar, to the end of the last (0: the same day)."""

    hours: int | None = None
    days: int = 0

    def end(self, moment: int, zone: tzinfo = STOCKHOLM) -> int:
        """The last millisecond of the term that begins at a moment; both since 1970."""
        if self.hours is not None:
            return moment + self.hours * HOUR
        return end_of(day_of(moment, zone) + timedelta(days=self.days), zone)


def term_of(duration: Mapping[str, Any]) -> Term:
    """The term that a FHIR Duration in whole hours (`h`) or days (`d`) says. BadDefinition.
    https://hl7.org/fhir/R4/datatypes.html#Duration
    """
    value, unit = duration.get("value"), duration.get("code")
    if value is None or value != int(value) or value < 0 or unit not in {"h", "d"}:
        raise BadDefinition("a term is a Duration of whole hours (h) or days (d)")
    return Term(hours=int(value)) if unit == "h" else Term(days=int(value))
