"""A sample of a provider's entries for the log review: drawn by lot, and by the same lot again for who knows the seed.

Half of it, where there are so many, is of entries that have a flag. What a row does not tell is no flag: whether staff read
their own record, or that of somebody with their own name, only the staff register knows.
4 kap. 3 § patientdatalagen (2008:355); 4 kap. 10 § HSLF-FS 2016:40
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from heapq import nsmallest

from fhir_server.audit.account import EMERGENCY, REFUSED
from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.search.query import Every, Span, Token
from fhir_server.storage.store import SYSTEM_GRANTS, Entry, Grant, Trail

DAY_BEGINS, DAY_ENDS, SATURDAY = 6, 22, 5
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """An entry of a sample, with its number and what speaks for looking at it."""

    number: int
    entry: Entry
    flags: tuple[str, ...]


@dataclass(slots=True)
class Sample:
    """What was drawn, in the order of the trail, and out of how many entries."""

    drawn: Sequence[Drawn] = ()
    out_of: int = 0
    flagged: int = 0


def flags_of(entry: Entry) -> tuple[str, ...]:
    """What speaks for looking at an entry: `emergency`, `refused` (of somebody's), `after-hours` (nights and weekends)."""
    moment = datetime.fromtimestamp(entry.at / 1000, UTC).astimezone(STOCKHOLM)
    late = not DAY_BEGINS <= moment.hour < DAY_ENDS or moment.weekday() >= SATURDAY
    told = (
        ("emergency", entry.purpose in EMERGENCY),
        ("refused", entry.status >= REFUSED and bool(entry.patient)),
        ("after-hours", late),
    )
    return tuple(flag for flag, is_so in told if is_so)


async def sample(trail: Trail, provider: str, span: tuple[int, int], size: int, seed: str) -> Sample:
    """So many entries of a provider (HSA-id) between two moments (milliseconds since 1970, the second left out), and fewer
    where there are fewer.
    """
    found, grant = Sample(), _grant(provider, span)
    flagged: list[Drawn] = []
    others: list[Drawn] = []
    after = 0
    while rows := await trail.entries(grant, after=after, count=AT_ONCE):
        drawn = [Drawn(number, entry, flags_of(entry)) for number, entry in rows]
        found.out_of += len(drawn)
        found.flagged += sum(1 for one in drawn if one.flags)
        flagged = _first(size, seed, [*flagged, *(one for one in drawn if one.flags)])
        others = _first(size, seed, [*others, *(one for one in drawn if not one.flags)])
        after = rows[-1][0]
    found.drawn = sorted(_joined(flagged, others, size), key=lambda one: one.number)
    return found


def _grant(provider: str, span: tuple[int, int]) -> Grant:
    own, then = Token("organisation", None, provider.upper()), Span("at", "eq", span[0], span[1] - 1)
    return SYSTEM_GRANTS["verification"].over(Every((own, then)))


def _joined(flagged: Sequence[Drawn], others: Sequence[Drawn], size: int) -> Sequence[Drawn]:
    """Half of each; where one has fewer, more of the other."""
    most = max(size - size // 2, size - len(others))
    kept = flagged[:most]
    return [*kept, *others[: size - len(kept)]]


def _first(size: int, seed: str, drawn: Sequence[Drawn]) -> list[Drawn]:
    """The first by lot: the lot of an entry hangs on the seed and its number alone."""
    return nsmallest(size, drawn, key=lambda one: sha256(f"{seed}/{one.number}".encode()).digest())
