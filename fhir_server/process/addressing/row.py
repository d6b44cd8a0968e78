"""A row of the addressing register (profile addressed-unit): what a unit takes, for whom, where, and when it is open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.extension import extensions, parts_in
from fhir_server.fhir.instant import BEGINNING, END, span
from fhir_server.process.clock import reading

SERVICE = f"{OURS}/CodeSystem/service"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """`at` is the reference to the HealthcareService, `unit` that of its unit. Without `messages` it takes all, without `days`
    (spans of birth days) and `ages` everybody; it holds from `start` to `end` (ms, both included). `told` is the resource, whose
    hours and closed days are read when they are asked for.
    """

    at: str
    unit: str
    name: str
    service: str
    areas: frozenset[str]
    messages: frozenset[str]
    days: tuple[tuple[int, int], ...]
    ages: tuple[int, int] | None
    deputy: str
    start: int
    end: int
    told: Json = field(compare=False, repr=False)

    def holds(self, at: int) -> bool:
        """Whether it counts at a moment (ms)."""
        return self.told.get("active") is True and self.start <= at <= self.end

    def takes(self, message: str) -> bool:
        """Whether its unit takes messages of this code."""
        return not self.messages or message in self.messages

    def is_for(self, born: date | None, on: date) -> bool:
        """Whether somebody of this birth date is its unit's, on a day. Of whom it is not known, rows that ask for it are not."""
        if born is None:
            return not self.days and self.ages is None
        fits = self.ages is None or self.ages[0] <= age(born, on) <= self.ages[1]
        return fits and (not self.days or any(low <= born.day <= high for low, high in self.days))

    def is_open(self, at: int) -> bool:
        """Whether its unit is open at a moment (ms), by Stockholm's clocks; one that tells no hours always is."""
        if any(start <= at <= end for start, end in self._closed()):
            return False
        hours = self.told.get("availableTime", ())
        return not hours or any(_is_within(one, reading(at)) for one in hours)

    def _closed(self) -> list[tuple[int, int]]:
        return [_days(one["during"]) for one in self.told.get("notAvailable", ()) if "during" in one]


def row_of(told: Json) -> Row:
    """The row that a valid HealthcareService of the profile tells."""
    codings = (coding for concept in told.get("type", ()) for coding in concept.get("coding", ()))
    spans = [parts_in(one) for one in extensions(told, "birth-days")]
    ages = [parts_in(one) for one in extensions(told, "ages")]
    start, end = _days(next((one["valuePeriod"] for one in extensions(told, "validity")), {}))
    return Row(
        at=f"HealthcareService/{told['id']}",
        unit=told.get("providedBy", {}).get("reference", ""),
        name=told.get("name", ""),
        service=next((it.get("code", "") for it in codings if it.get("system") == SERVICE), ""),
        areas=frozenset(one["reference"] for one in told.get("coverageArea", ()) if "reference" in one),
        messages=frozenset(one["valueCode"] for one in extensions(told, "message-type")),
        days=tuple((one["from"], one["to"]) for one in spans),
        ages=(ages[0].get("from", 0), ages[0].get("to", OLDEST)) if ages else None,
        deputy=next((one["valueReference"].get("reference", "") for one in extensions(told, "deputy")), ""),
        start=start,
        end=end,
        told=told,
    )


OLDEST = 200


def age(born: date, on: date) -> int:
    """Full years; who was born on a leap day is a year older on the first of March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _is_within(hours: Json, now: datetime) -> bool:
    """Whether a reading of the clock is within one availableTime: from its start, to before its end; one that ends before it
    starts goes on into the next day. https://hl7.org/fhir/R4/healthcareservice-definitions.html#HealthcareService.availableTime
    """
    days = hours.get("daysOfWeek", WEEK)
    today, yesterday = (WEEK[day.weekday()] in days for day in (now, now - timedelta(1)))
    if hours.get("allDay"):
        return today
    clock, midnight = now.strftime("%H:%M:%S"), "24:00:00"
    start, end = hours.get("availableStartTime", "00:00:00"), hours.get("availableEndTime", midnight)
    if start < end:
        return today and start <= clock < end
    return (today and clock >= start) or (yesterday and clock < end)


def _days(period: Json) -> tuple[int, int]:
    """The first and the last moment of a Period. A day that is told without a clock is Stockholm's."""
    start, end = (_moments(period.get(name, "")) for name in ("start", "end"))
    return start[0] if start else BEGINNING, end[1] if end else END


def _moments(text: str) -> tuple[int, int] | None:
    found = span(text)
    if found is None or "T" in text:
        return found
    low, high = (reading(it).utcoffset() or timedelta() for it in found)
    return found[0] - low // _MS, found[1] - high // _MS


_MS = timedelta(milliseconds=1)
