"""A patient contract shows each caller what it may see, and nothing that a search would not show."""

from collections.abc import AsyncIterator

import pytest

from fhir_server.assembly import Assembly
from tests.access.abuse.protected import FLAGGED, SECRETS, leaks, written
from tests.access.abuse.test_policy import put
from tests.access.abuse.test_relatives import ON, OTHERS, PROXY, a_child, a_mandate
from tests.access.abuse.told import found, keys, nowhere, whole
from tests.access.house import smart

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

TOLD = ("Patient", "CarePlan", "CareTeam", "Goal", "Communication")
DIRECTORY = {"Organization", "Practitioner", "PractitionerRole", "Composition"}
OF_A = {"Patient/a", "CarePlan/a-plan", "CareTeam/a-team", "Goal/a-goal", "Communication/a-communication"}


@pytest.fixture
async def assembly(settings, time) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house


async def shown(api, bearer: dict[str, str], who: str = "a") -> set[str]:
    """What a contract shows of somebody, by Type/id."""
    answer = await api.get(f"Patient/{who}/$patientkontrakt", headers=bearer)
    assert 200 == answer.status_code, answer.text
    resources = [entry["resource"] for entry in answer.json()["entry"]]
    return {f"{it['resourceType']}/{it['id']}" for it in resources if it["resourceType"] not in DIRECTORY}


async def searched(api, bearer: dict[str, str], who: str = "a") -> set[str]:
    """What searches show of the same."""
    asked = {"Patient": f"Patient?_id={who}"}
    answers = [await api.get(asked.get(type, f"{type}?patient={who}"), headers=bearer) for type in TOLD]
    return {place for answer in answers for place in found(answer)}


async def told_of(api, as_system) -> int:
    """How often the trail says that an operation showed something of A's."""
    answer = await api.get("AuditEvent?patient=a&subtype=operation&_summary=count", headers=as_system)
    return int(answer.json()["total"])


async def test_c_01_a_patient_contract_of_another_is_not_found(api, as_citizen, as_system):
    assert await nowhere(api, "Patient/nobody/$patientkontrakt", as_citizen()) == whole(
        await api.get("Patient/b/$patientkontrakt", headers=as_citizen())
    )
    assert 404 == (await api.post("Patient/b/$patientkontrakt", headers=as_citizen())).status_code
    before = await told_of(api, as_system)
    assert OF_A == await shown(api, as_citizen())
    assert before + 1 == await told_of(api, as_system)


async def test_b_11_a_patient_contract_shows_the_types_that_the_scopes_reach(api, as_citizen):
    refused = await api.get("Patient/a/$patientkontrakt", headers=as_citizen(scope="patient/CarePlan.rs"))
    assert (403, ["scope-missing"]) == (refused.status_code, keys(refused))

    narrow = as_citizen(scope="patient/Patient.r patient/CarePlan.rs")
    assert {"CarePlan/a-plan"} == {it for it in await shown(api, narrow) if not it.startswith("Patient/")}


async def test_k_01_a_patient_contract_shows_staff_what_each_may_see(api, as_staff):
    for who in ("r1", "k1"):
        assert OF_A == await shown(api, as_staff(who)) == await searched(api, as_staff(who))
    for who in ("r2", "k2"):
        seen = await searched(api, as_staff(who))
        answer = await api.get("Patient/a/$patientkontrakt", headers=as_staff(who))
        assert "CarePlan/a-plan" not in seen
        assert (200 if "Patient/a" in seen else 404) == answer.status_code
        if "Patient/a" in seen:
            assert seen == await shown(api, as_staff(who))
        assert "Plan a" not in answer.text


async def test_k_13_a_guardian_has_the_childs_patient_contract(api, as_citizen, as_system):
    await put(api, as_system, *a_child("d", "2014-06-01"))
    plan = {
        "resourceType": "CarePlan",
        "id": "d-plan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/d"},
        "goal": [{"reference": "Goal/d-goal"}],
    }
    labelled = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
    await put(api, as_system, plan)
    guardian = as_citizen("a", patient="d")

    assert {"Patient/d", "CarePlan/d-plan", "Goal/d-goal"} == await shown(api, guardian, "d")
    assert 404 == (await api.get("Patient/a/$patientkontrakt", headers=guardian)).status_code
    await put(api, as_system, plan | {"meta": {"security": [labelled]}})
    assert {"Patient/d"} == await shown(api, guardian, "d")
    assert {"Patient/d"} == await shown(api, as_citizen("d"), "d")


@pytest.mark.parametrize("limits", [ON], ids=["on"])
async def test_k_12_a_proxy_who_may_not_read_the_person_has_no_patient_contract(api, as_citizen, as_system):
    await put(api, as_system, *OTHERS, PROXY, a_mandate("CarePlan/a-plan"))
    proxy = as_citizen("b", patient="a")
    hidden = await api.get("Patient/a/$patientkontrakt", headers=proxy)

    assert (404, 404) == (hidden.status_code, (await api.get("Patient/a", headers=proxy)).status_code)
    assert OF_A < await shown(api, as_citizen("a"))


async def test_k_14_a_patient_contract_tells_nothing_that_is_masked(api, as_staff, as_system, as_citizen):
    await written(api, as_system)
    for bearer in (as_staff("r1"), as_staff("k1"), as_citizen("c")):
        answer = await api.get("Patient/c/$patientkontrakt", headers=bearer)
        assert (200, set()) == (answer.status_code, leaks(answer))
        assert "torsdag" not in answer.text
        assert "tisdag 1 december 2026 kl. 10.00" in answer.text
    told = (await api.get("Patient/c/$patientkontrakt", headers=as_staff("r1", **FLAGGED))).text
    assert {SECRETS["line"], SECRETS["display"], SECRETS["notice"]} == {
        it for it in (SECRETS["line"], SECRETS["display"], SECRETS["notice"]) if it in told
    }
