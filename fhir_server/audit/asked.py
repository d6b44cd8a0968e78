"""What is asked of AuditEvents, asked of the rows that they are rendered from: so that no row is rendered to be thrown away.

It means the same: `tests/audit/test_asked.py` holds it to what rendering, indexing and matching in memory would find.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.audit.agent import named
from fhir_server.audit.coding import (
    INTERACTION,
    LOGIN,
    LOGIN_SUBTYPE,
    LOGIN_TYPE,
    OUTCOMES,
    REST,
    SUBTYPES,
    action_of,
)
from fhir_server.audit.render import number_of
from fhir_server.fhir.outcome import BadParameter
from fhir_server.search.query import (
    NOTHING,
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
    settled_for,
    some,
)
from fhir_server.storage.rules import ENTRIES

PARAMETERS = (
    "_id",
    "_lastUpdated",
    "action",
    "agent",
    "date",
    "entity",
    "outcome",
    "patient",
    "site",
    "subtype",
    "type",
)
"""What rows can be asked by."""

ALWAYS_THERE = frozenset({"_id", "_lastUpdated", "action", "date", "outcome", "subtype", "type"})
AGENTS = ("Device", "Organization", "Patient", "Practitioner", "PractitionerRole", "RelatedPerson")
"""Whom the parameter `agent` may name."""


def of_rows(criterion: Criterion) -> Criterion:
    """The criterion about AuditEvents as one about rows; what it says of other types goes. BadParameter for what rows cannot
    be asked.
    """
    return _of_rows(settled_for(criterion, ENTRIES))


def _of_rows(criterion: Criterion) -> Criterion:
    find = _MEANINGS.get(type(criterion))
    if find is None:
        raise _unanswered(getattr(criterion, "parameter", "_has"))
    return find(criterion)


def _unanswered(parameter: str) -> Exception:
    why = f"the trail is found by {', '.join(PARAMETERS)}, by their own values, and no further"
    return BadParameter.because("search-unsupported", name=parameter, why=why)


# ---------------------------------------------------------------------------------------------- tokens


def _token(token: Token) -> Criterion:
    find = _TOKENS.get(token.parameter)
    if find is None:
        raise _unanswered(token.parameter)
    return find(token)


def _action(token: Token) -> Criterion:
    if token.system:
        return NOTHING
    done = [it for it in (*SUBTYPES, LOGIN) if token.code in {None, action_of(it)}]
    return some(*map(_interaction, done)) if done else NOTHING


def _subtype(token: Token) -> Criterion:
    logins = _login() if _is_met(token, LOGIN_SUBTYPE) else NOTHING
    if token.system not in {None, INTERACTION}:
        return logins
    if token.code is None:
        return Without(_login()) if token.system else Everything()
    return _interaction(token.code) if token.code in SUBTYPES else logins


def _interaction(code: str) -> Criterion:
    """Operations stand under their own names: they are all that is nothing else."""
    if code != "operation":
        return Token("interaction", None, code)
    return Without(Some(tuple(Token("interaction", None, it) for it in (*SUBTYPES, LOGIN) if it != code)))


def _type(token: Token) -> Criterion:
    rest, logins = _is_met(token, REST), _is_met(token, LOGIN_TYPE)
    if rest and logins:
        return Everything()
    return Without(_login()) if rest else _login() if logins else NOTHING


def _login() -> Criterion:
    return Token("interaction", None, LOGIN)


def _is_met(token: Token, coding: Mapping[str, str]) -> bool:
    return token.system in {None, coding["system"]} and token.code in {None, coding["code"]}


def _outcome(token: Token) -> Criterion:
    if token.system:
        return NOTHING
    spans = [Span("status", "eq", *OUTCOMES[code]) for code in OUTCOMES if token.code in {None, code}]
    return some(*spans) if spans else NOTHING


def _site(token: Token) -> Criterion:
    """HSA-ids are written in capitals; what is asked of a plain string is folded."""
    if token.system:
        return NOTHING
    if token.code is None:
        return Without(Token("organisation", None, ""))
    return Token("organisation", None, token.code.upper()) if token.code else NOTHING


def _agent_identifier(token: Token) -> Criterion:
    if token.code is None:
        raise _unanswered(token.parameter)
    return Token("agent", None, named(token.system, token.code))


_TOKENS: Mapping[str, Callable[[Token], Criterion]] = {
    "action": _action,
    "subtype": _subtype,
    "type": _type,
    "outcome": _outcome,
    "site": _site,
    "agent:identifier": _agent_identifier,
}


# ---------------------------------------------------------------------------------------------- all others


def _reference(reference: Reference) -> Criterion:
    type, id = reference.type, reference.id
    if reference.parameter == "patient":
        return _patient(id) if type in {None, "Patient"} else NOTHING
    if reference.parameter == "agent":
        kinds = AGENTS if type is None else (type,)
        return some(*(Token("agent", None, f"{kind}/{id}".removeprefix("/")) for kind in kinds))
    if reference.parameter != "entity":
        raise _unanswered(reference.parameter)
    if type in {None, "Patient"}:
        return Some((OfPatient(frozenset({id})), Reference("about", type, id)))
    return Reference("about", type, id) if type else NOTHING


def _patient(id: str) -> Criterion:
    """The patient whom it concerned, whose resource was asked for, or who asked."""
    whose = OfPatient(frozenset({id}))
    return Some((whose, Reference("about", "Patient", id), Token("agent", None, f"Patient/{id}")))


def _span(span: Span) -> Criterion:
    if span.parameter not in {"date", "_lastUpdated"}:
        raise _unanswered(span.parameter)
    return Span("at", span.relation, span.low, span.high)


def _missing(missing: Missing) -> Criterion:
    if missing.parameter == "site":
        return Token("organisation", None, "")
    if missing.parameter not in ALWAYS_THERE:
        raise _unanswered(missing.parameter)
    return NOTHING


def _identity(identity: Identity) -> Criterion:
    return Identity(frozenset(str(number) for number in map(number_of, identity.ids) if number is not None))


_MEANINGS: Mapping[type, Callable[[Any], Criterion]] = {
    Everything: lambda it: it,
    Every: lambda it: Every(tuple(map(_of_rows, it.parts))),
    Some: lambda it: Some(tuple(map(_of_rows, it.parts))),
    Without: lambda it: Without(_of_rows(it.part)),
    Identity: _identity,
    OfPatient: lambda it: it,
    Related: lambda it: it,
    Token: _token,
    Reference: _reference,
    Span: _span,
    Missing: _missing,
}
