"""The audit, the outbox and the relations: as documents, and as they are read.

They are read as the primary has them (read concern "local"): of two rows the majority may hold the higher number first.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from fhir_server.storage.mongo.document import Document, place
from fhir_server.storage.mongo.judge import Version
from fhir_server.storage.rules import completed
from fhir_server.storage.seal import MEMBERS, members_of
from fhir_server.storage.store import Commit, Entry, Notice, Reindexed, Relation, Stored

_RELATION = Relation.__struct_fields__

Places = Mapping[tuple[str, str], Version]
"""The versions of a Commit, by type and id."""


# ------------------------------------------------------------------------------------------------ as documents


def audited(entries: Iterable[Entry], places: Places, numbers: Iterable[int]) -> list[Document]:
    """The documents of entries, each with the version and the patients of its change."""
    return [
        _audited(entry, places.get((entry.type, entry.id)), number)
        for entry, number in zip(entries, numbers, strict=True)
    ]


def _audited(entry: Entry, version: Version | None, number: int) -> Document:
    told = entry if version is None else completed(entry, version.stored)
    row: Document = {"_id": number, **dict(zip(MEMBERS, members_of(told), strict=True))}
    return row | {"patients": told.patient.split(" "), "names": _names(told.agent)}


@lru_cache(10_000)
def _names(agent: str) -> list[str]:
    """What an agent is found by."""
    return list(msgspec.json.decode(agent).get("names", ()))


def noticed(commit: Commit, places: Places) -> list[tuple[Notice, int]]:
    """The notices with their versions; none of what is deleted already, for nothing happened to it."""
    found = [(notice, places.get((notice.type, notice.id))) for notice in commit.notices]
    return [
        (notice, version.stored.version if version else 0)
        for notice, version in found
        if version is None or version.document is not None
    ]


def outgoing(notices: Sequence[tuple[Notice, int]], numbers: Iterable[int]) -> list[Document]:
    """The documents of notices."""
    return [
        {"_id": number, "version": version, "type": notice.type, "id": notice.id, "interaction": notice.interaction}
        for (notice, version), number in zip(notices, numbers, strict=True)
    ]


def related(of: Stored | Reindexed, relations: Iterable[Relation]) -> list[Document]:
    """The documents of the relations that a resource makes."""
    resource = place(of.type, of.id)
    return [
        {"_id": f"{resource}/{number}", "resource": resource, **{name: getattr(it, name) for name in _RELATION}}
        for number, it in enumerate(relations)
    ]


def relation(document: Document) -> Relation:
    """The relation in a document."""
    return Relation(**{name: _plain(document[name]) for name in _RELATION})


def _plain(value: Any) -> Any:
    """The value, where it is a number as an int and nothing else: BSON's own kind prints otherwise."""
    return int(value) if isinstance(value, int) else value


# ------------------------------------------------------------------------------------------------ as they are read


def entry_in(row: Document) -> tuple[int, Entry]:
    """The number and the entry of a document. What is not there reads as nothing: the hash tells."""
    return int(row["_id"]), Entry(*(_plain(row.get(name)) for name in MEMBERS))


_LOCAL = ReadConcern("local")


async def notices(database: AsyncDatabase[Any], after: int, before: int, count: int) -> list[tuple[int, int, Notice]]:
    """The outbox in the order of its numbers, between two of them."""
    outbox = database.get_collection("outbox", read_concern=_LOCAL)
    found = outbox.find({"_id": {"$gt": after, "$lt": before}}, sort=[("_id", ASCENDING)], limit=count)
    return [
        (int(row["_id"]), int(row["version"]), Notice(row["type"], row["id"], row["interaction"]))
        for row in await found.to_list()
    ]


async def relations(database: AsyncDatabase[Any], patient: str) -> list[Relation]:
    """Who has to do with a patient, in the order of actor, kind and source."""
    order = [(name, ASCENDING) for name in ("actor", "kind", "source", "plan", "start", "end")]
    found = database.relations.find({"patient": patient}, sort=order)
    return [relation(row) for row in await found.to_list()]
