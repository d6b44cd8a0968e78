"""Messages of the process as their profile wants them: from a ward, to units, about one person."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from fhir_server.fhir.canonical import OURS, structure
from fhir_server.process.definition import MESSAGE
from tests.builders import a_patient

Json = dict[str, Any]
SENT = "2026-03-02T14:10:00+01:00"
TAKE_BACK = {"utskrivningsklar-aterkallad", "felsant", "makulerat", "hemgang-aterkallad", "avliden-aterkallad"}
WARD, HOME, CLINIC = "Organization/ward", "Organization/home", "Organization/clinic"


def at(place: str) -> Json:
    return {"reference": place}


def an_organization(id: str, **members: Any) -> Json:
    return {"resourceType": "Organization", "id": id, "name": id.capitalize(), **members}


def a_message(code: str, *recipients: str, name: str = "", **members: Any) -> Json:
    """A message to units (`Organization/id`), whose identifier follows from its name, or else from its code."""
    back = [{"url": structure("cancels"), "valueReference": at("Communication/before")}]
    why = [{"url": structure("correction-reason"), "valueCode": "wrong-content"}]
    return {
        "resourceType": "Communication",
        "meta": {"profile": [structure("message")]},
        **({"extension": [*back, *why]} if code in TAKE_BACK else {}),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid5(NAMESPACE_URL, name or code)}"}],
        "status": "completed",
        "category": [{"coding": [{"system": MESSAGE, "code": code}]}],
        "subject": at("Patient/p1"),
        "encounter": at("Encounter/visit"),
        "sent": SENT,
        "recipient": [at(it) for it in recipients],
        "sender": at(WARD),
        **members,
    }


def the_parties() -> list[Json]:
    """Whom messages are about, a visit that is no stay, and the units."""
    visit = {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": at("Patient/p1"),
    }
    nurse = {"resourceType": "Practitioner", "id": "nurse", "name": [{"family": "Ek"}]}
    role = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": at("Practitioner/nurse"),
        "organization": at(HOME),
    }
    units = [an_organization("ward"), an_organization("home"), an_organization("clinic")]
    return [a_patient(id="p1"), visit, *units, nurse, {**role, "id": "role"}, {**role, "id": "other"}]


async def tasks(api: Any, message: str, **headers: Any) -> list[Json]:
    """The acknowledgements of a message (`Communication/id`), by their units."""
    answer = await api.get(f"Task?focus={message}&code={OURS}/CodeSystem/task|acknowledge", **headers)
    found = [it["resource"] for it in answer.json().get("entry", ())]
    return sorted(found, key=lambda it: it.get("restriction", it).get("recipient", [it["owner"]])[0]["reference"])
