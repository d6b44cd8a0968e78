"""Who may tell of an admission, and look up whom it would be told to: the ward that the person is admitted to, and nobody by it lets
itself in. N is admitted to unit u1 of the region, and lives where unit u3 is the social services.
"""

from typing import Any

import pytest

from fhir_server.fhir.canonical import structure
from tests.access.abuse.conftest import documented, numbered
from tests.access.abuse.protected import FLAGGED, LABEL
from tests.access.abuse.test_policy import put
from tests.access.abuse.told import bundled, keys, nowhere, statuses, whole
from tests.access.worlds import OURS, RESERVE
from tests.register import a_row, an_area

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world", "admitted")]

NOTIFY, PREVIEW = (
    "Encounter/n-stay/$notify-admission",
    "HealthcareService/$addressees?message=inskrivning&patient=Patient/",
)
FIRST, SECOND = (f"urn:uuid:00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
STREET = "Kvarnvägen 4711"
INPATIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}


def admitted_person(*labels: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "n",
        **({"meta": {"security": list(labels)}} if labels else {}),
        **numbered(RESERVE, "reserve-n"),
        "name": [{"family": "ProvN", "given": ["Nils"]}],
        "telecom": [{"system": "phone", "value": "070-174 06 99"}],
        "birthDate": "1950-05-05",
        "address": [{"line": [STREET], "postalCode": "999 01", "city": "Björkvik"}],
    }


@pytest.fixture
async def admitted(api, world, as_system):
    stay = {
        "resourceType": "Encounter",
        "id": "n-stay",
        **documented("u1"),
        "extension": [{"url": structure("estimated-discharge"), "valueDateTime": "2026-03-09"}],
        "status": "in-progress",
        "class": INPATIENT,
        "subject": {"reference": "Patient/n"},
        "period": {"start": "2026-03-02T09:00:00+01:00"},
        "reasonCode": [{"text": "höftfraktur"}],
        "serviceProvider": {"reference": "Organization/u1"},
    }
    register = [an_area("kommun", "Björkvik"), a_row("sol", unit="u3"), a_row("box", "catch-all", unit="u3")]
    sent = [("PUT", f"{it['resourceType']}/{it['id']}", it) for it in (admitted_person(), stay, *register)]
    answer = await api.post("", json=bundled(*sent), headers=as_system)
    assert {201} == set(statuses(answer))


def asked(identifier: str = FIRST, *recipients: str) -> dict[str, Any]:
    told = [{"name": "recipient", "valueReference": {"reference": it}} for it in recipients]
    return {"resourceType": "Parameters", "parameter": [{"name": "identifier", "valueUri": identifier}, *told]}


async def found(api, bearer, *types):
    """How many resources of these types about N somebody finds."""
    return [(await api.get(f"{type}?patient=Patient/n", headers=bearer)).json()["total"] for type in types]


CASE = ("Communication", "EpisodeOfCare", "CareTeam", "Encounter")


async def test_k_11_the_parties_know_the_four_facts_and_nobody_else_anything(api, as_staff):
    sent = await api.post(NOTIFY, json=asked(), headers=as_staff("r1"))

    assert 201 == sent.status_code, sent.text
    assert "höftfraktur" not in sent.text
    assert "070-174" not in sent.text
    read = await api.get(f"Communication/{sent.json()['id']}", headers=as_staff("k1"))
    assert (200, sent.json()["payload"]) == (read.status_code, read.json()["payload"])
    assert 200 == (await api.get("Patient/n", headers=as_staff("k1"))).status_code
    assert [1, 1, 1, 1] == await found(api, as_staff("r1"), *CASE)
    assert [1, 1, 1, 1] == await found(api, as_staff("k1"), *CASE)
    assert [0, 0, 0, 0] == await found(api, as_staff("k2"), *CASE)
    assert 404 == (await api.get("Patient/n", headers=as_staff("k2"))).status_code


async def test_e_12_nobody_lets_themselves_into_a_case_by_a_notice(api, as_staff, as_citizen, as_system):
    nothing = whole(await api.post("Encounter/none/$notify-admission", json=asked(), headers=as_staff("r2")))
    for who in ("r2", "k1", "k2"):
        refused = await api.post(NOTIFY, json=asked(FIRST, "Organization/u2"), headers=as_staff(who))
        assert nothing == whole(refused)  # D-10: as one that is not there
    citizen = await api.post(NOTIFY, json=asked(), headers=as_citizen("a"))
    unscoped = await api.post(NOTIFY, json=asked(), headers=as_staff("r1", "user/*.rs user/Communication.c"))
    stay = (await api.get("Encounter/n-stay", headers=as_system)).json()
    moved = await api.put(
        "Encounter/n-stay", json={**stay, "serviceProvider": {"reference": "Organization/u2"}}, headers=as_staff("r2")
    )
    assert [403, 403, 403] == [citizen.status_code, unscoped.status_code, moved.status_code]
    assert [0, 0, 0, 1] == await found(api, as_system, *CASE)

    scoped = as_staff("r1", "user/*.rs user/Communication.c user/Encounter.u")
    assert 201 == (await api.post(NOTIFY, json=asked(), headers=scoped)).status_code
    own = await api.get("Communication?patient=Patient/n", headers=as_system)
    assert ["Organization/u1"] == [it["resource"]["sender"]["reference"] for it in own.json()["entry"]]
    again = await api.post(NOTIFY, json=asked(), headers=as_staff("r2"))
    assert nothing == whole(again)  # nor by an identifier that is known


async def test_d_10_whom_a_notice_would_go_to_is_told_to_the_ward_alone(api, as_staff, as_citizen):
    nothing = await nowhere(api, f"{PREVIEW}none", as_staff("r2"))

    assert [nothing] * 3 == [whole(await api.get(f"{PREVIEW}n", headers=as_staff(who))) for who in ("r2", "k1", "k2")]
    assert 404 == (await api.get(f"{PREVIEW}n", headers=as_citizen("a"))).status_code
    shown = await api.get(f"{PREVIEW}n", headers=as_staff("r1"))
    assert 200 == shown.status_code
    assert "Organization/u3" in shown.text
    assert STREET not in shown.text


async def test_k_14_a_protected_address_works_nobody_out_and_is_shown_to_nobody(api, as_staff, as_system):
    protected = await api.put("Patient/n", json=admitted_person(LABEL), headers=as_system)
    assert 200 == protected.status_code
    for_ward, for_few = [await api.get(f"{PREVIEW}n", headers=as_staff("r1", **it)) for it in ({}, FLAGGED)]
    blind = await api.post(NOTIFY, json=asked(), headers=as_staff("r1"))
    sent = await api.post(NOTIFY, json=asked(SECOND, "Organization/u3"), headers=as_staff("r1"))

    assert "address-missing" in for_ward.text
    assert "Organization/u3" not in for_ward.text
    assert "Organization/u3" in for_few.text
    assert (422, ["notice-nobody"]) == (blind.status_code, keys(blind))
    assert 201 == sent.status_code, sent.text
    place = f"Communication/{sent.json()['id']}"
    for bearer in (as_staff("r1"), as_staff("k1")):
        assert STREET not in (await api.get(place, headers=bearer)).text
    assert STREET not in f"{for_ward.text}{for_few.text}{sent.text}"
    assert STREET in (await api.get(place, headers=as_system)).text


def a_case_before(*units: str) -> list[dict[str, Any]]:
    """An earlier case of N, with its stay; these units were told of it."""
    members = [{"role": [{"text": "part"}], "member": {"reference": f"Organization/{unit}"}} for unit in units]
    kind = {"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "discharge-case"}]}
    about = {"reference": "Patient/n"}
    team = {"resourceType": "CareTeam", "id": "n-team", "status": "active", "category": [kind], "subject": about}
    team |= {"participant": members, **documented("u1")}
    case = {"resourceType": "EpisodeOfCare", "id": "n-before", "status": "finished", "patient": about}
    case |= {"team": [{"reference": "CareTeam/n-team"}], **documented("u1")}
    stay = {
        "resourceType": "Encounter",
        "id": "n-before-stay",
        "status": "finished",
        "class": INPATIENT,
        "subject": about,
    }
    stay |= {"episodeOfCare": [{"reference": "EpisodeOfCare/n-before"}], **documented("u1")}
    stay |= {"period": {"start": "2026-02-10T09:00:00+01:00", "end": "2026-02-20T09:00:00+01:00"}}
    return [team, case, stay]


async def test_k_11_a_party_of_one_case_sees_no_other_case_of_the_person(api, as_staff, as_system):
    await put(api, as_system, *a_case_before("u1"))
    assert 201 == (await api.post(NOTIFY, json=asked(), headers=as_staff("r1"))).status_code
    before = ["EpisodeOfCare/n-before", "Encounter/n-before-stay", "CareTeam/n-team"]
    nothing = [await nowhere(api, f"{place.partition('/')[0]}/none", as_staff("k1")) for place in before]

    assert [1, 1, 1, 1] == await found(api, as_staff("k1"), *CASE)
    assert nothing == [whole(await api.get(place, headers=as_staff("k1"))) for place in before]
    chained = await api.get("Encounter?episode-of-care.patient=Patient/n", headers=as_staff("k1"))
    assert [1, "n-stay"] == [chained.json()["total"], chained.json()["entry"][0]["resource"]["id"]]

    await put(api, as_system, *a_case_before("u1", "u3"))
    assert [1, 2, 2, 2] == await found(api, as_staff("k1"), *CASE)
    assert [200] * 3 == [(await api.get(place, headers=as_staff("k1"))).status_code for place in before]


async def test_that_somebody_came_back_is_told_to_who_may_read_the_case_before(api, as_staff, as_system):
    await put(api, as_system, *a_case_before("u1"))
    assert 201 == (await api.post(NOTIFY, json=asked(), headers=as_staff("r1"))).status_code
    (entry,) = [
        it["resource"]
        for it in (await api.get("EpisodeOfCare?patient=Patient/n", headers=as_system)).json()["entry"]
        if it["resource"]["id"] != "n-before"
    ]
    narrow = as_staff("r1", "user/EpisodeOfCare.rs?status=active")
    for who, told in ((as_system, True), (as_staff("r1"), True), (as_staff("k1"), False), (narrow, False)):
        answer = await api.get(f"EpisodeOfCare/{entry['id']}/$process", headers=who)
        assert (200 if told else 404) == (await api.get("EpisodeOfCare/n-before", headers=who)).status_code
        assert (200, told) == (answer.status_code, "n-before" in answer.text)
