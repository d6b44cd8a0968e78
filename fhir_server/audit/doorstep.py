"""Who was turned away at the door, without a token that counts: told in the trail by source and minute, not one by one.

Nobody is known by name there, and whoever knocks a thousand times a second shall not fill the trail.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.audit.agent import Agent
from fhir_server.audit.coding import LOGIN
from fhir_server.fhir.outcome import Unauthorized, Unavailable
from fhir_server.storage.store import SYSTEM_GRANTS, Commit, Entry, Store

MINUTE = 60_000
"""Milliseconds."""

SOURCES = 1_000
"""So many sources are told apart at a time; all others are counted together."""

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class _Knock:
    """A source within a minute; by the minute's first moment."""

    minute: int
    source: str


class Doorstep:
    """Counts in memory until it is told; `clock` gives milliseconds since 1970."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._counted: dict[_Knock, int] = {}

    def turned_away(self, source: str) -> None:
        """Somebody at this address was answered 401."""
        now = self._clock()
        knock = _Knock(now - now % MINUTE, source)
        if knock not in self._counted and len(self._counted) >= SOURCES:
            knock = _Knock(knock.minute, OTHERS)
        self._count(knock, 1)

    async def tell(self, store: Store, *, unended: bool = False) -> None:
        """Writes an entry for each source and minute that has ended; `unended`: for all of them. Unavailable, and then they
        are told later.
        """
        since = self._clock() - MINUTE
        told = {knock: count for knock, count in self._counted.items() if unended or knock.minute <= since}
        if not told:
            return
        for knock in told:
            del self._counted[knock]
        try:
            await store.commit(Commit(_GRANT, entries=tuple(_entry(*one) for one in told.items())))
        except Unavailable:
            for knock, count in told.items():
                self._count(knock, count)
            raise

    def _count(self, knock: _Knock, more: int) -> None:
        self._counted[knock] = self._counted.get(knock, 0) + more


_GRANT = SYSTEM_GRANTS["door"]


def _entry(knock: _Knock, count: int) -> Entry:
    return Entry(
        at=knock.minute,
        agent=Agent(who="unknown", network=knock.source).text(),
        interaction=LOGIN,
        status=Unauthorized.status,
        rule=_GRANT.rule,
        purpose=_GRANT.purpose,
        query=f"count={count}",
        reason=Unauthorized.code,
    )
