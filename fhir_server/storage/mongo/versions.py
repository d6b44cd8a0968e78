"""One resource by its id: its current version, or another one. The grant is part of the filter of each.

A version is judged by the anchors that it has itself, and by all that the current one has: who may no longer see the
resource sees no earlier state of it, and who came later sees nothing of another patient's time.
"""

from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.fhir.outcome import Gone, NotFound
from fhir_server.search.match import matches
from fhir_server.search.query import Criterion, Every, Everything, OfPatient, Related, Some, Without
from fhir_server.storage.mongo.document import STORED, Document, candidate, place, stored
from fhir_server.storage.mongo.filter import Filter
from fhir_server.storage.mongo.reach import asked_of_each, reach, rows_of
from fhir_server.storage.store import Stored

_JUDGED = {**STORED, "keys": 1, "spans": 1}
"""With these members a document can be judged in memory too."""


async def read(database: AsyncDatabase[Any], type: str, id: str, grant: Criterion) -> Stored:
    """The current version. NotFound, Gone."""
    found = await one(database.resources, {"_id": place(type, id)}, grant, STORED)
    if found is None:
        raise NotFound.because("not-found")
    return _still_there(stored(found))


async def vread(database: AsyncDatabase[Any], type: str, id: str, version: int, grant: Criterion) -> Stored:
    """The version of this number. NotFound, Gone."""
    current = await one(database.resources, {"_id": place(type, id)}, grant, _JUDGED)
    found = current
    if current is not None and current["version"] != version:
        own = {"type": type, "id": id, "version": version}
        found = await one(database.versions, own, of_patients(grant, current), STORED)
    if found is None:
        raise NotFound.because("no-such-version")
    return _still_there(stored(found))


def _still_there(found: Stored) -> Stored:
    if found.deleted:
        raise Gone.because("gone")
    return found


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


async def one(
    collection: AsyncCollection[Any],
    own: Filter,
    grant: Criterion,
    members: dict[str, int],
    session: AsyncClientSession | None = None,
) -> Document | None:
    """Members of the one document that meets the filter and the grant; None where there is none."""
    found = asked_of_each(own, [grant])
    if not found.joins:
        alone: Document | None = await collection.find_one(found.direct, members, session=session)
        return alone
    rows = await rows_of(collection, [*found.stages(), {"$project": members}], session)
    return rows[0] if rows else None


async def current(database: AsyncDatabase[Any], grant: Criterion, after: tuple[str, str], count: int) -> list[Stored]:
    """So many current versions that are not deleted, by type and id from a place on."""
    own: Filter = {"_id": {"$gt": place(*after)}, "live": True}
    found = await reach(database, own, [grant])
    stages = [*found.stages({"$sort": {"_id": 1}}), {"$limit": count}, {"$project": STORED}]
    return [stored(row) for row in await rows_of(database.resources, stages)]
