"""Entries of the audit by what they tell: a criterion about rows as a filter, and their order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from fhir_server.fhir.definitions import r4
from fhir_server.search.query import (
    Criterion,
    Every,
    Everything,
    Identity,
    OfPatient,
    Reference,
    Related,
    Some,
    Span,
    Token,
    Without,
)
from fhir_server.storage import store
from fhir_server.storage.mongo.filter import ALWAYS, POINTS, Bonds, Filter, all_of, any_of, flat
from fhir_server.storage.mongo.reach import Reach, bound, hops_in, listed, rows_of
from fhir_server.storage.mongo.trail import entry_in
from fhir_server.storage.rules import of_entries
from fhir_server.storage.store import Entry, Order

_LOCAL = ReadConcern("local")


async def entries(
    database: AsyncDatabase[Any], grant: Criterion, after: int, before: int, count: int
) -> list[tuple[int, Entry]]:
    """Audit entries in the order of their numbers, between two of them."""
    reached = await _reach(database, [of_entries(grant)], {"_id": {"$gt": after, "$lt": before}})
    return await _rows(database, reached, Order("number"), count)


async def find_entries(
    database: AsyncDatabase[Any],
    where: Criterion,
    grant: Criterion,
    order: Order,
    count: int,
    after: tuple[int, ...] | None,
    *,
    total: bool,
) -> tuple[list[tuple[int, Entry]], int | None]:
    """The entries that meet a criterion about rows and that the grant reaches, and how many there are."""
    reached = await _reach(database, [where, of_entries(grant)])
    past = {} if after is None else _past(order, after)
    page = replace(reached, direct=all_of([past, reached.direct]))
    rows = await _rows(database, page, order, count) if count else []
    return rows, await _counted(database, reached) if total else None


async def _reach(database: AsyncDatabase[Any], criteria: Sequence[Criterion], own: Filter = ALWAYS) -> Reach:
    """What meets a filter and all criteria; the relations that lead to few are listed first."""
    parts = list(flat(criteria, Every))
    found = await listed(database, parts)
    bonds, joins = bound(parts, found)
    asked = [any(found.get(hop) is None for hop in hops_in(part)) for part in parts]
    direct = [_met(part, bonds) for part, joined in zip(parts, asked, strict=True) if not joined]
    joined = [_met(part, bonds) for part, joined in zip(parts, asked, strict=True) if joined]
    return Reach(all_of([own, *direct]), joins, all_of(joined))


async def _rows(database: AsyncDatabase[Any], reached: Reach, order: Order, count: int) -> list[tuple[int, Entry]]:
    found = await rows_of(_audit(database), [*reached.stages({"$sort": _order(order)}), {"$limit": count}])
    return [entry_in(row) for row in found]


async def _counted(database: AsyncDatabase[Any], reached: Reach) -> int | None:
    limited = [*reached.stages(), {"$limit": store.COUNTED + 1}, {"$count": "count"}]
    found = await rows_of(_audit(database), limited)
    number = int(found[0]["count"]) if found else 0
    return number if number <= store.COUNTED else None


def _audit(database: AsyncDatabase[Any]) -> AsyncCollection[Any]:
    return database.get_collection("audit", read_concern=_LOCAL)


def _order(order: Order) -> dict[str, int]:
    way = -1 if order.descending else 1
    return {"_id": way} if order.by == "number" else {"at": way, "_id": 1}


def _past(order: Order, after: tuple[int, ...]) -> Filter:
    further = "$lt" if order.descending else "$gt"
    if order.by == "number":
        return {"_id": {further: after[0]}}
    at, number = after
    return {"at": {f"{further}e": at}, "$or": [{"at": {further: at}}, {"_id": {"$gt": number}}]}


def _met(criterion: Criterion, bonds: Bonds) -> Filter:
    """The filter that a criterion sets. KeyError for one that rows are not asked."""
    return _MEANINGS[type(criterion)](criterion, bonds)


_TOKENS = {"agent": "names", "interaction": "interaction", "organisation": "organisation", "request": "request"}

_MEANINGS: Mapping[type, Callable[[Any, Bonds], Filter]] = {
    Everything: lambda _, __: ALWAYS,
    Every: lambda it, bonds: all_of(_met(part, bonds) for part in it.parts),
    Some: lambda it, bonds: any_of([_met(part, bonds) for part in it.parts]),
    Without: lambda it, bonds: {"$nor": [_met(it.part, bonds)]},
    Identity: lambda it, _: {"_id": {"$in": sorted(map(int, it.ids))}},
    OfPatient: lambda it, _: {"patients": {"$in": sorted(it.patients)}},
    Related: lambda it, bonds: bonds[it],
    Token: lambda it, _: {_TOKENS[it.parameter]: it.code},
    Reference: lambda it, _: {"type": it.type or {"$in": sorted(r4().resource_types)}, "id": it.id},
    Span: lambda it, _: POINTS[it.relation](it.parameter, it.low, it.high),
}
