"""One thing that happened in a case, as its state and its clocks are told by it."""

from dataclasses import dataclass
from typing import TypeAlias

Moment: TypeAlias = int
"""Milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Event:
    """`code` is one of `CodeSystem/message`, or of what is no message (`admitted`, `assessed`). `at` is the moment that it counts
    from, in milliseconds since 1970: of a message when it was sent, of one that was registered late when it was truly given.
    `id` tells one that comes twice; `cancels` and `corrects` are the ids of others, `reason` says why. `value` is what the code
    makes of it: the estimated discharge of a notice (FHIR date or dateTime), the readiness of open care. `sender` and
    `recipients` are references to units.
    """

    code: str
    at: Moment
    id: str
    sender: str = ""
    recipients: frozenset[str] = frozenset()
    cancels: str = ""
    corrects: str = ""
    reason: str = ""
    value: str = ""
    late: bool = False
