"""Emergency access (nödöppning): in which ways the law lets staff see what is closed to them, and who has it just now.

Somebody's access is a fact of the server, of one person, commission and patient. It counts until its end, which the rules
compare with the moment of each call; for a day it takes one of the few places that a person has.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec

from fhir_server.access.mirror import Mirror
from fhir_server.fhir.definitions import BadDefinition, parts_of, read
from fhir_server.fhir.instant import DAY, MINUTE, SECOND
from fhir_server.search.query import Criterion, Every, Reference, Some, Token
from fhir_server.storage.store import Entry, Facts

FILE = "Parameters-emergency-access.json"
KIND = "emergency"
"""Of the facts that they are."""
WHO_BLOCKS = "who-blocks"
MODES = frozenset({WHO_BLOCKS, "no-consent", "inner-block"})
LONGEST = 60
"""So many minutes may it last at the most, whatever a deployment says."""
SEEN = SECOND
"""What another process gave is seen after so long (ms)."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way that the law names, by its code. `health_care_alone`: for who acts for a unit that gives health care. Its entries in
    the audit stand under the id `rule`.
    """

    code: str
    health_care_alone: bool
    reason: str
    source: str

    @property
    def rule(self) -> str:
        return f"{KIND}-{self.code}"


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms: for so long (ms), so many in a day of one person, for a reason of so many characters or more. `services` are
    (system, code) of what a unit that gives health care does, as the addressing register has it.
    """

    lasts: int
    most: int
    shortest_reason: int
    services: Sequence[tuple[str, str]]
    modes: Mapping[str, Mode]

    def gives_health_care(self, unit: str) -> Criterion:
        """The HealthcareServices by which a unit (`Organization/1`) gives health care now."""
        type, _, id = unit.partition("/")
        services = Some(tuple(Token("service-type", *service) for service in self.services))
        return Every((Reference("organization", type, id), Token("active", None, "true"), services))


@dataclass(frozen=True, slots=True)
class Emergency:
    """Who (HSA-ids of the person and the commission) may see what of whom (the id of a Patient), from `start` until `until`,
    which is not included (milliseconds since 1970).
    """

    mode: str
    person: str = field(repr=False)
    commission: str
    patient: str = field(repr=False)
    start: int
    until: int

    def is_open(self, at: int) -> bool:
        """Whether it counts at a moment."""
        return self.start <= at < self.until


_emergencies = msgspec.json.Decoder(Emergency)


class Emergencies:
    """Who has emergency access. `clock` gives milliseconds since 1970."""

    def __init__(self, facts: Facts, clock: Callable[[], int], terms: Terms) -> None:
        self._facts, self._clock, self.terms = facts, clock, terms
        self._mirror = Mirror(facts, KIND, clock)
        self._read: Mapping[str, str] | None = None
        self._open: dict[tuple[str, str], tuple[Emergency, ...]] = {}

    async def of(self, person: str, commission: str) -> tuple[Emergency, ...]:
        """Those that a person has under a commission, and that have not ended. Unavailable."""
        await self._mirror.refresh_after(SEEN)
        texts = self._mirror.texts
        if self._read is not texts:
            self._read, self._open = texts, _by_whom(texts)
        now = self._clock()
        return tuple(it for it in self._open.get((person, commission), ()) if it.is_open(now))

    async def are_used_up(self, person: str) -> bool:
        """Whether a person has had as many in a day as there may be. Unavailable."""
        places = [await self._facts.kept(KIND, place) for place in self._places(person)]
        return None not in places

    async def keep(self, emergency: Emergency, entry: Entry) -> bool:
        """Gives emergency access, with the entry that tells of it; it counts here when this returns. False, and nothing is
        written, where the person has had too many. Unavailable.
        """
        text = msgspec.json.encode(emergency).decode()
        for place in self._places(emergency.person):
            if await self._facts.keep(KIND, place, text, until=emergency.start + DAY, entries=(entry,)):
                await self._mirror.refresh()
                return True
        return False

    def _places(self, person: str) -> Iterator[str]:
        """The keys that a person's may be kept under: of those who keep one at once one alone is told that it did."""
        whose = sha256(person.upper().encode()).hexdigest()
        return (f"{whose}/{number}" for number in range(self.terms.most))


def _by_whom(texts: Mapping[str, str]) -> dict[tuple[str, str], tuple[Emergency, ...]]:
    found: dict[tuple[str, str], tuple[Emergency, ...]] = {}
    for one in map(_emergencies.decode, texts.values()):
        whose = (one.person, one.commission)
        found[whose] = (*found.get(whose, ()), one)
    return found


# ------------------------------------------------------------------------------------------------ the terms


@cache
def load_terms() -> Terms:
    """The terms of `security/`, read once. BadDefinition."""
    return terms_of(dict(read("security"))[FILE])


def terms_of(definition: Mapping[str, Any]) -> Terms:
    """The terms of a definition. BadDefinition for what lasts longer than it may, and for modes that are not those there are."""
    numbers = {one["name"]: one["valuePositiveInt"] for one in definition["parameter"] if "valuePositiveInt" in one}
    parts = [(one["name"], parts_of(one)) for one in definition["parameter"] if "part" in one]
    modes = [_mode(told) for name, told in parts if name == "mode"]
    services = [(told["system"][0], code) for name, told in parts if name == "health-care" for code in told["code"]]
    if sorted(mode.code for mode in modes) != sorted(MODES):
        raise BadDefinition(f"{FILE}: the modes are {', '.join(sorted(MODES))}, each of them once")
    if absent := {"minutes", "most", "reason-length"} - numbers.keys():
        raise BadDefinition(f"{FILE}: nothing says {min(absent)}")
    if numbers["minutes"] > LONGEST:
        raise BadDefinition(f"{FILE}: it lasts {LONGEST} minutes at the most")
    by_code = {mode.code: mode for mode in modes}
    return Terms(numbers["minutes"] * MINUTE, numbers["most"], numbers["reason-length"], services, by_code)


def _mode(told: Mapping[str, list[Any]]) -> Mode:
    return Mode(told["code"][0], told["health-care-alone"][0], told["reason"][0], told["source"][0])
