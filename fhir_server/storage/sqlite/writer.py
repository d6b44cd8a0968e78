"""The one thread that writes. What queues up while it writes is its next group: one transaction, one fsync.

A group is written as if all were well. Where something fails it is rolled back, and each member done again behind a
savepoint of its own, so that the failure of one never touches its neighbours.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from fhir_server.fhir.outcome import Unavailable
from fhir_server.storage.sqlite.ledger import Ledger
from fhir_server.storage.sqlite.link import Link, told
from fhir_server.storage.store import Commit

Work: TypeAlias = Commit | Callable[[Ledger], Any]
"""A Commit, or something else to do in a transaction."""

_Handed: TypeAlias = tuple[Work, asyncio.Future[Any]]


class Writer:
    """Takes work on the event loop, and does it in its own thread, in the order in which it came."""

    def __init__(self, link: Link, clock: Callable[[], int]) -> None:
        """Starts the thread; to be called on the loop that will hand it work. `clock` gives milliseconds since 1970."""
        self.ledger = Ledger(link.connection, clock)
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._pending: list[_Handed] = []
        self._queue: SimpleQueue[list[_Handed] | None] = SimpleQueue()
        self._open = True
        self._ended = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------------------------------------ on the loop

    def hand(self, work: Work) -> asyncio.Future[Any]:
        """What becomes of the work, durable when it is told. Unavailable once the writer closes."""
        if not self._open:
            raise Unavailable.because("store-away")
        future = self._loop.create_future()
        if not self._pending:
            self._loop.call_soon(self._hand_over)
        self._pending.append((work, future))
        return future

    def _hand_over(self) -> None:
        """Once for each turn of the loop, so that the thread is woken once for all that the turn brought."""
        if self._pending:
            self._queue.put(self._pending)
            self._pending = []

    def _deliver(self, futures: Sequence[asyncio.Future[Any]], outcomes: Sequence[Any]) -> None:
        for future, outcome in zip(futures, outcomes, strict=True):
            if future.done():
                continue  # nobody waits any longer
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    async def close(self) -> None:
        """Finishes what was handed in, and ends the thread."""
        if self._open:
            self._open = False
            self._hand_over()
            self._queue.put(None)
        await asyncio.shield(self._ended)
        self._thread.join()

    # ------------------------------------------------------------------------------------------------ in the thread

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            futures = [future for _, future in group]
            with self._link.lock:
                outcomes = self._settled([work for work, _ in group])
            self._loop.call_soon_threadsafe(self._deliver, futures, outcomes)
        self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _next_group(self) -> list[_Handed] | None:
        """All that waits, and at the least something; None at the end."""
        group = self._queue.get()
        while group is not None:
            try:
                more = self._queue.get_nowait()
            except Empty:
                break
            if more is None:
                self._queue.put(None)  # first this group, then the end
                break
            group += more
        return group

    def _settled(self, group: Sequence[Work]) -> list[Any]:
        """What becomes of each member of the group."""
        try:
            return self._together(group)
        except Exception:  # noqa: BLE001  # whatever it was, it is met again, and told to the one whose it is
            return self._apart(group)

    def _together(self, group: Sequence[Work]) -> list[Any]:
        return self._transaction(lambda: [outcome for part in _parts(group) for outcome in self._done(part)])

    def _done(self, part: Sequence[Work]) -> list[Any]:
        first = part[0]
        if isinstance(first, Commit):
            return list(self.ledger.record([work for work in part if isinstance(work, Commit)]))
        return [first(self.ledger)]

    def _apart(self, group: Sequence[Work]) -> list[Any]:
        """The members one by one. A full disk may roll back all of a transaction, neighbours too: then each has its own."""
        try:
            return self._transaction(lambda: [self._behind_savepoint(work) for work in group])
        except Exception as error:  # noqa: BLE001  # told to those whose it is
            if len(group) > 1:
                return [outcome for work in group for outcome in self._apart([work])]
            return [told(error)]

    def _behind_savepoint(self, work: Work) -> Any:
        connection = self._link.connection
        connection.execute("SAVEPOINT one")
        unsealed = self.ledger.unsealed
        try:
            (outcome,) = self._done([work])
        except Exception as error:  # told to the one whose it is
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO one")
            self.ledger.forget(unsealed)
            outcome = told(error)
        connection.execute("RELEASE one")
        return outcome

    def _transaction(self, work: Callable[[], list[Any]]) -> list[Any]:
        connection = self._link.connection
        if connection.in_transaction:
            self._undo()  # a rollback that failed has left it open
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = work()
            self.ledger.seal()
            connection.execute("COMMIT")
            self.ledger.sealed()
        except BaseException:
            self._undo()
            raise
        finally:
            self.ledger.making = None
        return outcomes

    def _undo(self) -> None:
        if self._link.connection.in_transaction:  # SQLITE_FULL and its like may have rolled back already
            self._link.connection.execute("ROLLBACK")
        self.ledger.forget()


def _parts(group: Sequence[Work]) -> Iterator[list[Work]]:
    """The group in parts that can each be written at once: a Commit with conditions must see all before it, and so must one
    that touches the same resource as another.
    """
    part: list[Work] = []
    places: set[tuple[str, str]] = set()
    for work in group:
        own = {(change.type, change.id) for change in work.changes} if isinstance(work, Commit) else set()
        alone = not isinstance(work, Commit) or bool(work.conditions) or (part and not isinstance(part[0], Commit))
        if part and (alone or not places.isdisjoint(own)):
            yield part
            part, places = [], set()
        part.append(work)
        places |= own
    if part:
        yield part
