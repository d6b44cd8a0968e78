"""The order of a search as SQL: sort keys, and what comes after a position."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_server.search.query import Query, Sort
from fhir_server.storage.page import Position
from fhir_server.storage.sqlite.clause import NEVER, Clause, all_of, any_of
from fhir_server.storage.sqlite.compile import ID, LAST_UPDATED, path
from fhir_server.storage.sqlite.held import AMOUNT, SPAN, STRING, TOKEN


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the order: an expression over a row `r`. What has no value (`nullable`) comes last either way."""

    expression: Clause
    descending: bool = False
    nullable: bool = False

    def terms(self, name: str) -> str:
        """The key in ORDER BY, under the name it has among the columns."""
        direction = " DESC" if self.descending else ""
        return f"{name} IS NULL, {name}{direction}" if self.nullable else f"{name}{direction}"

    def same(self, value: Any) -> Clause:
        """Rows that stand where the value stands."""
        return Clause(f"{self.expression.sql} IS ?", (*self.expression.values, value))

    def past(self, value: Any) -> Clause:
        """Rows that come after the value."""
        if value is None:
            return NEVER
        sign = "<" if self.descending else ">"
        further = Clause(f"{self.expression.sql} {sign} ?", (*self.expression.values, value))
        without = Clause(f"{self.expression.sql} IS NULL", self.expression.values)
        return any_of([further, without]) if self.nullable else further

    def from_on(self, value: Any) -> Clause:
        """Rows at the value or after it: what an index can begin with. Not for a key that may have no value."""
        sign = "<=" if self.descending else ">="
        return Clause(f"{self.expression.sql} {sign} ?", (*self.expression.values, value))


BY_ID = Key(Clause("r.id"))
BY_NOTHING = Key(Clause("NULL"), nullable=True)


def keys(connection: sqlite3.Connection, query: Query) -> list[Key]:
    """The keys of a query's order; the last is the id, so that no two resources stand at one place."""
    return [_key(connection, query.type, sort) for sort in query.sort] + [BY_ID]


def _key(connection: sqlite3.Connection, type: str, sort: Sort) -> Key:
    if sort.parameter == ID:
        return Key(Clause("r.id"), sort.descending)
    if sort.parameter == LAST_UPDATED:
        return Key(Clause("r.updated"), sort.descending)
    kind = kind_of(connection, type, sort.parameter)
    if kind is None:
        return BY_NOTHING
    return Key(_outermost(kind, sort), sort.descending, nullable=True)


def kind_of(connection: sqlite3.Connection, type: str, parameter: str) -> str | None:
    """What a parameter holds; None where no resource was ever indexed by it, or none can be sorted so."""
    row = connection.execute(
        "SELECT kind FROM parameters WHERE type = ? AND code = ? AND kind IN (?, ?, ?, ?)",
        (type, parameter, TOKEN, SPAN, STRING, AMOUNT),
    ).fetchone()
    return row[0] if row else None


def _outermost(kind: str, sort: Sort) -> Clause:
    """The lowest value of a parameter, or the highest. Ranges lie by their low end, so the greatest high may be any."""
    where = path(kind, sort.parameter)
    if kind in {SPAN, AMOUNT} and sort.descending:
        return Clause("(SELECT max(json_extract(value, '$[1]')) FROM json_each(r.idx, ?))", (where,))
    place = "[#-1][0]" if sort.descending else "[0][0]"
    return Clause("json_extract(r.idx, ?)", (where + place,))


def after(order: Sequence[Key], position: Position) -> Clause:
    """Rows that come after the position: later in one key, and the same in all keys before it."""
    return any_of(
        [
            all_of([*(key.same(value) for key, value in zip(order[:number], position, strict=False)), last.past(place)])
            for number, (last, place) in enumerate(zip(order, position, strict=True))
        ]
    )


class Along(NamedTuple):
    """The table by which a parameter is walked in order, and its columns: the one to walk by, and those that tell two values
    of one resource apart; each with its place among the parts of a value in an index.
    """

    table: str
    first: str
    columns: dict[str, int]


_TOKENS = Along("tokens w", "value", {"value": 0, "space": 1})
_STRINGS = Along("strings w INDEXED BY strings_key", "key", {"key": 0, "value": 1, "exact": 2})
_LOW, _HIGH = {"low": 0, "high": 1}, {"high": 1, "low": 0}
_UNIT = {"system": 2, "code": 3}
_WALKED = {
    (SPAN, False): Along("spans w", "low", _LOW),
    (SPAN, True): Along("spans w INDEXED BY spans_high", "high", _HIGH),
    (AMOUNT, False): Along("amounts w", "low", _LOW | _UNIT),
    (AMOUNT, True): Along("amounts w INDEXED BY amounts_high", "high", _HIGH | _UNIT),
    (TOKEN, False): _TOKENS,
    (TOKEN, True): _TOKENS,
    (STRING, False): _STRINGS,
    (STRING, True): _STRINGS,
}


def walked(kind: str, *, descending: bool) -> Along:
    """By what a kind of parameter is walked, as rows `w`."""
    return _WALKED[kind, descending]


def outermost_row(kind: str, sort: Sort) -> Clause:
    """The row `w` is the one of its resource that decides about the order, so that each resource comes once."""
    along = walked(kind, descending=sort.descending)
    (first, *others) = along.columns
    mine, theirs = _tuple(f"w.{column}" for column in others), _tuple(_part(along, column) for column in others)
    sign = ">" if sort.descending else "<"
    of_first = _part(along, first)
    return Clause(
        f"NOT EXISTS (SELECT 1 FROM json_each(r.idx, ?) o WHERE {of_first} {sign} w.{first}"
        f" OR ({of_first} = w.{first} AND {theirs} < {mine}))",
        (path(kind, sort.parameter),),
    )


def _part(along: Along, column: str) -> str:
    return f"json_extract(o.value, '$[{along.columns[column]}]')"


def _tuple(columns: Iterable[str]) -> str:
    return f"({', '.join(columns)})"
