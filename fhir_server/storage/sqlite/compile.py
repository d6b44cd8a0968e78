"""A criterion as SQL: once for queries and for grants, whatever kind of row it is judged on.

What a criterion means stands with it, in `search/query.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.search.query import (
    Criterion,
    Every,
    Everything,
    Identity,
    Missing,
    OfPatient,
    Reference,
    Related,
    Some,
    Span,
    Token,
    Without,
)
from fhir_server.storage.sqlite.clause import ALWAYS, NEVER, Clause, all_of, any_of, exists, negated, one_of
from fhir_server.storage.sqlite.held import REFERENCE, SPAN, TOKEN, Held, held, merged

LAST_UPDATED, ID = "_lastUpdated", "_id"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a criterion is judged: on a row `r` (id, updated, idx) whose anchors are the JSON array `patients`. With a `type`
    the row is one of that type in `resources`, not deleted, and its tokens may be looked up.
    """

    patients: str
    type: str = ""


PRESENT = Place("r.patients")
"""A row of `resources`, deleted or not, or one that is about to be."""

SUPERSEDED = Place("v.patients")
"""A row `v` of `versions`, by its own anchors; all else is judged on the current version `r`."""

AUDITED = Place("""'["' || replace(a.patient, ' ', '","') || '"]'""")
"""A row `a` of `audit`: only anchors can be judged."""


def compiled(criterion: Criterion | Held, place: Place) -> Clause:
    """The condition that the criterion sets."""
    return _MEANINGS[type(criterion)](criterion, place)


def _every(criterion: Every, place: Place) -> Clause:
    return all_of([compiled(part, place) for part in criterion.parts])


def _some(criterion: Some, place: Place) -> Clause:
    return any_of([compiled(part, place) for part in merged(criterion)])


def _of_patient(criterion: OfPatient, place: Place) -> Clause:
    return exists(f"json_each({place.patients}) p", [one_of("p.value", criterion.patients)])


def path(kind: str, parameter: str) -> str:
    """Where the values of a parameter stand in `resources.idx`."""
    return f'$.{kind}."{parameter}"'


def known(kind: str, parameter: str, type: str) -> Clause:
    """The key of a parameter; NULL, which no row has, where nothing was ever indexed by it."""
    return Clause("(SELECT key FROM parameters WHERE type = ? AND code = ? AND kind = ?)", (type, parameter, kind))


def _holds(wanted: Held, place: Place) -> Clause:
    """One value is looked up among the tokens; of several, or of any, the row's own index says it faster."""
    if place.type and wanted.values is not None and len(wanted.values) == 1:
        key = known(wanted.kind, wanted.parameter, place.type)
        mine = [Clause(f"t.parameter = {key.sql}", key.values), Clause("t.resource = r.key")]
        return exists("tokens t", mine + wanted.conditions("t.value", "t.space"))
    conditions = wanted.conditions("json_extract(i.value, '$[0]')", "json_extract(i.value, '$[1]')")
    return _indexed(wanted.kind, wanted.parameter, conditions)


def _indexed(kind: str, parameter: str, conditions: list[Clause]) -> Clause:
    met = all_of(conditions)
    return Clause(f"EXISTS (SELECT 1 FROM json_each(r.idx, ?) i WHERE {met.sql})", (path(kind, parameter), *met.values))


def _stands(span: Span, _: Place) -> Clause:
    if span.parameter == LAST_UPDATED:
        return at_point(span, "r.updated")
    return _indexed(
        SPAN, span.parameter, [spanning(span, "json_extract(i.value, '$[0]')", "json_extract(i.value, '$[1]')")]
    )


_RELATIONS = {
    "eq": ("({low} >= ? AND {high} <= ?)", "lh"),
    "ne": ("NOT ({low} >= ? AND {high} <= ?)", "lh"),
    "gt": ("{high} > ?", "h"),
    "lt": ("{low} < ?", "l"),
    "ge": ("({high} > ? OR ({low} >= ? AND {high} <= ?))", "hlh"),
    "le": ("({low} < ? OR ({low} >= ? AND {high} <= ?))", "llh"),
    "sa": ("{low} > ?", "h"),
    "eb": ("{high} < ?", "l"),
    "ap": ("({low} <= ? AND {high} >= ?)", "hl"),
}
"""How a stored span stands to the one asked for, and which of its ends (l, h) fill the question marks."""


def spanning(span: Span, low: str, high: str) -> Clause:
    """The stored span, its ends named in SQL, stands to the one asked for as its relation says."""
    condition, ends = _RELATIONS[span.relation]
    return Clause(condition.format(low=low, high=high), filled(span, ends))


_POINTS = {
    "eq": ("{at} BETWEEN ? AND ?", "lh"),
    "ap": ("{at} BETWEEN ? AND ?", "lh"),
    "ne": ("{at} NOT BETWEEN ? AND ?", "lh"),
    "gt": ("{at} > ?", "h"),
    "sa": ("{at} > ?", "h"),
    "lt": ("{at} < ?", "l"),
    "eb": ("{at} < ?", "l"),
    "ge": ("{at} >= ?", "l"),
    "le": ("{at} <= ?", "h"),
}


def at_point(span: Span, point: str) -> Clause:
    """The same of a stored span that is one millisecond: in a form that an index can answer."""
    condition, ends = _POINTS[span.relation]
    return Clause(condition.format(at=point), filled(span, ends))


def filled(span: Span, ends: str) -> tuple[int, ...]:
    """The ends of a span that the letters l and h name."""
    return tuple(span.low if end == "l" else span.high for end in ends)


def _misses(criterion: Missing, _: Place) -> Clause:
    if criterion.parameter in {LAST_UPDATED, ID}:
        return NEVER
    return all_of(
        [Clause("json_type(r.idx, ?) IS NULL", (path(kind, criterion.parameter),)) for kind in (TOKEN, REFERENCE, SPAN)]
    )


def _related(criterion: Related, place: Place) -> Clause:
    rows = f"json_each({place.patients}) p CROSS JOIN relations x ON x.patient = p.value"
    return exists(rows, related_by(criterion))


def related_by(criterion: Related) -> list[Clause]:
    """What a row `x` of `relations` must be."""
    return [
        one_of("x.actor", criterion.actors),
        one_of("x.kind", criterion.kinds),
        Clause('x.start <= ? AND x."end" >= ?', (criterion.at, criterion.at)),
    ]


_MEANINGS: Mapping[type, Callable[[Any, Place], Clause]] = {
    Everything: lambda _criterion, _place: ALWAYS,
    Every: _every,
    Some: _some,
    Without: lambda criterion, place: negated(compiled(criterion.part, place)),
    Identity: lambda criterion, _: one_of("r.id", criterion.ids),
    Token: lambda criterion, place: _holds(held(criterion), place),
    Reference: lambda criterion, place: _holds(held(criterion), place),
    Held: _holds,
    Span: _stands,
    Missing: _misses,
    OfPatient: _of_patient,
    Related: _related,
}
