"""How far a grant or a query reaches by relations: MongoDB has no EXISTS, so there are two ways to ask for one.

Where the actors have to do with few patients, those are listed, and the list drives the query. Where with many, each
document that meets all else is asked for a relation of its patients (`$lookup`): then the relations follow the query, and
one that names a patient asks after that patient only.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.search.query import Criterion, Every, Related, Some, Without
from fhir_server.storage.mongo.filter import Bonds, Filter, all_of, compiled, flat

LISTED = 1_000
"""So many patients are listed; of more, each document is asked."""

Listed: TypeAlias = Mapping[Related, list[str] | None]
"""The patients to whom each relation reaches; None: too many to list."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What criteria demand: at once (`direct`), and after the stages of `joins` (`joined`).

    `probe` is a part of `direct` that one index answers whole. MongoDB makes one $match of the two and plans for itself; a
    server that uses an index only where it answers everything (the emulator of the tests) begins with it.
    """

    direct: Filter
    joins: tuple[dict[str, Any], ...] = ()
    joined: Filter = field(default_factory=dict)
    probe: Filter = field(default_factory=dict)

    def stages(self, *between: dict[str, Any]) -> list[dict[str, Any]]:
        """The stages of a pipeline that leave what is reached; `between` stands where only the direct part is met."""
        matches = [{"$match": it} for it in (self.probe, self.direct) if it]
        if not self.joins:
            return [*matches, *between]
        names = {join["$lookup"]["as"]: 0 for join in self.joins}
        return [*matches, *between, *self.joins, {"$match": self.joined}, {"$project": names}]


def asked_of_each(own: Filter, criteria: Iterable[Criterion]) -> Reach:
    """The reach where few documents are looked at: each is asked for its relations."""
    parts = list(flat(criteria, Every))
    return reached(own, parts, {related: None for part in parts for related in relations_in(part)})


async def reach(
    database: AsyncDatabase[Any],
    own: Filter,
    criteria: Iterable[Criterion],
    session: AsyncClientSession | None = None,
) -> Reach:
    """The reach of what meets the filter and all criteria, by whichever way is shorter."""
    parts = list(flat(criteria, Every))
    return reached(own, parts, await listed(database, parts, session))


async def listed(
    database: AsyncDatabase[Any], criteria: Iterable[Criterion], session: AsyncClientSession | None = None
) -> Listed:
    """The patients of each relation that the criteria speak of."""
    return {related: await _few(database, related, session) for part in criteria for related in relations_in(part)}


def reached(own: Filter, parts: Iterable[Criterion], found: Listed) -> Reach:
    """The reach of what meets the filter and all criteria, once the patients of their relations are listed."""
    bonds, joins = bound(found)
    direct, joined = _split(parts, {related for related, patients in found.items() if patients is None}, bonds)
    return Reach(all_of([own, *direct]), joins, all_of(joined), _probe(own, direct))


def bound(found: Listed, member: str = "patients", name: str = "relations") -> tuple[Bonds, tuple[dict[str, Any], ...]]:
    """What each relation demands of a document whose patients stand in a member, and the joins, under names that begin with
    this one, by which it is asked for those that are not listed.
    """
    bonds: dict[Related, Filter] = {}
    joins = []
    for number, (related, patients) in enumerate(found.items()):
        if patients is None:
            joins.append(_join(related, member, f"{name}{number}"))
            bonds[related] = {f"{name}{number}": {"$ne": []}}
        else:
            bonds[related] = {member: {"$in": patients}}
    return bonds, tuple(joins)


def _probe(own: Filter, direct: Iterable[Filter]) -> Filter:
    """The type with the patients or the keys of which there are the fewest."""
    found = [part for part in direct if part.keys() <= {"patients", "keys"} and len(part) == 1]
    if "type" not in own or not found:
        return {}
    narrowest = min(found, key=_breadth)
    return {"type": own["type"], **narrowest}


def _breadth(part: Filter) -> tuple[int, bool]:
    ((member, wanted),) = part.items()
    several = wanted.get("$in") if isinstance(wanted, dict) else [wanted]
    return (sys.maxsize if several is None else len(several), member == "keys")


def _split(parts: Iterable[Criterion], asked: set[Related], bonds: Bonds) -> tuple[list[Filter], list[Filter]]:
    direct, joined = list[Filter](), list[Filter]()
    for part in parts:
        (joined if asked.intersection(relations_in(part)) else direct).append(compiled(part, bonds))
    return direct, joined


def relations_in(criterion: Criterion) -> Iterator[Related]:
    """What a criterion says of relations, wherever in it."""
    match criterion:
        case Related():
            yield criterion
        case Every(parts) | Some(parts):
            for part in parts:
                yield from relations_in(part)
        case Without(part):
            yield from relations_in(part)


def _standing(related: Related) -> Filter:
    """What a document of `relations` must be."""
    return {
        "actor": {"$in": sorted(related.actors)},
        "kind": {"$in": sorted(related.kinds)},
        "start": {"$lte": related.at},
        "end": {"$gte": related.at},
    }


def _join(related: Related, member: str, name: str) -> dict[str, Any]:
    pipeline = [{"$match": _standing(related)}, {"$limit": 1}, {"$project": {"_id": 1}}]
    return {
        "$lookup": {
            "from": "relations",
            "localField": member,
            "foreignField": "patient",
            "pipeline": pipeline,
            "as": name,
        }
    }


async def _few(database: AsyncDatabase[Any], related: Related, session: AsyncClientSession | None) -> list[str] | None:
    """The patients whom the actors have to do with; None where there are more than are listed."""
    stages: list[dict[str, Any]] = [
        {"$match": _standing(related)},
        {"$group": {"_id": "$patient"}},
        {"$limit": LISTED + 1},
    ]
    rows = await rows_of(database.relations, stages, session)
    return sorted(row["_id"] for row in rows) if len(rows) <= LISTED else None


async def rows_of(
    collection: AsyncCollection[Any], stages: list[dict[str, Any]], session: AsyncClientSession | None = None
) -> list[Any]:
    """What a pipeline gives."""
    cursor = await collection.aggregate(stages, session=session)
    return await cursor.to_list()
