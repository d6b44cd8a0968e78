"""What the server itself remembers, in a table of its own: one row a fact."""

import sqlite3

_LIVES = '("until" = 0 OR "until" > ?)'

_KEEP = (
    "INSERT INTO facts VALUES (?, ?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET text = excluded.text,"
    ' "until" = excluded."until" WHERE facts."until" <> 0 AND facts."until" <= ?'
)
_REPLACE = f'UPDATE facts SET text = ?, "until" = ? WHERE kind = ? AND key = ? AND text = ? AND {_LIVES}'
_DROP = f"DELETE FROM facts WHERE kind = ? AND key = ? AND {_LIVES}"
_SWEEP = 'DELETE FROM facts WHERE "until" <> 0 AND "until" <= ?'


def kept(connection: sqlite3.Connection, kind: str, key: str, now: int) -> str | None:
    """The text of a fact."""
    sql = f"SELECT text FROM facts WHERE kind = ? AND key = ? AND {_LIVES}"
    row = connection.execute(sql, (kind, key, now)).fetchone()
    return None if row is None else str(row[0])


def all_kept(connection: sqlite3.Connection, kind: str, now: int) -> dict[str, str]:
    """The facts of a kind, in the order of their keys."""
    sql = f"SELECT key, text FROM facts WHERE kind = ? AND {_LIVES} ORDER BY key"
    return dict(connection.execute(sql, (kind, now)).fetchall())


def keep(connection: sqlite3.Connection, kind: str, key: str, text: str, until: int, now: int) -> bool:
    """Keeps a fact, in the place of one that has expired too; clears away all that have."""
    done = connection.execute(_KEEP, (kind, key, text, until, now)).rowcount == 1
    connection.execute(_SWEEP, (now,))
    return done


def replace(connection: sqlite3.Connection, kind: str, key: str, old: str, new: str, until: int, now: int) -> bool:
    """Puts a text in the place of the one that is known."""
    return connection.execute(_REPLACE, (new, until, kind, key, old, now)).rowcount == 1


def drop(connection: sqlite3.Connection, kind: str, key: str, now: int) -> bool:
    """Forgets a fact."""
    return connection.execute(_DROP, (kind, key, now)).rowcount == 1
