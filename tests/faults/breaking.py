"""A connection that breaks where a test wants it to: the store's own code runs, on a real database."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from fhir_server.storage.sqlite.store import SqliteStore


def an_error(code: int = sqlite3.SQLITE_IOERR, message: str = "disk I/O error") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


class Breaking:
    """Passes statements on, remembers them, and asks `breaks(number, statement)` before each whether it fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.statements: list[str] = []
        self.breaks: Callable[[int, str], bool] = lambda _number, _statement: False
        self.fails: Callable[[], Exception] = an_error

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        number = len(self.statements)
        self.statements.append(statement)
        if self.breaks(number, statement):
            raise self.fails()
        return self.connection.execute(statement, values)

    @property
    def in_transaction(self) -> bool:
        return self.connection.in_transaction


def breaking(store: SqliteStore) -> Breaking:
    """What the store's writer writes through from now on."""
    writer = store._writer
    found = Breaking(writer._link.connection)
    for owner, name in ((writer.ledger, "_connection"), (writer.ledger._tables, "_connection")):
        setattr(owner, name, found)
    object.__setattr__(writer, "_link", type(writer._link)(found, writer._link.lock))
    return found


def breaking_reads(store: SqliteStore) -> Breaking:
    """What the store reads through on the loop from now on."""
    readers = store._readers
    found = Breaking(readers._here.connection)
    readers._here = type(readers._here)(found, readers._here.lock)
    return found


def contents(store: SqliteStore) -> dict[str, list[Any]]:
    """Everything that stands in the database, resources by type and id."""
    with store._readers._here.lock:
        connection = store._readers._here.connection
        return {name: sorted(connection.execute(query).fetchall(), key=repr) for name, query in _CONTENTS.items()}


_OF = "r.type, r.id FROM {0} t JOIN resources r ON r.key = t.resource"
_CONTENTS = {
    "resources": "SELECT type, id, version, updated, deleted, method, digest, patients, idx, text FROM resources",
    "versions": "SELECT t.version, t.updated, t.method, t.digest, t.patients, t.text, t.idx, " + _OF.format("versions"),
    "tokens": "SELECT p.type, p.kind, p.code, t.value, t.space, r.id FROM tokens t JOIN resources r ON r.key = t.resource"
    " JOIN parameters p ON p.key = t.parameter",
    "spans": "SELECT p.code, t.low, t.high, r.id FROM spans t JOIN resources r ON r.key = t.resource"
    " JOIN parameters p ON p.key = t.parameter",
    "strings": "SELECT p.code, t.value, t.exact, t.key, r.id FROM strings t JOIN resources r ON r.key = t.resource"
    " JOIN parameters p ON p.key = t.parameter",
    "amounts": "SELECT p.code, t.low, t.high, t.system, t.code, r.id FROM amounts t"
    " JOIN resources r ON r.key = t.resource JOIN parameters p ON p.key = t.parameter",
    "words": "SELECT w.type, w.text, w.content, r.id FROM words w JOIN resources r ON r.key = w.rowid",
    "sought": "SELECT value, (SELECT group_concat(r.id) FROM words w JOIN resources r ON r.key = w.rowid"
    ' WHERE words MATCH value) FROM json_each(\'["a", "b", "c", "deleted"]\')',
    "relations": 'SELECT t.patient, t.actor, t.kind, t.source, t.plan, t.start, t."end", ' + _OF.format("relations"),
    "audit": "SELECT a.*, g.agent FROM audit a JOIN agents g ON g.key = a.agent",
    "outbox": "SELECT * FROM outbox",
    "meta": "SELECT * FROM meta WHERE name <> 'checked'",
    "lost": "SELECT count(*) FROM (SELECT resource FROM tokens UNION ALL SELECT resource FROM strings UNION ALL"
    " SELECT resource FROM amounts UNION ALL SELECT rowid FROM words) WHERE resource NOT IN (SELECT key FROM resources)",
}
