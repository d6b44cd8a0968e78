"""The numbers of audit entries and notices: from time, so that no commit waits for another's, and how far they are settled.

A number has 63 bits: 42 of milliseconds since 1970 (to the year 2109), 12 that count within one, 9 of the process. It is
taken when the rows are about to be written, as the last thing before a transaction commits; so rows may become visible a
moment after others of a higher number. Who walks through them by number must not walk past one: rows are shown up to a
horizon only, before which no transaction is open. Of its own transactions a process knows that exactly. Where another
process holds a lease to write, the horizon is five seconds ago.

Versions have a moment and no number. They get it when their transaction begins, so theirs is a horizon of its own, which
lies further back beside another process: as far as a transaction may last.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo import DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.storage.mongo.indexing import others_have_ended, state, takes

OPEN_MS = 5_000
"""So long after its numbers were taken, at the most, a transaction is committed."""

MAKING_MS = 16_000
"""So long after its versions got their moment, at the most, it is; it is more than `transaction.PATIENCE`."""

LEASE_MS, RENEWED_MS = 60_000, 15_000
"""For how long a process says that it writes, and how much of that must be left when it begins to."""

_TICKS, _PROCESSES = 12, 9


class Numbers:
    """Gives numbers that rise, also where the clock goes back, and remembers which of them are still being written."""

    def __init__(self, clock: Callable[[], int], process: int) -> None:
        """`clock` gives milliseconds since 1970; `process` tells this process from others."""
        self._clock = clock
        self._process = process % (1 << _PROCESSES)
        self._tick = 0
        self._writing: dict[int, int] = {}
        self._making: dict[int, int] = {}
        self._writers = 0

    @contextmanager
    def writing(self) -> Iterator[Callable[[int], Sequence[int]]]:
        """What gives so many numbers to one writer; until the block ends they, and all above them, are not settled."""
        with self._writer_among(self._writing) as writer:

            def take(count: int) -> Sequence[int]:
                first = self._next()
                self._tick = first + count - 1
                self._writing.setdefault(writer, self._number(first))
                return [self._number(tick) for tick in range(first, first + count)]

            yield take

    @contextmanager
    def making(self) -> Iterator[Callable[[], int]]:
        """What gives one writer the moment of the versions that it makes; until the block ends they may yet appear."""
        with self._writer_among(self._making) as writer:

            def stamp() -> int:
                self._making[writer] = self._clock()
                return self._making[writer]

            yield stamp

    @contextmanager
    def _writer_among(self, open: dict[int, int]) -> Iterator[int]:
        """A name for a writer; what it has among what is open is closed when the block ends."""
        self._writers += 1
        writer = self._writers
        try:
            yield writer
        finally:
            open.pop(writer, None)

    def made(self) -> int:
        """What this process made before this moment, in milliseconds since 1970, is written, or never will be."""
        return min(self._making.values(), default=self._clock())

    def _next(self) -> int:
        return max(self._tick + 1, self._clock() << _TICKS)

    def _number(self, tick: int) -> int:
        return tick << _PROCESSES | self._process

    def settled(self) -> int:
        """All numbers of this process below this one are written, or never will be."""
        return min(self._writing.values(), default=self._number(self._next()))

    def pass_by(self, number: int) -> None:
        """Numbers to come are higher than this one."""
        self._tick = max(self._tick, number >> _PROCESSES)


def first_of(ms: int) -> int:
    """The lowest number of a moment."""
    return ms << _TICKS + _PROCESSES


def moment_of(number: int) -> int:
    """The moment of a number."""
    return number >> _TICKS + _PROCESSES


class Writers:
    """The processes that write, each with a lease in the database: whether this one is alone."""

    def __init__(
        self, database: AsyncDatabase[Any], clock: Callable[[], int], process: int, numbers: Numbers, definitions: str
    ) -> None:
        """`process` is a number that no other process has; `definitions` is what it indexes by ("": by any)."""
        self._database = database
        self._definitions = definitions
        self._clock = clock
        self._process = process
        self._numbers = numbers
        self._until = 0
        self._announcing = asyncio.Lock()
        self.index_is_ours = True
        """Whether resources may be written: not where the index is by now made by other definitions."""

    async def announce(self) -> None:
        """To be called before a write: this process has a lease. One that had none begins above all numbers there are."""
        if self._is_announced():
            return
        async with self._announcing:  # of two at once the one that looked first could be believed last
            if not self._is_announced():
                await self._announce(self._clock())

    def _is_announced(self) -> bool:
        return self._until - self._clock() >= RENEWED_MS

    async def _announce(self, now: int) -> None:
        until = now + LEASE_MS
        await self._say(until=until, definitions=self._definitions)
        if self._until < now:
            self._numbers.pass_by(await self._highest())
        self.index_is_ours = takes(await state(self._database), self._definitions)
        if not self.index_is_ours:
            await self._say(definitions="")
        self._until = until

    async def _say(self, **lease: int | str) -> None:
        await self._database.writers.update_one({"_id": self._process}, {"$set": lease}, upsert=True)

    async def others_have_ended(self, version: str) -> None:
        """Waits until nobody else writes by other definitions than these."""
        await others_have_ended(self._database, version, self._process, lambda: self._clock() - OPEN_MS)

    async def _highest(self) -> int:
        rows = [
            await self._database[name].find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
            for name in ("audit", "outbox")
        ]
        return max((row["_id"] for row in rows if row), default=0)

    async def horizon(self) -> int:
        """Every row of a number below this one is there to be read, or never will be."""
        now, settled = self._clock(), self._numbers.settled()  # first: who takes a lease from here on begins above
        since = now - OPEN_MS
        return settled if await self._is_alone(since) else min(settled, first_of(since))

    async def last_moment(self) -> int:
        """No version will yet appear that was made before this moment (milliseconds since 1970)."""
        now, made = self._clock(), self._numbers.made()
        since = now - MAKING_MS
        return min(made, now if await self._is_alone(since) else since)

    async def _is_alone(self, since: int) -> bool:
        """Whether no other process has had a lease to write at this moment or later."""
        other = {"_id": {"$ne": self._process}, "until": {"$gte": since}}
        return await self._database.writers.find_one(other) is None

    async def leave(self) -> None:
        """This process writes no more; the leases of those that never said so are cleared away."""
        ended = {"until": {"$lt": self._clock() - LEASE_MS}}
        await self._database.writers.delete_many({"$or": [{"_id": self._process}, ended]})
