"""How often somebody may call: a bucket of calls for each person and each client, filled anew with time, in the memory of one process.

What a call costs is taken from the bucket when it is let in, so a Bundle larger than what is left is let in once and paid for
afterwards. The proportions are `security/Parameters-rate-limits.json`; how many a minute is the deployment's.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from fhir_server.access.decide import Admitted
from fhir_server.fhir.definitions import BadDefinition, parts_of, read
from fhir_server.fhir.instant import MINUTE, SECOND
from fhir_server.fhir.outcome import Throttled

FILE = "Parameters-rate-limits.json"
MOST = 100_000
"""So many buckets are held; past it those that are full again are forgotten, and then the oldest."""

_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Proportions:
    """`client_share`: a client's calls to one of a person. `miss_weight`: the calls that a miss counts as. `alarm_after`: the
    misses, with no rest between them, that are told of.
    """

    client_share: int
    miss_weight: int
    alarm_after: int


@cache
def load_proportions() -> Proportions:
    """As `security/` has them. BadDefinition where one is left out, or there is another."""
    return proportions_of(dict(read("security"))[FILE])


def proportions_of(definition: Mapping[str, Any]) -> Proportions:
    """Those that a definition says. BadDefinition."""
    try:
        told = {row["name"].replace("-", "_"): _value(row) for row in definition["parameter"]}
        return Proportions(**told)
    except (KeyError, TypeError) as wrong:
        raise BadDefinition(f"{FILE}: {wrong}") from None


def _value(row: Mapping[str, Any]) -> int:
    told = parts_of(row)
    if not {"reason", "source"} <= told.keys():
        raise KeyError(f"{row['name']} without reason and source")
    return int(told["value"][0])


@dataclass(slots=True)
class _Bucket:
    """`left` calls of `most` when it was last `seen` (ms); `misses` since it was last full."""

    most: int
    left: float
    seen: int
    misses: int = 0

    def fill(self, now: int) -> None:
        self.left = min(self.most, self.left + max(0, now - self.seen) * self.most / MINUTE)
        self.seen = now
        if self.left >= self.most:
            self.misses = 0

    @property
    def wait(self) -> int:
        """Seconds until there is a call in it."""
        return math.ceil((1 - self.left) * MINUTE / self.most / SECOND)


class Rates:
    """Lets so many calls a minute of one person through (`per_minute`; 0: all). `clock` gives milliseconds since 1970; `alarm` is
    told the client and the request of who guesses ids.
    """

    def __init__(
        self,
        per_minute: int,
        proportions: Proportions,
        clock: Callable[[], int],
        alarm: Callable[[str, str], None],
    ) -> None:
        self._per_minute, self._proportions, self._clock, self._alarm = per_minute, proportions, clock, alarm
        self._buckets: dict[_Key, _Bucket] = {}

    def spend(self, caller: Admitted, calls: int = 1) -> None:
        """Takes what a request costs. Throttled where nothing is left, and then nothing is taken."""
        if not self._per_minute:
            return
        buckets = list(self._of(caller))
        if wait := max((bucket.wait for bucket in buckets if bucket.left < 1), default=0):
            raise Throttled(*Throttled.because("throttled", seconds=wait).issues, retry_after=wait)
        for bucket in buckets:
            bucket.left -= calls

    def missed(self, caller: Admitted, request_id: str) -> None:
        """A call by id led to nothing that the caller may see: it counts for more than one that has been spent."""
        if not self._per_minute:
            return
        for number, bucket in enumerate(self._of(caller)):
            bucket.left -= self._proportions.miss_weight - 1
            bucket.misses += 1
            if number == 0 and bucket.misses == self._proportions.alarm_after:
                self._alarm(caller.client, request_id)

    def _of(self, caller: Admitted) -> Iterator[_Bucket]:
        """The person's bucket, where there is a person, and the client's; where nobody is known, the one of all."""
        if caller.person or not caller.client:
            yield self._bucket(("person", caller.person), self._per_minute)
        if caller.client:
            yield self._bucket(("client", caller.client), self._per_minute * self._proportions.client_share)

    def _bucket(self, key: _Key, most: int) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            self._make_room(now)
            bucket = self._buckets[key] = _Bucket(most, most, now)
        bucket.fill(now)
        return bucket

    def _make_room(self, now: int) -> None:
        if len(self._buckets) < MOST:
            return
        for key, bucket in tuple(self._buckets.items()):
            bucket.fill(now)
            if bucket.left >= bucket.most:
                del self._buckets[key]
        if len(self._buckets) >= MOST:
            del self._buckets[next(iter(self._buckets))]
