"""A search: whichever is shorter, to gather what one criterion gives and sort it, or to walk in the order asked for.

A grant is one of the criteria, so it drives the search when it reaches few and follows when it reaches many.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.search.query import (
    Amount,
    Criterion,
    Every,
    Everything,
    Identity,
    Linked,
    LinkedFrom,
    OfPatient,
    Query,
    Reference,
    Related,
    Some,
    Span,
    Text,
    Token,
    Under,
    Without,
    Words,
    narrowed,
)
from fhir_server.storage import store as seam
from fhir_server.storage.page import Position
from fhir_server.storage.sqlite.clause import Clause, all_of
from fhir_server.storage.sqlite.driver import driver
from fhir_server.storage.sqlite.order import Key, keys
from fhir_server.storage.sqlite.rows import CURRENT, stored
from fhir_server.storage.sqlite.ways import Way, by_key, gathering, keys_alone, through, walking
from fhir_server.storage.store import Page

GATHERED = 1000
"""So many rows are gathered and sorted; of more, the search walks in order and asks of each whether it belongs."""
FEW = 100
"""What a criterion of so few gives is looked through at once: no other is counted, and no thread is asked."""
_SIMPLE = 100
"""So many values bound are few things to ask of each row."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A criterion that an index can answer: its keys, and how many, counted to just past GATHERED."""

    criterion: Criterion
    keys: Clause
    count: int


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: of the resources that meet all criteria, `count` from `position` on in the query's order, and
    with `total` how many there are.
    """

    query: Query
    criteria: tuple[Criterion, ...]
    count: int
    position: Position | None = None
    total: bool = False

    def short_beginning(self, connection: sqlite3.Connection) -> Beginning | None:
        """A criterion so few meet that the whole search is over at once; None where that is not quickly told."""
        if any(map(_chains, self.criteria)):
            return None
        found = shortest(connection, [it for it in self.criteria if isinstance(it, _TOGETHER)], self.query.type)
        if found is None or found.count > FEW:
            return None
        way = self._gathering(found)
        return found if sum(len(condition.values) for condition in way.conditions) <= _SIMPLE else None

    def page(self, connection: sqlite3.Connection, beginning: Beginning | None = None) -> Page:
        """The page. Run it where the database stands still."""
        start = beginning or shortest(connection, self.criteria, self.query.type)
        order = tuple(keys(connection, self.query))
        rows: list[tuple[Any, ...]] = []
        for way in self._ways(connection, start, order):
            rows += _rows(connection, way, self.count + 1 - len(rows))
            if len(rows) > self.count:
                break
        shown, more = rows[: self.count], len(rows) > self.count
        last = tuple(shown[-1][-len(order) :]) if shown and more else None
        return Page(tuple(stored(row) for row in shown), self._total(connection, start, len(shown), more=more), last)

    def _ways(self, connection: sqlite3.Connection, start: Beginning | None, order: tuple[Key, ...]) -> Iterator[Way]:
        """The ways that give, one after the other, all rows in order."""
        if start is None or start.count > GATHERED:
            yield from walking(connection, self.query, self.criteria, order, self.position)
        else:
            yield self._gathering(start).ordered(order, self.position)

    def _gathering(self, start: Beginning) -> Way:
        return gathering(self.query.type, start.keys, self._rest(start))

    def _counting(self, start: Beginning | None) -> Way:
        if start is None:
            return through(self.query.type, self.criteria)
        if isinstance(start.criterion, _NOT_DELETED) and all(by_key(criterion) for criterion in self._rest(start)):
            return keys_alone(self.query.type, start.keys, self._rest(start))
        return self._gathering(start)

    def _rest(self, start: Beginning) -> list[Criterion]:
        """What the beginning has not seen to; a driver of an AND or an OR may give more than meet it."""
        exact = not isinstance(start.criterion, Every | Some)
        return [criterion for criterion in self.criteria if not (exact and criterion is start.criterion)]

    def _total(self, connection: sqlite3.Connection, start: Beginning | None, shown: int, *, more: bool) -> int | None:
        """How many there are; None where nobody asked, or past COUNTED."""
        if not self.total:
            return None
        if self.position is None and not more:
            return shown
        way = self._counting(start)
        met = all_of(way.conditions)
        (count,) = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {way.tables.sql} WHERE {met.sql} LIMIT {seam.COUNTED + 1})",
            way.tables.values + met.values,
        ).fetchone()
        return int(count) if count <= seam.COUNTED else None


_TOGETHER = (OfPatient, Identity, Token, Reference)
"""Criteria whose rows stand together in an index, so that few are counted in no time."""
_NOT_DELETED = (OfPatient, Related, Token, Under, Reference, Span, Amount, Text, Words, Linked)
"""Criteria that begin at rows which a deleted resource does not have."""


def search(
    query: Query, grant: Criterion, *, count: int, position: Position | None = None, total: bool = False
) -> Search:
    """The search for what the query matches and the grant reaches, at every hop of a chain too."""
    return Search(query, tuple(flat((narrowed(query.where, grant), grant))), count, position, total)


def _chains(criterion: Criterion) -> bool:
    """Whether it looks at other resources, of which there may be many."""
    match criterion:
        case Every(parts) | Some(parts):
            return any(map(_chains, parts))
        case Without(part):
            return _chains(part)
    return isinstance(criterion, Linked | LinkedFrom)


def flat(criteria: Sequence[Criterion]) -> Iterator[Criterion]:
    """The criteria that must all hold, one by one; none for everything."""
    for criterion in criteria:
        if isinstance(criterion, Every):
            yield from flat(criterion.parts)
        elif not isinstance(criterion, Everything):
            yield criterion


def shortest(connection: sqlite3.Connection, criteria: Sequence[Criterion], type: str) -> Beginning | None:
    """The criterion that the fewest rows meet, among those that an index can answer; the first of FEW is good enough."""

    def choose(where: Criterion, of: str) -> Clause | None:
        chosen = shortest(connection, list(flat([where])), of)
        return chosen.keys if chosen is not None and chosen.count <= GATHERED else None

    best: Beginning | None = None
    for criterion in sorted(criteria, key=_promise):
        found = driver(criterion, type, choose)
        if found is None:
            continue
        (count,) = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM ({found.sql}) LIMIT {GATHERED + 1})", found.values
        ).fetchone()
        if best is None or count < best.count:
            best = Beginning(criterion, found, count)
        if count <= FEW:
            break
    return best


def _promise(criterion: Criterion) -> int:
    """Which criteria are likely to be met by few, or quickly counted: those come first."""
    match criterion:
        case OfPatient() | Identity():
            return 0
        case Text(_, "contains" | "ends", _):
            return 3
        case Token() | Reference() | Under() | Span() | Amount() | Text() | Words():
            return 1
    return 2


def _rows(connection: sqlite3.Connection, way: Way, limit: int) -> list[tuple[Any, ...]]:
    """The keys first: sorting moves rows about, and texts are long."""
    names = [f"k{number}" for number in range(len(way.order))]
    columns = ", ".join(f"{key.expression.sql} AS {name}" for key, name in zip(way.order, names, strict=True))
    terms = ", ".join(key.terms(name) for key, name in zip(way.order, names, strict=True))
    met = all_of(way.conditions)
    found = f"SELECT r.key, {columns} FROM {way.tables.sql} WHERE {met.sql} ORDER BY {terms} LIMIT ?"
    return connection.execute(
        f"SELECT {CURRENT}, {', '.join(names)} FROM ({found}) f CROSS JOIN resources r ON r.key = f.key ORDER BY {terms}",
        (*(value for key in way.order for value in key.expression.values), *way.tables.values, *met.values, limit),
    ).fetchall()
