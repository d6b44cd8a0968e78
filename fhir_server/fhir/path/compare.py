"""Which of two values is the same, or comes first: True, False, or None where FHIRPath leaves it open.

https://hl7.org/fhirpath/N1/#equality
https://hl7.org/fhirpath/N1/#comparison
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from fhir_server.fhir.instant import Moment, moment
from fhir_server.fhir.path.branch import VALUELESS, Branches, Get, Scope, items, only

TEMPORAL = frozenset({"date", "dateTime", "instant"})

Test: TypeAlias = Callable[[Any, Any], bool | None]


def equal(left: Branches, right: Branches) -> Get:
    """Whether two collections have the same values in the same order."""
    if _single(left) and _single(right):
        return _both(only(left), only(right), _test(left[0].type, right[0].type))
    lefts, rights = _typed(left), _typed(right)

    def get(node: Any, scope: Scope) -> bool | None:
        ours, theirs = lefts(node, scope), rights(node, scope)
        if not ours or not theirs:
            return None
        if len(ours) != len(theirs):
            return False
        answers = {
            _test(kind, other)(value, against) for (kind, value), (other, against) in zip(ours, theirs, strict=True)
        }
        return False if False in answers else None if None in answers else True

    return get


def ordered(left: Branches, right: Branches, holds: Callable[[int], bool]) -> Get:
    """Whether the one value of the left stands to that of the right so that `holds` likes the sign of their difference."""
    lefts, rights = _typed(left), _typed(right)

    def get(node: Any, scope: Scope) -> bool | None:
        ours, theirs = lefts(node, scope), rights(node, scope)
        if len(ours) != 1 or len(theirs) != 1:
            return None
        (kind, value), (other, against) = ours[0], theirs[0]
        sign = compared(value, against, temporal=kind in TEMPORAL and other in TEMPORAL)
        return None if sign is None else holds(sign)

    return get


def compared(value: Any, against: Any, *, temporal: bool) -> int | None:
    """-1, 0 or 1 as a value comes before another, with it or after it; None where that is left open. `temporal`: both are
    dates, dateTimes or instants.
    """
    return _sign_of_dates(value, against) if temporal else _sign(value, against)


def _single(branches: Branches) -> bool:
    return len(branches) == 1 and not branches[0].many


def _typed(branches: Branches) -> Get:
    """The values, each with its type."""
    parts = [(branch.type, items((branch,))) for branch in branches]
    return lambda node, scope: [(kind, value) for kind, part in parts for value in part(node, scope)]


def _both(left: Get, right: Get, test: Test) -> Get:
    def get(node: Any, scope: Scope) -> bool | None:
        value = left(node, scope)
        if value is None:
            return None
        against = right(node, scope)
        return None if against is None else test(value, against)

    return get


def _test(kind: str, other: str) -> Test:
    return _same_moment if kind in TEMPORAL and other in TEMPORAL else _same


def _same(value: Any, against: Any) -> bool | None:
    if value is VALUELESS or against is VALUELESS:
        return None
    if type(value) is bool or type(against) is bool:
        return value is against
    return bool(value == against)


def _same_moment(value: Any, against: Any) -> bool | None:
    sign = _sign_of_dates(value, against)
    return None if sign is None else sign == 0


def _sign(value: Any, against: Any) -> int | None:
    if type(value) is dict and type(against) is dict:
        return _sign_of_quantities(value, against)
    ours, theirs = number(value), number(against)
    if ours is not None and theirs is not None:
        return _difference(ours, theirs)
    return _difference(value, against) if type(value) is str and type(against) is str else None


def _difference(value: Any, against: Any) -> int | None:
    try:
        return int(value > against) - int(value < against)
    except ArithmeticError:
        return None


def _sign_of_quantities(value: dict[str, Any], against: dict[str, Any]) -> int | None:
    """Quantities of one unit compare by their number; nothing is converted."""
    unit = "code" if "code" in value or "code" in against else "unit"
    same_unit = value.get(unit) == against.get(unit) and value.get("system") == against.get("system")
    return _sign(value.get("value"), against.get("value")) if same_unit else None


def number(value: Any) -> int | Decimal | None:
    """The value as a number; None for what is none."""
    if type(value) is bool:
        return None
    if isinstance(value, int | Decimal):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else None


def _sign_of_dates(value: Any, against: Any) -> int | None:
    """None where the values are told too differently to know: 2026 and 2026-03-02.

    A value without a zone is read in the zone of the other, so that a period from 2026-03-02 to
    2026-03-02T00:30:00+01:00 is in order wherever the server stands.
    """
    if type(value) is not str or type(against) is not str:
        return None
    ours, theirs = moment(value), moment(against)
    if ours is None or theirs is None:
        return None
    return _sign_of_moments(ours, theirs)


def _sign_of_moments(ours: Moment, theirs: Moment) -> int | None:
    ahead, behind = ours.offset, theirs.offset
    shift = ahead - behind if ahead is not None and behind is not None else 0
    low, high = ours.low - shift, ours.high - shift
    if ours.precision == theirs.precision:
        return (low > theirs.low) - (low < theirs.low)
    if high < theirs.low:
        return -1
    return 1 if low > theirs.high else None
