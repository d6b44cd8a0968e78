"""What the store keeps of one kind, held in memory and looked at again in time: a call is not made to wait for it, and what
was changed in another process takes effect here too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from fhir_server.fhir.instant import SECOND
from fhir_server.fhir.outcome import Unavailable
from fhir_server.storage.store import Facts

REFRESHED = 5 * SECOND
"""So often a mirror is to be looked over."""
LONGEST_UNSEEN = 30 * SECOND
"""What has not been looked over for so long says nothing any more: a revocation takes effect by then, or nobody is let in."""


class Mirror:
    """The facts of one kind, as they were a moment ago."""

    def __init__(self, facts: Facts, kind: str, clock: Callable[[], int]) -> None:
        """`clock` gives milliseconds since 1970."""
        self._facts, self._kind, self._clock = facts, kind, clock
        self._texts: Mapping[str, str] = MappingProxyType({})
        self._seen: int | None = None
        self._turns = self._shown = 0
        self._looking = asyncio.Lock()

    @property
    def texts(self) -> Mapping[str, str]:
        """The texts by their keys. Unavailable where nobody has looked for 30 s."""
        if not self._is_younger(LONGEST_UNSEEN):
            raise Unavailable.because("store-away")
        return self._texts

    async def refresh(self) -> None:
        """Looks now: what was written before this was called is seen when it returns. Unavailable."""
        self._turns += 1
        turn, now = self._turns, self._clock()
        texts = await self._facts.all_kept(self._kind)
        if turn > self._shown:  # one that began later may be back first
            self._shown, self._seen, self._texts = turn, now, texts

    async def refresh_after(self, age: int) -> None:
        """Looks where nobody has for so long (ms); all who ask together do so once. Unavailable."""
        if self._is_younger(age):
            return
        async with self._looking:
            if not self._is_younger(age):
                await self.refresh()

    def _is_younger(self, age: int) -> bool:
        return self._seen is not None and 0 <= self._clock() - self._seen < age


async def keep_fresh(
    refreshers: Sequence[Callable[[], Awaitable[object]]], sleep: Callable[[float], Awaitable[object]]
) -> None:
    """A duty of the server: looks over all of them, again and again, until it is cancelled. While the store is away they grow
    old, and in the end refuse by themselves. `sleep` takes seconds.
    """
    while True:
        await sleep(REFRESHED / SECOND)
        await asyncio.gather(*(refresh() for refresh in refreshers), return_exceptions=True)
