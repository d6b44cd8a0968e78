"""The SQLite store: reads by id on the loop itself, searches in a few threads, writes in one.

https://www.sqlite.org/wal.html
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Self

from fhir_server.fhir.instant import END
from fhir_server.search.query import Criterion, Query
from fhir_server.storage.page import Position
from fhir_server.storage.past import Past
from fhir_server.storage.rules import Place, incomplete, walk
from fhir_server.storage.sqlite import blocks, facts, keys, scour, trail, versions
from fhir_server.storage.sqlite.find import search
from fhir_server.storage.sqlite.history import history
from fhir_server.storage.sqlite.ledger import Ledger
from fhir_server.storage.sqlite.link import MEMORY, Link, connect, lock_file, make_private, telling_errors
from fhir_server.storage.sqlite.readers import Readers
from fhir_server.storage.sqlite.schema import migrate
from fhir_server.storage.sqlite.values import values
from fhir_server.storage.sqlite.writer import Work, Writer
from fhir_server.storage.store import (
    Block,
    Commit,
    Entry,
    Grant,
    Indexing,
    Notice,
    Order,
    Page,
    Reindexed,
    Relation,
    Stored,
    Unopened,
)


class SqliteStore:
    """The `Store` in one SQLite file, or in memory."""

    def __init__(self, link: Link, readers: Readers, clock: Callable[[], int], lock: int | None) -> None:
        """Made by `open`."""
        self._readers = readers
        self._writer = Writer(link, clock)
        self._tended = self._writer.ledger.last_entry
        self._link = link
        self._clock = clock
        self._lock = lock

    @classmethod
    async def open(cls, path: str, clock: Callable[[], int]) -> Self:
        """The store of a file, made where there is none, or `:memory:`; `clock` gives milliseconds since 1970. Unopened."""
        with ExitStack() as undone:
            lock = lock_file(path)
            undone.callback(_unlock, lock)
            try:
                make_private(path)
                link = connect(path, writes=True)
                undone.callback(link.connection.close)
                migrate(link.connection)
                if scour.is_demanded(link.connection):
                    scour.scour(link.connection)
                readers = Readers(lambda: link) if path == MEMORY else Readers(partial(connect, path))
                store = cls(link, readers, clock, lock)
            except (sqlite3.Error, OSError) as error:
                raise Unopened(f"The database file {path} cannot be opened: {error}. Name another file.") from error
            undone.pop_all()
        return store

    async def close(self) -> None:
        """Finishes what was handed in and lets go of the database."""
        await self._writer.close()
        self._readers.close()
        self._link.connection.close()
        _unlock(self._lock)
        self._lock = None

    # ------------------------------------------------------------------------------------------------ to read

    async def read(self, type: str, id: str, grant: Grant) -> Stored:
        """The current version. NotFound, Gone."""
        return self._readers.here(lambda connection: versions.read(connection, type, id, grant))

    async def vread(self, type: str, id: str, version: int, grant: Grant) -> Stored:
        """One version. NotFound, Gone."""
        return self._readers.here(lambda connection: versions.vread(connection, type, id, version, grant.query))

    async def history(
        self,
        type: str,
        id: str,
        grant: Grant,
        *,
        count: int,
        after: Position | None = None,
        since: int | None = None,
        at: tuple[int, int] | None = None,
    ) -> Page:
        """The versions of one resource, of a type, or of every type, newest first. NotFound."""
        past = Past(type, id, count, after, since, at, horizon=END if id else self._last_moment())
        return await self._readers.apart(lambda connection: history(connection, past, grant.query))

    def _last_moment(self) -> int:
        """No version will yet appear that was made before this moment. The clock first: what begins after is later."""
        now, making = self._clock(), self._writer.ledger.making
        return now if making is None else min(now, making)

    async def search(
        self, query: Query, grant: Grant, *, count: int, after: Position | None = None, total: bool = True
    ) -> Page:
        """The resources that match and that the grant reaches. Unavailable while the index is being made."""
        self._refuse_incomplete()
        asked = search(query, grant.query, count=count, position=after, total=total)
        beginning = self._readers.here(asked.short_beginning)
        if beginning is not None:
            return self._readers.at_once(lambda connection: asked.page(connection, beginning))
        return await self._readers.apart(asked.page)

    async def values(self, type: str, parameter: str, grant: Grant, *, count: int) -> Sequence[tuple[str, str]]:
        """The values that a token parameter has. Unavailable while the index is being made."""
        self._refuse_incomplete()
        return await self._readers.apart(lambda connection: values(connection, type, parameter, grant.query, count))

    def _refuse_incomplete(self) -> None:
        if not self._writer.ledger.index_version:
            raise incomplete()

    def resources(self, grant: Grant, *, after: Place = ("", "")) -> AsyncIterator[Stored]:
        """Every current resource in the order of type and id, from a place on; some at a time, each time as it is then."""
        return walk(partial(self._batch, grant), after)

    async def _batch(self, grant: Grant, after: Place, count: int) -> list[Stored]:
        return await self._readers.apart(lambda connection: versions.current(connection, grant.query, after, count))

    async def entries(self, grant: Grant, *, after: int = 0, count: int = 1000) -> Sequence[tuple[int, Entry]]:
        """The audit in the order it was written."""
        return await self._readers.apart(lambda connection: trail.entries(connection, grant.query, after, count))

    async def find_entries(
        self,
        where: Criterion,
        grant: Grant,
        order: Order,
        *,
        count: int,
        after: tuple[int, ...] | None = None,
        total: bool = False,
    ) -> tuple[Sequence[tuple[int, Entry]], int | None]:
        """The entries that meet a criterion about rows, and that the grant, about rows too, reaches."""
        while self._writer.ledger.unfound:
            await self._write(Ledger.index_trail)
        return await self._readers.apart(
            lambda connection: trail.find_entries(connection, where, grant.query, order, count, after, total=total)
        )

    async def blocks(self, organisation: str, *, after: int = 0, count: int = 100) -> Sequence[Block]:
        """The chain of an organisation, from a block on."""
        return await self._readers.apart(lambda connection: blocks.blocks(connection, organisation, after, count))

    async def heads(self) -> Sequence[Block]:
        """The last block of each chain, without its rows."""
        return await self._readers.apart(blocks.heads)

    async def settled(self) -> int:
        """No entry will yet appear that was numbered before this moment."""
        return self._clock()

    async def notices(self, *, after: int = 0, count: int = 1000) -> Sequence[tuple[int, int, Notice]]:
        """The outbox in the order it was written."""
        return await self._readers.apart(lambda connection: trail.notices(connection, after, count))

    async def relations(self, patient: str) -> Sequence[Relation]:
        """Who has to do with a patient, whenever."""
        return await self._readers.apart(lambda connection: trail.relations(connection, patient))

    # ------------------------------------------------------------------------------------------------ to write

    async def commit(self, commit: Commit) -> tuple[Stored, ...]:
        """Writes all of the Commit or nothing. NotFound, Conflict, Stale, Unavailable, Overtaken."""
        written: tuple[Stored, ...] = await self._writer.hand(commit)
        return written

    async def index_version(self) -> str:
        """Which definitions the whole index was made by; "" while it is being made."""
        return self._writer.ledger.index_version

    async def index_is(self, version: str) -> None:
        """Says by which definitions the index was made, or ("") that it is of no use. Overtaken."""
        await self._write(lambda ledger: ledger.index_is(version))

    async def indexing(self, version: str) -> Indexing:
        """Begins to make the index by these definitions, or goes on where that was left off."""
        reached: Indexing = await self._writer.hand(lambda ledger: ledger.indexing(version))
        return reached

    async def reindex(self, rows: Sequence[Reindexed], reached: Indexing | None = None) -> None:
        """Replaces what is derived from these versions, where they are still current. Overtaken."""
        await self._write(lambda ledger: ledger.reindex(rows, reached))

    async def tend(self) -> None:
        """Makes the keys of some new entries, where it takes little from those who write. A search makes the rest. They are
        sealed by the transaction that writes them.
        """
        ledger = self._writer.ledger
        new, self._tended = ledger.last_entry - self._tended, ledger.last_entry
        if ledger.unfound > (0 if new < keys.BUSY else keys.LATE):
            await self._write(Ledger.index_trail)

    async def prune(self, organisation: str, number: int, entry: Entry) -> None:
        """Removes the blocks of a chain up to this number, and their entries, and writes the entry. Overtaken."""
        await self._write(lambda ledger: ledger.prune(organisation, number, entry))

    async def scour(self) -> None:
        """Makes the file anew, without what was destroyed; whoever writes waits. Unavailable."""
        await asyncio.to_thread(self._scour)

    def _scour(self) -> None:
        with self._link.lock, telling_errors:
            scour.scour(self._link.connection)

    # ------------------------------------------------------------------------------------------------ the server's own

    async def kept(self, kind: str, key: str) -> str | None:
        """The text of a fact; None where there is none."""
        return self._readers.here(lambda connection: facts.kept(connection, kind, key, self._clock()))

    async def all_kept(self, kind: str) -> Mapping[str, str]:
        """The facts of a kind: texts by their keys."""
        return await self._readers.apart(lambda connection: facts.all_kept(connection, kind, self._clock()))

    async def keep(self, kind: str, key: str, text: str, *, until: int, entries: Sequence[Entry] = ()) -> bool:
        """Keeps a fact; False where there is one already."""
        return await self._change_fact(lambda it, now: facts.keep(it, kind, key, text, until, now), entries)

    async def replace(
        self, kind: str, key: str, old: str, new: str, *, until: int, entries: Sequence[Entry] = ()
    ) -> bool:
        """Puts a text in the place of the one that is known; False where that is not what is kept."""
        return await self._change_fact(lambda it, now: facts.replace(it, kind, key, old, new, until, now), entries)

    async def drop(self, kind: str, key: str, *, entries: Sequence[Entry] = ()) -> bool:
        """Forgets a fact; True for the one who dropped it."""
        return await self._change_fact(lambda it, now: facts.drop(it, kind, key, now), entries)

    async def _change_fact(self, change: Callable[[sqlite3.Connection, int], bool], entries: Sequence[Entry]) -> bool:
        done: bool = await self._writer.hand(lambda ledger: ledger.change_fact(change, entries))
        return done

    # ------------------------------------------------------------------------------------------------ whether it works

    async def check(self) -> None:
        """Raises Unavailable where the store cannot be read or written just now."""
        self._readers.here(lambda connection: connection.execute("SELECT 1 FROM resources").fetchone())
        await self._write(Ledger.check)

    async def _write(self, work: Work) -> None:
        await self._writer.hand(work)


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
