"""What a rule of access asks of a resource, each condition by its name in the table: a Criterion for a caller and a moment.

A condition that cannot hold for the caller (no patient, no unit) matches nothing: what is not said never opens anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.access.guard import CONFIDENTIALITY
from fhir_server.access.relative import GUARDIAN, PROXY
from fhir_server.access.standing import Standing
from fhir_server.fhir.canonical import OURS
from fhir_server.search.query import (
    NOTHING,
    BlockedBy,
    Criterion,
    Linked,
    OfPatient,
    Reference,
    Related,
    Token,
    Without,
    every,
    some,
)

DOCUMENTED_BY = "documented-by"
"""The search parameter of the provider and the unit that a resource was written for."""
TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
SHARING_BASIS = f"{OURS}/CodeSystem/sharing-basis"
VERY_RESTRICTED = "V"
EMERGENCY = "emergency"
"""The condition of who has emergency access."""
INNER, OUTER = "inner-block", "outer-block"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule adds to its conditions: the reference parameters of `named`, chained ones with their types
    (`team:CareTeam.participant`); the codes of `basis`; the modes of `emergency` and, to `block`, those that open what an inner
    block closes.
    """

    parameters: Sequence[str] = ()
    bases: Sequence[str] = ()
    modes: frozenset[str] = frozenset()


Condition: TypeAlias = Callable[[Standing, Asked, int], Criterion]
"""The moment is in milliseconds since 1970."""


def _own(standing: Standing, _: Asked, __: int) -> Criterion:
    """It is about the caller."""
    return OfPatient(frozenset({standing.patient})) if standing.patient else NOTHING


def _related(kind: str) -> Condition:
    """The person, the commission or the unit has to do with the patient in this way at this moment."""

    def related(standing: Standing, _: Asked, at: int) -> Criterion:
        return Related(standing.actors, frozenset({kind}), at) if standing.actors else NOTHING

    return related


def _doer(standing: Standing, _: Asked, __: int) -> Criterion:
    """It is an action that the citizen is to do."""
    if not standing.patient:
        return NOTHING
    return every(Reference("owner", "Patient", standing.patient), Token("code", TASK_CODE, "fulfill"))


def _consent(standing: Standing, _: Asked, at: int) -> Criterion:
    """The patient has consented to that the provider or the unit knows, and the consent is in force."""
    return Related(standing.organizations, frozenset({"consent"}), at) if standing.organizations else NOTHING


def _controlled(standing: Standing, _: Asked, __: int) -> Criterion:
    """It was written for the caller's own provider."""
    return _points_at(DOCUMENTED_BY, standing.provider) if standing.provider else NOTHING


def _named(standing: Standing, asked: Asked, _: int) -> Criterion:
    """It names the person, the commission or the unit in one of these parameters, or what it leads to does."""
    return some(*(_naming(name, standing.actors) for name in asked.parameters)) if standing.actors else NOTHING


def _naming(parameter: str, actors: frozenset[str]) -> Criterion:
    """A parameter, or a chain of them, names one of the actors. https://hl7.org/fhir/R4/search.html#chaining"""
    here, _, beyond = parameter.partition(".")
    if beyond:
        code, _, type = here.partition(":")
        return Linked(code, type, _naming(beyond, actors))
    return some(*(_points_at(parameter, actor) for actor in sorted(actors)))


def _points_at(parameter: str, reference: str) -> Criterion:
    type, _, id = reference.partition("/")
    return Reference(parameter, type, id)


def _basis(_: Standing, asked: Asked, __: int) -> Criterion:
    """It is labelled as made available on one of these bases."""
    return some(*(Token("_security", SHARING_BASIS, code) for code in asked.bases))


def _blocked(standing: Standing, asked: Asked, at: int) -> Criterion:
    """The patient has closed what this organization documented, and it is another's; or keeps the caller's own out. What an
    inner block of the own provider closes is not closed to who has emergency access of such a mode (4 kap. 5 § PDL).
    """
    kept_out = Related(standing.organizations | standing.actors, frozenset({"block"}), at)
    theirs, ours = _in_emergency(standing, asked, at), _controlled(standing, asked, at)
    if NOTHING in {theirs, ours}:
        return some(_closed(standing, at, INNER, OUTER), kept_out)
    inner = every(_closed(standing, at, INNER), Without(every(theirs, ours)))
    return some(inner, _closed(standing, at, OUTER), kept_out)


def _closed(standing: Standing, at: int, *kinds: str) -> Criterion:
    return BlockedBy(DOCUMENTED_BY, frozenset(kinds), standing.organizations, at)


def _inner_blocked(standing: Standing, _: Asked, at: int) -> Criterion:
    """An inner block closes it, which is not that of the caller's own unit."""
    return _closed(standing, at, INNER)


def _in_emergency(standing: Standing, asked: Asked, at: int) -> Criterion:
    """It is about somebody to whom the caller has emergency access of one of these modes at this very moment."""
    open_now = {one.patient for one in standing.emergencies if one.mode in asked.modes and one.is_open(at)}
    return OfPatient(frozenset(open_now)) if open_now else NOTHING


def _restricted(_: Standing, __: Asked, ___: int) -> Criterion:
    """It is labelled as very restricted."""
    return Token("_security", CONFIDENTIALITY, VERY_RESTRICTED)


def _of_organization(standing: Standing, _: Asked, __: int) -> Criterion:
    """It happened at the caller's own provider (an AuditEvent alone is asked so)."""
    return Token("site", None, standing.organization.casefold()) if standing.organization else NOTHING


def _guardian(standing: Standing, _: Asked, at: int) -> Criterion:
    """It is about the child whose guardian the caller is at this very moment."""
    return some(*(ward.reach for ward in standing.wards if ward.is_open(GUARDIAN, at)))


def _proxy(standing: Standing, _: Asked, at: int) -> Criterion:
    """It is, or belongs to, a plan that the person's consent opens to the caller at this very moment."""
    return some(*(ward.reach_by_consent(at) for ward in standing.wards if ward.is_open(PROXY, at)))


CONDITIONS: Mapping[str, Condition] = {
    "own": _own,
    "doer": _doer,
    "team": _related("care-team"),
    "left": _related("left"),
    "case": _related("case"),
    "consent": _consent,
    "controlled": _controlled,
    "named": _named,
    "basis": _basis,
    "block": _blocked,
    "inner-block": _inner_blocked,
    EMERGENCY: _in_emergency,
    "restricted": _restricted,
    "organization": _of_organization,
    GUARDIAN: _guardian,
    PROXY: _proxy,
}
"""By their names in `security/Parameters-access-rules.json`."""
