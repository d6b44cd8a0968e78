"""Messages of a discharge case as they come over HTTP: small, each with what a test is about."""

from typing import Any

from fhir_server.fhir.canonical import structure
from fhir_server.process.definition import MESSAGE

CASE, STAY = "EpisodeOfCare/case", "Encounter/stay"


def at(place: str) -> dict[str, str]:
    return {"reference": place}


def a_case(id: str = "case", **members: Any) -> dict[str, Any]:
    period = {"start": "2026-02-02T08:00:00+01:00"}
    return {
        "resourceType": "EpisodeOfCare",
        "id": id,
        "status": "active",
        "patient": at("Patient/p1"),
        "period": period,
        **members,
    }


def a_stay(id: str = "stay", case: str = CASE, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": id,
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": at("Patient/p1"),
        "episodeOfCare": [at(case)],
        "period": {"start": "2026-02-02T08:00:00+01:00"},
        **members,
    }


def a_message(code: str, sent: str, *, stay: str = STAY, cancels: str = "", corrects: str = "", **members: Any):
    """A Communication sent on a day of February 2026, at an hour (`09 10:00`) by Stockholm's clocks."""
    named = [("cancels", cancels), ("corrects", corrects)]
    extension = [{"url": structure(name), "valueReference": at(place)} for name, place in named if place]
    return {
        "resourceType": "Communication",
        "status": "completed",
        "category": [{"coding": [{"system": MESSAGE, "code": code}]}],
        "subject": at("Patient/p1"),
        "sent": f"2026-02-{sent.replace(' ', 'T')}:00+01:00",
        **({"encounter": at(stay)} if stay else {}),
        **({"extension": extension} if extension else {}),
        **members,
    }
