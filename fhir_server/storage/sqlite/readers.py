"""Those who read: one link for the loop itself, for what is over at once, and a few threads with a link each."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fhir_server.storage.sqlite.link import Link, telling_errors

_THREADS = 2

T = TypeVar("T")


class Readers:
    """Runs what reads, where it does not hold up others."""

    def __init__(self, link: Callable[[], Link]) -> None:
        """`link` gives a link to read by; that of a database in memory is always the same."""
        self._link = link
        self._own = threading.local()
        self._here = link()
        self._links = [self._here]
        self._threads = ThreadPoolExecutor(_THREADS, "sqlite-reader", initializer=self._equip)

    def _equip(self) -> None:
        link = self._link()
        self._own.link = link
        self._links.append(link)

    def here(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """What one short statement reads, at once and on this very thread. Unavailable."""
        with self._here.lock, telling_errors:
            return read(self._here.connection)

    def at_once(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """What a few short statements read, on this very thread, all of it from one state of the database. Unavailable."""
        with self._here.reading() as connection:
            return read(connection)

    async def apart(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """What is read in a thread, all of it from one state of the database. Unavailable."""

        def work() -> T:
            with self._own.link.reading() as connection:
                return read(connection)

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Waits for what is being read, and lets go of the links."""
        self._threads.shutdown()
        for link in self._links:
            with link.lock:
                link.connection.close()
