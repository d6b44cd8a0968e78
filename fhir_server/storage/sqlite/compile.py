"""A criterion as SQL: once for queries and for grants, whatever kind of row it is judged on.

What a criterion means stands with it, in `search/query.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

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
    Reference,
    Related,
    Some,
    Span,
    Text,
    Together,
    Token,
    Under,
    Veil,
    Without,
    Words,
)
from fhir_server.storage.sqlite.clause import ALWAYS, NEVER, Clause, all_of, any_of, exists, negated, one_of
from fhir_server.storage.sqlite.held import (
    AMOUNT,
    ELEMENT,
    REFERENCE,
    SPAN,
    STRING,
    TOKEN,
    VALUED,
    Held,
    Keyed,
    held,
    merged,
)
from fhir_server.storage.sqlite.ranges import at_point, in_unit, spanning
from fhir_server.storage.sqlite.texts import begins, having_words, standing

LAST_UPDATED, ID = "_lastUpdated", "_id"


class Place(Struct, frozen=True):
    """Where a criterion is judged: on a `row` (key, type, id, updated) whose anchors are the JSON array `patients` and whose
    values the JSON `idx`. With a `type` the row is one of that type in `resources`, not deleted, and its tokens may be
    looked up.
    """

    patients: str
    type: str = ""
    row: str = "r"
    idx: str = "r.idx"
    updated: str = "r.updated"

    def linked(self, type: str) -> "Place":
        """A row of that type in `resources` that this one is linked with."""
        return row_of(type, self.row + "r")


def row_of(type: str, row: str = "r") -> Place:
    """A row of that type in `resources`, not deleted."""
    return Place(f"{row}.patients", type, row, f"{row}.idx", f"{row}.updated")


PRESENT = Place("r.patients")
"""A row of `resources`, deleted or not, or one that is about to be."""

SUPERSEDED = Place("v.patients", idx="v.idx", updated="v.updated")
"""A row `v` of `versions` beside its resource `r`."""

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
        mine = [Clause(f"t.parameter = {key.sql}", key.values), Clause(f"t.resource = {place.row}.key")]
        return exists("tokens t", mine + wanted.conditions("t.value", "t.space"))
    return _indexed(wanted.kind, wanted.parameter, place, wanted.conditions(_FIRST, _SECOND))


_FIRST, _SECOND, _THIRD, _FOURTH = (f"json_extract(i.value, '$[{number}]')" for number in range(4))
"""The parts of a value `i` in an index, in the order that derived.py tells."""


def _indexed(kind: str, parameter: str, place: Place, conditions: list[Clause]) -> Clause:
    met = all_of(conditions)
    return Clause(
        f"EXISTS (SELECT 1 FROM json_each({place.idx}, ?) i WHERE {met.sql})", (path(kind, parameter), *met.values)
    )


def _stands(span: Span, place: Place) -> Clause:
    if span.parameter == LAST_UPDATED:
        return at_point(span, place.updated)
    return _indexed(SPAN, span.parameter, place, [spanning(span, _FIRST, _SECOND)])


def _measures(amount: Amount, place: Place) -> Clause:
    conditions = [spanning(amount, _FIRST, _SECOND), *in_unit(amount, _THIRD, _FOURTH)]
    return _indexed(AMOUNT, amount.parameter, place, conditions)


def _together(criterion: Together, place: Place) -> Clause:
    within = replace(place, type="", idx="e.value")
    met = all_of([compiled(part, within) for part in criterion.parts])
    elements = f"json_each({place.idx}, ?) e"
    return Clause(
        f"EXISTS (SELECT 1 FROM {elements} WHERE {met.sql})", (path(ELEMENT, criterion.parameter), *met.values)
    )


def _linked(criterion: Linked, place: Place) -> Clause:
    """By what the row itself points at."""
    other = place.linked(criterion.type)
    met = all_of([Clause(f"{_SECOND} = ?", (criterion.type,)), compiled(criterion.where, other)])
    rows = f"json_each({place.idx}, ?) i CROSS JOIN {live(other)} AND {other.row}.id = {_FIRST}"
    return Clause(
        f"EXISTS (SELECT 1 FROM {rows} WHERE {met.sql})",
        (path(REFERENCE, criterion.parameter), criterion.type, *met.values),
    )


def _linked_from(criterion: LinkedFrom, place: Place) -> Clause:
    other = place.linked(criterion.type)
    key = known(REFERENCE, criterion.parameter, criterion.type)
    here = f"t.parameter = {key.sql} AND t.value = {place.row}.id AND t.space = {place.row}.type"
    met = all_of([Clause(here, key.values), compiled(criterion.where, other)])
    rows = f"tokens t CROSS JOIN {live(other)} AND {other.row}.key = t.resource"
    return Clause(f"EXISTS (SELECT 1 FROM {rows} WHERE {met.sql})", (criterion.type, *met.values))


def live(place: Place) -> str:
    """The rows of `resources` that are of a type, to be bound, and not deleted: a table with its ON, for more to follow."""
    return f"resources {place.row} ON {place.row}.type = ? AND {place.row}.deleted = 0"


def _misses(criterion: Missing, place: Place) -> Clause:
    if criterion.parameter in {LAST_UPDATED, ID}:
        return NEVER
    return all_of([Clause(f"json_type({place.idx}, ?) IS NULL", (path(kind, criterion.parameter),)) for kind in VALUED])


def _related(criterion: Related, place: Place) -> Clause:
    rows = f"json_each({place.patients}) p CROSS JOIN relations x INDEXED BY relations_patient ON x.patient = p.value"
    return exists(rows, related_by(criterion))


def related_by(criterion: Related) -> list[Clause]:
    """What a row `x` of `relations` must be."""
    return [one_of("x.actor", criterion.actors), *_in_force(criterion)]


def _in_force(criterion: Related | BlockedBy) -> list[Clause]:
    moment = Clause('x.start <= ? AND x."end" >= ?', (criterion.at, criterion.at))
    return [one_of("x.kind", criterion.kinds), moment]


def _blocked_by(criterion: BlockedBy, place: Place) -> Clause:
    """By what the row itself points at, and whose it is: each a look-up among the relations."""
    own = f"json_each({place.idx}, ?) i CROSS JOIN json_each({place.patients}) p"
    by = "CROSS JOIN relations x INDEXED BY relations_patient ON x.patient = p.value"
    rows = f"{own} {by} AND x.actor = {_SECOND} || '/' || {_FIRST}"
    found = exists(rows, [Clause(f"{_SECOND} <> ''"), *blocking(criterion)])
    return Clause(found.sql, (path(REFERENCE, criterion.parameter), *found.values))


def blocking(criterion: BlockedBy) -> list[Clause]:
    """What a row `x` of `relations` must be to be a block."""
    return [negated(one_of("x.actor", criterion.apart)), *_in_force(criterion)]


_MEANINGS: Mapping[type, Callable[[Any, Place], Clause]] = {
    Everything: lambda _criterion, _place: ALWAYS,
    Every: _every,
    Some: _some,
    Without: lambda criterion, place: negated(compiled(criterion.part, place)),
    Identity: lambda criterion, place: one_of(f"{place.row}.id", criterion.ids),
    Token: lambda criterion, place: _holds(held(criterion), place),
    Reference: lambda criterion, place: _holds(held(criterion), place),
    Held: _holds,
    Keyed: lambda criterion, place: criterion.among(f"{place.row}.key"),
    Under: lambda criterion, place: _indexed(TOKEN, criterion.parameter, place, [begins(_FIRST, criterion.text)]),
    Text: lambda criterion, place: _indexed(STRING, criterion.parameter, place, [standing(criterion, _SECOND, _THIRD)]),
    Words: lambda criterion, place: having_words(criterion, f"{place.row}.key"),
    Span: _stands,
    Amount: _measures,
    Together: _together,
    Linked: _linked,
    LinkedFrom: _linked_from,
    Missing: _misses,
    OfKind: lambda criterion, place: one_of(f"{place.row}.type", criterion.types),
    OfPatient: _of_patient,
    Related: _related,
    BlockedBy: _blocked_by,
    Veil: lambda _criterion, _place: ALWAYS,
}
