"""A request that a SIP be made: the plan as a draft, and the Task of the unit that is to call to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.canonical import structure
from fhir_server.process.definition import SYSTEM
from fhir_server.process.discharge.notice import named
from fhir_server.process.sip.split import SIP, URIS
from fhir_server.process.sip.team import CALL

Json = dict[str, Any]

CUSTODIAN, PERSON, RELATIVE, STAFF = "custodian", "person", "relative", "staff"
"""Codes of `CodeSystem/initiator`."""
INVITE, NOT_INVITE = "Bjud in", "Bjud inte in"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `person` is the Patient, `asker` and `unit` are places (`Type/id`); who is to be invited, or is not, is a
    Reference or a text; `asked` is a dateTime.
    """

    identifier: str
    person: Mapping[str, Any]
    initiator: str
    asker: str
    unit: str
    reason: str
    asked: str
    matters: Sequence[str] = ()
    invite: Sequence[Json | str] = ()
    not_invite: Sequence[Json | str] = ()


def plan_of(request: Request, id: str) -> Json:
    """The CarePlan. The unit that is asked answers for it (`author`), and so may go on with it, whoever has asked."""
    return {
        "resourceType": "CarePlan",
        "id": id,
        "meta": {"profile": [structure("sip")]},
        "language": "sv",
        "extension": list(_extensions(request)),
        "identifier": [{"system": URIS, "value": request.identifier}],
        "status": "draft",
        "intent": "plan",
        "category": [SIP],
        "title": SIP["text"],
        "description": request.reason,
        "subject": _person(request),
        "created": request.asked,
        "author": {"reference": request.unit},
    }


def task_of(request: Request, id: str, plan: str) -> Json:
    """The Task by which the unit is asked to call to the plan (`CarePlan/id`), with whom to invite and whom not."""
    inputs = [*_inputs(INVITE, request.invite), *_inputs(NOT_INVITE, request.not_invite)]
    return {
        "resourceType": "Task",
        "id": id,
        "language": "sv",
        "basedOn": [{"reference": plan}],
        "status": "requested",
        "intent": "order",
        "code": CALL,
        "description": "En samordnad individuell plan önskas",
        "focus": {"reference": plan},
        "for": {**_person(request), **named(request.person)},
        "authoredOn": request.asked,
        "lastModified": request.asked,
        "requester": {"reference": request.asker},
        "owner": {"reference": request.unit},
        "reasonCode": {"text": request.reason},
        "restriction": {"recipient": [{"reference": request.unit}]},
        **({"input": inputs} if inputs else {}),
    }


def _person(request: Request) -> Json:
    return {"reference": f"Patient/{request.person['id']}"}


def _extensions(request: Request) -> Iterator[Json]:
    coding = {"system": f"{SYSTEM}initiator", "code": request.initiator}
    yield {"url": structure("initiator"), "valueCodeableConcept": {"coding": [coding]}}
    if request.matters:
        yield {"url": structure("what-matters"), "valueString": "\n".join(request.matters)}


def _inputs(kind: str, whom: Sequence[Json | str]) -> Iterator[Json]:
    for one in whom:
        value = {"valueString": one} if isinstance(one, str) else {"valueReference": one}
        yield {"type": {"text": kind}, **value}
