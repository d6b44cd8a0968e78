"""Where a search may begin: the keys of the resources that meet one criterion, straight from an index."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_server.search.query import (
    Amount,
    BlockedBy,
    Criterion,
    Every,
    Identity,
    OfPatient,
    Reference,
    Related,
    Some,
    Span,
    Text,
    Token,
    Under,
    Words,
)
from fhir_server.search.values.string import fold
from fhir_server.storage.sqlite.clause import Clause, all_of, one_of
from fhir_server.storage.sqlite.compile import LAST_UPDATED, blocking, known, related_by
from fhir_server.storage.sqlite.held import AMOUNT, PATIENT, REFERENCE, SPAN, STRING, TOKEN, Held, Keyed, held, merged
from fhir_server.storage.sqlite.ranges import Range, at_point, hinted, in_unit, spanning
from fhir_server.storage.sqlite.texts import begins, standing, worded


def driver(criterion: Criterion | Held, type: str) -> Clause | None:
    """SELECT the `key` of each resource of the type that meets the criterion, doubles and too many not excluded; None where
    no index can say.
    """
    drive = _DRIVERS.get(criterion.__class__)
    return drive(criterion, type) if drive else None


def _held(criterion: Held, type: str) -> Clause | None:
    if criterion.values is None:
        return None
    return _tokens(criterion.kind, criterion.parameter, type, criterion.conditions("t.value", "t.space"))


def _under(criterion: Under, type: str) -> Clause:
    return _tokens(TOKEN, criterion.parameter, type, [begins("t.value", criterion.text)])


def _of_patient(criterion: OfPatient, type: str) -> Clause:
    return _tokens(PATIENT, "", type, [one_of("t.value", criterion.patients)])


def _identity(criterion: Identity, type: str) -> Clause:
    chosen = one_of("id", criterion.ids)
    return Clause(f"SELECT key FROM resources WHERE type = ? AND {chosen.sql}", (type, *chosen.values))


def _tokens(kind: str, parameter: str, type: str, conditions: Sequence[Clause]) -> Clause:
    return _of_table("tokens", kind, parameter, type, conditions)


def _of_table(table: str, kind: str, parameter: str, type: str, conditions: Sequence[Clause]) -> Clause:
    """From the rows `t` of a table that belong to the parameter."""
    key = known(kind, parameter, type)
    met = all_of([Clause(f"t.parameter = {key.sql}", key.values), *conditions])
    return Clause(f"SELECT t.resource AS key FROM {table} t WHERE {met.sql}", met.values)


def _of_related(criterion: Related, type: str) -> Clause:
    key = known(PATIENT, "", type)
    met = all_of(related_by(criterion))
    return Clause(
        "SELECT t.resource AS key FROM relations x INDEXED BY relations_actor CROSS JOIN tokens t"
        f" ON t.parameter = {key.sql} AND t.value = x.patient WHERE {met.sql}",
        key.values + met.values,
    )


def _of_blocked(criterion: BlockedBy, type: str) -> Clause:
    """From the blocks to what is about their patients, and is among what points at their actors."""
    patient, named = known(PATIENT, "", type), known(REFERENCE, criterion.parameter, type)
    met = all_of([*blocking(criterion), Clause("d.space <> ''")])
    return Clause(
        "SELECT t.resource AS key FROM relations x INDEXED BY relations_kind"
        f" CROSS JOIN tokens t ON t.parameter = {patient.sql} AND t.value = x.patient"
        f" CROSS JOIN tokens d ON d.parameter = {named.sql} AND d.value = {_ID_OF_ACTOR} AND d.resource = t.resource"
        f" AND d.space = {_TYPE_OF_ACTOR} WHERE {met.sql}",
        patient.values + named.values + met.values,
    )


_TYPE_OF_ACTOR = "substr(x.actor, 1, instr(x.actor, '/') - 1)"
_ID_OF_ACTOR = "substr(x.actor, instr(x.actor, '/') + 1)"


def _spans(span: Span, type: str) -> Clause | None:
    if span.relation == "ne":
        return None
    if span.parameter == LAST_UPDATED:
        when = at_point(span, "updated")
        return Clause(f"SELECT key FROM resources WHERE type = ? AND deleted = 0 AND {when.sql}", (type, *when.values))
    return _of_table("spans", SPAN, span.parameter, type, _ranging(span))


def _amounts(amount: Amount, type: str) -> Clause | None:
    if amount.relation == "ne":
        return None
    conditions = [*_ranging(amount), *in_unit(amount, "t.system", "t.code")]
    return _of_table("amounts", AMOUNT, amount.parameter, type, conditions)


def _ranging(asked: Range) -> list[Clause]:
    return [hinted(asked, "t.low", "t.high"), spanning(asked, "t.low", "t.high")]


def _strings(criterion: Text, type: str) -> Clause:
    """What is within a text, or at its end, is looked for in all that the parameter has."""
    found = [standing(criterion, "t.value", "t.exact")]
    if criterion.how == "exact":
        found.append(Clause("t.value = ?", (fold(criterion.text),)))
    return _of_table("strings", STRING, criterion.parameter, type, found)


def _words(criterion: Words, type: str) -> Clause | None:
    if not criterion.words:
        return None
    return Clause("SELECT rowid AS key FROM words WHERE words MATCH ?", (worded(criterion, type),))


_TOGETHER = 100
"""A compound SELECT has 500 terms at the most; an OR of so many kinds is not worth an index anyway."""


def _some(criterion: Some, type: str) -> Clause | None:
    parts = [driver(part, type) for part in merged(criterion)]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts) or not 0 < len(found) <= _TOGETHER:
        return None
    sql = " UNION ALL ".join(f"SELECT key FROM ({part.sql})" for part in found)
    return Clause(sql, tuple(value for part in found for value in part.values))


def _every(criterion: Every, type: str) -> Clause | None:
    """By the first part that can: the others are asked of each row."""
    return next((found for part in criterion.parts if (found := driver(part, type))), None)


_DRIVERS: Mapping[type, Callable[[Any, str], Clause | None]] = {
    Token: lambda criterion, of: _held(held(criterion), of),
    Reference: lambda criterion, of: _held(held(criterion), of),
    Held: _held,
    Keyed: lambda criterion, _: Clause("SELECT value AS key FROM json_each(?)", (criterion.keys,)),
    Under: _under,
    OfPatient: _of_patient,
    Related: _of_related,
    BlockedBy: _of_blocked,
    Identity: _identity,
    Span: _spans,
    Amount: _amounts,
    Text: _strings,
    Words: _words,
    Some: _some,
    Every: _every,
}
