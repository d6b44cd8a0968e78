"""One resource by its id: its current version, or another one. The grant is part of the filter of each.

A version is judged by all that it has itself, its anchors and its index, and by all that the current one has: who may no
longer see the resource sees no earlier state of it, and who came later sees nothing of another patient's time, nor of a time
when the resource was of another kind. Relations and other resources are as they are now.
"""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.match import Candidate
from fhir_server.search.query import (
    Criterion,
    Every,
    Everything,
    Linked,
    LinkedFrom,
    Some,
    Without,
    settled_for,
)
from fhir_server.storage.mongo.document import (
    REFERENCE,
    STORED,
    WITH_INDEX,
    Document,
    pair_key,
    place,
    stored,
)
from fhir_server.storage.mongo.filter import Filter
from fhir_server.storage.mongo.reach import asked_of_each, hops_in, reach, rows_of
from fhir_server.storage.rules import speaks_of_patients, still_there
from fhir_server.storage.store import Stored


async def read(database: AsyncDatabase[Any], type: str, id: str, grant: Criterion) -> Stored:
    """The current version. NotFound, Gone."""
    found = await one(database.resources, {"_id": place(type, id)}, settled_for(grant, type), STORED)
    if found is None:
        raise NotFound.because("not-found")
    return still_there(stored(found))


async def vread(database: AsyncDatabase[Any], type: str, id: str, version: int, grant: Criterion) -> Stored:
    """The version of this number. NotFound, Gone."""
    of_type = settled_for(grant, type)
    found = await one(database.resources, {"_id": place(type, id)}, of_type, STORED)
    if found is not None and found["version"] != version:
        own = {"type": type, "id": id, "version": version, **kept_for([of_type])}
        found = await one(database.versions, own, of_type, STORED)
    if found is None:
        raise NotFound.because("no-such-version")
    return still_there(stored(found))


def kept_for(criteria: Iterable[Criterion]) -> Filter:
    """What an earlier version must have been kept with to be judged. Those of a release before have no index: whatever they may
    have been, who asks for that does not see them.
    """
    return {} if all(map(speaks_of_patients, criteria)) else WITH_INDEX


async def settled(
    database: AsyncDatabase[Any], criterion: Criterion, of: Candidate, session: AsyncClientSession | None = None
) -> Criterion:
    """The criterion with all that it says of other resources settled for this one, which may not be stored yet: the rest can be
    judged in memory.
    """
    hops = [hop for hop in hops_in(criterion) if isinstance(hop, Linked | LinkedFrom)]
    return _replaced(criterion, {hop: await _leads(database, hop, of, session) for hop in hops})


def _replaced(criterion: Criterion, holding: dict[Linked | LinkedFrom, bool]) -> Criterion:
    match criterion:
        case Linked() | LinkedFrom():
            return Everything() if holding[criterion] else Some(())
        case Every(parts) | Some(parts):
            return replace(criterion, parts=tuple(_replaced(part, holding) for part in parts))
        case Without(part):
            return Without(_replaced(part, holding))
    return criterion


async def _leads(
    database: AsyncDatabase[Any], hop: Linked | LinkedFrom, of: Candidate, session: AsyncClientSession | None
) -> bool:
    own: Filter = {"type": hop.type, "live": True}
    if isinstance(hop, Linked):
        references = of.index.references.get(hop.parameter, ())
        own |= {"_id": {"$in": [place(*it) for it in references if it[0] == hop.type]}}
    else:
        own |= {"keys": pair_key(hop.parameter, REFERENCE, of.type, of.id)}
    return await one(database.resources, own, hop.where, {"_id": 1}, session) is not None


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
