"""Ranges as SQL: how a stored one, of dates or of amounts, stands to the one asked for.

A number is kept as its place among all doubles, a whole number: SQLite reads a decimal out of JSON with a last bit of its
own, whole numbers as they stand.
"""

from struct import Struct
from typing import TypeAlias

from fhir_server.search.query import Amount, Span
from fhir_server.storage.sqlite.clause import Clause

Range: TypeAlias = Span | Amount

_NUMBER, _BITS = Struct("<d"), Struct("<q")
_MAGNITUDE = (1 << 63) - 1


def placed(number: float) -> int:
    """The place of a number: a smaller one has a smaller place, and zero, however it is signed, is at 0."""
    (bits,) = _BITS.unpack(_NUMBER.pack(number))
    return int(bits if bits >= 0 else -(bits & _MAGNITUDE))


_RELATIONS = {
    "eq": ("({low} >= ? AND {high} <= ?)", "lh"),
    "ne": ("NOT ({low} >= ? AND {high} <= ?)", "lh"),
    "gt": ("{high} > ?", "h"),
    "lt": ("{low} < ?", "l"),
    "ge": ("({high} > ? OR ({low} >= ? AND {high} <= ?))", "hlh"),
    "le": ("({low} < ? OR ({low} >= ? AND {high} <= ?))", "llh"),
    "sa": ("{low} > ?", "h"),
    "eb": ("{high} < ?", "l"),
    "ap": ("({low} <= ? AND {high} >= ?)", "hl"),
}
"""How a stored range stands to the one asked for, and which of its ends (l, h) fill the question marks."""


def spanning(asked: Range, low: str, high: str) -> Clause:
    """The stored range, its ends named in SQL, stands to the one asked for as its relation says."""
    condition, ends = _RELATIONS[asked.relation]
    return Clause(condition.format(low=low, high=high), filled(asked, ends))


_HINTS = {"eq": ("{low} <= ?", "h"), "ge": ("{high} >= ?", "l"), "le": ("{low} <= ?", "h")}


def hinted(asked: Range, low: str, high: str) -> Clause:
    """What follows from the relation and lets an index stop early."""
    condition, ends = _HINTS.get(asked.relation, ("1", ""))
    return Clause(condition.format(low=low, high=high), filled(asked, ends))


_POINTS = {
    "eq": ("{at} BETWEEN ? AND ?", "lh"),
    "ap": ("{at} BETWEEN ? AND ?", "lh"),
    "ne": ("{at} NOT BETWEEN ? AND ?", "lh"),
    "gt": ("{at} > ?", "h"),
    "sa": ("{at} > ?", "h"),
    "lt": ("{at} < ?", "l"),
    "eb": ("{at} < ?", "l"),
    "ge": ("{at} >= ?", "l"),
    "le": ("{at} <= ?", "h"),
}


def at_point(asked: Span, point: str) -> Clause:
    """The same of a stored span that is one millisecond: in a form that an index can answer."""
    condition, ends = _POINTS[asked.relation]
    return Clause(condition.format(at=point), filled(asked, ends))


def filled(asked: Range, ends: str) -> tuple[int, ...]:
    """The ends of a range that the letters l and h name, as they are stored."""
    low, high = (asked.low, asked.high) if isinstance(asked, Span) else (placed(asked.low), placed(asked.high))
    return tuple(low if end == "l" else high for end in ends)


def in_unit(asked: Amount, system: str, code: str) -> list[Clause]:
    """What the columns of a unit, named in SQL, must be."""
    if asked.code is None:
        return []
    found = [Clause(f"{code} = ?", (asked.code,))]
    return found if asked.system is None else [*found, Clause(f"{system} = ?", (asked.system,))]
