"""The log that a person may ask for: all that happened to what is the person's, and nothing of anybody else's."""

import pytest

from fhir_server.audit.agent import Agent
from fhir_server.storage.store import SYSTEM_GRANTS, Commit, Entry
from tests.access.abuse.conftest import REGION, hsa
from tests.access.abuse.told import keys

pytestmark = pytest.mark.anyio
OWN = "patient/Patient.r patient/AuditEvent.r"
REVIEW = {"role": "log-reviewer", "scope": "user/AuditEvent.rs"}


@pytest.fixture
async def happened(api, world, as_staff, as_system, assembly):
    """r1 reads A's plan and r2 is denied it; k2 reads B's and is denied A's; somebody opens A's in an emergency."""
    named = {**world["Organization/u1"], "name": "Rehab Ett"}
    assert 200 == (await api.put("Organization/u1", json=named, headers=as_system)).status_code
    nurse = {**world["Practitioner/r1"], "name": [{"family": "Prov", "given": ["Rut"]}]}
    assert 200 == (await api.put("Practitioner/r1", json=nurse, headers=as_system)).status_code
    for who, place, status in (
        ("r1", "CarePlan/a-plan", 200),
        ("r2", "CarePlan/a-plan", 404),
        ("k2", "CarePlan/b-plan", 200),
        ("k2", "CarePlan/a-plan", 404),
    ):
        assert status == (await api.get(place, headers=as_staff(who))).status_code
    agent = Agent(who="staff", user=hsa("r2"), unit=hsa("u2"), provider=REGION).text()
    broken = Entry(
        assembly.server.clock(), agent, "read", 200, "CarePlan", "a-plan", 1, "a", purpose="BTG", organisation=REGION
    )
    await assembly.server.store.commit(Commit(SYSTEM_GRANTS["verification"], entries=(broken,)))


def rows(answer):
    assert 200 == answer.status_code, answer.text
    return [
        {part["name"]: next(value for name, value in part.items() if name != "name") for part in one["part"]}
        for one in answer.json().get("parameter", ())
        if one["name"] == "access"
    ]


def by_staff(answer):
    """Where, whether it was refused, whether it was an emergency: of what was read or tried, the latest first."""
    told = [(row["where"].split(",")[0], row["refused"], row["emergency"]) for row in rows(answer) if "who" in row]
    return sorted(told)


async def test_k_20_the_log_of_a_person_has_unit_and_time_of_all_that_happened_the_denied_and_the_emergency_too(
    api, happened, as_citizen
):
    log = await api.get("Patient/a/$access-log", headers={**as_citizen("a", OWN), "Accept-Language": "sv"})

    expected = [
        ("Rehab Ett", False, False),
        (hsa("u2"), False, True),
        (hsa("u2"), True, False),
        (hsa("u4"), True, False),
    ]
    assert sorted(expected) == by_staff(log)
    assert all(row["when"].endswith("Z") for row in rows(log))
    first = next(row for row in rows(log) if row["where"].startswith("Rehab Ett"))
    assert ("läste en plan", "Rut Prov") == (first["done"], first["who"])
    assert not any(other in log.text for other in ("b-plan", "Patient/b", "reserve-"))


async def test_k_20_the_log_of_another_is_not_told(api, happened, as_citizen, as_staff):
    refused = await api.get("Patient/b/$access-log", headers=as_citizen("a", OWN))
    nowhere = await api.get("Patient/nobody/$access-log", headers=as_citizen("a", OWN))
    assert (404, nowhere.text) == (refused.status_code, refused.text)

    own = await api.get("Patient/b/$access-log", headers=as_citizen("b", OWN))
    assert [(hsa("u4"), False, False)] == by_staff(own)
    unscoped = await api.get("Patient/a/$access-log", headers=as_citizen("a", "patient/Patient.r"))
    assert (403, ["scope-missing"]) == (unscoped.status_code, keys(unscoped))
    staff = await api.get("Patient/a/$access-log", headers=as_staff("r1"))
    assert (403, ["role-missing"]) == (staff.status_code, keys(staff))


async def test_a_log_reviewer_is_told_what_happened_at_the_own_provider_alone(api, happened, as_staff):
    region = await api.get("Patient/a/$access-log", headers=as_staff("r2", **REVIEW))
    second = await api.get("Patient/a/$access-log", headers=as_staff("k2", **REVIEW))

    assert {"Rehab Ett", hsa("u2")} == {where for where, *_ in by_staff(region)}
    assert [(hsa("u4"), True, False)] == by_staff(second)


async def test_the_log_is_told_page_by_page_the_latest_first(api, happened, as_citizen):
    bearer = as_citizen("a", OWN)
    whole = rows(await api.get("Patient/a/$access-log", headers=bearer))
    since = whole[0]["when"]
    found, address = [], f"Patient/a/$access-log?_count=1&_since={whole[-1]['when']}"
    while address and len(found) < len(whole) + 20:
        page = await api.get(address, headers=bearer)
        found += rows(page)
        address = next((one["valueUri"] for one in page.json()["parameter"] if one["name"] == "next"), None)

    assert sorted((row["when"] for row in found), reverse=True) == [row["when"] for row in found]
    assert whole == found[-len(whole) :]
    assert all(
        row["when"] >= since for row in rows(await api.get(f"Patient/a/$access-log?_since={since}", headers=bearer))
    )
    assert 400 == (await api.get("Patient/a/$access-log?_since=x", headers=bearer)).status_code
