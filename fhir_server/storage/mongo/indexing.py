"""What the database says of its index: by which definitions it was made, or how far the making has come.

Several processes may write. One that holds to other definitions would index what it writes by those; so before the index
is made anew the others are waited for: each has a lease (`number.py`) in which it says what it writes by, and one that
renews it and finds that another's definitions rule writes no more resources.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec.structs import asdict
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.storage.mongo.document import Document
from fhir_server.storage.mongo.link import Link
from fhir_server.storage.mongo.transaction import Hurry, transacted
from fhir_server.storage.store import Indexing, Overtaken

_INDEX = {"_id": "index"}

_LOOKED_AGAIN = 0.5
"""Seconds between two looks at whether the others have ended."""


async def state(database: AsyncDatabase[Any], session: AsyncClientSession | None = None) -> Document:
    """The document that tells of the index; of a database that is just being restored, an empty one."""
    found: Document | None = await database.meta.find_one(_INDEX, session=session)
    return found or {}


def serves(state: Document, definitions: str) -> bool:
    """Whether the index is whole, and was made by these definitions ("": by any)."""
    made_by = state.get("value")
    return bool(made_by) and definitions in ("", made_by)


def takes(state: Document, definitions: str) -> bool:
    """Whether what is indexed by these definitions ("": by any) may be written."""
    if not state:
        return False
    ruling = state["value"] or state.get("indexing", {}).get("version", "")
    return not ruling or definitions in ("", ruling)


async def begin(link: Link, version: str) -> Indexing:
    """How far the index by these definitions has come: nowhere, where it is whole or was being made by others. The total
    is what the server reckons without counting, the deleted among them.
    """
    fresh = Indexing(version, total=await link.database.resources.estimated_document_count())

    async def work(session: AsyncClientSession, _: Hurry) -> Indexing:
        found = (await state(link.database, session)).get("indexing")
        if found is not None and found["version"] == version:
            return _reached(found)
        begun = {"value": "", "indexing": asdict(fresh)}
        await link.database.meta.update_one(_INDEX, {"$set": begun}, session=session)
        return fresh

    return await transacted(link, work)


async def others_have_ended(database: AsyncDatabase[Any], version: str, mine: int, now: Callable[[], int]) -> None:
    """Waits until no process but this one (of the number `mine`) writes by other definitions; `now` gives the moment to which
    a lease must last.
    """
    by_others = {"_id": {"$ne": mine}, "definitions": {"$nin": ["", version]}}
    while await database.writers.find_one({**by_others, "until": {"$gte": now()}}):  # noqa: ASYNC110  # they are elsewhere
        await asyncio.sleep(_LOOKED_AGAIN)


async def keep(link: Link, reached: Indexing, session: AsyncClientSession) -> None:
    """Keeps how far it has come. Overtaken."""
    still = {**_INDEX, "indexing.version": reached.version}
    kept = await link.database.meta.update_one(still, {"$set": {"indexing": asdict(reached)}}, session=session)
    if not kept.matched_count:
        raise Overtaken


async def end(link: Link, version: str) -> None:
    """The index was made by these definitions, or is of no use. Overtaken."""
    mine = {"$or": [{"indexing": None}, {"indexing.version": version}]} if version else {}
    done = {"$set": {"value": version}, "$unset": {"indexing": ""}}
    ended = await link.database.meta.update_one({**_INDEX, **mine}, done)
    if not ended.matched_count:
        raise Overtaken


def _reached(found: Document) -> Indexing:
    type, id = found["place"]
    return Indexing(found["version"], (type, id), int(found["done"]), int(found["total"]))
