"""What was destroyed leaves the file too: SQLite takes a row off its page, and the bytes stay until something else needs the room.

The words' index keeps those of a removed row until its parts are merged; VACUUM makes the file anew of what is there, and the
checkpoint leaves nothing in the log. https://www.sqlite.org/lang_vacuum.html https://www.sqlite.org/fts5.html#the_optimize_command
"""

import sqlite3

from fhir_server.fhir.outcome import Unavailable

_MARK = "unscoured"
"""Stands in `meta` from a destruction until the file is scoured, so that one who was killed in between is followed by one who does it."""


def demand(connection: sqlite3.Connection) -> None:
    """Within the transaction that destroys: the file is to be scoured."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, '1')", (_MARK,))


def is_demanded(connection: sqlite3.Connection) -> bool:
    """Whether something was destroyed since the file was scoured."""
    return connection.execute("SELECT 1 FROM meta WHERE name = ?", (_MARK,)).fetchone() is not None


def scour(connection: sqlite3.Connection) -> None:
    """Makes the file anew, outside of any transaction. Unavailable where somebody reads in it for too long."""
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.execute("VACUUM")
    _empty_log(connection)
    connection.execute("DELETE FROM meta WHERE name = ?", (_MARK,))


def _empty_log(connection: sqlite3.Connection) -> None:
    (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise Unavailable.because("store-away")
