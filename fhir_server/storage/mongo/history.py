"""The versions of one resource, of a type or of all, newest first: the current ones, and those before them.

Two pipelines in one state of the database, whose rows are put in one order here (`$unionWith` promises none). An earlier
version is judged by itself at once; and again once its resource is looked up beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pymongo import DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.fhir.instant import BEGINNING
from fhir_server.fhir.outcome import NotFound
from fhir_server.search.parameter import APART
from fhir_server.search.query import Criterion, Every, Everything, LinkedFrom, settled_for
from fhir_server.storage import store as seam
from fhir_server.storage.mongo.document import STORED, place, stored
from fhir_server.storage.mongo.filter import Filter, all_of, compiled, flat, inside
from fhir_server.storage.mongo.order import Key, after, order_of
from fhir_server.storage.mongo.reach import Listed, bound, hops_in, listed, made_by, reached, rows_of
from fhir_server.storage.mongo.versions import kept_for, one
from fhir_server.storage.past import Past, position_of
from fhir_server.storage.rules import speaks_of_patients
from fhir_server.storage.store import Page, Stored

Stages: TypeAlias = list[dict[str, Any]]

_NEWEST = tuple(Key(member, descending=True) for member in ("updated", "type", "id"))


@dataclass(frozen=True, slots=True)
class History:
    """What is asked for, and what of it may be seen."""

    past: Past
    grant: Criterion

    async def page(self, database: AsyncDatabase[Any], session: AsyncClientSession) -> Page:
        """The page. NotFound. The session sees one state of the database throughout."""
        past = self.past
        grant = settled_for(self.grant, past.type) if past.type else self.grant
        criteria = [part for part in flat([grant], Every) if not isinstance(part, Everything)]
        if past.id and not await one(database.resources, {"_id": place(past.type, past.id)}, grant, _ID, session):
            raise NotFound.because("not-found")
        found = await listed(database, criteria, session)
        rows = [
            *await _rows(database.resources, _current(past, criteria, found, _newest(past)), past, session),
            *await _rows(database.versions, _earlier(past, criteria, found, _newest(past)), past, session),
        ]
        rows.sort(key=position_of, reverse=True)
        if past.shows_all(rows):
            return past.page(rows, len(rows))
        return past.page(rows, await self._counted(database, criteria, found, session))

    async def _counted(
        self, database: AsyncDatabase[Any], criteria: Sequence[Criterion], found: Listed, session: AsyncClientSession
    ) -> int | None:
        """How many there are; of more than one resource None past COUNTED."""
        if not self.past.counts:
            return None
        past = self.past.whole
        total = await _count(database.resources, _current(past, criteria, found), past, session)
        total += await _count(database.versions, _earlier(past, criteria, found), past, session)
        return total if past.id or total <= seam.COUNTED else None


_ID = {"_id": 1}


async def _rows(
    collection: AsyncCollection[Any], stages: Stages, past: Past, session: AsyncClientSession
) -> list[Stored]:
    paged = [*stages, {"$limit": past.count + 1}, {"$project": STORED}]
    return [stored(row) for row in await rows_of(collection, paged, session)]


async def _count(collection: AsyncCollection[Any], stages: Stages, past: Past, session: AsyncClientSession) -> int:
    limit = [] if past.id else [{"$limit": seam.COUNTED + 1}]
    rows = await rows_of(collection, [*stages, *limit, {"$count": "count"}], session)
    return next((int(row["count"]) for row in rows), 0)


# ------------------------------------------------------------------------------------------------ the pipelines


def _newest(past: Past) -> dict[str, Any]:
    """Of one resource the numbers are the order too, and have an index."""
    return {"$sort": {"version": DESCENDING} if past.id else order_of(_NEWEST)}


def _made(past: Past) -> Filter:
    """Of what is asked for, by type and id, the moment, and the position."""
    low, high = past.made
    of = {"type": past.type} if past.type else {"type": {"$nin": sorted(APART)}}
    # whole milliseconds: the same as $lte, which the emulator of the tests takes for $lt where an index goes further
    moment = {"updated": {**({} if low == BEGINNING else {"$gte": low}), "$lt": high + 1}}
    beyond = after(_NEWEST, past.after) if past.after else {}
    return all_of([{**of, **({"id": past.id} if past.id else {})}, moment, beyond])


def _current(past: Past, criteria: Sequence[Criterion], found: Listed, *order: dict[str, Any]) -> Stages:
    return reached(_made(past), criteria, found).stages(*order)


def _earlier(past: Past, criteria: Sequence[Criterion], found: Listed, *order: dict[str, Any]) -> Stages:
    """First what the version says itself, then what its resource says, then when it was followed."""
    own = all_of([_made(past), kept_for(criteria)])
    stages = reached(own, criteria, found, "place").stages(*order)
    if any(isinstance(hop, LinkedFrom) for criterion in criteria for hop in hops_in(criterion)):
        stages = [_PLACE, *stages]
    if criteria or past.outlived is not None:
        stages += [_PLACE, _resource(criteria), {"$unwind": "$current"}]
    if criteria:
        stages += _judged(criteria, found)
    if past.outlived is not None:
        stages += _outlived(past.outlived)
    return stages


_PLACE = {"$set": {"place": {"$concat": ["$type", "/", "$id"]}}}


def _resource(criteria: Sequence[Criterion]) -> dict[str, Any]:
    """The current version beside an earlier one, with what the criteria look at."""
    members = {"type": 1, "patients": 1, "updated": 1} if all(map(speaks_of_patients, criteria)) else {"text": 0}
    return {
        "$lookup": {
            "from": "resources",
            "localField": "place",
            "foreignField": "_id",
            "pipeline": [{"$project": members}],
            "as": "current",
        }
    }


def _judged(criteria: Sequence[Criterion], found: Listed) -> Stages:
    """All criteria on the current version."""
    present, joins = bound(criteria, found, "current.patients", "current.", "present")
    names = {"current.patients", *made_by(joins)}
    on_current = [inside("current", compiled(it, present), names) for it in criteria]
    return [*joins, {"$match": all_of(on_current)}]


_FOLLOWING = {"$concat": ["$place", "/", {"$toString": {"$add": ["$version", 1]}}]}


def _outlived(moment: int) -> Stages:
    """Followed after a moment: by the next version, which is the current one where it is not among the earlier ones."""
    following = {
        "from": "versions",
        "localField": "following",
        "foreignField": "_id",
        "pipeline": [{"$project": {"updated": 1}}],
        "as": "following",
    }
    later = {"$gt": moment}
    met = [{"following.updated": later}, {"following": [], "current.updated": later}]
    return [{"$set": {"following": _FOLLOWING}}, {"$lookup": following}, {"$match": {"$or": met}}]
