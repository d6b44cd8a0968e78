"""The ways through the rows of a search: where they come from, what they must meet, in which order they come."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from fhir_server.search.query import Criterion, Missing, Query
from fhir_server.storage.page import Position
from fhir_server.storage.sqlite.clause import Clause
from fhir_server.storage.sqlite.compile import ID, LAST_UPDATED, compiled, known, row_of
from fhir_server.storage.sqlite.order import BY_ID, BY_NOTHING, Key, after, kind_of, outermost_row, walked
from fhir_server.storage.sqlite.sieve import sieve


@dataclass(frozen=True, slots=True)
class Way:
    """The tables, with the resource as `r`; the conditions; the keys by which the rows are put in order."""

    tables: Clause
    conditions: tuple[Clause, ...]
    order: tuple[Key, ...] = (BY_ID,)

    def ordered(self, order: tuple[Key, ...], position: Position | None) -> "Way":
        """The way in an order, from a position on."""
        beyond = () if position is None else (after(order, position),)
        return replace(self, conditions=self.conditions + beyond, order=order)

    def sought(self, position: Position | None) -> "Way":
        """The way with its beginning looked up in the index it follows."""
        if position is None:
            return self
        return replace(self, conditions=(*self.conditions, self.order[0].from_on(position[0])))


@lru_cache(8)
def gathering(type: str, found: Clause, criteria: tuple[Criterion, ...]) -> Way:
    """From the keys that were found to the resources that meet the criteria, in no order. One search asks for it two or three times."""
    tables = Clause(f"(SELECT DISTINCT key FROM ({found.sql})) d CROSS JOIN resources r ON r.key = d.key", found.values)
    return Way(tables, (_live(type), *_probes(criteria, type)))


def naming(type: str, found: Clause) -> Way:
    """From the keys that were found to the ids of those that are not deleted, and to nothing else of them."""
    tables = (
        f"(SELECT DISTINCT key FROM ({found.sql})) d CROSS JOIN resources r INDEXED BY resources_key ON r.key = d.key"
    )
    return Way(Clause(tables, found.values), (_live(type),))


def keys_alone(type: str, found: Clause, criteria: Sequence[Criterion]) -> Way | None:
    """The keys that were found, of resources known not to be deleted, without a look at the resources themselves; None where
    no index can say for sure which of them meet the criteria.
    """
    sieves = [sieve(criterion, type, "r") for criterion in criteria]
    conditions = tuple(one.condition for one in sieves if one is not None and one.exact)
    if len(conditions) < len(sieves):
        return None
    return Way(Clause(f"(SELECT DISTINCT key FROM ({found.sql})) r", found.values), conditions)


def through(type: str, criteria: Sequence[Criterion]) -> Way:
    """Through all resources of a type, by the ids."""
    return Way(Clause("resources r INDEXED BY resources_live"), (_live(type), *_probes(criteria, type)))


def walking(
    connection: sqlite3.Connection,
    query: Query,
    criteria: Sequence[Criterion],
    order: tuple[Key, ...],
    position: Position | None,
) -> Iterator[Way]:
    """Through all resources of a type in an order, from a position on; one way after the other gives all of them."""
    first = query.sort[0].parameter if query.sort else ID
    if first == ID:
        yield through(query.type, criteria).ordered(order, position).sought(position)
    elif first == LAST_UPDATED:
        yield _along_times(query.type, criteria).ordered(order, position).sought(position)
    else:
        kind = kind_of(connection, query.type, first)
        yield from _along_values(kind, query, criteria, order, position)


def _along_times(type: str, criteria: Sequence[Criterion]) -> Way:
    return Way(Clause("resources r INDEXED BY resources_updated"), (_live(type), *_probes(criteria, type)))


def _along_values(
    kind: str | None,
    query: Query,
    criteria: Sequence[Criterion],
    order: tuple[Key, ...],
    position: Position | None,
) -> Iterator[Way]:
    """First the resources that have a value to be sorted by, in the order of the values; then those that have none."""
    sort = query.sort[0]
    past_values = position is not None and position[0] is None
    if kind is not None and not past_values:
        along = walked(kind, descending=sort.descending)
        way = _along(kind, along.table, query, criteria)
        first = Key(Clause(f"w.{along.first}"), sort.descending)
        yield way.ordered((first, *order[1:]), position).sought(position)
    without = through(query.type, (*criteria, Missing(sort.parameter)))
    yield without.ordered((BY_NOTHING, *order[1:]), position if past_values else None)


def _along(kind: str, table: str, query: Query, criteria: Sequence[Criterion]) -> Way:
    key = known(kind, query.sort[0].parameter, query.type)
    here = Clause(f"w.parameter = {key.sql}", key.values)
    tables = Clause(f"{table} CROSS JOIN resources r ON r.key = w.resource")
    return Way(tables, (here, _live(query.type), outermost_row(kind, query.sort[0]), *_probes(criteria, query.type)))


def _live(type: str) -> Clause:
    return Clause("r.type = ? AND r.deleted = 0", (type,))


def _probes(criteria: Sequence[Criterion], type: str) -> tuple[Clause, ...]:
    place = row_of(type)
    return tuple(compiled(criterion, place) for criterion in criteria)
