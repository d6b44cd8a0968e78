"""One resource by its id: its current version, or another one. The grant is part of the SQL of each.

A version is judged by all that it has itself, its anchors and its index, and by all that the current one has: who may no
longer see the resource sees no earlier state of it, and who came later sees nothing of another patient's time, nor of a time
when the resource was of another kind. Relations and other resources are as they are now.
"""

import sqlite3
from functools import lru_cache

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.query import NOW, Criterion, settled_for
from fhir_server.storage.rules import speaks_of_patients, still_there
from fhir_server.storage.sqlite.clause import Clause, all_of
from fhir_server.storage.sqlite.compile import PRESENT, SUPERSEDED, compiled
from fhir_server.storage.sqlite.rows import CURRENT, EARLIER, stored
from fhir_server.storage.store import Grant, Stored

_THIS = "FROM resources r WHERE r.type = ? AND r.id = ?"
_THOSE = "FROM resources r JOIN versions v ON v.resource = r.key WHERE r.type = ? AND r.id = ?"


def read(connection: sqlite3.Connection, type: str, id: str, grant: Grant) -> Stored:
    """The current version. NotFound, Gone."""
    sql, values = _reading(grant.query, type) if grant.at is None else _kept(grant.lasting, type)
    bound = [grant.at if value == NOW else value for value in values]
    row = connection.execute(sql, (type, id, *bound)).fetchone()
    if row is None:
        raise NotFound.because("not-found")
    return still_there(stored(row))


def _reading(grant: Criterion, type: str) -> Clause:
    """The whole statement; what the grant binds comes after type and id."""
    reached = compiled(settled_for(grant, type), PRESENT)
    return Clause(f"SELECT {CURRENT} {_THIS} AND {reached.sql}", reached.values)


_kept = lru_cache(2_000)(_reading)
"""Statements of grants that last: to make one takes longer than to run it."""


def vread(connection: sqlite3.Connection, type: str, id: str, version: int, grant: Criterion) -> Stored:
    """The version of this number. NotFound, Gone."""
    present, superseded = reached(settled_for(grant, type))
    row = connection.execute(
        f"SELECT {CURRENT} {_THIS} AND r.version = ? AND {present.sql}"
        f" UNION ALL SELECT {EARLIER} {_THOSE} AND v.version = ? AND {superseded.sql}",
        (type, id, version, *present.values, type, id, version, *superseded.values),
    ).fetchone()
    if row is None:
        raise NotFound.because("no-such-version")
    return still_there(stored(row))


def reached(grant: Criterion) -> tuple[Clause, Clause]:
    """What the grant demands of the current version, and of one before it."""
    present = compiled(grant, PRESENT)
    indexed = [] if speaks_of_patients(grant) else [_INDEXED]
    return present, all_of([present, *indexed, compiled(grant, SUPERSEDED)])


_INDEXED = Clause("v.idx IS NOT NULL")
"""Not so of a version that a release before kept: whatever it may have been, who asks for that does not see it."""


def current(connection: sqlite3.Connection, grant: Criterion, after: tuple[str, str], count: int) -> list[Stored]:
    """So many current versions that are not deleted, by type and id from a place on."""
    reached = compiled(grant, PRESENT)
    rows = connection.execute(
        f"SELECT {CURRENT} FROM resources r WHERE (r.type, r.id) > (?, ?) AND r.deleted = 0 AND {reached.sql}"
        " ORDER BY r.type, r.id LIMIT ?",
        (*after, *reached.values, count),
    ).fetchall()
    return [stored(row) for row in rows]
