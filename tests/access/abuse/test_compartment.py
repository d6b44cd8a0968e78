"""Section C: what a citizen's token reaches, and what it does not, whichever way is tried."""

import pytest

from tests.access.abuse.told import found, nowhere, place

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

CLINICAL = [
    "CarePlan",
    "CareTeam",
    "Communication",
    "Condition",
    "Consent",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "Flag",
    "Goal",
    "Observation",
    "QuestionnaireResponse",
    "RelatedPerson",
    "ServiceRequest",
    "Task",
]


@pytest.mark.parametrize("type", CLINICAL)
async def test_c_01_nothing_of_another_is_read_by_any_interaction(api, as_citizen, type):
    own, theirs, unknown = place(type, "a"), place(type, "b"), f"{type}/no-such"
    for path in ("", "/_history", "/_history/1"):
        assert 200 == (await api.get(own + path, headers=as_citizen())).status_code
        assert await nowhere(api, unknown + path, as_citizen()) == await nowhere(api, theirs + path, as_citizen())
    assert {own} == found(await api.get(type, headers=as_citizen()))
    assert {own} == found(await api.get(f"{type}/_history", headers=as_citizen()))
    counted = await api.get(f"{type}?_summary=count", headers=as_citizen())
    assert 1 == counted.json()["total"]


@pytest.mark.parametrize(
    "asked",
    [
        "patient=b",
        "subject=Patient/b",
        "subject=http://127.0.0.1:8080/fhir/Patient/b",
        "subject:Patient=b",
        "patient=a&patient=b",
        "patient:identifier=http://electronichealth.se/identifier/nationelltReservnummer|reserve-b",
        "_id=b-plan",
        "_filter=patient eq Patient/b",
    ],
)
async def test_c_02_asking_by_another_person_finds_nothing(api, as_citizen, as_system, asked):
    assert set() == found(await api.get(f"CarePlan?{asked}", headers=as_citizen()))


async def test_c_02_of_two_persons_the_own_is_found(api, as_citizen, as_system):
    assert {"CarePlan/a-plan"} == found(await api.get("CarePlan?patient=a,b", headers=as_citizen()))
    assert {"CarePlan/a-plan", "CarePlan/b-plan"} == found(await api.get("CarePlan?patient=a,b", headers=as_system))


async def test_c_03_the_compartment_of_another_is_empty(api, as_citizen):
    assert {"CarePlan/a-plan"} == found(await api.get("Patient/a/CarePlan", headers=as_citizen()))
    assert set() == found(await api.get("Patient/b/CarePlan", headers=as_citizen()))
    assert found(await api.get("Patient/a/*", headers=as_citizen()))
    assert set() == found(await api.get("Patient/b/*", headers=as_citizen()))


async def test_c_04_a_task_of_another_is_not_found_though_r4_has_it_in_no_compartment(api, as_citizen):
    assert {"Task/a-task"} == found(await api.get("Task?patient=a", headers=as_citizen()))
    assert set() == found(await api.get("Task?patient=b", headers=as_citizen()))


async def test_c_05_who_takes_part_in_anothers_team_does_not_see_it(api, as_citizen, as_system, world):
    member = {"member": {"reference": "Patient/a"}}
    team = {**world["CareTeam/b-team"], "participant": [*world["CareTeam/b-team"]["participant"], member]}
    assert 200 == (await api.put("CareTeam/b-team", json=team, headers=as_system)).status_code
    assert 404 == (await api.get("CareTeam/b-team", headers=as_citizen())).status_code
    assert 200 == (await api.get("CareTeam/b-team", headers=as_citizen("b"))).status_code


async def test_c_07_what_is_said_by_somebody_is_not_theirs(api, as_citizen, as_system, world):
    told_by = {**world["Condition/b-condition"], "asserter": {"reference": "Patient/a"}}
    assert 200 == (await api.put("Condition/b-condition", json=told_by, headers=as_system)).status_code
    assert 404 == (await api.get("Condition/b-condition", headers=as_citizen())).status_code
    assert 200 == (await api.get("Condition/b-condition", headers=as_citizen("b"))).status_code


@pytest.mark.parametrize(
    "include",
    [
        "_include=CarePlan:goal",
        "_include=CarePlan:care-team",
        "_include=*",
        "_include:iterate=*",
        "_include=CarePlan:subject",
    ],
)
async def test_c_08_what_comes_along_is_within_the_same_bounds(api, as_citizen, as_system, world, include):
    crossing = {
        **world["CarePlan/a-plan"],
        "goal": [{"reference": "Goal/b-goal"}],
        "careTeam": [{"reference": "CareTeam/b-team"}],
    }
    assert 200 == (await api.put("CarePlan/a-plan", json=crossing, headers=as_system)).status_code
    seen = found(await api.get(f"CarePlan?_id=a-plan&{include}", headers=as_citizen()))
    assert {"CarePlan/a-plan"} == {it for it in seen if "/a" in it and it != "Patient/a"}
    assert not {it for it in seen if "/b" in it}
    assert {"Goal/b-goal"} <= found(await api.get("CarePlan?_id=a-plan&_include=CarePlan:goal", headers=as_system))


@pytest.mark.parametrize("include", ["_revinclude=Task:based-on", "_revinclude=*", "_revinclude=Provenance:target"])
async def test_c_09_what_points_here_is_within_the_same_bounds(api, as_citizen, as_system, world, include):
    crossing = {**world["Task/b-task"], "basedOn": [{"reference": "CarePlan/a-plan"}]}
    assert 200 == (await api.put("Task/b-task", json=crossing, headers=as_system)).status_code
    seen = found(await api.get(f"CarePlan?_id=a-plan&{include}", headers=as_citizen()))
    assert not {it for it in seen if "/b" in it}
    assert {"Task/b-task"} <= found(await api.get("CarePlan?_id=a-plan&_revinclude=Task:based-on", headers=as_system))


async def test_c_10_what_no_scope_names_does_not_come_along(api, as_citizen):
    both = as_citizen(scope="patient/CarePlan.rs patient/Goal.rs")
    assert {"CarePlan/a-plan", "Goal/a-goal"} == found(await api.get("CarePlan?_include=CarePlan:goal", headers=both))
    alone = as_citizen(scope="patient/CarePlan.rs")
    assert {"CarePlan/a-plan"} == found(await api.get("CarePlan?_include=CarePlan:goal", headers=alone))


async def test_c_11_a_reverse_chain_looks_at_what_the_caller_sees(api, as_citizen):
    assert {"Patient/a"} == found(await api.get("Patient?_has:CarePlan:patient:status=active", headers=as_citizen()))
    without = as_citizen(scope="patient/Patient.rs")
    assert set() == found(await api.get("Patient?_has:CarePlan:patient:status=active", headers=without))


@pytest.mark.parametrize("asked", ["patient.name=ProvB", "subject:Patient.name=ProvB", "patient.identifier=reserve-b"])
async def test_c_12_a_chain_tells_nothing_of_another(api, as_citizen, asked):
    nonsense = await api.get(f"CarePlan?{asked.partition('=')[0]}=nonsense", headers=as_citizen())
    hidden = await api.get(f"CarePlan?{asked}", headers=as_citizen())
    assert (0, 0) == (nonsense.json()["total"], hidden.json()["total"])
    own = asked.replace("ProvB", "ProvA").replace("reserve-b", "reserve-a")
    assert {"CarePlan/a-plan"} == found(await api.get(f"CarePlan?{own}", headers=as_citizen()))


async def test_c_16_totals_are_of_what_is_seen(api, as_citizen, as_system):
    for asked in ("_total=accurate", "_summary=count", "_count=0"):
        assert 1 == (await api.get(f"CarePlan?{asked}", headers=as_citizen())).json()["total"]
        assert 2 == (await api.get(f"CarePlan?{asked}", headers=as_system)).json()["total"]


async def test_c_17_a_granular_scope_narrows_every_way_of_reading(api, as_citizen, as_system, world):
    kind = "https://plans.example/CodeSystem/kind"
    granular = as_citizen(scope=f"patient/CarePlan.rs?category={kind}|sip")
    other = {**world["CarePlan/a-plan"], "id": "a-other", "category": [{"coding": [{"system": kind, "code": "vard"}]}]}
    assert 201 == (await api.put("CarePlan/a-other", json=other, headers=as_system)).status_code

    assert {"CarePlan/a-plan"} == found(await api.get("CarePlan", headers=granular))
    assert 200 == (await api.get("CarePlan/a-plan", headers=granular)).status_code
    assert 404 == (await api.get("CarePlan/a-other", headers=granular)).status_code
    assert {"CarePlan/a-plan", "CarePlan/a-other"} == found(await api.get("CarePlan", headers=as_citizen()))

    was = {**other, "category": world["CarePlan/a-plan"]["category"]}
    assert 200 == (await api.put("CarePlan/a-other", json=was, headers=as_system)).status_code
    assert 404 == (await api.get("CarePlan/a-other/_history/1", headers=granular)).status_code
    assert 200 == (await api.get("CarePlan/a-other/_history/2", headers=granular)).status_code


@pytest.mark.parametrize(
    "query", ["category:not=sip", "_has:Task:based-on:status=x", "colour=red", "patient.name=x", "_include=*"]
)
async def test_c_18_a_scope_that_cannot_be_kept_refuses_the_token(api, as_citizen, query):
    assert 401 == (await api.get("CarePlan", headers=as_citizen(scope=f"patient/CarePlan.rs?{query}"))).status_code
    assert 200 == (await api.get("CarePlan", headers=as_citizen(scope="patient/CarePlan.rs?status=active"))).status_code


async def test_c_24_of_several_ids_the_own_is_found(api, as_citizen):
    assert {"Patient/a"} == found(await api.get("Patient?_id=b,a", headers=as_citizen()))


async def test_c_25_nothing_overrides_the_method(api, as_citizen):
    overridden = await api.get("CarePlan/a-plan", headers={**as_citizen(), "X-HTTP-Method-Override": "DELETE"})
    assert 200 == overridden.status_code
    body = {"patient": "b"}
    assert set() == found(await api.post("CarePlan/_search?patient=a", data=body, headers=as_citizen()))
    assert {"CarePlan/a-plan"} == found(await api.post("CarePlan/_search", data={"patient": "a"}, headers=as_citizen()))


async def test_c_26_versions_of_another_are_not_there(api, as_citizen):
    missing = await nowhere(api, "CarePlan/a-plan/_history/999", as_citizen())
    assert 404 == missing[0]
    assert await nowhere(api, "CarePlan/x/_history/1", as_citizen()) == await nowhere(
        api, "CarePlan/b-plan/_history/1", as_citizen()
    )


async def test_c_27_head_and_options_tell_nothing(api, as_citizen):
    head = {who: await api.head(f"CarePlan/{who}-plan", headers=as_citizen()) for who in ("a", "b", "no")}
    assert [200, 404, 404] == [answer.status_code for answer in head.values()]
    assert head["b"].headers["content-length"] == head["no"].headers["content-length"]
    assert "etag" not in head["b"].headers


@pytest.mark.parametrize(
    "path", ["CarePlan/b-plan/", "careplan/b-plan", "CarePlan/%2e%2e/b-plan", "CarePlan;a=b/b-plan"]
)
async def test_c_28_no_spelling_of_an_address_goes_round(api, as_citizen, path):
    assert 404 == (await api.get(path, headers=as_citizen())).status_code
