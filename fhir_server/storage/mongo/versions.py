"""One resource by its id: its current version, another one, its history. The grant is part of the filter of each.

A version is judged by the anchors that it has itself, and by all that the current one has: who may no longer see the
resource sees no earlier state of it, and who came later sees nothing of another patient's time.
"""

from typing import Any

from pymongo import DESCENDING
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.fhir.outcome import Gone, NotFound
from fhir_server.search.match import matches
from fhir_server.search.query import Criterion, Every, Everything, OfPatient, Related, Some, Without
from fhir_server.storage.mongo.document import STORED, Document, candidate, place, stored
from fhir_server.storage.mongo.filter import Filter, all_of
from fhir_server.storage.mongo.reach import asked_of_each, reach, rows_of
from fhir_server.storage.store import Page, Stored

_JUDGED = {**STORED, "keys": 1, "spans": 1}
"""With these members a document can be judged in memory too."""


async def read(database: AsyncDatabase[Any], type: str, id: str, grant: Criterion) -> Stored:
    """The current version. NotFound, Gone."""
    found = await _one(database.resources, {"_id": place(type, id)}, grant, STORED)
    if found is None:
        raise NotFound.because("not-found")
    return _still_there(stored(found))


async def vread(database: AsyncDatabase[Any], type: str, id: str, version: int, grant: Criterion) -> Stored:
    """The version of this number. NotFound, Gone."""
    current = await _one(database.resources, {"_id": place(type, id)}, grant, _JUDGED)
    found = current
    if current is not None and current["version"] != version:
        own = {"type": type, "id": id, "version": version}
        found = await _one(database.versions, own, of_patients(grant, current), STORED)
    if found is None:
        raise NotFound.because("no-such-version")
    return _still_there(stored(found))


def _still_there(found: Stored) -> Stored:
    if found.deleted:
        raise Gone.because("gone")
    return found


async def history(
    database: AsyncDatabase[Any],
    type: str,
    id: str,
    grant: Criterion,
    *,
    count: int,
    before: int | None,
    since: int | None,
) -> Page:
    """The versions, newest first, made at `since` or later and numbered below `before`; their total is without `before`.
    NotFound.
    """
    current = await _one(database.resources, {"_id": place(type, id)}, grant, _JUDGED)
    if current is None:
        raise NotFound.because("not-found")
    first = [current] if since is None or current["updated"] >= since else []
    shown = first if before is None or current["version"] < before else []
    # below the current one as it was read: it may have become an earlier one since
    made = all_of([{"type": type, "id": id, "version": {"$lt": current["version"]}}, _since(since)])
    there = of_patients(grant, current)
    rows = shown + await _earlier(database, all_of([made, _before(before)]), there, count + 1 - len(shown))
    total = len(first) + await _count(database, made, there)
    items = tuple(stored(row) for row in rows[:count])
    return Page(items, total, (items[-1].version,) if items and len(rows) > count else None)


def _since(since: int | None) -> Filter:
    return {} if since is None else {"updated": {"$gte": since}}


def _before(before: int | None) -> Filter:
    return {} if before is None else {"version": {"$lt": before}}


async def _earlier(database: AsyncDatabase[Any], own: Filter, grant: Criterion, limit: int) -> list[Document]:
    if limit < 1:
        return []
    stages = asked_of_each(own, [grant]).stages({"$sort": {"version": DESCENDING}})
    return await rows_of(database.versions, [*stages, {"$limit": limit}, {"$project": STORED}])


async def _count(database: AsyncDatabase[Any], own: Filter, grant: Criterion) -> int:
    rows = await rows_of(database.versions, [*asked_of_each(own, [grant]).stages(), {"$count": "count"}])
    return next((int(row["count"]) for row in rows), 0)


def of_patients(grant: Criterion, current: Document) -> Criterion:
    """What a grant demands of the anchors of an earlier version, once all else is judged on the current one."""
    match grant:
        case OfPatient() | Related():
            return grant
        case Every(parts):
            return Every(tuple(of_patients(part, current) for part in parts))
        case Some(parts):
            return Some(tuple(of_patients(part, current) for part in parts))
        case Without(part):
            return Without(of_patients(part, current))
    return Everything() if matches(grant, candidate(current)) else Some(())


async def _one(
    collection: AsyncCollection[Any], own: Filter, grant: Criterion, members: dict[str, int]
) -> Document | None:
    found = asked_of_each(own, [grant])
    if not found.joins:
        alone: Document | None = await collection.find_one(found.direct, members)
        return alone
    rows = await rows_of(collection, [*found.stages(), {"$project": members}])
    return rows[0] if rows else None


async def current(database: AsyncDatabase[Any], grant: Criterion, after: tuple[str, str], count: int) -> list[Stored]:
    """So many current versions that are not deleted, by type and id from a place on."""
    own: Filter = {"_id": {"$gt": place(*after)}, "live": True}
    found = await reach(database, own, [grant])
    stages = [*found.stages({"$sort": {"_id": 1}}), {"$limit": count}, {"$project": STORED}]
    return [stored(row) for row in await rows_of(database.resources, stages)]
