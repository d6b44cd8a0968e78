"""Numbers and quantities, as ranges: what is told to so many figures means all that rounds to it.

https://hl7.org/fhir/R4/search.html#number https://hl7.org/fhir/R4/search.html#quantity
"""

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from fhir_server.search.query import Amount
from fhir_server.search.values.date import RELATIONS
from fhir_server.search.values.escape import plain, split

Range: TypeAlias = tuple[float, float, str, str]
"""Low, high, system and code of the unit."""

EXPECTED = "[" + "|".join(RELATIONS) + "]number"
EXPECTED_QUANTITY = f"{EXPECTED}[|system|code]"

_NUMBER = re.compile(r"[+-]?(\d{1,30})(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
LEAST, MOST = -sys.float_info.max, sys.float_info.max
"""An end that is open: no infinity, which JSON does not know."""

_APPROXIMATELY = Decimal("0.1")
"""`ap`: a tenth to either side, as the paragraph recommends."""


def _of_number(value: Any) -> Sequence[Range]:
    number = _float(value)
    return () if number is None else ((number, number, "", ""),)


def _of_quantity(quantity: dict[str, Any]) -> Sequence[Range]:
    """With a comparator it is all that the comparator says; by its code, and by the unit that people read."""
    value = _float(quantity.get("value"))
    if value is None:
        return ()
    low, high = _compared(value, quantity.get("comparator"))
    return [(low, high, *unit) for unit in _units(quantity)]


def _compared(value: float, comparator: Any) -> tuple[float, float]:
    match comparator:
        case "<":
            return LEAST, math.nextafter(value, LEAST)
        case "<=":
            return LEAST, value
        case ">=":
            return value, MOST
        case ">":
            return math.nextafter(value, MOST), MOST
    return value, value


def _units(quantity: dict[str, Any]) -> list[tuple[str, str]]:
    system, code, unit = (
        quantity.get(name) if type(quantity.get(name)) is str else "" for name in ("system", "code", "unit")
    )
    return [(system or "", code or "")] + ([("", unit)] if unit and unit != code else [])


def _of_range(value: dict[str, Any]) -> Sequence[Range]:
    """An end that is not given is open. https://hl7.org/fhir/R4/datatypes.html#Range"""
    ends = [value.get(name) for name in ("low", "high")]
    low, high = (_of_quantity(end) if type(end) is dict else () for end in ends)
    return [
        (low[0][0] if low else LEAST, high[0][1] if high else MOST, system, code) for _, _, system, code in low or high
    ]


def _of_samples(samples: dict[str, Any]) -> Sequence[Range]:
    """From the lower to the upper limit, where both are given; else around the origin."""
    origin = samples.get("origin")
    limits = [_float(samples.get(name)) for name in ("lowerLimit", "upperLimit")]
    found = _of_quantity(origin) if type(origin) is dict else ()
    if None in limits:
        return found
    return [(limits[0], limits[1], system, code) for _, _, system, code in found]  # type: ignore[misc]


def _float(value: Any) -> float | None:
    """What is beyond a float counts as the furthest one."""
    if type(value) is bool or not isinstance(value, int | Decimal | float):
        return None
    try:
        return min(max(float(value), LEAST), MOST)
    except OverflowError:  # of a long int alone: a Decimal becomes infinite
        return MOST if value > 0 else LEAST


NUMBERS: Mapping[str, Callable[[Any], Sequence[Range]]] = dict.fromkeys(
    ("decimal", "integer", "positiveInt", "unsignedInt"), _of_number
)
QUANTITIES: Mapping[str, Callable[[Any], Sequence[Range]]] = {
    **dict.fromkeys(("Age", "Count", "Distance", "Duration", "Quantity"), _of_quantity),
    "Range": _of_range,
    "SampledData": _of_samples,
}
"""What a value of a type gives."""


def number(parameter: str, text: str) -> Amount | None:
    """What a value asks of a number parameter; None for one that is malformed."""
    relation, told = (text[:2], text[2:]) if text[:2] in RELATIONS else ("eq", text)
    if not _NUMBER.fullmatch(told):
        return None
    value = Decimal(told)
    low, high = _bounds(relation, value)
    return Amount(parameter, relation, low, high)


def _bounds(relation: str, value: Decimal) -> tuple[float, float]:
    """All that rounds to the last figure that is told where equality is asked for, else the very number.

    `1e2` has one figure, so it means 50 to 150: R4's sentence on figures says so; its example, 95 to 105, does not keep to it.
    """
    if relation not in {"eq", "ne", "ap"}:
        return float(value), float(value)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "the pattern lets no NaN through"
    half = Decimal(5).scaleb(exponent - 1)
    if relation == "ap":
        half = max(half, abs(value) * _APPROXIMATELY)
    low, high = float(value - half), math.nextafter(float(value + half), LEAST)
    return min(low, float(value)), max(high, float(value))  # it means itself, whatever a float has room for


def quantity(parameter: str, text: str) -> Amount | None:
    """What a value asks of a quantity parameter: `5.4`, `5.4|system|code` or `5.4||unit`; None for one that is malformed."""
    parts = [plain(part) for part in split(text, "|")]
    found = number(parameter, parts[0])
    if found is None or len(parts) not in {1, 3} or (len(parts) > 1 and not parts[2]):
        return None
    if len(parts) == 1:
        return found
    return Amount(parameter, found.relation, found.low, found.high, parts[1] or None, parts[2])
