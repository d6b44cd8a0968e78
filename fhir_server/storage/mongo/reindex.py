"""What is derived from resources, made anew: beside the text, which stays."""

from collections.abc import Sequence

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.storage.mongo.document import derived, place
from fhir_server.storage.mongo.indexing import keep
from fhir_server.storage.mongo.link import Link
from fhir_server.storage.mongo.trail import related
from fhir_server.storage.mongo.transaction import Hurry, transacted
from fhir_server.storage.store import Indexing, Reindexed


async def reindex(link: Link, rows: Sequence[Reindexed], reached: Indexing | None) -> None:
    """Replaces what is derived from these versions, where they are still current and not deleted, and keeps how far it came.
    Overtaken.
    """

    async def work(session: AsyncClientSession, _: Hurry) -> None:
        if reached is not None:
            await keep(link, reached, session)
        fresh = await _still_current(link, rows, session)
        if fresh:
            await _replace(link, fresh, session)

    await transacted(link, work)


async def _still_current(link: Link, rows: Sequence[Reindexed], session: AsyncClientSession) -> list[Reindexed]:
    asked = {"_id": {"$in": [place(row.type, row.id) for row in rows]}, "live": True}
    found = await link.database.resources.find(asked, {"version": 1}, session=session).to_list()
    current = {document["_id"]: document["version"] for document in found}
    return [row for row in rows if current.get(place(row.type, row.id)) == row.version]


async def _replace(link: Link, rows: Sequence[Reindexed], session: AsyncClientSession) -> None:
    writes = [
        UpdateOne({"_id": place(row.type, row.id), "version": row.version}, {"$set": derived(row.index, row.patients)})
        for row in rows
    ]
    await link.database.resources.bulk_write(writes, session=session)
    places = [place(row.type, row.id) for row in rows]
    await link.database.relations.delete_many({"resource": {"$in": places}}, session=session)
    relations = [document for row in rows for document in related(row, row.relations)]
    if relations:
        await link.database.relations.insert_many(relations, session=session)
