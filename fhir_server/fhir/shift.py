"""A story's dates are relative to its day 0: here they are moved to another day, by whole days."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fhir_server.fhir.instant import day_of

STOCKHOLM = ZoneInfo("Europe/Stockholm")
"""A Swedish clock reading stays what it was when a story moves from winter to summer time."""

UNMOVED = frozenset({"birthDate", "deceasedDate"})
"""Who somebody is does not move with the story."""

DAY_LENGTH, TIME_LENGTH = len("2026-03-02"), len("2026-03-02T16:00:00")


def day_zero(bundle: dict[str, Any]) -> date | None:
    """The day that a story is written around: the date of its Bundle's timestamp."""
    stamp = bundle.get("timestamp")
    return day_of(stamp[:DAY_LENGTH]) if isinstance(stamp, str) else None


def shifted(value: Any, days: int) -> Any:
    """The same JSON with every full date, dateTime and instant in it moved by a number of days."""
    if isinstance(value, dict):
        return {name: child if name in UNMOVED else shifted(child, days) for name, child in value.items()}
    if isinstance(value, list):
        return [shifted(child, days) for child in value]
    return _moved(value, timedelta(days)) if isinstance(value, str) else value


def _moved(text: str, by: timedelta) -> str:
    day = day_of(text[:DAY_LENGTH])
    if day is None or text[DAY_LENGTH : DAY_LENGTH + 1] not in {"", "T"}:
        return text
    moved, clock, zone = (day + by).isoformat(), text[DAY_LENGTH:TIME_LENGTH], text[TIME_LENGTH:]
    fraction, zone = (zone[:4], zone[4:]) if zone.startswith(".") else ("", zone)
    if zone and zone == _offset(f"{text[:DAY_LENGTH]}{clock}"):
        zone = _offset(f"{moved}{clock}")
    return f"{moved}{clock}{fraction}{zone}"


def _offset(reading: str) -> str:
    """The offset that Stockholm's clocks have at a reading; empty for what is none."""
    try:
        return datetime.fromisoformat(reading).replace(tzinfo=STOCKHOLM).isoformat()[TIME_LENGTH:]
    except ValueError:
        return ""
