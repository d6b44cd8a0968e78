"""One system is one, in whichever form it is written."""

import pytest

from fhir_server.fhir.naming import folded, forms, naming_systems
from tests.builders import PERSONNUMMER, TEST_PERSON, a_patient

OID = "urn:oid:1.2.752.129.2.1.3.1"


@pytest.mark.parametrize("definition", list(naming_systems()), ids=lambda one: one["id"])
def test_every_form_of_a_system_comes_to_the_preferred_one(definition):
    preferred, *others = forms(definition)

    assert [preferred] * (1 + len(others)) == [folded(form) for form in (preferred, *others)]


def test_no_form_is_that_of_two_systems():
    every = [form for definition in naming_systems() for form in forms(definition)]

    assert len(every) == len(set(every))


def test_a_system_that_nobody_names_is_its_own():
    assert "urn:x" == folded("urn:x")


@pytest.mark.anyio
@pytest.mark.parametrize("written", [PERSONNUMMER, OID])
@pytest.mark.parametrize("asked", [PERSONNUMMER, OID, "https://terminology.hl7.se/sid/se-personnummer"])
async def test_a_person_is_found_in_each_form_and_shown_as_written(api, written, asked):
    await api.put("Patient/p", json=a_patient(id="p", identifier=[{"system": written, "value": TEST_PERSON}]))

    found = (await api.get("Patient", params={"identifier": f"{asked}|{TEST_PERSON}"})).json()
    assert [[{"system": written, "value": TEST_PERSON}]] == [one["resource"]["identifier"] for one in found["entry"]]
    other = (await api.get("Patient", params={"identifier": f"urn:other|{TEST_PERSON}"})).json()
    assert 0 == other["total"]


@pytest.mark.anyio
async def test_one_person_is_one_patient_in_whichever_form_the_number_comes(api):
    for system in (PERSONNUMMER, OID):
        person = a_patient(identifier=[{"system": system, "value": TEST_PERSON}])
        await api.post("Patient", json=person, headers={"If-None-Exist": f"identifier={system}|{TEST_PERSON}"})

    assert 1 == (await api.get("Patient")).json()["total"]
