"""The backup of a MongoDB database: its documents as they are, all of one moment; and back again.

They are read in a snapshot session, so what is written meanwhile is not in it. A member of the replica set keeps a moment
for five minutes unless it is told otherwise (`minSnapshotHistoryWindowInSeconds`).
https://www.mongodb.com/docs/manual/reference/read-concern-snapshot/
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from fhir_server.storage.archive import Archive, Backup, Manifest, Unarchived, new_archive, opened
from fhir_server.storage.mongo.link import Link, codes, connect
from fhir_server.storage.mongo.schema import INDEXES, RESTORING, SCHEMA, make, schema_of
from fhir_server.storage.store import FLEETING

STORE = "MongoDB"

_OF_USE_WHILE_WRITTEN = frozenset({"claims", "writers", "leases"})
KEPT = tuple(name for name in INDEXES if name not in _OF_USE_WHILE_WRITTEN)
"""The collections that a backup holds; each is a member, its documents as BSON one after the other."""

_NEW = frozenset({"blocks", "facts"})
"""Those that a backup of an earlier release need not have."""

_LEFT_OUT: Mapping[str, Mapping[str, Any]] = {
    "facts": {"$nor": [{"_id": {"$gte": f"{kind}/", "$lt": f"{kind}0"}} for kind in sorted(FLEETING)]}
}
"""Which documents of a collection are taken, where not all are."""

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)

_FORGOTTEN = 239
"""SnapshotTooOld"""

_AT_ONCE, _BYTES_AT_ONCE = 1_000, 8_000_000


def _member(collection: str) -> str:
    return f"{collection}.bson"


@asynccontextmanager
async def _connected(uri: str, what: str) -> AsyncIterator[Link]:
    link = await connect(uri)
    try:
        yield link
    except PyMongoError as error:
        raise Unarchived(f"MongoDB {what}: {_why(error)}") from error
    finally:
        await link.client.close()


def _why(error: PyMongoError) -> str:
    if _FORGOTTEN in codes(error):
        return (
            "the server has forgotten the moment that was being read. Have it remember for longer: "
            "db.adminCommand({setParameter: 1, minSnapshotHistoryWindowInSeconds: 3600})."
        )
    return f"it stopped answering, or refused ({type(error).__name__}). Its own log says more."


# ---------------------------------------------------------------------------------------------- to make one


async def back_up(uri: str, target: Path, made: str) -> Manifest:
    """Writes a backup of the database as it is at one moment: all that was acknowledged before is in it. Servers go on.
    `made` is the instant that the backup tells of. Unarchived, Unopened.
    """
    async with _connected(uri, "could not be read to its end") as link:
        schema = await schema_of(link)
        if not schema:
            raise Unarchived("The database is empty: there is nothing to back up.")
        with new_archive(target) as archive:
            async with link.client.start_session(snapshot=True) as session:
                counts = {name: await _read_out(_raw(link, name), session, archive) for name in KEPT}
            return archive.seal(STORE, schema, made, counts)


async def _read_out(collection: AsyncCollection[Any], session: AsyncClientSession, archive: Archive) -> int:
    count = 0
    with archive.member(_member(collection.name)) as member:
        async for document in collection.find(_LEFT_OUT.get(collection.name, {}), session=session):
            member.write(document.raw)
            count += 1
    return count


def _raw(link: Link, name: str) -> AsyncCollection[Any]:
    return link.database[name].with_options(codec_options=_RAW)


# ---------------------------------------------------------------------------------------------- to restore it


async def restore(source: Path, uri: str) -> Manifest:
    """Puts the documents of a backup into a database in which nothing was ever written. Until all are there no server opens
    it. Unarchived, Unopened.
    """
    with opened(source, STORE, SCHEMA) as backup:
        kept = [name for name in KEPT if name in backup.manifest.counts or name not in _NEW]
        backup.verify(map(_member, kept))
        async with _connected(uri, "could not take all of the backup") as link:
            await schema_of(link)
            await _refuse_filled(link)
            async with _being_restored(link):
                for name in kept:
                    await _put_in(_raw(link, name), backup)
                await make(link)
        return backup.manifest


async def _refuse_filled(link: Link) -> None:
    for name in KEPT:
        if name != "meta" and await link.database[name].find_one({}, {"_id": 1}):
            raise Unarchived("The database is not empty. Drop it, or name another one.")


@asynccontextmanager
async def _being_restored(link: Link) -> AsyncIterator[None]:
    """A mark in the database says that it is not whole. Where the block fails, what is in it goes, and only then the mark."""
    meta, mark = link.database.meta, {"_id": RESTORING}
    await meta.insert_one(mark)
    try:
        await _refuse_filled(link)  # also by who opened it before there was the mark
    except Unarchived:
        await meta.delete_one(mark)
        raise
    try:
        await meta.delete_many({"_id": {"$ne": RESTORING}})
        yield
    except BaseException:
        await _empty(link)
        await meta.delete_one(mark)
        raise
    await meta.delete_one(mark)


async def _empty(link: Link) -> None:
    for name in KEPT:
        if name != "meta":
            await link.database[name].drop()
    await link.database.meta.delete_many({"_id": {"$ne": RESTORING}})


async def _put_in(collection: AsyncCollection[Any], backup: Backup) -> None:
    for batch in _batches(backup, _member(collection.name)):
        await collection.insert_many(batch, ordered=False)


def _batches(backup: Backup, member: str) -> Iterator[list[RawBSONDocument]]:
    batch: list[RawBSONDocument] = []
    size = 0
    with backup.zip.open(member) as file:
        for document in bson.decode_file_iter(file, _RAW):
            batch.append(document)
            size += len(document.raw)
            if len(batch) == _AT_ONCE or size > _BYTES_AT_ONCE:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch
