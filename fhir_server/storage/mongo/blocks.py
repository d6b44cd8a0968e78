"""The chains of the trail: a sealer links each second what has been written since, an organisation at a time.

A chain head inside the transactions would have all of them wait for each other. So the blocks follow, up to the horizon
before which no transaction is open. Who seals an organisation holds its lease; and of two who thought so one only would
write, for a block has its place in the chain as its `_id`.
"""

from collections.abc import Callable
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from fhir_server.storage.mongo.document import Document
from fhir_server.storage.mongo.reach import rows_of
from fhir_server.storage.mongo.trail import entry_in
from fhir_server.storage.seal import Row, block, hash_of, last_in, members_of, numbers_in
from fhir_server.storage.store import Block

AT_ONCE = 5_000
"""Entries in one block at the most; with 40 bytes each, far from the size that a document may have."""

LEASE_MS = 10_000
"""For so long a sealer has an organisation to itself; it asks anew each time it seals."""

_LOCAL = ReadConcern("local")
"""What the primary has: of two rows the majority may hold the higher number first."""


class Sealer:
    """Seals the entries in one database, for one process."""

    def __init__(self, database: AsyncDatabase[Any], clock: Callable[[], int], process: int) -> None:
        """`clock` gives milliseconds since 1970; `process` is a number that no other process has."""
        self._database = database
        self._audit = database.get_collection("audit", read_concern=_LOCAL)
        self._clock = clock
        self._process = process
        self._sealed: int | None = None
        """All entries below this number are sealed."""

    async def seal(self, horizon: int) -> None:
        """Seals all entries below a number, but for those of organisations that another process seals."""
        if self._sealed is None:
            known = await self._database.meta.find_one({"_id": "sealed"})
            self._sealed = int(known["value"]) if known else 0
        new = {"_id": {"$gte": self._sealed, "$lt": horizon}}
        found = await rows_of(self._audit, [{"$match": new}, {"$group": {"_id": "$organisation"}}])
        reached = [await self._seal_one(row["_id"], horizon) for row in found]
        sealed = min(reached, default=horizon)
        if found and sealed > self._sealed:
            await self._database.meta.update_one({"_id": "sealed"}, {"$max": {"value": sealed}}, upsert=True)
        self._sealed = max(self._sealed, sealed)

    async def _seal_one(self, organisation: str, horizon: int) -> int:
        """Seals an organisation's entries; the number below which they are sealed."""
        mine = await self._takes_lease(organisation)
        last = await _last(self._database, organisation)
        while mine:
            after = last_in(last.rows) if last else 0
            rows = await self._rows(organisation, after, horizon)
            if not rows:
                return horizon
            made = block(organisation, (last.number, last.digest) if last else None, rows, self._clock())
            try:
                await self._database.blocks.insert_one(_document(made))
            except DuplicateKeyError:
                mine = False
            else:
                last = made
        return last_in(last.rows) + 1 if last else 0

    async def _rows(self, organisation: str, after: int, horizon: int) -> list[Row]:
        own = {"organisation": organisation, "_id": {"$gt": after, "$lt": horizon}}
        found = await self._audit.find(own, sort=[("_id", ASCENDING)], limit=AT_ONCE).to_list()
        return [(number, hash_of(number, members_of(entry))) for number, entry in map(entry_in, found)]

    async def _takes_lease(self, organisation: str) -> bool:
        """Whether the organisation is this process's to seal for a while."""
        name, now = f"seal/{organisation}", self._clock()
        free = {"_id": name, "$or": [{"process": self._process}, {"until": {"$lt": now}}]}
        lease = {"process": self._process, "until": now + LEASE_MS}
        try:
            await self._database.leases.update_one(free, {"$set": lease}, upsert=True)
        except DuplicateKeyError:
            return False  # it is another's
        return True

    async def leave(self) -> None:
        """Others may seal at once."""
        await self._database.leases.delete_many({"process": self._process})


def _document(made: Block) -> Document:
    return {
        "_id": {"organisation": made.organisation, "number": made.number},
        "organisation": made.organisation,
        "number": made.number,
        "at": made.at,
        "previous": made.previous,
        "rows": made.rows,
        "digest": made.digest,
    }


def _block(row: Document) -> Block:
    """What is not there reads as nothing: the digest tells."""
    previous, rows, digest = (bytes(row.get(name) or b"") for name in ("previous", "rows", "digest"))
    return Block(row["organisation"], int(row["number"]), int(row.get("at") or 0), previous, rows, digest)


async def _last(database: AsyncDatabase[Any], organisation: str) -> Block | None:
    row = await database.blocks.find_one({"organisation": organisation}, sort=[("number", DESCENDING)])
    return _block(row) if row else None


async def blocks(database: AsyncDatabase[Any], organisation: str, after: int, count: int) -> list[Block]:
    """The chain of an organisation from a block on."""
    own = {"organisation": organisation, "number": {"$gt": after}}
    found = await database.blocks.find(own, sort=[("number", ASCENDING)], limit=count).to_list()
    return [_block(row) for row in found]


async def prune(database: AsyncDatabase[Any], organisation: str, number: int, session: AsyncClientSession) -> bool:
    """Removes the blocks of a chain up to a number, and their entries; False where none is there, or none would be left."""
    own = {"organisation": organisation, "number": {"$lte": number}}
    found = await database.blocks.find(own, {"rows": 1}, session=session).to_list()
    beyond = {"organisation": organisation, "number": {"$gt": number}}
    if not found or await database.blocks.find_one(beyond, {"_id": 1}, session=session) is None:
        return False
    entries = [entry for row in found for entry in numbers_in(bytes(row["rows"]))]
    await database.audit.delete_many({"_id": {"$in": entries}}, session=session)
    await database.blocks.delete_many(own, session=session)
    return True


async def heads(database: AsyncDatabase[Any]) -> list[Block]:
    """The last block of each chain, without its rows: the organisations are looked up one by one."""
    found: list[Block] = []
    beyond: Document = {}
    while row := await database.blocks.find_one(beyond, {"organisation": 1}, sort=[("organisation", ASCENDING)]):
        last = await _last(database, row["organisation"])
        assert last is not None, "a block was found, and the last of a chain is never removed"
        found.append(Block(last.organisation, last.number, last.at, last.previous, b"", last.digest))
        beyond = {"organisation": {"$gt": row["organisation"]}}
    return found
