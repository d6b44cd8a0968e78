"""Whose turn it is among the commits of this process that touch the same things.

What two commits fight over the database decides, whoever sends them. But those of one process can as well queue up, in
the order in which they came: that is faster than to fail and to try again, and is what a caller expects.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager


class Turns:
    """For each name, the last of those who queue for it."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._last: dict[str, asyncio.Future[None]] = {}

    @asynccontextmanager
    async def of(self, names: Collection[str]) -> AsyncIterator[None]:
        """Waits for all who came before for any of the names. All names are queued for at once, so nobody waits in a ring."""
        before = {self._last[name] for name in names if name in self._last}
        mine = asyncio.get_running_loop().create_future()
        self._last.update(dict.fromkeys(names, mine))
        try:
            if before:
                await asyncio.wait(before)
            yield
        finally:
            mine.set_result(None)
            for name in names:
                if self._last.get(name) is mine:
                    del self._last[name]
