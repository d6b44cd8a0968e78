"""Who may ask for a plan, and of whom: staff with a relation to the person, the person, and who acts for the person. A is cared for by
unit u1 of the region and unit u3 of the first municipality.
"""

from typing import Any

import pytest

from fhir_server.fhir.extension import extensions, value_of
from tests.access.abuse.conftest import made
from tests.access.abuse.test_policy import PLAN, put
from tests.access.abuse.test_relatives import ON, PROXY, a_child, a_mandate
from tests.access.abuse.told import keys, whole
from tests.access.worlds import DOCUMENTED_BY

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]


def asked(number: int, to: str = "", **more: Any) -> dict[str, Any]:
    told = [{"name": "to", "valueReference": {"reference": to}}] if to else []
    told += [{"name": name, "valueReference": {"reference": one}} for name, one in more.items()]
    identifier = {"name": "identifier", "valueUri": f"urn:uuid:00000000-0000-4000-8000-00000000000{number}"}
    return {"resourceType": "Parameters", "parameter": [identifier, {"name": "reason", "valueString": "Stöd"}, *told]}


async def request(api, who: str, bearer, *told: Any, **more: Any):
    return await api.post(f"Patient/{who}/$request-sip", json=asked(*told, **more), headers=bearer)


async def task_of(api, plan, bearer):
    (entry,) = (await api.get(f"Task?based-on=CarePlan/{plan['id']}", headers=bearer)).json()["entry"]
    return entry["resource"]


def marks(resource) -> list[str]:
    """For whom it was written."""
    told = [one for one in resource["meta"]["extension"] if one["url"] == DOCUMENTED_BY]
    return [one["valueReference"]["reference"] for one in told]


def initiator(plan) -> str:
    (told,) = extensions(plan, "initiator")
    return value_of(told)["coding"][0]["code"]


async def plans_of(api, who: str, bearer) -> int:
    return (await api.get(f"CarePlan?patient=Patient/{who}&_summary=count", headers=bearer)).json()["total"]


async def test_e_12_staff_ask_their_own_unit_for_whom_they_care_and_for_nobody_else(api, as_staff, as_system):
    nothing = whole(await request(api, "none", as_staff("r1"), 1))
    assert 404 == nothing[0]
    assert nothing == whole(await request(api, "b", as_staff("r1"), 1))  # D-10: as one that is not there
    unscoped = await request(api, "a", as_staff("r1", "user/*.rs user/CarePlan.c"), 1)
    assert (403, ["scope-missing"]) == (unscoped.status_code, keys(unscoped))
    assert [1, 1] == [await plans_of(api, who, as_system) for who in ("a", "b")]

    made = await request(api, "a", as_staff("r1", "user/*.rs user/CarePlan.c user/Task.c"), 1)
    assert 201 == made.status_code, made.text
    plan, task = made.json(), await task_of(api, made.json(), as_staff("r1"))
    assert ("staff", "Organization/u1") == (initiator(plan), plan["author"]["reference"])
    assert ("PractitionerRole/cr1", "Organization/u1") == (task["requester"]["reference"], task["owner"]["reference"])
    assert ["Organization/region", "Organization/u1"] == marks(plan) == marks(task)
    again = await request(api, "a", as_staff("r1"), 1)
    assert (200, plan) == (again.status_code, again.json())


async def test_e_12_a_person_asks_a_unit_for_a_plan_of_their_own(api, as_citizen, as_staff, as_system, world):
    await put(api, as_system, world["Organization/u3"] | {"partOf": {"reference": "Organization/first"}})
    nothing = whole(await request(api, "none", as_citizen("a"), 1, "Organization/u3"))
    assert 404 == nothing[0]
    assert nothing == whole(await request(api, "b", as_citizen("a"), 1, "Organization/u3"))
    unnamed = await request(api, "a", as_citizen("a"), 1)
    assert (400, ["parameter-missing"]) == (unnamed.status_code, keys(unnamed))
    assert "Organization/[id]" in unnamed.text
    by = await request(api, "a", as_citizen("a"), 1, "Organization/u3", by="Practitioner/r1")
    assert (400, ["parameter-value"]) == (by.status_code, keys(by))
    unseen = await request(api, "a", as_citizen("a"), 1, "Organization/u3", invite="RelatedPerson/b-relatedperson")
    assert (422, ["reference-unseen"]) == (unseen.status_code, keys(unseen))
    assert 1 == await plans_of(api, "a", as_system)

    made = await request(api, "a", as_citizen("a"), 1, "Organization/u3", invite="RelatedPerson/a-relatedperson")
    assert 201 == made.status_code, made.text
    plan, task = made.json(), await task_of(api, made.json(), as_citizen("a"))
    assert ("person", "Organization/u3") == (initiator(plan), plan["author"]["reference"])
    assert "Patient/a" == task["requester"]["reference"]
    assert ["Organization/first", "Organization/u3"] == marks(plan) == marks(task)
    for theirs in (f"CarePlan/{plan['id']}", f"Task/{task['id']}"):
        assert [200, 404] == [(await api.get(theirs, headers=as_staff(who))).status_code for who in ("k1", "k2")]
    team = [{"reference": "CareTeam/a-team"}]
    taken_up = await api.put(f"CarePlan/{plan['id']}", json={**plan, "careTeam": team}, headers=as_staff("k1"))
    assert 200 == taken_up.status_code, taken_up.text


async def moved(api, task, bearer, **members: Any):
    merge = {**bearer, "Content-Type": "application/merge-patch+json"}
    return await api.patch(f"Task/{task['id']}", json=members, headers=merge)


async def test_e_12_a_unit_sees_the_plan_that_it_is_asked_for_once_it_has_said_yes(
    api, as_citizen, as_staff, as_system, world
):
    """And coordinates it from then on, also when it has called to it; who could not leaves again."""
    unit = "Organization/u4"
    await put(api, as_system, world[unit] | {"partOf": {"reference": "Organization/second"}})
    plan = (await request(api, "a", as_citizen("a"), 1, unit)).json()
    task, place, k2 = await task_of(api, plan, as_citizen("a")), f"CarePlan/{plan['id']}", as_staff("k2")
    assert [200, 404] == [(await api.get(it, headers=k2)).status_code for it in (f"Task/{task['id']}", place)]
    for bearer in (as_staff("k1"), as_citizen("a")):
        assert (await moved(api, task, bearer, status="accepted")).status_code in {403, 404}
    dodged = await moved(api, task, k2, status="cancelled")
    assert (403, ["action-not-yours"]) == (dodged.status_code, keys(dodged))
    assert 404 == (await api.get(place, headers=k2)).status_code

    said = await moved(api, task, k2, status="accepted")
    assert 200 == said.status_code, said.text
    seen = await api.get(place, headers=k2)
    assert (200, "2") == (seen.status_code, seen.json()["meta"]["versionId"])
    (reference,) = seen.json()["careTeam"]
    team = (await api.get(reference["reference"], headers=k2)).json()
    (member,) = team["participant"]
    assert ("active", unit, "4") == (
        team["status"],
        member["member"]["reference"],
        member["role"][0]["coding"][0]["code"],
    )
    assert marks(team) == ["Organization/second", unit]
    for status in ("in-progress", "completed"):
        assert 200 == (await moved(api, task, k2, status=status)).status_code
    assert 200 == (await api.get(place, headers=k2)).status_code
    assert 200 == (await api.put(place, json={**seen.json(), "title": "Annas plan"}, headers=k2)).status_code


async def test_e_12_a_unit_that_could_not_call_to_a_plan_leaves_it(api, as_citizen, as_staff, as_system):
    plan = (await request(api, "a", as_citizen("a"), 1, "Organization/u4")).json()
    task, k2 = await task_of(api, plan, as_citizen("a")), as_staff("k2")
    assert 200 == (await moved(api, task, k2, status="accepted")).status_code
    unsaid = await moved(api, task, k2, status="failed")
    assert (422, ["action-reason"]) == (unsaid.status_code, keys(unsaid))
    assert 200 == (await moved(api, task, k2, status="failed", statusReason={"text": "Flyttad"})).status_code
    (reference,) = (await api.get(f"CarePlan/{plan['id']}", headers=as_system)).json()["careTeam"]
    (member,) = (await api.get(reference["reference"], headers=as_system)).json()["participant"]
    assert "end" in member["period"]
    assert 404 == (await api.get(reference["reference"], headers=k2)).status_code


async def test_e_12_what_a_person_may_ask_for_is_not_written_otherwise(api, as_citizen):
    plan, task = [one for one in made() if one["id"] in {"a-plan", "a-task"}]
    for one in (plan, task):
        refused = await api.post(one["resourceType"], json=one, headers=as_citizen("a"))
        assert (403, ["role-missing"]) == (refused.status_code, keys(refused))
    asked_for = (await request(api, "a", as_citizen("a"), 1, "Organization/u3")).json()
    own = await task_of(api, asked_for, as_citizen("a"))
    moved = await api.put(f"Task/{own['id']}", json={**own, "status": "completed"}, headers=as_citizen("a"))
    assert 404 == moved.status_code


async def test_e_12_a_request_leaves_the_trail_of_any_write(api, as_citizen, as_system):
    plan = (await request(api, "a", as_citizen("a"), 1, "Organization/u3")).json()

    trail = await api.get(f"AuditEvent?entity=CarePlan/{plan['id']}&action=C", headers=as_system)
    (event,) = [it["resource"] for it in trail.json()["entry"]]
    assert "create" == event["subtype"][0]["code"]
    told = (await api.get(f"Provenance?target=CarePlan/{plan['id']}", headers=as_system)).json()["entry"]
    (origin,) = [it["resource"] for it in told]
    assert "Patient/a" in [agent["who"].get("reference") for agent in origin["agent"]]


async def test_k_13_a_guardian_asks_for_a_young_child(api, as_citizen, as_system):
    await put(api, as_system, *a_child("d", "2014-06-01"))
    stranger = await request(api, "d", as_citizen("b", patient="d"), 1, "Organization/u3")
    grown = await request(api, "a", as_citizen("a", patient="d"), 1, "Organization/u3")
    assert [403, 404] == [stranger.status_code, grown.status_code]

    made = await request(api, "d", as_citizen("a", patient="d"), 1, "Organization/u3")
    assert 201 == made.status_code, made.text
    task = await task_of(api, made.json(), as_citizen("a", patient="d"))
    assert ("custodian", "RelatedPerson/d-a") == (initiator(made.json()), task["requester"]["reference"])


@pytest.mark.parametrize("limits", [ON], ids=["on"])
async def test_k_12_a_proxy_asks_where_the_consent_opens_all_plans(api, as_citizen, as_system):
    proxy = as_citizen("b", patient="a")
    await put(api, as_system, PROXY, a_mandate(PLAN))
    narrow = await request(api, "a", proxy, 1, "Organization/u3")
    assert 404 == narrow.status_code
    assert 1 == await plans_of(api, "a", as_system)

    await put(api, as_system, a_mandate())
    anew = as_citizen("b", "patient/*.cruds patient/*.rs", patient="a")  # of another token no standing is remembered
    made = await request(api, "a", anew, 1, "Organization/u3")
    assert 201 == made.status_code, made.text
    task = await task_of(api, made.json(), anew)
    assert ("relative", "RelatedPerson/a-b") == (initiator(made.json()), task["requester"]["reference"])
    assert 404 == (await api.get("Patient/a", headers=anew)).status_code
