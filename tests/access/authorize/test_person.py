"""Whom one can be."""

import httpx
import pytest

from fhir_server.access.authorize.person import People
from tests.authorizing import HSA, NURSE, PEOPLE, PROVIDER, UNIT, put_all
from tests.builders import TEST_PERSON

pytestmark = pytest.mark.anyio


@pytest.fixture
async def people(assembly, api: httpx.AsyncClient) -> People:
    await put_all(api)
    return People(assembly.server.store, assembly.server.content.persons)


async def test_all_are_told_by_name(people):
    assert ["Bo Ek", "Mona Dahlgren", "Signe Hallberg", "Tolvan Tolvansson"] == [one.name for one in await people.all()]


async def test_staff_act_under_a_commission_at_a_unit_of_a_provider(people):
    nurse = await people.find(NURSE)

    assert ("SE2321000016-P1", "SE2321000016-C1") == (nurse.employee, nurse.commission)
    assert (UNIT, PROVIDER, "") == (nurse.unit, nurse.provider, nurse.patient)
    assert "Practitioner/n1" == nurse.user
    assert "Avdelning 4, Region Exempel" == nurse.title


async def test_citizens_are_their_number_and_nobody_reads_it_in_a_log(people):
    citizen = await people.find("Patient/p1")

    assert (TEST_PERSON, "p1") == (citizen.number, citizen.patient)
    assert TEST_PERSON not in repr(citizen)
    assert TEST_PERSON not in citizen.subject("x")


@pytest.mark.parametrize("reference", ["", "Patient/nobody", "Practitioner/n1", "Organization/o1", "x", "Patient/p1/y"])
async def test_nobody_else_is_found(people, reference):
    assert None is await people.find(reference)
    assert await people.find("Patient/p1")


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False},
        {"practitioner": {"reference": "Practitioner/none"}},
        {"organization": {"display": "somewhere"}},
        {"identifier": [{"system": "https://other.example", "value": "x"}]},
    ],
    ids=str,
)
async def test_a_role_that_does_not_say_who_acts_where_is_nobody(people, api, changes):
    role = next(one for one in PEOPLE if one["id"] == "r1")
    await api.put(NURSE, json={**role, **changes})

    assert None is await people.find(NURSE)
    assert NURSE not in {one.reference for one in await people.all()}
    assert await people.find("PractitionerRole/r2")


async def test_an_organization_above_itself_ends_the_climb(people, api):
    ring = {
        "resourceType": "Organization",
        "id": "o1",
        "identifier": [{"system": HSA, "value": PROVIDER}],
        "partOf": {"reference": "Organization/o2"},
    }
    await api.put("Organization/o1", json=ring)

    assert {UNIT, PROVIDER} >= {(await people.find(NURSE)).provider}
