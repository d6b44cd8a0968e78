"""Resources of a case → what happened in it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from fhir_server.fhir.extension import extensions, parts_in
from fhir_server.fhir.reference import own_reference
from fhir_server.process.definition import MESSAGE, TASK, load_workflow
from fhir_server.process.discharge.payer import Placement
from fhir_server.process.event import Event
from fhir_server.process.standing import RECEIVED
from fhir_server.process.telling import PLAN_TYPES, code_in, message_event, parts_of, place_in, told
from fhir_server.process.workflow import Workflow

ACKNOWLEDGE, FOLLOW_UP = "acknowledge", "follow-up"
TASKS = frozenset({ACKNOWLEDGE, FOLLOW_UP})
"""The tasks that tell something of a case; the others are of a plan."""
COMPULSORY = "SPLPTLRV"
INPATIENT = "IMP"
"""https://terminology.hl7.org/CodeSystem/v3-ActCode"""

VOID = frozenset({"entered-in-error", "cancelled", "planned", "rejected"})
"""Those of a stay, a case, a task or a plan of which nothing has happened."""
ANSWERED = frozenset({"accepted", "in-progress", "completed"})
"""Those of an acknowledgement that somebody has taken."""

Json = Mapping[str, Any]


def events_of(resources: Iterable[Json], workflow: Workflow | None = None) -> tuple[Event, ...]:
    """What happened in a case, out of its Encounters, EpisodeOfCare, Communications, Tasks and CarePlans (others are passed over),
    in the order of the resources. They are valid R4; a moment that is told by the day alone is the day's beginning, UTC.

    The EpisodeOfCare begins with the physician's assessment, which is not before the admission; a message that was registered
    late counts from when it was given.
    """
    workflow, resources = workflow or load_workflow(), tuple(resources)
    notices = frozenset(own_reference(it) for it in resources if _is_notice(it, workflow))
    return tuple(event for it in resources for event in _events(it, notices))


def is_stay(resource: Json) -> bool:
    """Whether it is an Encounter of inpatient care."""
    return bool(resource["resourceType"] == "Encounter" and resource.get("class", {}).get("code") == INPATIENT)


def may_tell(resource: Json) -> bool:
    """Whether a resource is of those that tell what happens in a case, whatever it tells now; a message, a task or a plan is so where
    it names an Encounter.
    """
    match resource["resourceType"]:
        case "EpisodeOfCare":
            return True
        case "Encounter":
            return is_stay(resource)
    return "encounter" in resource and _may_tell_of_stay(resource)


def _may_tell_of_stay(resource: Json) -> bool:
    match resource["resourceType"]:
        case "Communication":
            return bool(code_in(resource.get("category", ()), MESSAGE))
        case "Task":
            return code_in([resource.get("code", {})], TASK) in TASKS
        case "CarePlan":
            compulsory = code_in(resource.get("category", ()), PLAN_TYPES) == COMPULSORY
            return compulsory or bool(extensions(resource, "offer"))
    return False


def _events(resource: Json, notices: frozenset[str]) -> Iterator[Event]:
    if resource.get("status") in VOID:
        return
    match resource["resourceType"]:
        case "Communication":
            yield from _of_message(resource, notices)
        case "Encounter":
            yield from _of_stay(resource)
        case "EpisodeOfCare":
            yield from told(resource, "assessed", resource.get("period", {}).get("start"))
            if resource["status"] == "finished":
                yield from told(resource, "closed", resource.get("period", {}).get("end"))
        case "Task":
            yield from _of_task(resource, notices)
        case "CarePlan":
            yield from _of_plan(resource)


def _of_message(message: Json, notices: frozenset[str]) -> Iterator[Event]:
    event = message_event(message)
    if event is None:
        return
    yield event
    if event.id in notices:
        yield from told(message, RECEIVED, message.get("received"), value=event.id)


def _is_notice(resource: Json, workflow: Workflow) -> bool:
    """Whether planning begins with its being received (2 kap. 6 §)."""
    if resource["resourceType"] != "Communication":
        return False
    action = workflow.actions.get(code_in(resource.get("category", ()), MESSAGE))
    return action is not None and "notified" in action.clocks


def _of_stay(stay: Json) -> Iterator[Event]:
    """An end of the stay is told once it is finished: until then it is thought of."""
    if not is_stay(stay):
        return
    period = stay.get("period", {})
    yield from told(stay, "admitted", period.get("start"))
    if stay["status"] == "finished" and not _died(stay):
        yield from told(stay, "discharged", period.get("end"))


def _died(stay: Json) -> bool:
    """Who has died was not discharged: the message of the death tells it."""
    disposition = stay.get("hospitalization", {}).get("dischargeDisposition", {})
    return any(it.get("code") == "exp" for it in disposition.get("coding", ()))


def _of_task(task: Json, notices: frozenset[str]) -> Iterator[Event]:
    code = code_in([task.get("code", {})], TASK)
    focus = place_in(task.get("focus", {}))
    if code == ACKNOWLEDGE and focus in notices and task["status"] in ANSWERED:
        at = task.get("executionPeriod", {}).get("start") or task.get("lastModified") or task.get("authoredOn")
        yield from told(task, RECEIVED, at, value=focus)
    if code == FOLLOW_UP:
        yield from told(task, FOLLOW_UP, task.get("authoredOn"))


def _of_plan(plan: Json) -> Iterator[Event]:
    offer = parts_of(plan, "offer")
    if offer.get("answer") in {"accepted", "declined"}:
        yield from told(plan, f"sip-{offer['answer']}", offer.get("answered") or offer["offered"])
    if code_in(plan.get("category", ()), PLAN_TYPES) == COMPULSORY:
        yield from told(plan, "compulsory-plan", plan.get("created"))


def placements_of(case: Json) -> Iterator[Placement]:
    """The decisions that an EpisodeOfCare tells by which the person lives in another municipality (extension `placement`); the municipality is the
    reference as it stands.
    """
    for decided in map(parts_in, extensions(case, "placement")):
        last = date.fromisoformat(decided["until"]) if "until" in decided else None
        first = date.fromisoformat(decided["since"])
        yield Placement(decided["municipality"].get("reference", ""), first, last, decided["reason"])
