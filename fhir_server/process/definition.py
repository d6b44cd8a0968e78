"""A workflow as a PlanDefinition has it: the states of a case, what may happen in each, where it leads, and what is due by when.

Of PlanDefinition these are read: the `relatedArtifact` that says out of which code system the states are, and of it `action.id`, `title`, `code`, `documentation.citation`, `relatedAction` (`actionId`,
`relationship`, `offsetDuration`), `participant.role`, and three extensions of ours; profiles/README.md says what each means. An
action that says more is refused, so that nobody believes in what is not kept. https://hl7.org/fhir/R4/plandefinition.html
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.definitions import BadDefinition, by_canonical
from fhir_server.fhir.extension import extensions, value_of
from fhir_server.process.clock import Term, term_of
from fhir_server.process.soundness import refuse_unsound
from fhir_server.process.workflow import RENEWED, STANDS, Action, Deadline, Workflow

DISCHARGE, SIP = f"{OURS}/PlanDefinition/discharge", f"{OURS}/PlanDefinition/sip"
WORKFLOWS = (DISCHARGE, SIP)
SYSTEM = f"{OURS}/CodeSystem/"
TASK = f"{SYSTEM}task"
MESSAGE, EVENT, STATE, CLOCK, PARTY, REASON = (
    f"{SYSTEM}{name}" for name in ("message", "event", "case-state", "case-clock", "party", "correction-reason")
)
"""STATE is that of the discharge; each workflow names its own."""
AFTER, BEFORE, ENDS = "after", "before", "concurrent-with-end"
"""What of `relatedAction.relationship` is read: due so long after it, to be done before it, the end of what it began."""

_READ = {"id", "extension", "title", "code", "documentation", "relatedAction", "participant"}
_RELATED = {"actionId", "relationship", "offsetDuration"}

Json = Mapping[str, Any]


@cache
def load_workflow(canonical: str = DISCHARGE) -> Workflow:
    """That of a PlanDefinition of ours, read once. BadDefinition where it is not sound."""
    return workflow_of(by_canonical()[canonical], by_canonical())


def workflow_of(definition: Json, systems: Mapping[str, Json]) -> Workflow:
    """That of a PlanDefinition, with the code systems by their canonicals. BadDefinition for what cannot be read, for a code of no
    system, and for what `soundness.refuse_unsound` says.
    """
    try:
        return _workflow(definition, systems)
    except (KeyError, IndexError, TypeError, AttributeError) as wrong:
        raise BadDefinition(f"something is left out, or is of another kind: {wrong}") from None


def _workflow(definition: Json, systems: Mapping[str, Json]) -> Workflow:
    actions = [_action(one, systems) for one in definition["action"]]
    state = _states(definition, systems)
    concepts = _concepts(systems, state)
    found = Workflow(
        state_system=state,
        states=tuple(concepts),
        initial=_initial(state, concepts),
        terminal=frozenset(code for code, one in concepts.items() if _property(one, "terminal")),
        actions=MappingProxyType({one.code: one for one in actions}),
        deadlines=tuple(row for one in definition["action"] for row in _deadlines(one)),
        corrections={code: _correction(one) for code, one in _concepts(systems, REASON).items()},
        lasting=frozenset(one.ends for one in actions if one.ends),
    )
    refuse_unsound(found, [one["id"] for one in definition["action"]], set(_concepts(systems, CLOCK)))
    return found


def _states(definition: Json, systems: Mapping[str, Json]) -> str:
    """The code system of the states: the one artifact that a workflow depends on."""
    named = [one["resource"] for one in definition.get("relatedArtifact", ()) if one["type"] == "depends-on"]
    if len(named) != 1 or named[0] not in systems:
        raise BadDefinition("relatedArtifact: a workflow depends on the code system of its states")
    return str(named[0])


def _initial(system: str, concepts: Mapping[str, Json]) -> str:
    found = [code for code, one in concepts.items() if _property(one, "initial")]
    if len(found) != 1:
        raise BadDefinition(f"{system}: one state is where every case begins")
    return found[0]


def _action(told: Json, systems: Mapping[str, Json]) -> Action:
    if unread := told.keys() - _READ:
        raise BadDefinition(f"{told['id']}: {', '.join(sorted(unread))} is not read")
    system, concept = _coded(told, systems)
    parties = {code: _concept(systems, PARTY, code) for code in _roles(told)}
    staff = frozenset(code for code, one in parties.items() if _property(one, "staff"))
    return Action(
        code=told["id"],
        title=told["title"],
        is_message=system == MESSAGE,
        transitions=_transitions(told),
        clocks=tuple(one["valueCode"] for one in extensions(told, "clock")),
        takes_back=frozenset(code for one in extensions(told, "takes-back") for code in _taken(one, systems)),
        before=frozenset(_related(told, BEFORE)),
        ends=next(iter(_related(told, ENDS)), ""),
        senders=frozenset(parties) - staff,
        staff=staff,
        source=_source(told),
        home_care=_property(concept, "home-care") or "",
    )


def _coded(told: Json, systems: Mapping[str, Json]) -> tuple[str, Json]:
    """The system of an action's code and its concept there; the code is also the action's id."""
    coding = told["code"][0]["coding"][0]
    if coding["system"] not in {MESSAGE, EVENT} or coding["code"] != told["id"]:
        raise BadDefinition(f"{told['id']}: its code is its id, out of {MESSAGE} or {EVENT}")
    return coding["system"], _concept(systems, coding["system"], coding["code"])


def _transitions(told: Json) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for one in extensions(told, "transition"):
        parts = one["extension"]
        to = next((part["valueCode"] for part in parts if part["url"] == "to"), "")
        for state in (part["valueCode"] for part in parts if part["url"] == "from"):
            if state in found:
                raise BadDefinition(f"{told['id']}: two transitions from {state}")
            found[state] = to or state
    return MappingProxyType(found)


def _taken(one: Json, systems: Mapping[str, Json]) -> Iterable[str]:
    return _concepts(systems, one["valueCanonical"]) if "valueCanonical" in one else (one["valueCode"],)


def _deadlines(told: Json) -> Iterable[Deadline]:
    for one in told.get("relatedAction", ()):
        if one.keys() - _RELATED or ("offsetDuration" in one) != (one["relationship"] == AFTER):
            raise BadDefinition(f"{told['id']}: what is related is {AFTER} by an offset, {BEFORE}, or {ENDS}")
        if one["relationship"] == AFTER:
            yield Deadline(told["id"], one["actionId"], _term(told, one["offsetDuration"]), _source(told))


def _term(told: Json, duration: Json) -> Term:
    try:
        return term_of(duration)
    except BadDefinition as wrong:
        raise BadDefinition(f"{told['id']}: {wrong}") from None


def _related(told: Json, relationship: str) -> list[str]:
    related = told.get("relatedAction", ())
    if unread := {one["relationship"] for one in related} - {AFTER, BEFORE, ENDS}:
        raise BadDefinition(f"{told['id']}: {', '.join(sorted(unread))} is not read")
    return [one["actionId"] for one in related if one["relationship"] == relationship]


def _roles(told: Json) -> list[str]:
    return [one["role"]["coding"][0]["code"] for one in told.get("participant", ())]


def _source(told: Json) -> str:
    return next((str(one["citation"]) for one in told.get("documentation", ())), "")


def _correction(concept: Json) -> tuple[str, str]:
    clock = _property(concept, "clock")
    if clock not in {STANDS, RENEWED}:
        raise BadDefinition(f"{REASON}: {concept['code']} says {STANDS} or {RENEWED} of the clock")
    return clock, concept["definition"]


def _concept(systems: Mapping[str, Json], system: str, code: str) -> Json:
    found = _concepts(systems, system).get(code)
    if found is None:
        raise BadDefinition(f"{code} is not in {system}")
    return found


def _concepts(systems: Mapping[str, Json], system: str) -> Mapping[str, Json]:
    return {one["code"]: one for one in systems[system]["concept"]}


def _property(concept: Json, name: str) -> Any:
    """The value of a concept's property; None where it has none."""
    for one in concept.get("property", ()):
        if one["code"] == name:
            return value_of(one)
    return None
