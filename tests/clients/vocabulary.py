"""What the client libraries search in: three people with plans, a team, tasks, weights and messages, each under its own id.

An id tells whose it is: `a`'s plan is `plan-a`.
"""

from typing import Any

import httpx

from tests.builders import a_bundle, a_care_plan, a_care_team, an_entry

X, LOINC, UCUM = "urn:x", "http://loinc.org", "http://unitsofmeasure.org"
NUMBERS = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}],
    "text": "journalnummer",
}


def at(place: str) -> dict[str, str]:
    return {"reference": place}


def coded(code: str, text: str = "", system: str = X) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}


def a_person(family: str, given: list[str], **members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"family": family, "given": given}], **members}


def an_organization(name: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "name": name, **members}


def a_task(status: str, plan: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": "Task", "status": status, "intent": "order", "basedOn": [at(plan)], **members}


def a_weight(patient: str, kilos: float, day: str) -> dict[str, Any]:
    value = {"value": kilos, "unit": "kg", "system": UCUM, "code": "kg"}
    code, subject = coded("29463-7", "Body weight", LOINC), at(patient)
    members = {"status": "final", "code": code, "subject": subject, "effectiveDateTime": day, "valueQuantity": value}
    return {"resourceType": "Observation", **members}


KEPT = {
    "Organization/town": an_organization("Björkviks kommun"),
    "Organization/home": an_organization("Hemtjänsten", partOf=at("Organization/town")),
    "Patient/a": a_person(
        "Öberg", ["Åsa"], gender="female", birthDate="1950-09-07", active=True,
        identifier=[{"type": NUMBERS, "system": X, "value": "17"}],
        generalPractitioner=[at("Organization/home")], telecom=[{"system": "phone", "value": "070-1740605"}],
    ),
    "Patient/b": a_person("Zorn", ["Anders", "Bo"], gender="male", birthDate="1990-02-22", active=False),
    "Patient/c": a_person("Ek", ["Asta"], gender="female"),
    "CareTeam/team": a_care_team(subject=at("Patient/a"), participant=[{"member": at("Organization/home")}]),
    "CarePlan/plan-a": a_care_plan(
        subject=at("Patient/a"), careTeam=[at("CareTeam/team")], category=[coded("SIP", "Samordnad plan"), coded("hem")],
        period={"start": "2026-03-01", "end": "2026-03-31"}, identifier=[{"system": X, "value": "1"}],
    ),
    "CarePlan/part-a": a_care_plan(
        subject=at("Patient/a"), status="draft", partOf=[at("CarePlan/plan-a")], category=[coded("hem")],
        period={"start": "2026-04-02"},
    ),
    "CarePlan/plan-b": a_care_plan(
        subject={**at("Patient/b"), "identifier": {"system": X, "value": "b"}}, status="revoked", category=[coded("SIP")],
        period={"start": "2025-01-01", "end": "2025-12-31"},
    ),
    "Task/ready": a_task("ready", "CarePlan/plan-a", owner=at("Organization/home"), authoredOn="2026-03-02", **{"for": at("Patient/a")}),
    "Task/done": a_task("completed", "CarePlan/plan-b", partOf=[at("Task/ready")], focus=at("CarePlan/plan-b"), authoredOn="2026-03-03"),
    "Observation/light": a_weight("Patient/a", 54.5, "2026-03-01"),
    "Observation/heavy": a_weight("Patient/b", 100, "2026-03-05"),
    "Measure/m": {"resourceType": "Measure", "status": "active", "url": "https://plans.example/measures/m"},
}  # fmt: skip


def keep(base: str) -> None:
    """Puts all of it on the server of this base."""
    entries = [an_entry("PUT", place, {**one, "id": place.partition("/")[2]}) for place, one in KEPT.items()]
    answer = httpx.post(base, json=a_bundle(*entries), timeout=60)
    assert 200 == answer.status_code, answer.text


def places(entries: list[Any]) -> dict[str, list[str]]:
    """The places of what a searchset shows, in its order, by the mode it is shown in."""
    found: dict[str, list[str]] = {"match": [], "include": []}
    for entry in entries:
        resource = entry["resource"]
        found[entry["search"]["mode"]].append(f"{resource['resourceType']}/{resource['id']}")
    return found
