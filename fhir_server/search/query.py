"""One question to the store, in no database's language: which resources, in which order, from where on.

A `Criterion` means the same in SQLite, in MongoDB and, for one resource, in memory (`search/match.py`).
Parameters are named by their code (`subject`); a criterion is read in the light of `Query.type`. A parameter may have
several values in one resource: a criterion about it holds when one of them, by itself, is as asked. What a modifier asks
of stands apart, under its name: `subject:identifier` the tokens of a reference's own `identifier`, `code:text` the words of
a concept, `identifier:of-type` the numbers with the types they are given as.
"""

from collections.abc import Iterable, Iterator
from operator import is_
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace


class Everything(Struct, frozen=True):
    """Every resource: the criterion that leaves nothing out."""


class Every(Struct, frozen=True):
    """All of these hold; of no parts: everything matches."""

    parts: tuple["Criterion", ...]


class Some(Struct, frozen=True):
    """At least one of these holds; of no parts: nothing matches."""

    parts: tuple["Criterion", ...]


class Without(Struct, frozen=True):
    """This does not hold: also true of a resource that has no value for the parameter (the modifier :not)."""

    part: "Criterion"


class Identity(Struct, frozen=True):
    """The resource's id is one of these; of no ids: nothing matches."""

    ids: frozenset[str]


class Token(Struct, frozen=True):
    """A token parameter, or one of addresses, has this value. `system` None: any or none; "": none at all. `code` None: any
    code of the system. Compared exactly, case and all (of a plain string both sides are folded before). A code whose system its
    element implies is indexed without one.
    """

    parameter: str
    system: str | None
    code: str | None


class Under(Struct, frozen=True):
    """A token parameter of addresses or media types has a value that begins with this text (the modifier :below). Compared
    exactly.
    """

    parameter: str
    text: str


class Text(Struct, frozen=True):
    """A string parameter has a value that stands to `text` as `how` says: it `starts` or `ends` with it, `contains` or
    `equals` it, both folded (`values/string.py`; `text` is so already), or is it `exact`, letter for letter.
    """

    parameter: str
    how: str
    text: str


class Words(Struct, frozen=True):
    """All of these words (folded) are in the resource: in its narrative (`_text`), or anywhere in it (`_content`)."""

    parameter: str
    words: frozenset[str]


class Amount(Struct, frozen=True):
    """A number or quantity parameter stands to the range from `low` to `high`, both included, as `relation` says: the same
    relations as those of `Span`. `code` None: in whatever unit; else in the unit of this code, of this `system` unless that is
    None. https://hl7.org/fhir/R4/search.html#quantity
    """

    parameter: str
    relation: str
    low: float
    high: float
    system: str | None = None
    code: str | None = None


class Together(Struct, frozen=True):
    """One element that a composite parameter finds has all of these by itself: the criteria are about its components, which
    are named by their place, "0", "1", …. https://hl7.org/fhir/R4/search.html#combining
    """

    parameter: str
    parts: tuple["Criterion", ...]


class Linked(Struct, frozen=True):
    """A reference parameter points at a resource of this type, not deleted, for which `where` holds (a chain).
    https://hl7.org/fhir/R4/search.html#chaining
    """

    parameter: str
    type: str
    where: "Criterion"


class LinkedFrom(Struct, frozen=True):
    """A resource of this type, not deleted, for which `where` holds, points here by its reference parameter (`_has`).
    https://hl7.org/fhir/R4/search.html#has
    """

    type: str
    parameter: str
    where: "Criterion"


class Reference(Struct, frozen=True):
    """A reference parameter points at this. `type` None: a resource of ours of any type, but no URL; "": an absolute URL
    or a canonical, which stands whole in `id`.
    """

    parameter: str
    type: str | None
    id: str


class Span(Struct, frozen=True):
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


class Missing(Struct, frozen=True):
    """The resource has no value for the parameter: the index holds nothing of any kind for its code. A concept of text alone
    gives a token parameter no value; a contained resource is the reference ("", "#").
    """

    parameter: str


class OfKind(Struct, frozen=True):
    """The resource is of one of these types; of no types: nothing matches. By it a grant says different things of different
    types at once; in the light of one type it is settled (`settled_for`).
    """

    types: frozenset[str]


class OfPatient(Struct, frozen=True):
    """The resource is anchored to one of these patients (ids), by its subject element alone."""

    patients: frozenset[str]


class Related(Struct, frozen=True):
    """The resource is anchored to a patient to whom one of these actors (`Practitioner/1`, `Organization/2`, …) has a
    relation of one of these kinds at the moment `at` (milliseconds since 1970; its start and end are included).
    """

    actors: frozenset[str]
    kinds: frozenset[str]
    at: int


class BlockedBy(Struct, frozen=True):
    """The resource is anchored to a patient of whom, at the moment `at` (milliseconds since 1970; its start and end are included), a
    relation of one of these kinds names as its actor what a reference parameter of the resource points at too, an organization
    as a rule; those of `apart` (`Organization/2`) do not count, nor does what is not ours.
    """

    parameter: str
    kinds: frozenset[str]
    apart: frozenset[str]
    at: int


class Veiled(Struct, frozen=True):
    """Who asks for resources of a type by one of these parameters finds those alone that are `clear`: with `targets` only where
    a reference to one of these types is asked for, or to what does not tell its type; with `unless` not where the same question
    names one exact value (system and code) of that parameter. With `sorts` also where the order goes by them.
    """

    type: str
    parameters: frozenset[str]
    targets: frozenset[str]
    unless: str
    sorts: bool
    clear: "Criterion"


class Veil(Struct, frozen=True):
    """Every resource; but of a grant that has it in its AND, a question that asks by what is veiled reaches less (`reachable`)."""

    rows: tuple[Veiled, ...]


Criterion: TypeAlias = (
    Everything
    | Every
    | Some
    | Without
    | Identity
    | Token
    | Under
    | Text
    | Words
    | Reference
    | Span
    | Amount
    | Together
    | Linked
    | LinkedFrom
    | Missing
    | OfKind
    | OfPatient
    | Related
    | BlockedBy
    | Veil
)


NOTHING = Some(())
"""No resource at all."""

NOW = -(1 << 63)
"""Stands for a moment that is not known yet, that of the question: `at_moment` puts it in."""


class Sort(Struct, frozen=True):
    """One key of the order: `_id`, `_lastUpdated` or a parameter of dates, tokens, strings or amounts. Ascending by the lowest
    value, descending by the highest; resources without a value come last either way.

    Of a date or an amount the lowest value is the least `low`, the highest the greatest `high`, whatever the unit. Of a token
    parameter it is the least and the greatest code, whatever its system, by code point. Of strings it is that of the keys
    that put them in Swedish order (`values/string.py`).
    """

    parameter: str
    descending: bool = False


class Query(Struct, frozen=True):
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


def at_moment(criterion: Criterion, at: int) -> Criterion:
    """The criterion with a moment (milliseconds since 1970) wherever NOW stood; itself where that stood nowhere."""
    match criterion:
        case Every(parts) | Some(parts):
            bound = tuple(at_moment(part, at) for part in parts)
            return criterion if all(map(is_, bound, parts)) else replace(criterion, parts=bound)
        case Without(part):
            inner = at_moment(part, at)
            return criterion if inner is part else Without(inner)
        case Linked() | LinkedFrom():
            where = at_moment(criterion.where, at)
            return criterion if where is criterion.where else replace(criterion, where=where)
        case Related() | BlockedBy():
            return replace(criterion, at=at) if criterion.at == NOW else criterion
    return criterion


def narrowed(criterion: Criterion, grant: Criterion, type: str = "") -> Criterion:
    """The criterion, about resources of a type, where every hop of a chain, and whatever points here, is within the grant too:
    nobody learns by a chain what he may not see, nor what is veiled.
    """
    match criterion:
        case Every(parts):
            return Every(tuple(narrowed(part, grant, type) for part in parts))
        case Some(parts):
            return Some(tuple(narrowed(part, grant, type) for part in parts))
        case Without(part):
            return Without(narrowed(part, grant, type))
        case Linked(parameter, target, where):
            return Linked(
                parameter, target, every(narrowed(where, grant, target), grant, *_clear(where, target, grant))
            )
        case LinkedFrom(source, parameter, where):
            asked = every(where, Reference(parameter, type or None, ""))  # what points here is asked for by that
            clear = _clear(asked, source, grant)
            return LinkedFrom(source, parameter, every(narrowed(where, grant, source), grant, *clear))
    return criterion


def _clear(where: Criterion, type: str, grant: Criterion, sort: Iterable[Sort] = ()) -> Iterator[Criterion]:
    """What resources of a type must be besides, since a question asks for them by what is veiled: whatever it says of that, so
    that the opposite tells nothing either.
    """
    for row in _veiled(grant):
        if row.type != type:
            continue
        named = any(name in row.parameters and _leads(target, row) for name, target in _named(where))
        sorted_by = row.sorts and any(key.parameter in row.parameters for key in sort)
        if sorted_by or (named and not (row.unless and _is_exact(where, row.unless))):
            yield row.clear


def _veiled(grant: Criterion) -> Iterator[Veiled]:
    if isinstance(grant, Veil):
        yield from grant.rows
    elif isinstance(grant, Every):
        for part in grant.parts:
            yield from _veiled(part)


def _leads(target: str | None, row: Veiled) -> bool:
    return not row.targets or not target or target in row.targets


def _named(criterion: Criterion) -> Iterator[tuple[str, str | None]]:
    """The parameters of the resource itself that a criterion asks of, each with the type that a reference leads to."""
    match criterion:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _named(part)
        case Without(part):
            yield from _named(part)
        case Reference(parameter, type) | Linked(parameter, type):
            yield parameter.partition(":")[0], type
        case Token() | Under() | Text() | Words() | Span() | Amount() | Together() | Missing():
            yield criterion.parameter.partition(":")[0], None


def _is_exact(where: Criterion, parameter: str) -> bool:
    """Whether one exact value of a parameter is asked for, whatever else is."""
    if isinstance(where, Every):
        return any(_is_exact(part, parameter) for part in where.parts)
    return isinstance(where, Token) and where.parameter == parameter and bool(where.system and where.code)


def settled_for(criterion: Criterion, type: str) -> Criterion:
    """The criterion as it is of resources of one type, and at each hop of a chain of the type there: no OfKind is left in it,
    no Veil, and nothing that is said of other types.
    """
    match criterion:
        case OfKind() | Veil():
            return Everything() if isinstance(criterion, Veil) or type in criterion.types else NOTHING
        case Every(parts):
            return _all(settled_for(part, type) for part in parts)
        case Some(parts):
            return _any(settled_for(part, type) for part in parts)
        case Without(part):
            return _opposite(settled_for(part, type))
        case Linked() | LinkedFrom():
            where = settled_for(criterion.where, criterion.type)
            return NOTHING if where == NOTHING else replace(criterion, where=where)
    return criterion


def _all(parts: Iterable[Criterion]) -> Criterion:
    kept = list(parts)
    return NOTHING if NOTHING in kept else every(*kept)


def _any(parts: Iterable[Criterion]) -> Criterion:
    kept = [part for part in parts if part != NOTHING]
    return Everything() if Everything() in kept else some(*kept)


def _opposite(part: Criterion) -> Criterion:
    if isinstance(part, Everything):
        return NOTHING
    return Everything() if part == NOTHING else Without(part)


def reachable(query: Query, grant: Criterion) -> Criterion:
    """What the query asks, where the grant reaches it, at every hop of a chain too, and nothing by what is veiled; settled for the
    query's type.
    """
    clear = _clear(query.where, query.type, grant, query.sort)
    return settled_for(every(narrowed(query.where, grant, query.type), grant, *clear), query.type)
