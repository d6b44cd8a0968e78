"""One question to the store, in no database's language: which resources, in which order, from where on.

A `Criterion` means the same in SQLite, in MongoDB and, for one resource, in memory (`search/match.py`).
Parameters are named by their code (`subject`); a criterion is read in the light of `Query.type`. A parameter may have
several values in one resource: a criterion about it holds when one of them, by itself, is as asked. The tokens of a
reference's own `identifier` stand apart, under `code:identifier`.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Everything:
    """Every resource: the criterion that leaves nothing out."""


@dataclass(frozen=True, slots=True)
class Every:
    """All of these hold; of no parts: everything matches."""

    parts: tuple["Criterion", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of these holds; of no parts: nothing matches."""

    parts: tuple["Criterion", ...]


@dataclass(frozen=True, slots=True)
class Without:
    """This does not hold: also true of a resource that has no value for the parameter (the modifier :not)."""

    part: "Criterion"


@dataclass(frozen=True, slots=True)
class Identity:
    """The resource's id is one of these; of no ids: nothing matches."""

    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Token:
    """A token parameter, or one of addresses, has this value. `system` None: any or none; "": none at all. `code` None: any code of the system.
    Compared exactly, case and all. A code whose system its element implies is indexed without one.
    """

    parameter: str
    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference parameter points at this. `type` None: a resource of ours of any type, but no URL; "": an absolute URL
    or a canonical, which stands whole in `id`.
    """

    parameter: str
    type: str | None
    id: str


@dataclass(frozen=True, slots=True)
class Span:
    """A date parameter stands to the span from `low` to `high` (milliseconds since 1970, both ends included) as
    `relation` says. `_lastUpdated` is one of the parameters.

    With v the span of a stored value: eq: v lies within; ne: it does not; gt: v ends after `high`; lt: v begins before
    `low`; ge: gt or eq; le: lt or eq; sa: v begins after `high`; eb: v ends before `low`; ap: v overlaps (the span asked
    for is widened when it is read). Every relation, ne too, wants a value. `_lastUpdated` is a span of one millisecond.
    https://hl7.org/fhir/R4/search.html#date
    """

    parameter: str
    relation: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Missing:
    """The resource has no value for the parameter: the index holds no token, no reference and no span for its code. A
    concept of text alone gives a token parameter no value; a contained resource is the reference ("", "#").
    """

    parameter: str


@dataclass(frozen=True, slots=True)
class OfPatient:
    """The resource is anchored to one of these patients (ids), by its subject element alone."""

    patients: frozenset[str]


@dataclass(frozen=True, slots=True)
class Related:
    """The resource is anchored to a patient to whom one of these actors (`Practitioner/1`, `Organization/2`, …) has a
    relation of one of these kinds at the moment `at` (milliseconds since 1970; its start and end are included).
    """

    actors: frozenset[str]
    kinds: frozenset[str]
    at: int


Criterion: TypeAlias = (
    Everything | Every | Some | Without | Identity | Token | Reference | Span | Missing | OfPatient | Related
)


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of the order: `_id`, `_lastUpdated` or a date or token parameter. Ascending by the lowest value, descending
    by the highest; resources without a value come last either way.

    Of a date parameter the lowest value is the least `low`, the highest the greatest `high`. Of a token parameter it is
    the least and the greatest code, whatever its system, by code point.
    """

    parameter: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Which resources of a type, in which order. Ties, and a query without `sort`, go by ascending id."""

    type: str
    where: Criterion = Everything()
    sort: tuple[Sort, ...] = ()


def every(*parts: Criterion) -> Criterion:
    """All of the parts, as flat as may be."""
    kept = tuple(part for part in parts if not isinstance(part, Everything))
    if not kept:
        return Everything()
    return kept[0] if len(kept) == 1 else Every(kept)


def some(*parts: Criterion) -> Criterion:
    """At least one of the parts, as flat as may be."""
    return parts[0] if len(parts) == 1 else Some(parts)
