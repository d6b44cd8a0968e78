"""What a message asks of a unit that knows the person already: the report of how the person was, before the stay.

Which message asks whom for what, and within how many hours, are properties of `CodeSystem/message`; the form is one of `CodeSystem/task`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.instant import instant
from fhir_server.process.concept import properties
from fhir_server.process.definition import MESSAGE, TASK
from fhir_server.process.discharge.receipt import bare, within
from fhir_server.process.telling import code_in

REPORT = "report-status"
"""The code of `CodeSystem/task` by which a unit is asked about a person."""
ASKS, OF, WITHIN, ENDS = "asks", "asks-party", "asks-within", "ends-asked"
FORM = "questionnaire"
FORM_INPUT = {"coding": [{"system": "http://hl7.org/fhir/uv/sdc/CodeSystem/temp", "code": FORM}]}
"""The kind of input that names a form. http://hl7.org/fhir/uv/sdc/CodeSystem/temp"""
OPEN = frozenset({"requested", "received", "accepted", "in-progress", "on-hold"})

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of each unit that is this party and knows the person: `task` is the code of a Task, to be done within so many hours."""

    task: str
    party: str
    hours: int


def asked_by(message: Json) -> Asked | None:
    """What a message asks of those whom it is for; None where nothing."""
    told = [_told(message, name) for name in (ASKS, OF, WITHIN)]
    return None if told[0] is None else Asked(*told)


def ends_asked(message: Json) -> bool:
    """Whether nobody need answer any longer, once a message is sent, what was asked for the same stay."""
    return _told(message, ENDS) is True


def is_report(task: Json) -> bool:
    """Whether a Task asks a unit about a person."""
    return task["resourceType"] == "Task" and code_in([task.get("code", {})], TASK) == REPORT


def report_of(message: Json, place: str, unit: str, asked: Asked) -> dict[str, Any]:
    """The Task of a unit (`Organization/id`) that knows the person. It names nobody who asks: only the unit itself is to know that it
    knows the person, until it answers.
    """
    until = within(asked.hours, message["sent"])
    end = {"period": {"end": instant(until)}} if until is not None else {}
    labels = message.get("meta", {}).get("security")
    form = properties(TASK, FORM).get(asked.task)
    return {
        "resourceType": "Task",
        **({"meta": {"security": labels}} if labels else {}),
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": TASK, "code": asked.task}]},
        "focus": {"reference": place},
        "for": bare(message["subject"]),
        **({"encounter": {"reference": _stay(message)}} if _stay(message) else {}),
        "authoredOn": message["sent"],
        "owner": {"reference": unit},
        "restriction": {**end, "recipient": [{"reference": unit}]},
        **({"input": [{"type": FORM_INPUT, "valueCanonical": form[0]}]} if form else {}),
    }


def is_of(task: Json, unit: str, stay: str) -> bool:
    """Whether a Task asks this unit about this stay, and still holds, or was answered."""
    units = [one.get("reference") for one in task.get("restriction", {}).get("recipient", ())]
    return is_report(task) and task["status"] != "cancelled" and unit in units and _stay(task) == stay


def _stay(resource: Json) -> str:
    found: str = resource.get("encounter", {}).get("reference", "")
    return found


def _told(message: Json, name: str) -> Any:
    """What CodeSystem/message says of a message by a property; None for nothing."""
    return next(iter(properties(MESSAGE, name).get(code_in(message["category"], MESSAGE), ())), None)
