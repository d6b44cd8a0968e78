"""How far a grant or a query reaches by hops, along relations and references: MongoDB has no EXISTS, so there are two ways to
ask for one.

Where a hop leads to few (the patients of a relation, what meets the end of a chain), those are listed, and the list drives
the query. Where to many, each document that meets all else is asked for one (`$lookup`): then the hop follows the query, and
a query that names a patient asks after that patient only. The hops that another one takes on are listed before it.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.search.query import BlockedBy, Criterion, Every, Linked, LinkedFrom, Related, Some, Without
from fhir_server.storage.mongo.document import REFERENCE, pair_key, path
from fhir_server.storage.mongo.filter import Bonds, Filter, Hop, all_of, any_of, compiled, flat

LISTED = 1_000
"""So many patients, blocks and resources are listed; of more, each document is asked."""

POINTED_AT = 20
"""So many times more may be pointed at by those that are listed: a list has many entries."""

Listed: TypeAlias = Mapping[Hop, list[str] | None]
"""Where each hop leads: to patients (ids), to blocks (`id Type/id`: whom, by whom), to the ends of references (ids) or to the places that are pointed at (`Type/id`).
None: too many to list.
"""


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
        made = dict.fromkeys(made_by(self.joins), 0)
        return [*matches, *between, *self.joins, {"$match": self.joined}, {"$project": made}]


def made_by(joins: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The members that joins make of their own."""
    for join in joins:
        yield from join.get("$set", ())
        if "$lookup" in join:
            yield join["$lookup"]["as"]


def asked_of_each(own: Filter, criteria: Iterable[Criterion]) -> Reach:
    """The reach where few documents are looked at: each is asked for what is at the end of its hops."""
    return reached(own, list(flat(criteria, Every)), {})


async def reach(
    database: AsyncDatabase[Any],
    own: Filter,
    criteria: Iterable[Criterion],
    session: AsyncClientSession | None = None,
) -> Reach:
    """The reach of what meets the filter and all criteria, by whichever way is shorter."""
    parts = list(flat(criteria, Every))
    return reached(own, parts, await listed(database, parts, session))


def reached(own: Filter, parts: Sequence[Criterion], found: Listed, place: str = "_id") -> Reach:
    """The reach of what meets the filter and all criteria, once it is found where their hops lead. In the member `place` stands
    `Type/id`.
    """
    bonds, joins = bound(parts, found, place=place)
    direct, joined = list[Filter](), list[Filter]()
    for part in parts:
        asked = any(found.get(hop) is None for hop in hops_in(part))
        (joined if asked else direct).append(compiled(part, bonds))
    return Reach(all_of([own, *direct]), joins, all_of(joined), _probe(own, direct))


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


def hops_in(criterion: Criterion) -> Iterator[Hop]:
    """The hops that a criterion takes from a resource, wherever in it; not those that they take further on."""
    match criterion:
        case Related() | BlockedBy() | Linked() | LinkedFrom():
            yield criterion
        case Every(parts) | Some(parts):
            for part in parts:
                yield from hops_in(part)
        case Without(part):
            yield from hops_in(part)


# ------------------------------------------------------------------------------------------------ few are listed


async def listed(
    database: AsyncDatabase[Any], criteria: Iterable[Criterion], session: AsyncClientSession | None = None
) -> Listed:
    """Where each hop of the criteria leads, and each that it takes on."""
    found: dict[Hop, list[str] | None] = {}
    for criterion in criteria:
        await _list(database, criterion, found, session)
    return found


async def _list(
    database: AsyncDatabase[Any],
    criterion: Criterion,
    found: dict[Hop, list[str] | None],
    session: AsyncClientSession | None,
) -> None:
    for hop in hops_in(criterion):
        if hop in found:
            continue
        if isinstance(hop, Related):
            found[hop] = await _patients(database, hop, session)
            continue
        if isinstance(hop, BlockedBy):
            found[hop] = await _blocks(database, hop, session)
            continue
        await _list(database, hop.where, found, session)
        ends = await (_targets if isinstance(hop, Linked) else _places)(database, hop, found, session)
        found[hop] = ends


async def _patients(
    database: AsyncDatabase[Any], related: Related, session: AsyncClientSession | None
) -> list[str] | None:
    """The patients whom the actors have to do with; None where there are more than are listed."""
    stages: list[dict[str, Any]] = [
        {"$match": _standing(related)},
        {"$group": {"_id": "$patient"}},
        {"$limit": LISTED + 1},
    ]
    rows = await rows_of(database.relations, stages, session)
    return sorted(row["_id"] for row in rows) if len(rows) <= LISTED else None


async def _blocks(
    database: AsyncDatabase[Any], blocked: BlockedBy, session: AsyncClientSession | None
) -> list[str] | None:
    """The blocks in force; None where there are more than are listed."""
    stages: list[dict[str, Any]] = [
        {"$match": _standing(blocked)},
        {"$limit": LISTED + 1},
        {"$project": {"patient": 1, "actor": 1}},
    ]
    rows = await rows_of(database.relations, stages, session)
    return sorted({f"{row['patient']} {row['actor']}" for row in rows}) if len(rows) <= LISTED else None


async def _targets(
    database: AsyncDatabase[Any], hop: Linked | LinkedFrom, found: Listed, session: AsyncClientSession | None
) -> list[str] | None:
    """The ids of the resources at the end of a chain."""
    rows = await _met(database, hop, "id", found, session)
    return None if rows is None else sorted(row["id"] for row in rows)


async def _places(
    database: AsyncDatabase[Any], hop: Linked | LinkedFrom, found: Listed, session: AsyncClientSession | None
) -> list[str] | None:
    """What the resources point at that meet a criterion."""
    outward = path("to", hop.parameter)
    rows = await _met(database, hop, outward, found, session)
    if rows is None:
        return None
    _, name = outward.split(".")
    places = {place for row in rows for place in row.get("to", {}).get(name, ())}
    return sorted(places) if len(places) <= POINTED_AT * LISTED else None


async def _met(
    database: AsyncDatabase[Any],
    hop: Linked | LinkedFrom,
    member: str,
    found: Listed,
    session: AsyncClientSession | None,
) -> list[Any] | None:
    """A member of the resources that a hop is about; None where more than are listed come into question."""
    met = _of_hop(hop, found)
    wanted = {"$project": {member: 1}}
    first = replace(met, joins=())
    rows = await rows_of(database.resources, [*first.stages({"$limit": LISTED + 1}), wanted], session)
    if len(rows) > LISTED:
        return None
    if not met.joins or not rows:
        return rows
    these = {"_id": {"$in": [row["_id"] for row in rows]}}
    narrowed = replace(met, direct=all_of([these, met.direct]), probe={})
    return await rows_of(database.resources, [*narrowed.stages(), wanted], session)


def _of_hop(hop: Linked | LinkedFrom, found: Listed) -> Reach:
    return reached({"type": hop.type, "live": True}, list(flat([hop.where], Every)), found)


# ------------------------------------------------------------------------------------------------ of many each is asked


def bound(
    criteria: Iterable[Criterion],
    found: Listed,
    patients: str = "patients",
    rest: str = "",
    name: str = "hop",
    place: str = "_id",
) -> tuple[Bonds, tuple[dict[str, Any], ...]]:
    """What each hop of the criteria demands of a document whose patients stand in the member `patients` and all else in members
    that begin with `rest`, `Type/id` in the member `place`; and the joins, under names that begin with `name`, by which it is asked for what is not listed.
    """
    bonds: dict[Hop, Filter] = {}
    joins = list[dict[str, Any]]()
    for number, hop in enumerate(dict.fromkeys(hop for criterion in criteria for hop in hops_in(criterion))):
        ends = found.get(hop)
        if ends is None:
            joins += _join(hop, patients, rest, f"{name}{number}", found)
            bonds[hop] = {f"{name}{number}": {"$ne": []}}
        else:
            bonds[hop] = _leading_to(hop, ends, patients, place)
    return bonds, tuple(joins)


def _leading_to(hop: Hop, ends: list[str], patients: str, place: str) -> Filter:
    """What leads to one of the ends that are listed."""
    match hop:
        case Related():
            return {patients: {"$in": ends}}
        case BlockedBy():
            return any_of([{patients: {"$in": them}, "keys": key} for key, them in _closed(hop, ends)])
        case Linked():
            return {"keys": {"$in": [pair_key(hop.parameter, REFERENCE, hop.type, id) for id in ends]}}
    return {place: {"$in": ends}}


def _closed(hop: BlockedBy, blocks: list[str]) -> Iterator[tuple[str, list[str]]]:
    """By the key of what points at an organization, the patients of whom it is closed."""
    patients = defaultdict[str, list[str]](list)
    for block in blocks:
        patient, _, actor = block.partition(" ")
        patients[actor].append(patient)
    for actor, them in patients.items():
        type, _, id = actor.partition("/")
        if type:
            yield pair_key(hop.parameter, REFERENCE, type, id), them


def _join(hop: Hop, patients: str, rest: str, name: str, found: Listed) -> list[dict[str, Any]]:
    match hop:
        case Related():
            return [_lookup("relations", patients, "patient", [{"$match": _standing(hop)}], name)]
        case BlockedBy():
            named = {"named": {"$ifNull": [f"${rest}{path('to', hop.parameter)}", []]}}
            stages = [{"$match": _standing(hop)}, {"$match": {"$expr": {"$in": ["$actor", "$$named"]}}}]
            return [_lookup("relations", patients, "patient", stages, name, named)]
        case Linked():
            local = rest + path("to", hop.parameter)
            return [_lookup("resources", local, "_id", _of_hop(hop, found).stages(), name)]
    own = f"{name}key"
    key = {"$concat": [{"$literal": f'{hop.parameter}{REFERENCE}["'}, f"${rest}type", '","', f"${rest}id", '"]']}
    return [{"$set": {own: key}}, _lookup("resources", own, "keys", _of_hop(hop, found).stages(), name)]


def _lookup(
    collection: str,
    local: str,
    foreign: str,
    stages: list[dict[str, Any]],
    name: str,
    told: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Whether there is one: `told` are names in the stages for what stands in the document that asks."""
    pipeline = [*stages, {"$limit": 1}, {"$project": {"_id": 1}}]
    return {
        "$lookup": {
            "from": collection,
            "localField": local,
            "foreignField": foreign,
            **({"let": told} if told else {}),
            "pipeline": pipeline,
            "as": name,
        }
    }


def _standing(hop: Related | BlockedBy) -> Filter:
    """What a document of `relations` must be."""
    actor = {"$in": sorted(hop.actors)} if isinstance(hop, Related) else {"$nin": sorted(hop.apart)}
    return {"actor": actor, "kind": {"$in": sorted(hop.kinds)}, "start": {"$lte": hop.at}, "end": {"$gte": hop.at}}


async def rows_of(
    collection: AsyncCollection[Any], stages: list[dict[str, Any]], session: AsyncClientSession | None = None
) -> list[Any]:
    """What a pipeline gives."""
    cursor = await collection.aggregate(stages, session=session)
    return await cursor.to_list()
