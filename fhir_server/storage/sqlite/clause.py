"""Pieces of SQL with their values: what the compilers hand to each other, so that no value ever stands in the text."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec


class Clause(NamedTuple):
    """SQL and what fills its question marks, in their order. As a condition it is true or false, never NULL."""

    sql: str
    values: tuple[Any, ...] = ()


ALWAYS, NEVER = Clause("1"), Clause("?", (0,))
"""A constant 0 would let SQLite leave a table out that a query names with INDEXED BY, and then refuse the query."""


def as_json(value: Any) -> str:
    """The value as compact JSON, for json_each: one bound value, however many rows."""
    return msgspec.json.encode(value).decode()


def all_of(parts: Sequence[Clause]) -> Clause:
    """All of the conditions; of none: always."""
    return _joined("AND", parts) if parts else ALWAYS


def any_of(parts: Sequence[Clause]) -> Clause:
    """Any of the conditions; of none: never."""
    return _joined("OR", parts) if parts else NEVER


def _joined(word: str, parts: Sequence[Clause]) -> Clause:
    """Joined as a balanced tree: SQLite takes an expression 1,000 levels deep at the most."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _joined(word, parts[:middle]), _joined(word, parts[middle:])
    return Clause(f"({left.sql} {word} {right.sql})", left.values + right.values)


def negated(part: Clause) -> Clause:
    """The condition does not hold."""
    return Clause(f"NOT {part.sql}", part.values)


def one_of(expression: str, values: Collection[str] | Collection[int]) -> Clause:
    """The expression is one of the values."""
    if len(values) == 1:
        return Clause(f"{expression} = ?", tuple(values))
    return Clause(f"{expression} IN (SELECT value FROM json_each(?))", (as_json(sorted(values)),))


def exists(rows: str, conditions: Sequence[Clause]) -> Clause:
    """One of the rows (`tokens t`) meets all of the conditions."""
    met = all_of(conditions)
    return Clause(f"EXISTS (SELECT 1 FROM {rows} WHERE {met.sql})", met.values)
