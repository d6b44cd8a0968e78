"""The versions of one resource, of a type or of all, newest first: the current ones and those before them in one order.

Where few resources can be reached, their versions are gathered and sorted; else both tables are walked along the time, and
SQLite merges the two. A grant may reach few of one type and many of another: each goes its own way. Keys first: texts are long.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.parameter import APART
from fhir_server.search.query import NOTHING, Criterion, settled_for
from fhir_server.storage import store as seam
from fhir_server.storage.past import Past
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
    """To the current versions, as rows `r`, and to those before them, as rows `v` beside their `r`: tables, and a condition;
    and what of them may be seen.
    """

    grant: Criterion
    current: Clause
    earlier: Clause
    of_current: Clause = ALWAYS
    of_earlier: Clause = ALWAYS


def history(connection: sqlite3.Connection, past: Past, grant: Criterion) -> Page:
    """The page. NotFound. Run it where the database stands still."""
    ways = _ways(connection, past, settled_for(grant, past.type) if past.type else grant)
    if not ways:
        return past.page([], 0 if past.counts else None)
    if past.id and not _reaches_one(connection, *ways):
        raise NotFound.because("not-found")
    rows = _rows(connection, _union(ways, past), past.count + 1)
    total = len(rows) if past.shows_all(rows) else _counted(connection, ways, past)
    return past.page([stored(row) for row in rows], total)


def _reaches_one(connection: sqlite3.Connection, way: Ways) -> bool:
    """Who is not reached by the current version is reached by none."""
    present, _ = reached(way.grant)
    sql = f"SELECT 1 FROM {way.current.sql} WHERE {present.sql}"
    return connection.execute(sql, way.current.values + present.values).fetchone() is not None


# ------------------------------------------------------------------------------------------------ where they come from


_APART = 8
"""So many types are walked each by itself: of more, all are walked as one."""


def _ways(connection: sqlite3.Connection, past: Past, grant: Criterion) -> list[Ways]:
    """Ways that together lead to each version once; none where nothing can be reached."""
    if past.id:
        return [_gathering(Clause("SELECT key FROM resources WHERE type = ? AND id = ?", (past.type, past.id)), grant)]
    types = [past.type] if past.type else _types(connection)
    reached = {type: found for type in types if (found := settled_for(grant, type)) != NOTHING}
    few = _few(connection, reached)
    many = [type for type in reached if type not in few]
    if len(many) > _APART:
        return [_along_all(grant)]
    gathered = [_gathering(_joined(few), grant)] if few else []
    return gathered + [_along_type(type, reached[type]) for type in many]


def _types(connection: sqlite3.Connection) -> list[str]:
    """The types there are, but those that stand apart: from one to the next in the index."""
    rows = connection.execute(
        "WITH RECURSIVE types (type) AS (SELECT min(type) FROM resources UNION ALL SELECT"
        " (SELECT min(r.type) FROM resources r WHERE r.type > types.type) FROM types WHERE type IS NOT NULL)"
        " SELECT type FROM types WHERE type IS NOT NULL"
    ).fetchall()
    return [type for (type,) in rows if type not in APART]


def _gathering(keys: Clause, grant: Criterion) -> Ways:
    current = f"(SELECT DISTINCT key FROM ({keys.sql})) d CROSS JOIN resources r ON r.key = d.key"
    return Ways(
        grant,
        Clause(current, keys.values),
        Clause(f"{current} CROSS JOIN versions v ON v.resource = r.key", keys.values),
    )


_BESIDE = "CROSS JOIN resources r ON r.key = v.resource"


def _along_type(type: str, grant: Criterion) -> Ways:
    return Ways(
        grant,
        Clause("resources r INDEXED BY resources_updated"),
        Clause(f"versions v INDEXED BY versions_updated {_BESIDE}"),
        Clause("r.type = ?", (type,)),
        Clause("v.type = ?", (type,)),
    )


def _along_all(grant: Criterion) -> Ways:
    of = negated(one_of("r.type", APART))
    return Ways(
        grant,
        Clause("resources r INDEXED BY resources_history"),
        Clause(f"versions v INDEXED BY versions_history {_BESIDE}"),
        of,
        of,
    )


def _few(connection: sqlite3.Connection, reached: Mapping[str, Criterion]) -> dict[str, Clause]:
    """By type the keys of what may be reached, where indexes say that it is little."""
    found, left = dict[str, Clause](), begin.GATHERED
    for type, criterion in reached.items():
        beginning = begin.shortest(connection, list(begin.flat([criterion])), type, begin.GATHERED)
        if beginning is not None and beginning.count <= left:
            found[type] = beginning.keys
            left -= beginning.count
    return found


def _joined(few: Mapping[str, Clause]) -> Clause:
    """The keys of all, and of what is deleted of these types, for no index says whose that was."""
    found = [_deleted(few), *few.values()]
    sql = " UNION ALL ".join(f"SELECT key FROM ({part.sql})" for part in found)
    return Clause(sql, tuple(value for part in found for value in part.values))


def _deleted(types: Collection[str]) -> Clause:
    of = one_of("type", types)
    return Clause(f"SELECT key FROM resources INDEXED BY resources_deleted WHERE deleted = 1 AND {of.sql}", of.values)


# ------------------------------------------------------------------------------------------------ what they must meet


def _union(ways: Sequence[Ways], past: Past) -> Clause:
    """The keys of the versions, current ones and earlier ones, in no order."""
    halves = [half for way in ways for half in _halves(way, past)]
    return Clause(" UNION ALL ".join(half.sql for half in halves), tuple(it for half in halves for it in half.values))


def _halves(way: Ways, past: Past) -> tuple[Clause, Clause]:
    present, superseded = reached(way.grant)
    return (
        _half("r", way.current, [way.of_current, *_made("r", past), present]),
        _half("v", way.earlier, [way.of_earlier, *_made("v", past), *_outlived(past), superseded]),
    )


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


def _counted(connection: sqlite3.Connection, ways: Sequence[Ways], past: Past) -> int | None:
    """How many there are; of more than one resource None past COUNTED."""
    if not past.counts:
        return None
    union = _union(ways, past.whole)
    limit = -1 if past.id else seam.COUNTED + 1
    (count,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM ({union.sql}) LIMIT {limit})", union.values
    ).fetchone()
    return int(count) if past.id or count <= seam.COUNTED else None
