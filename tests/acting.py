"""A SIP of A: asked for by the region's r1, who coordinates it; r2 takes part. The municipality's k1 is asked for actions, and is on
no team before it has said yes.
"""

from typing import Any

from tests.access.abuse.conftest import STAFF, UNITS, documented, hsa, made
from tests.access.house import BASE, a_bearer
from tests.access.worlds import OURS, SYSTEM
from tests.builders import a_bundle, an_entry, issue_keys

Json = dict[str, Any]
ABOVE = {"u1": "region", "u2": "region", "u3": "first", "u4": "second"}
SUBJECT = {"reference": "Patient/a"}
COORDINATOR = {
    "system": "https://terminologitjansten.inera.se/inera-kodverksforvaltning/kodverk/kv_typ_av_fast_kontakt",
    "code": "4",
}
BEGAN_WITH = f"{OURS}/StructureDefinition/began-with"
WHY = {"coding": [{"system": f"{OURS}/CodeSystem/decline-reason", "code": "no-capacity"}]}
K1, R1 = "Organization/u3", "PractitionerRole/cr1"
"""Who is asked, and who asks."""
MERGE = {"Content-Type": "application/merge-patch+json"}


def staff(who: str, **claims: Any) -> dict[str, str]:
    unit = STAFF[who]
    ids = {"employee": hsa(who), "commission": hsa(f"c{who}"), "unit": hsa(unit), "provider": UNITS[unit]}
    return a_bearer(BASE, **{**ids, "sub": who, "scope": "user/*.cruds", **claims})


def citizen(who: str = "a") -> dict[str, str]:
    return a_bearer(BASE, **{**SYSTEM, "sub": who, "citizen": f"reserve-{who}", "scope": "patient/*.cruds"})


def system() -> dict[str, str]:
    return a_bearer(BASE, **{**SYSTEM, "sub": "planner", "scope": "system/*.cruds"})


def at(reference: str) -> Json:
    return {"reference": reference}


def directory() -> list[Json]:
    """Everybody, and which unit is whose."""
    return [
        _placed(one) for one in made() if one["resourceType"] in ("Organization", "Practitioner", "PractitionerRole")
    ]


def _placed(one: Json) -> Json:
    if one["resourceType"] == "PractitionerRole":
        return {**one, "organization": at(f"Organization/{STAFF[one['id'].removeprefix('c')]}")}
    return {**one, "partOf": at(f"Organization/{ABOVE[one['id']]}")} if one["id"] in ABOVE else one


def a_sip(**members: Any) -> Json:
    return {
        "resourceType": "CarePlan",
        "id": "sip",
        **documented("u1"),
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": "https://fhir.inera.se/CodeSystem/typeofcareplan-cs", "code": "SIP"}]}],
        "title": "SIP",
        "subject": SUBJECT,
        "period": {"start": "2026-01-19"},
        "author": at(R1),
        "careTeam": [at("CareTeam/team")],
        "goal": [at("Goal/goal")],
        "activity": [{"reference": at("ServiceRequest/decided")}],
        **members,
    }


def a_team(*members: str, **more: Any) -> Json:
    others = [{"role": [{"text": "Deltar"}], "member": at(member)} for member in ("Organization/u1", *members)]
    return {
        "resourceType": "CareTeam",
        "id": "team",
        **documented("u1"),
        "status": "active",
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "sip-team"}]}],
        "subject": SUBJECT,
        "participant": [{"role": [{"coding": [COORDINATOR]}], "member": at(R1)}, *others],
        "managingOrganization": [at("Organization/region")],
        **more,
    }


def a_plan(**members: Any) -> list[Json]:
    """The plan and what it rests on; both huvudmän may know of it."""
    consent = next(one for one in made() if one["id"] == "a-consent")
    actors = [{"role": {"text": "part"}, "reference": at(it)} for it in ("Organization/region", "Organization/first")]
    about = {"subject": SUBJECT, **documented("u1")}
    return [
        next(one for one in made() if (one["resourceType"], one["id"]) == ("Patient", "a")),
        {**consent, "provision": {"type": "permit", "actor": actors}},
        {"resourceType": "Goal", "id": "goal", "lifecycleStatus": "active", "description": {"text": "gå ut"}, **about},
        {"resourceType": "ServiceRequest", "id": "decided", "status": "active", "intent": "plan", **about},
        a_team("Organization/u2"),
        a_sip(**members),
    ]


def an_action(id: str = "action", **members: Any) -> Json:
    """r1 asks k1 for something."""
    return {
        "resourceType": "Task",
        "id": id,
        **documented("u1", profile=[f"{OURS}/StructureDefinition/action"]),
        "basedOn": [at("CarePlan/sip")],
        "status": "requested",
        "intent": "plan",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "description": "Hjälp med dusch",
        "focus": at("ServiceRequest/decided"),
        "for": SUBJECT,
        "requester": at(R1),
        "owner": at(K1),
        **members,
    }


async def load(api: Any, *resources: Json) -> None:
    """Puts resources in their places, as a system does."""
    entries = [an_entry("PUT", f"{one['resourceType']}/{one['id']}", one) for one in resources]
    answer = await api.post("", json=a_bundle(*entries), headers=system())
    assert 200 == answer.status_code, answer.text[:2000]


async def get(api: Any, place: str) -> Json:
    """What stands at a place, as a system sees it."""
    answer = await api.get(place, headers=system())
    assert 200 == answer.status_code, answer.text
    found: Json = answer.json()
    return found


async def patch(api: Any, bearer: dict[str, str], id: str = "action", **members: Any) -> Any:
    """Changes these elements of an action."""
    return await api.patch(f"Task/{id}", json=members, headers={**bearer, **MERGE})


async def members(api: Any) -> list[tuple[str, bool]]:
    """Who is on the team of the plan, in the order they came, and whether they still take part."""
    team = await get(api, "CareTeam/team")
    return [(one["member"]["reference"], "end" not in one.get("period", {})) for one in team["participant"]]


def a_handover(id: str = "handover", **members: Any) -> Json:
    """r1 asks k1 to coordinate the plan."""
    asked = {
        **an_action(id, **documented("u1", profile=[f"{OURS}/StructureDefinition/handover"])),
        "code": {"coding": [{"system": f"{OURS}/CodeSystem/task", "code": "handover"}]},
        "description": "Ta över som samordnare",
        "focus": at("CareTeam/team"),
        "owner": at("PractitionerRole/ck1"),
    }
    del asked["basedOn"]
    return {**asked, **members}


def outcome_of(answer: Any) -> tuple[int, list[str]]:
    """The status of an answer, and the keys of what a refusal says."""
    return (answer.status_code, issue_keys(answer.json()) if answer.status_code >= 400 else [])
