"""The collections and their indexes (`search/indexes.json`), made at start, and how a database says which release made it.

`type` stands first in each compound index on `resources` and `versions` but the one that the history of the whole server
is walked by. None has more than one array: MongoDB refuses a document with values in both (CannotIndexParallelArrays),
which no emulator can be trusted to show. An array within the elements of another is not such a one.
https://www.mongodb.com/docs/manual/core/indexes/index-types/index-multikey/create-multikey-index-basic/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pymongo
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne
from pymongo.errors import OperationFailure

from fhir_server.fhir.definitions import indexes
from fhir_server.storage.mongo.link import Link
from fhir_server.storage.store import Unopened

SCHEMA = 3
"""Which form of documents this release writes."""

RESTORING = "restoring"
"""Stands in `meta` for as long as a backup is being put in: then the database is not whole."""

ARRAYS: Mapping[str, frozenset[str]] = {
    "resources": frozenset({"patients", "keys", "codes", "spans", "strings", "amounts", "words", "elements"}),
    "versions": frozenset({"patients"}),
    "audit": frozenset({"patients", "names"}),
}
"""The members that are arrays, by collection."""


@dataclass(frozen=True, slots=True)
class Made:
    """An index: its members in their order, each with its direction."""

    members: tuple[tuple[str, int], ...]
    unique: bool = False
    lifetime: int | None = None
    """Seconds after which a document goes by itself, counted from the time in the one member."""

    @property
    def model(self) -> IndexModel:
        """The index as the driver wants it."""
        options = {"unique": True} if self.unique else {}
        lasting = {} if self.lifetime is None else {"expireAfterSeconds": self.lifetime}
        return IndexModel(list(self.members), **options, **lasting)


COLLECTIONS = (
    "resources", "versions", "relations", "audit", "blocks", "outbox", "facts", "claims", "writers", "leases", "meta"
)  # fmt: skip
"""The current version of each resource, its `_id` being Type/id; the versions before it, where an update puts them; what
writers of one identity meet at (`claims`); what the server itself remembers (`facts`); and what the other names say."""


def _made(entry: Mapping[str, Any]) -> Made:
    """The index of an entry in `search/indexes.json`, where a minus says that a member goes down."""
    members = tuple((name.removeprefix("-"), DESCENDING if name[0] == "-" else ASCENDING) for name in entry["members"])
    return Made(members, entry.get("unique", False), entry.get("lifetime"))


INDEXES: Mapping[str, Sequence[Made]] = {
    collection: [_made(entry) for entry in indexes()["mongodb"] if entry["collection"] == collection]
    for collection in COLLECTIONS
}
"""Every collection with its indexes beside that of `_id`."""

_SAID = (
    UpdateOne({"_id": "schema"}, {"$max": {"value": SCHEMA}}, upsert=True),
    UpdateOne({"_id": "index"}, {"$setOnInsert": {"value": ""}}, upsert=True),
    UpdateOne({"_id": "sealed"}, {"$setOnInsert": {"value": 0}}, upsert=True),
)
"""What a database says of itself from its first start on."""

_NAMESPACE_EXISTS = 48

_BUILD_SECONDS = 3600
"""An index that is new to a full collection takes its time."""


async def prepare(link: Link) -> None:
    """Makes what is missing. Unopened for a database that a newer release has made, or that is just being restored."""
    await schema_of(link)
    await make(link)


async def make(link: Link) -> None:
    """Makes what is missing: collections, indexes, what the database says of itself."""
    with pymongo.timeout(_BUILD_SECONDS):
        there = set(await link.database.list_collection_names())
        for name, wanted in INDEXES.items():
            if wanted:  # they bring their collection with them
                await link.database[name].create_indexes([index.model for index in wanted])
            elif name not in there:
                await _make_collection(link, name)
    await _migrate(link, await schema_of(link, restoring=True))
    await link.database.meta.bulk_write([*_SAID])


async def _migrate(link: Link, found: int) -> None:
    """Brings the documents of an earlier release to today's form; begun twice, it does nothing twice."""
    if 0 < found < SCHEMA:
        unknown = {"organisation": {"$exists": False}}
        given = {"organisation": "", "digest": "", "reason": "", "names": []}
        await link.database.audit.update_many(unknown, {"$set": given})


async def _make_collection(link: Link, name: str) -> None:
    try:
        await link.database.create_collection(name, check_exists=False)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:  # another process that starts just now was faster
            raise


async def schema_of(link: Link, *, restoring: bool = False) -> int:
    """The schema of the database, 0 where it is empty. Unopened for one of a newer release, or, unless it is just the one
    `restoring` who asks, not whole.
    """
    if not restoring and await link.database.meta.find_one({"_id": RESTORING}):
        raise Unopened(
            "A backup is being restored into this database. If that was stopped before its end: drop the database, and "
            "restore again."
        )
    found = await link.database.meta.find_one({"_id": "schema"})
    if found is not None and found["value"] > SCHEMA:
        raise Unopened(
            f"The database was made by a newer release of this server (schema {found['value']}; this one knows {SCHEMA}). "
            "Start that release, or name another database."
        )
    return int(found["value"]) if found else 0
