"""A search: whichever is shorter, to gather what one criterion gives and sort it, or to walk in the order asked for.

A grant is one of the criteria, so it drives the search when it reaches few and follows when it reaches many.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.search.query import (
    NOTHING,
    Criterion,
    Identity,
    OfPatient,
    Query,
    Reference,
    Related,
    Token,
    reachable,
)
from fhir_server.storage import store as seam
from fhir_server.storage.page import Position
from fhir_server.storage.sqlite import begin
from fhir_server.storage.sqlite.begin import Beginning, flat, shortest
from fhir_server.storage.sqlite.chain import begun, chains
from fhir_server.storage.sqlite.clause import all_of
from fhir_server.storage.sqlite.driver import driver
from fhir_server.storage.sqlite.order import Key, keys
from fhir_server.storage.sqlite.related import listed
from fhir_server.storage.sqlite.rows import CURRENT, stored
from fhir_server.storage.sqlite.ways import Way, gathering, keys_alone, naming, through, walking
from fhir_server.storage.store import Page

_SIMPLE = 100
"""So many values bound are few things to ask of each row."""


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
        if any(map(chains, self.criteria)):
            return None
        found = shortest(
            connection, [it for it in self.criteria if isinstance(it, _TOGETHER)], self.query.type, begin.FEW
        )
        if found is None or found.count > begin.FEW:
            return None
        way = self._gathering(found)
        return found if sum(len(condition.values) for condition in way.conditions) <= _SIMPLE else None

    def page(self, connection: sqlite3.Connection, beginning: Beginning | None = None) -> Page:
        """The page. Run it where the database stands still."""
        if beginning is not None:
            return self.page_from(connection, beginning)
        type = self.query.type
        asked = replace(self, criteria=tuple(flat([listed(connection, it, type) for it in self.criteria])))
        if NOTHING in asked.criteria:
            return Page((), 0 if self.total else None)
        criteria, start = begun(connection, asked.criteria, type, asked.most)
        return replace(self, criteria=tuple(criteria)).page_from(connection, start)

    def page_from(self, connection: sqlite3.Connection, start: Beginning | None) -> Page:
        """The page, from a beginning on."""
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
        named = start is not None and not self.query.sort and not start.rest(self.criteria)
        if start is None or start.count > (self.most if named else begin.GATHERED):
            yield from walking(connection, self.query, self.criteria, order, self.position)
        elif named and start.count > begin.FEW:
            yield naming(self.query.type, start.keys).ordered(order, self.position)
        else:
            yield self._gathering(start).ordered(order, self.position)

    @property
    def most(self) -> int:
        """So many keys are worth having: more than are gathered only where indexes alone may see to all criteria."""
        alone = len(self.criteria) > 1 and not self.query.sort and self._related is None
        return begin.LISTED if alone else begin.GATHERED

    @property
    def _related(self) -> Related | None:
        """A relation to many, if one is asked for."""
        return next((criterion for criterion in self.criteria if isinstance(criterion, Related)), None)

    def _gathering(self, start: Beginning) -> Way:
        return gathering(self.query.type, start.keys, start.rest(self.criteria))

    def _counting(self, start: Beginning | None) -> Way:
        if start is None or start.count > self.most:
            start = self._by_relation or start
        if start is None:
            return through(self.query.type, self.criteria)
        alone = keys_alone(self.query.type, start.keys, start.rest(self.criteria)) if start.live else None
        return alone or self._gathering(start)

    @property
    def _by_relation(self) -> Beginning | None:
        """Where all else is met by too many, a relation is: it leads to keys, and rows need not be looked at."""
        found = driver(self._related, self.query.type) if self._related else None
        return Beginning(self._related, found, begin.FAR, (self._related,)) if self._related and found else None

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


def search(
    query: Query, grant: Criterion, *, count: int, position: Position | None = None, total: bool = False
) -> Search:
    """The search for what the query matches and the grant reaches, at every hop of a chain too."""
    return Search(query, tuple(flat([reachable(query, grant)])), count, position, total)


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
