"""C, whose identity is protected: what is hers, with a secret in each place that is masked."""

from base64 import b64encode
from typing import Any

from tests.access.abuse.conftest import about, documented, numbered
from tests.access.abuse.told import bundled, statuses
from tests.access.worlds import RESERVE

LABEL = {"system": "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel", "code": "sekretessmarkering"}
FLAGGED = {"role": ["protected-identity"]}
SECRETS = {
    "line": "Rönnstigen 4711",
    "city": "Undanby",
    "code": "999 17",
    "phone": "070-174 06 99",
    "contact": "070-174 06 98",
    "relative": "Björkgränd 4712",
    "call": "070-174 06 97",
    "place": "hideout",
    "display": "Gömda mottagningen",
    "shelter": "Skyddsvägen 4713",
    "notice": "Folkbokföringsadress: Hemgatan 4714",
    "words": "Bor hos sin syster",
}


def narrative(words: str) -> dict[str, Any]:
    return {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>'}


def place() -> dict[str, str]:
    return {"reference": f"Location/{SECRETS['place']}", "display": SECRETS["display"]}


def the_patient(*labels: dict[str, str], **members: Any) -> dict[str, Any]:
    address = {"line": [SECRETS["line"]], "city": SECRETS["city"], "postalCode": SECRETS["code"]}
    return {
        "resourceType": "Patient",
        "id": "c",
        **({"meta": {"security": list(labels)}} if labels else {}),
        "text": narrative(SECRETS["words"]),
        **numbered(RESERVE, "reserve-c"),
        "name": [{"family": "ProvC"}],
        "telecom": [{"system": "phone", "value": SECRETS["phone"]}],
        "birthDate": "1980-02-03",
        "address": [address],
        "contact": [{"name": {"family": "Ekström"}, "telecom": [{"system": "phone", "value": SECRETS["contact"]}]}],
        **members,
    }


def hers() -> list[dict[str, Any]]:
    """What is about C: what anybody has, and what tells where she is."""
    by, subject = documented("u1"), {"reference": "Patient/c"}
    actors = [{"actor": it, "status": "accepted"} for it in (subject, place(), {"reference": "Practitioner/r1"})]
    shelter = {"resourceType": "Location", "id": "shelter", "address": {"line": [SECRETS["shelter"]]}}
    told = {
        "RelatedPerson": {
            "patient": subject,
            "text": narrative(SECRETS["words"]),
            "address": [{"line": [SECRETS["relative"]]}],
            "telecom": [{"system": "phone", "value": SECRETS["call"]}],
        },
        "Appointment": {"status": "booked", "participant": actors, "start": START, "end": END},
        "Encounter": {
            "contained": [shelter],
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": subject,
            "location": [{"location": place()}, {"location": {"reference": "#shelter"}}],
        },
        "ServiceRequest": {
            "status": "active",
            "intent": "order",
            "subject": subject,
            "locationReference": [place()],
        },
        "Task": {
            "status": "requested",
            "intent": "order",
            "for": {**subject, "display": "Prov C"},
            "owner": {"reference": "PractitionerRole/cr2"},
            "location": place(),
        },
        "Communication": {
            "status": "completed",
            "subject": subject,
            "sender": {"reference": "Organization/u1"},
            "recipient": [{"reference": "Organization/u3"}],
            "payload": [{"contentString": "inskriven"}, {"contentString": SECRETS["notice"]}],
        },
    }
    others = [it for it in about("c", "u1", ["Organization/u1", "Organization/u3"]) if it["resourceType"] not in told]
    return [*others, *({"resourceType": type, "id": f"c-{type.lower()}", **by, **one} for type, one in told.items())]


START, END = "2026-12-01T10:00:00+01:00", "2026-12-01T11:00:00+01:00"


async def written(api: Any, bearer: dict[str, str]) -> dict[str, dict[str, Any]]:
    """All that is hers, by type, each first written as anybody's; then the label comes, and a further version of each."""
    location = {"resourceType": "Location", "id": SECRETS["place"], "name": "Mottagning"}
    for patient in (the_patient(), the_patient(LABEL)):
        entries = [("PUT", f"{it['resourceType']}/{it['id']}", it) for it in (location, patient, *hers())]
        answer = await api.post("", json=bundled(*entries), headers=bearer)
        assert {200, 201} >= set(statuses(answer)), answer.text
    return {it["resourceType"]: it for it in (the_patient(LABEL), *hers())}


TYPES = ("Patient", "RelatedPerson", "Appointment", "Encounter", "ServiceRequest", "Task", "Communication")


def path(type: str) -> str:
    return "Patient/c" if type == "Patient" else f"{type}/c-{type.lower()}"


def tellers() -> set[str]:
    """What secrets look like in an answer."""
    return {*SECRETS.values(), *(b64encode(it.encode()).decode()[2:-4] for it in SECRETS.values() if len(it) > 9)}


def leaks(answer: Any) -> set[str]:
    return {it for it in tellers() if it in answer.text}
