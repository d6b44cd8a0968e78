"""Relations: where an actor has to do with few, what is theirs is listed, and the list drives the search; with none, nothing is
asked of any row. Where with many, each row is asked. Blocks likewise: what few of them close is listed.
"""

import sqlite3
from typing import cast

from msgspec.structs import replace

from fhir_server.search.query import NOTHING, BlockedBy, Criterion, Every, Related, Some, Without, settled_for
from fhir_server.storage.sqlite import begin
from fhir_server.storage.sqlite.clause import all_of
from fhir_server.storage.sqlite.compile import blocking
from fhir_server.storage.sqlite.driver import driver
from fhir_server.storage.sqlite.held import Keyed


def listed(connection: sqlite3.Connection, criterion: Criterion, type: str) -> Criterion:
    """The criterion, about resources of a type, with the keys of what an actor has to do with in place of each relation to few."""
    found = _replaced(connection, criterion, type)
    return criterion if found is criterion else settled_for(found, type)


def _replaced(connection: sqlite3.Connection, criterion: Criterion, type: str) -> Criterion:
    match criterion:
        case Every(parts) | Some(parts):
            found = tuple(_replaced(connection, part, type) for part in parts)
            return criterion if all(map(_same, parts, found)) else replace(criterion, parts=found)
        case Without(part):
            other = _replaced(connection, part, type)
            return criterion if other is part else Without(other)
        case BlockedBy() if _many(connection, criterion):
            return criterion
        case Related() | BlockedBy():
            return _keys(connection, criterion, type)
    return criterion


def _same(one: Criterion, other: Criterion) -> bool:
    return one is other


BLOCKS = 100
"""So many blocks are followed to what they close: of more, each row is asked."""


def _many(connection: sqlite3.Connection, blocked: BlockedBy) -> bool:
    met = all_of(blocking(blocked))
    limited = (
        f"SELECT count(*) FROM (SELECT 1 FROM relations x INDEXED BY relations_kind WHERE {met.sql} LIMIT {BLOCKS + 1})"
    )
    (count,) = connection.execute(limited, met.values).fetchone()
    return int(count) > BLOCKS


def _keys(connection: sqlite3.Connection, related: Related | BlockedBy, type: str) -> Criterion:
    """The keys; the relation itself where they are many."""
    found = driver(related, type)
    assert found is not None, "a relation leads to keys"
    limited = f"SELECT DISTINCT key FROM ({found.sql}) LIMIT {max(begin.GATHERED, 0) + 1}"
    keys, count = connection.execute(
        f"SELECT json_group_array(key), count(*) FROM ({limited})", found.values
    ).fetchone()
    if count > begin.GATHERED:
        return related
    return cast("Criterion", Keyed(keys)) if count else NOTHING
