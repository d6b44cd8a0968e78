"""Whether one resource answers a query, in memory: what `query.py` says of each criterion, written down as code.

The stores are held to this by a property test; subscriptions and write conditions of a transaction use it as it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

from fhir_server.search.index import Index
from fhir_server.search.parameter import STORED
from fhir_server.search.query import (
    Amount,
    BlockedBy,
    Criterion,
    Every,
    Everything,
    Identity,
    Linked,
    LinkedFrom,
    Missing,
    OfKind,
    OfPatient,
    Query,
    Reference,
    Related,
    Some,
    Sort,
    Span,
    Text,
    Together,
    Token,
    Under,
    Veil,
    Without,
    Words,
)


class Bond(Protocol):
    """Who has to do with a patient, as the store keeps it (`storage.store.Relation`)."""

    @property
    def patient(self) -> str: ...  # the id of a Patient
    @property
    def actor(self) -> str: ...  # `Practitioner/1`
    @property
    def kind(self) -> str: ...  # `care-team`, `consent`, …
    @property
    def start(self) -> int: ...  # milliseconds since 1970, included
    @property
    def end(self) -> int: ...  # milliseconds since 1970, included


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored resource with what is derived from it, and the relations of the patients that it is anchored to. `others` are
    all resources that it may be linked with: chains look at them.
    """

    type: str
    id: str
    updated: int
    index: Index
    patients: tuple[str, ...] = ()
    bonds: Sequence[Bond] = ()
    others: Sequence["Candidate"] = field(default=(), compare=False, repr=False)


def answer(query: Query, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those of the candidates that the query asks for, in its order."""
    found = [one for one in candidates if one.type == query.type and matches(query.where, one)]
    found.sort(key=lambda one: one.id)
    for key in reversed(query.sort):
        found = _sorted(found, key)
    return found


def matches(criterion: Criterion, candidate: Candidate) -> bool:
    """Whether the criterion holds for the resource."""
    return _TESTS[type(criterion)](criterion, candidate)


# ---------------------------------------------------------------------------------------------- criteria


def _every(criterion: Every, candidate: Candidate) -> bool:
    return all(matches(part, candidate) for part in criterion.parts)


def _some(criterion: Some, candidate: Candidate) -> bool:
    return any(matches(part, candidate) for part in criterion.parts)


def _without(criterion: Without, candidate: Candidate) -> bool:
    return not matches(criterion.part, candidate)


def _identity(criterion: Identity, candidate: Candidate) -> bool:
    return candidate.id in criterion.ids


def _token(criterion: Token, candidate: Candidate) -> bool:
    return any(
        criterion.system in {None, system} and criterion.code in {None, code}
        for system, code in candidate.index.tokens.get(criterion.parameter, ())
    )


def _under(criterion: Under, candidate: Candidate) -> bool:
    return any(code.startswith(criterion.text) for _, code in candidate.index.tokens.get(criterion.parameter, ()))


def _text(criterion: Text, candidate: Candidate) -> bool:
    found = candidate.index.strings.get(criterion.parameter, ())
    if criterion.how == "exact":
        return any(exact == criterion.text for _, _, exact in found)
    holds = _FOLDED[criterion.how]
    return any(holds(folded, criterion.text) for _, folded, _ in found)


_FOLDED: Mapping[str, Callable[[str, str], bool]] = {
    "starts": str.startswith,
    "equals": str.__eq__,
    "ends": str.endswith,
    "contains": str.__contains__,
}


def _words(criterion: Words, candidate: Candidate) -> bool:
    return criterion.words <= set(candidate.index.words.get(criterion.parameter, ()))


def _amount(criterion: Amount, candidate: Candidate) -> bool:
    holds = RELATIONS[criterion.relation]
    return any(
        holds(low, high, criterion.low, criterion.high)
        and criterion.code in {None, code}
        and (criterion.code is None or criterion.system in {None, system})
        for low, high, system, code in candidate.index.amounts.get(criterion.parameter, ())
    )


def _together(criterion: Together, candidate: Candidate) -> bool:
    elements = candidate.index.elements.get(criterion.parameter, ())
    return any(
        all(matches(part, replace(candidate, index=element)) for part in criterion.parts) for element in elements
    )


def _linked(criterion: Linked, candidate: Candidate) -> bool:
    places = {place for place in candidate.index.references.get(criterion.parameter, ()) if place[0] == criterion.type}
    return any(
        (other.type, other.id) in places and matches(criterion.where, replace(other, others=candidate.others))
        for other in candidate.others
    )


def _linked_from(criterion: LinkedFrom, candidate: Candidate) -> bool:
    here = (candidate.type, candidate.id)
    return any(
        other.type == criterion.type
        and here in other.index.references.get(criterion.parameter, ())
        and matches(criterion.where, replace(other, others=candidate.others))
        for other in candidate.others
    )


def _reference(criterion: Reference, candidate: Candidate) -> bool:
    return any(
        id == criterion.id and (type == criterion.type if criterion.type is not None else type != "")
        for type, id in candidate.index.references.get(criterion.parameter, ())
    )


def _span(criterion: Span, candidate: Candidate) -> bool:
    holds = RELATIONS[criterion.relation]
    return any(holds(*ends, criterion.low, criterion.high) for ends in _spans(criterion.parameter, candidate))


def _missing(criterion: Missing, candidate: Candidate) -> bool:
    return criterion.parameter not in STORED and not candidate.index.has(criterion.parameter)


def _of_kind(criterion: OfKind, candidate: Candidate) -> bool:
    return candidate.type in criterion.types


def _of_patient(criterion: OfPatient, candidate: Candidate) -> bool:
    return not criterion.patients.isdisjoint(candidate.patients)


def _related(criterion: Related, candidate: Candidate) -> bool:
    return any(
        bond.patient in candidate.patients
        and bond.actor in criterion.actors
        and bond.kind in criterion.kinds
        and bond.start <= criterion.at <= bond.end
        for bond in candidate.bonds
    )


def _blocked_by(criterion: BlockedBy, candidate: Candidate) -> bool:
    named = {f"{type}/{id}" for type, id in candidate.index.references.get(criterion.parameter, ()) if type}
    return any(
        bond.patient in candidate.patients
        and bond.actor in named - criterion.apart
        and bond.kind in criterion.kinds
        and bond.start <= criterion.at <= bond.end
        for bond in candidate.bonds
    )


_Test: TypeAlias = Callable[[Any, Candidate], bool]
_TESTS: Mapping[type, _Test] = {
    Everything: lambda _, __: True,
    Every: _every,
    Some: _some,
    Without: _without,
    Identity: _identity,
    Token: _token,
    Under: _under,
    Text: _text,
    Words: _words,
    Amount: _amount,
    Together: _together,
    Linked: _linked,
    LinkedFrom: _linked_from,
    Reference: _reference,
    Span: _span,
    Missing: _missing,
    OfKind: _of_kind,
    OfPatient: _of_patient,
    Related: _related,
    BlockedBy: _blocked_by,
    Veil: lambda _, __: True,
}

RELATIONS: Mapping[str, Callable[[float, float, float, float], bool]] = {
    "eq": lambda low, high, start, end: start <= low and high <= end,
    "ne": lambda low, high, start, end: low < start or end < high,
    "gt": lambda _, high, __, end: high > end,
    "lt": lambda low, _, start, __: low < start,
    "ge": lambda low, high, start, end: high > end or (start <= low and high <= end),
    "le": lambda low, high, start, end: low < start or (start <= low and high <= end),
    "sa": lambda low, _, __, end: low > end,
    "eb": lambda _, high, start, __: high < start,
    "ap": lambda low, high, start, end: low <= end and start <= high,
}
"""How a stored value, from `low` to `high`, stands to the span asked for, from `start` to `end`."""


def _spans(parameter: str, candidate: Candidate) -> Sequence[tuple[int, int]]:
    if parameter == "_lastUpdated":
        return [(candidate.updated, candidate.updated)]
    return candidate.index.spans.get(parameter, ())


# ---------------------------------------------------------------------------------------------- the order


def _sorted(candidates: list[Candidate], key: Sort) -> list[Candidate]:
    """Stable, so that what is equal stays in the order of the keys that follow."""
    valued = [(value, one) for one in candidates if (value := sort_value(key, one)) is not None]
    valued.sort(key=lambda pair: pair[0], reverse=key.descending)
    return [one for _, one in valued] + [one for one in candidates if sort_value(key, one) is None]


def sort_value(key: Sort, candidate: Candidate) -> Any:
    """What a resource is sorted by under a key; None where it has no value."""
    if key.parameter == "_id":
        return candidate.id
    index, code = candidate.index, key.parameter
    ranges = [*_spans(code, candidate), *(it[:2] for it in index.amounts.get(code, ()))]
    found: list[Any] = (
        [value for _, value in index.tokens.get(code, ())]
        or [place for place, _, _ in index.strings.get(code, ())]
        or [high if key.descending else low for low, high in ranges]
    )
    return (max if key.descending else min)(found, default=None)
