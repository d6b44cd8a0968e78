"""The chains of the trail: each transaction links what it has written, in one block for each organisation."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from fhir_server.storage.seal import MEMBERS, Row, block, hash_of, last_in, numbers_in
from fhir_server.storage.sqlite.clause import as_json
from fhir_server.storage.sqlite.statements import ADD_BLOCKS, BLOCK, fill
from fhir_server.storage.store import Block

AT_ONCE = 10_000
"""Rows in a block that is made of what was there before there were any."""

ENTRY = ", ".join("g.agent" if name == "agent" else f"a.{name}" for name in MEMBERS)
"""The members of an Entry, of a row `a` of `audit` and its agent `g`."""


class Chain:
    """The chains as the writer lengthens them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """On the writer's own connection."""
        self._connection = connection
        self._rows: list[tuple[str, Row]] = []
        self._heads: dict[str, tuple[int, bytes] | None] = {}
        self._moved: dict[str, tuple[int, bytes]] = {}

    @property
    def unsealed(self) -> int:
        """How many entries wait to be sealed."""
        return len(self._rows)

    def add(self, number: int, organisation: str, members: Sequence[Any]) -> None:
        """An entry is written, and to be sealed with the others of its transaction."""
        self._rows.append((organisation, (number, hash_of(number, members))))

    def forget(self, unsealed: int) -> None:
        """After a rollback: of the entries so many are left, and the heads are what the database says."""
        del self._rows[unsealed:]
        self._heads.clear()
        self._moved.clear()

    def seal(self, now: int) -> None:
        """Writes the blocks of what waits."""
        rows: defaultdict[str, list[Row]] = defaultdict(list)
        for organisation, row in self._rows:
            rows[organisation].append(row)
        made = [block(organisation, self._head(organisation), own, now) for organisation, own in rows.items()]
        put(self._connection, made)
        self._moved = {one.organisation: (one.number, one.digest) for one in made}

    def move(self) -> None:
        """What was sealed is committed."""
        self._rows.clear()
        self._heads.update(self._moved)
        self._moved.clear()

    def _head(self, organisation: str) -> tuple[int, bytes] | None:
        if organisation not in self._heads:
            self._heads[organisation] = self._connection.execute(_HEAD, (organisation,)).fetchone()
        return self._heads[organisation]


_HEAD = "SELECT number, digest FROM blocks WHERE organisation = ? ORDER BY number DESC LIMIT 1"


def put(connection: sqlite3.Connection, made: Sequence[Block]) -> None:
    """Writes blocks."""
    fill(connection, ADD_BLOCKS, map(_columns, made))


_columns = attrgetter(*BLOCK)


def prune(connection: sqlite3.Connection, organisation: str, number: int) -> bool:
    """Removes the blocks of a chain up to a number, and their entries; False where none is there, or none would be left."""
    found = connection.execute(_UP_TO, (organisation, number)).fetchall()
    if not found or connection.execute(_AFTER, (organisation, number)).fetchone() is None:
        return False
    numbers = as_json([entry for (rows,) in found for entry in numbers_in(rows)])
    connection.execute("INSERT OR REPLACE INTO pruned VALUES (?, ?, ?)", (organisation, number, last_in(found[-1][0])))
    connection.execute("DELETE FROM audit_keys WHERE number IN (SELECT value FROM json_each(?))", (numbers,))
    connection.execute("DELETE FROM audit WHERE number IN (SELECT value FROM json_each(?))", (numbers,))
    connection.execute("DELETE FROM blocks WHERE organisation = ? AND number <= ?", (organisation, number))
    return True


_UP_TO = "SELECT rows FROM blocks WHERE organisation = ? AND number <= ? ORDER BY number"
_AFTER = "SELECT 1 FROM blocks WHERE organisation = ? AND number > ?"


def seal_unsealed(connection: sqlite3.Connection) -> None:
    """Seals the entries of a release that knew no blocks: none of them has an organisation. From here on they are what they
    are now.
    """
    after, head = 0, None
    while rows := connection.execute(_UNSEALED, (after, AT_ONCE)).fetchall():
        hashed = [(number, hash_of(number, members)) for number, *members in rows]
        made = block("", head, hashed, rows[-1][1])
        put(connection, [made])
        head = made.number, made.digest
        after = rows[-1][0]


_UNSEALED = f"SELECT a.number, {ENTRY} FROM audit a JOIN agents g ON g.key = a.agent WHERE a.number > ? ORDER BY a.number LIMIT ?"


def blocks(connection: sqlite3.Connection, organisation: str, after: int, count: int) -> list[Block]:
    """The chain of an organisation from a block on."""
    rows = connection.execute(
        f"SELECT {', '.join(BLOCK)} FROM blocks WHERE organisation = ? AND number > ? ORDER BY number LIMIT ?",
        (organisation, after, count),
    )
    return [Block(*row) for row in rows]


def heads(connection: sqlite3.Connection) -> list[Block]:
    """The last block of each chain, without its rows: the organisations are looked up one by one."""
    rows = connection.execute(
        "WITH RECURSIVE known (organisation) AS (SELECT min(organisation) FROM blocks UNION ALL"
        " SELECT (SELECT min(b.organisation) FROM blocks b WHERE b.organisation > k.organisation) FROM known k"
        " WHERE k.organisation IS NOT NULL)"
        " SELECT b.organisation, b.number, b.at, b.previous, x'', b.digest FROM known k JOIN blocks b"
        " ON b.organisation = k.organisation"
        " AND b.number = (SELECT max(number) FROM blocks WHERE organisation = k.organisation)"
    )
    return [Block(*row) for row in rows]
