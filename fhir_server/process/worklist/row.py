"""A row of a worklist, and whose the lists are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhir.instant import span
from fhir_server.process.clock import last_of
from fhir_server.process.event import Moment

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be done or known: the place of the resource, whom it is about (a Reference), `what` it is (a system and a code)
    and in which words, since when and until when, and whether that is past. `by` is the party that a message is due by, `taken`
    the Reference to who has taken it, `estimated` a person's estimated discharge as it was told. `registered_late`: the message was
    first given otherwise.
    """

    reference: str
    person: Json = field(default_factory=dict)
    what: tuple[str, str] | None = None
    text: str = ""
    since: Moment | None = None
    until: Moment | None = None
    late: bool = False
    by: str = ""
    taken: Json | None = None
    estimated: str = ""
    registered_late: bool = False


@dataclass(frozen=True, slots=True)
class Whose:
    """A unit by its place, and the places of its `staff` (commissions and people) and `services`; and those by which the `person`
    who asks is known. `place` gives the place of a reference's text.
    """

    unit: str
    staff: frozenset[str]
    services: frozenset[str]
    person: frozenset[str]
    place: Callable[[str], str]

    def names(self, reference: Json) -> str:
        """The place that a Reference leads to; "" where that is not here."""
        return self.place(reference.get("reference", ""))

    @property
    def places(self) -> frozenset[str]:
        """The unit, its staff and its services."""
        return self.staff | self.services | {self.unit}


def in_order(rows: Iterable[Row]) -> Sequence[Row]:
    """What is late first; then by when it is to be done, what has no end last; then by how long it has waited."""
    return sorted(rows, key=lambda it: (not it.late, *_last(it.until), *_last(it.since), it.reference, it.what or ()))


def _last(moment: Moment | None) -> tuple[bool, Moment]:
    return moment is None, moment or 0


def begins(text: str | None) -> Moment | None:
    """The first moment that a dateTime means."""
    found = span(text) if text else None
    return found[0] if found else None


def ends(text: str | None) -> Moment | None:
    """The last moment that a dateTime means, of a day by Stockholm's calendar."""
    return last_of(text) if text else None
