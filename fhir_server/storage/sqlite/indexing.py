"""What the database says of its index: by which definitions it was made, or how far the making has come."""

import sqlite3

import msgspec

from fhir_server.storage.store import Indexing, Overtaken

_KEEP = "INSERT INTO meta VALUES ('indexing', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


def made_by(connection: sqlite3.Connection) -> str:
    """Which definitions the whole index was made by; "" while it is being made."""
    return str(connection.execute("SELECT value FROM meta WHERE name = 'index'").fetchone()[0])


def begin(connection: sqlite3.Connection, version: str) -> Indexing:
    """How far the index by these definitions has come: nowhere, where it is whole or was being made by others."""
    found = _reached(connection)
    if found is None or found.version != version:
        (total,) = connection.execute("SELECT count(*) FROM resources WHERE deleted = 0").fetchone()
        found = Indexing(version, total=total)
        _put(connection, found)
    _set(connection, "")
    return found


def keep(connection: sqlite3.Connection, reached: Indexing) -> None:
    """Keeps how far it has come. Overtaken."""
    found = _reached(connection)
    if found is None or found.version != reached.version:
        raise Overtaken
    _put(connection, reached)


def end(connection: sqlite3.Connection, version: str) -> None:
    """The index was made by these definitions, or is of no use. Overtaken."""
    found = _reached(connection)
    if version and found is not None and found.version != version:
        raise Overtaken
    connection.execute("DELETE FROM meta WHERE name = 'indexing'")
    _set(connection, version)


def _reached(connection: sqlite3.Connection) -> Indexing | None:
    row = connection.execute("SELECT value FROM meta WHERE name = 'indexing'").fetchone()
    return msgspec.json.decode(row[0], type=Indexing) if row else None


def _put(connection: sqlite3.Connection, reached: Indexing) -> None:
    connection.execute(_KEEP, (msgspec.json.encode(reached).decode(),))


def _set(connection: sqlite3.Connection, version: str) -> None:
    connection.execute("UPDATE meta SET value = ? WHERE name = 'index'", (version,))
