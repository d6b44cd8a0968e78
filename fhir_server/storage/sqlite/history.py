"""The versions of one resource, of a type or of all, newest first: the current ones and those before them in one order.

Where few resources can be reached, their versions are gathered and sorted; else both tables are walked along the time, and
SQLite merges the two. Keys first: texts are long.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.query import Criterion
from fhir_server.storage import store as seam
from fhir_server.storage.past import Past
from fhir_server.storage.rules import APART
from fhir_server.storage.sqlite import begin
from fhir_server.storage.sqlite.clause import ALWAYS, Clause, all_of, negated, one_of
from fhir_server.storage.sqlite.rows import stored
from fhir_server.storage.sqlite.versions import reached
from fhir_server.storage.store import Page

_NEWEST = "updated DESC, type DESC, id DESC"
_TEXTS = (
    "k.type, k.id, k.version, k.updated, coalesce(v.text, r.text), coalesce(v.method, r.method),"
    " coalesce(v.patients, r.patients), coalesce(v.digest, r.digest)"
)


class Ways(NamedTuple):
    """To the current versions, as rows `r`, and to those before them, as rows `v` beside their `r`: tables, and a condition."""

    current: Clause
    earlier: Clause
    of_current: Clause = ALWAYS
    of_earlier: Clause = ALWAYS


def history(connection: sqlite3.Connection, past: Past, grant: Criterion) -> Page:
    """The page. NotFound. Run it where the database stands still."""
    ways = _ways(connection, past, grant)
    if past.id and not _reaches_one(connection, ways, grant):
        raise NotFound.because("not-found")
    rows = _rows(connection, _union(ways, past, grant), past.count + 1)
    total = len(rows) if past.shows_all(rows) else _counted(connection, ways, past, grant)
    return past.page([stored(row) for row in rows], total)


def _reaches_one(connection: sqlite3.Connection, ways: Ways, grant: Criterion) -> bool:
    """Who is not reached by the current version is reached by none."""
    present, _ = reached(grant)
    sql = f"SELECT 1 FROM {ways.current.sql} WHERE {present.sql}"
    return connection.execute(sql, ways.current.values + present.values).fetchone() is not None


# ------------------------------------------------------------------------------------------------ where they come from


def _ways(connection: sqlite3.Connection, past: Past, grant: Criterion) -> Ways:
    if past.id:
        return _gathering(Clause("SELECT key FROM resources WHERE type = ? AND id = ?", (past.type, past.id)))
    types = [past.type] if past.type else _types(connection)
    few = _few(connection, types, list(begin.flat([grant])))
    if few is not None:
        return _gathering(few)
    return _along_type(past.type) if past.type else _along_all()


def _types(connection: sqlite3.Connection) -> list[str]:
    """The types there are, but those that stand apart: from one to the next in the index."""
    rows = connection.execute(
        "WITH RECURSIVE types (type) AS (SELECT min(type) FROM resources UNION ALL SELECT"
        " (SELECT min(r.type) FROM resources r WHERE r.type > types.type) FROM types WHERE type IS NOT NULL)"
        " SELECT type FROM types WHERE type IS NOT NULL"
    ).fetchall()
    return [type for (type,) in rows if type not in APART]


def _gathering(keys: Clause) -> Ways:
    current = f"(SELECT DISTINCT key FROM ({keys.sql})) d CROSS JOIN resources r ON r.key = d.key"
    return Ways(
        Clause(current, keys.values), Clause(f"{current} CROSS JOIN versions v ON v.resource = r.key", keys.values)
    )


_BESIDE = "CROSS JOIN resources r ON r.key = v.resource"


def _along_type(type: str) -> Ways:
    return Ways(
        Clause("resources r INDEXED BY resources_updated"),
        Clause(f"versions v INDEXED BY versions_updated {_BESIDE}"),
        Clause("r.type = ?", (type,)),
        Clause("v.type = ?", (type,)),
    )


def _along_all() -> Ways:
    of = negated(one_of("r.type", APART))
    return Ways(
        Clause("resources r INDEXED BY resources_history"),
        Clause(f"versions v INDEXED BY versions_history {_BESIDE}"),
        of,
        of,
    )


def _few(connection: sqlite3.Connection, types: Sequence[str], criteria: Sequence[Criterion]) -> Clause | None:
    """The keys of what may meet the criteria, where indexes say that it is little; and of all that is deleted, for no index
    says whose that was.
    """
    found, left = [_deleted(types)], begin.GATHERED
    for type in types:
        beginning = begin.shortest(connection, criteria, type, begin.GATHERED)
        if beginning is None or beginning.count > left:
            return None
        found.append(beginning.keys)
        left -= beginning.count
    sql = " UNION ALL ".join(f"SELECT key FROM ({part.sql})" for part in found)
    return Clause(sql, tuple(value for part in found for value in part.values))


def _deleted(types: Sequence[str]) -> Clause:
    of = one_of("type", types)
    return Clause(f"SELECT key FROM resources INDEXED BY resources_deleted WHERE deleted = 1 AND {of.sql}", of.values)


# ------------------------------------------------------------------------------------------------ what they must meet


def _union(ways: Ways, past: Past, grant: Criterion) -> Clause:
    """The keys of the versions, current ones and earlier ones, in no order."""
    present, superseded = reached(grant)
    current = _half("r", ways.current, [ways.of_current, *_made("r", past), present])
    earlier = _half("v", ways.earlier, [ways.of_earlier, *_made("v", past), *_outlived(past), superseded])
    return Clause(f"{current.sql} UNION ALL {earlier.sql}", current.values + earlier.values)


def _half(row: str, tables: Clause, conditions: Sequence[Clause]) -> Clause:
    met = all_of(conditions)
    columns = f"r.key AS key, {row}.version AS version, {row}.updated AS updated, r.type AS type, r.id AS id"
    return Clause(f"SELECT {columns} FROM {tables.sql} WHERE {met.sql}", tables.values + met.values)


def _made(row: str, past: Past) -> list[Clause]:
    """The moment is one of those asked for, and the place comes after the position."""
    between = Clause(f"{row}.updated BETWEEN ? AND ?", past.made)
    return [between, *([Clause(f"({row}.updated, r.type, r.id) < (?, ?, ?)", past.after)] if past.after else [])]


_NEXT = "SELECT n.updated FROM versions n WHERE n.resource = v.resource AND n.version = v.version + 1"
_FOLLOWED = f"coalesce(({_NEXT}), r.updated)"


def _outlived(past: Past) -> list[Clause]:
    """What was made at that moment or later need not be asked when it was followed."""
    moment = past.outlived
    return [] if moment is None else [Clause(f"(v.updated >= ? OR {_FOLLOWED} > ?)", (moment, moment))]


# ------------------------------------------------------------------------------------------------ what is found


def _rows(connection: sqlite3.Connection, union: Clause, limit: int) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"SELECT {_TEXTS} FROM ({union.sql} ORDER BY {_NEWEST} LIMIT ?) k CROSS JOIN resources r ON r.key = k.key"
        " LEFT JOIN versions v ON v.resource = k.key AND v.version = k.version"
        " ORDER BY k.updated DESC, k.type DESC, k.id DESC",
        (*union.values, limit),
    ).fetchall()


def _counted(connection: sqlite3.Connection, ways: Ways, past: Past, grant: Criterion) -> int | None:
    """How many there are; of more than one resource None past COUNTED."""
    if not past.counts:
        return None
    union = _union(ways, past.whole, grant)
    limit = -1 if past.id else seam.COUNTED + 1
    (count,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM ({union.sql}) LIMIT {limit})", union.values
    ).fetchone()
    return int(count) if past.id or count <= seam.COUNTED else None
