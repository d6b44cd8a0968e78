"""A row of the discharge policy: its parts, and how what they say is read."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from fhir_server.fhir.definitions import BadDefinition, parts_of

CURRENCY = "SEK"
Row = Mapping[str, Any]
Read = TypeVar("Read")


class Told:
    """A row of a file: its name, and what its parts say. BadDefinition where it has none, or no reason or source."""

    def __init__(self, file: str, row: Row) -> None:
        self.file, self.name = file, str(row.get("name"))
        self.parts = parts_of(row) if "part" in row else {}
        if not (self.has_one("reason") and self.has_one("source")):
            raise self.bad("a row has one reason and one source")

    def bad(self, why: str) -> BadDefinition:
        """That it cannot be used."""
        return BadDefinition(f"{self.file}: {self.name}: {why}")

    def has_one(self, name: str) -> bool:
        """Whether a part stands in it once, and says something."""
        return len(self.parts.get(name, ())) == 1 and bool(self.parts[name][0] != "")

    def one(self, name: str) -> Any:
        """What a part says that stands in it once."""
        if not self.has_one(name):
            raise self.bad(f"{name} stands in it once")
        return self.parts[name][0]

    def value(self, name: str, part: str = "value") -> Any:
        """What a part says, as the statute's row of a name is read."""
        return self._as(ROWS[name], part)

    def refuse_others(self, known: Collection[str]) -> None:
        """Raises BadDefinition for a part that nobody reads."""
        if others := sorted(self.parts.keys() - known - {"reason", "source"}):
            raise self.bad(f"{', '.join(others)}: nobody reads it")

    def year(self) -> int:
        """The year that it is of."""
        return self._as(_positive, "year")

    def day(self, part: str) -> date:
        """The local date that a part says."""
        return self._as(date.fromisoformat, part)

    def amount(self, part: str) -> Decimal:
        """The kronor that a part says."""
        return self._as(_kronor, part)

    def _as(self, read_value: Callable[[Any], Read], part: str) -> Read:
        value = self.one(part)
        try:
            return read_value(value)
        except (KeyError, TypeError, ValueError) as wrong:
            raise self.bad(f"{part}: {wrong}") from None


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a whole number is expected")
    return value


def _positive(value: Any) -> int:
    if _count(value) == 0:
        raise ValueError("a number from 1 is expected")
    return int(value)


def _number(value: Any) -> Decimal:
    if not isinstance(value, int | Decimal) or isinstance(value, bool) or value < 0:
        raise ValueError("a number is expected")
    return Decimal(value)


def _kronor(value: Any) -> Decimal:
    if value["currency"] != CURRENCY:
        raise ValueError(f"the amount is in {CURRENCY}")
    return _number(value["value"])


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false is expected")
    return value


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def read_code(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"one of {', '.join(allowed)} is expected")
        return str(value)

    return read_code


ROWS: Mapping[str, Callable[[Any], Any]] = {
    "days": _count,
    "days-after-hour": _count,
    "hour": time.fromisoformat,
    "zone": ZoneInfo,
    "counted": _one_of("calendar", "workdays"),
    "discharge-day": _truth,
    "late-notice": _one_of("permits", "strict"),
    "late-call": _one_of("strict", "from-call"),
    "leave": _one_of("pauses", "counts"),
    "payer": _one_of("placing", "registered"),
    "model": _one_of("individual", "average"),
    "threshold": _number,
    "rolling-months": _positive,
    "readmission-days": _count,
}
"""The rows of the statute, and how each is read."""
