"""Which values a parameter has: the labels in use among the resources that a grant reaches."""

from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.search.query import Criterion, settled_for
from fhir_server.storage.mongo.document import TOKEN, any_range, pair_of
from fhir_server.storage.mongo.find import refuse_incomplete
from fhir_server.storage.mongo.reach import reach, rows_of


async def values(
    database: AsyncDatabase[Any],
    type: str,
    parameter: str,
    grant: Criterion,
    count: int,
    session: AsyncClientSession,
    definitions: str,
) -> list[tuple[str, str]]:
    """So many of the (system, code) that a token parameter has in resources of the type, sorted. Unavailable while the index
    is being made. The session sees one state of the database throughout.
    """
    await refuse_incomplete(database, session, definitions)
    first, end = any_range(parameter, TOKEN)
    own = {"keys": {"$gte": first, "$lt": end}}
    found = await reach(database, {"type": type, "live": True, **own}, [settled_for(grant, type)], session)
    alone: list[dict[str, Any]] = [
        {"$project": {"_id": 0, "keys": 1}},
        {"$unwind": "$keys"},
        {"$match": own},
        {"$group": {"_id": "$keys"}},
    ]
    rows = await rows_of(database.resources, [*found.stages(), *alone, {"$limit": count}], session)
    return sorted(pair_of(row["_id"], parameter) for row in rows)
