"""What the server itself remembers, in a collection of its own: one document a fact, its `_id` being kind/key.

A change without audit entries is one command on one document, which MongoDB makes for one writer after the other; with them
it is a transaction. https://www.mongodb.com/docs/manual/core/write-operations-atomicity/
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from fhir_server.fhir.instant import MINUTE
from fhir_server.storage.mongo.document import Document
from fhir_server.storage.mongo.ledger import Ledger
from fhir_server.storage.store import Entry

Change: TypeAlias = Callable[[AsyncClientSession | None], Awaitable[bool]]
"""A change to one document, in a transaction or (None) by itself: whether there was anything to change."""


class Facts:
    """The facts, and when those that have expired were cleared away last."""

    def __init__(self, database: AsyncDatabase[Any], ledger: Ledger, clock: Callable[[], int]) -> None:
        """`clock` gives milliseconds since 1970."""
        self._facts = database.facts
        self._ledger = ledger
        self._clock = clock
        self._swept = 0

    async def kept(self, kind: str, key: str) -> str | None:
        """The text of a fact."""
        found = await self._facts.find_one(self._living(kind, key), {"text": 1})
        return None if found is None else str(found["text"])

    async def all_kept(self, kind: str) -> dict[str, str]:
        """The facts of a kind, in the order of their keys."""
        of_kind = {"_id": {"$gte": f"{kind}/", "$lt": f"{kind}0"}}  # `0` follows `/`
        found = self._facts.find(of_kind | self._unexpired()).sort("_id", ASCENDING)
        return {row["_id"].removeprefix(f"{kind}/"): row["text"] async for row in found}

    async def keep(self, kind: str, key: str, text: str, until: int, entries: Sequence[Entry]) -> bool:
        """Keeps a fact, in the place of one that has expired too; clears those away now and then."""
        await self._sweep()
        expired = {"_id": _id(kind, key), "until": {"$gt": 0, "$lte": self._clock()}}
        kept = {"$set": {"text": text, "until": until}}

        async def change(session: AsyncClientSession | None) -> bool:
            try:
                await self._facts.update_one(expired, kept, upsert=True, session=session)
            except DuplicateKeyError:  # it is there, and has not expired
                return False
            return True

        return await self._made(change, entries)

    async def replace(self, kind: str, key: str, old: str, new: str, until: int, entries: Sequence[Entry]) -> bool:
        """Puts a text in the place of the one that is known."""
        known = self._living(kind, key) | {"text": old}

        async def change(session: AsyncClientSession | None) -> bool:
            put = {"$set": {"text": new, "until": until}}
            return (await self._facts.update_one(known, put, session=session)).matched_count == 1

        return await self._made(change, entries)

    async def drop(self, kind: str, key: str, entries: Sequence[Entry]) -> bool:
        """Forgets a fact."""

        async def change(session: AsyncClientSession | None) -> bool:
            return (await self._facts.delete_one(self._living(kind, key), session=session)).deleted_count == 1

        return await self._made(change, entries)

    async def _made(self, change: Change, entries: Sequence[Entry]) -> bool:
        return await self._ledger.record_with(change, entries) if entries else await change(None)

    async def _sweep(self) -> None:
        now = self._clock()
        if not 0 <= now - self._swept < MINUTE:
            self._swept = now
            await self._facts.delete_many({"until": {"$gt": 0, "$lte": now}})

    def _living(self, kind: str, key: str) -> Document:
        return {"_id": _id(kind, key)} | self._unexpired()

    def _unexpired(self) -> Document:
        return {"$or": [{"until": 0}, {"until": {"$gt": self._clock()}}]}


def _id(kind: str, key: str) -> str:
    return f"{kind}/{key}"
