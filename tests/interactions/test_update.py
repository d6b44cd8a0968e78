"""https://hl7.org/fhir/R4/http.html#update"""

import asyncio

import pytest

from tests.builders import PERSONNUMMER, TEST_PERSON, a_care_plan, a_patient, issue_keys

pytestmark = pytest.mark.anyio
ONE_PERSON = f"Patient?identifier={PERSONNUMMER}|{TEST_PERSON}"


async def test_a_put_to_a_free_id_makes_the_plan(api):
    answer = await api.put("CarePlan/sip", json=a_care_plan(id="sip"))

    assert 201 == answer.status_code
    assert f"{api.base_url!s}CarePlan/sip/_history/1" == answer.headers["location"]


async def test_a_put_makes_the_next_version(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    answer = await api.put("CarePlan/sip", json=a_care_plan(id="sip", title="ny"))

    assert 200 == answer.status_code
    assert "2" == answer.json()["meta"]["versionId"]
    assert 'W/"2"' == answer.headers["etag"]


async def test_a_later_version_is_never_dated_before_an_earlier_one(api):
    first = await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    second = await api.put("CarePlan/sip", json=a_care_plan(id="sip"))

    assert first.json()["meta"]["lastUpdated"] < second.json()["meta"]["lastUpdated"]


@pytest.mark.parametrize(("body", "key"), [(a_care_plan(), "id-missing"), (a_care_plan(id="annan"), "id-mismatch")])
async def test_a_body_that_does_not_carry_the_id_of_the_address_is_refused(api, body, key):
    answer = await api.put("CarePlan/sip", json=body)

    assert 400 == answer.status_code
    assert [key] == issue_keys(answer.json())
    assert 404 == (await api.get("CarePlan/sip")).status_code


async def test_an_id_that_no_resource_may_have_is_refused(api):
    answer = await api.put("CarePlan/sip_1", json=a_care_plan(id="sip_1"))

    assert 422 == answer.status_code
    assert "CarePlan.id" == answer.json()["issue"][0]["expression"][0]


@pytest.mark.parametrize("etag", ['W/"1"', '"1"', "1", "*"])
async def test_the_version_named_is_the_one_that_is_replaced(api, etag):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))

    assert 200 == (await api.put("CarePlan/sip", json=a_care_plan(id="sip"), headers={"If-Match": etag})).status_code


@pytest.mark.parametrize("etag", ['W/"2"', 'W/"0"', 'W/"x"', 'W/"99999999999999999999"'])
async def test_a_version_that_is_not_current_is_stale_and_nothing_is_written(api, etag):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))

    answer = await api.put("CarePlan/sip", json=a_care_plan(id="sip"), headers={"If-Match": etag})

    assert 412 == answer.status_code
    assert ["stale"] == issue_keys(answer.json())
    assert "1" == (await api.get("CarePlan/sip")).json()["meta"]["versionId"]


async def test_of_thirty_two_writers_of_one_version_one_wins(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))

    answers = await asyncio.gather(
        *(
            api.put("CarePlan/sip", json=a_care_plan(id="sip", title=str(n)), headers={"If-Match": 'W/"1"'})
            for n in range(32)
        )
    )

    assert [200] + [412] * 31 == sorted(answer.status_code for answer in answers)
    assert "2" == (await api.get("CarePlan/sip")).json()["meta"]["versionId"]


async def test_a_put_brings_a_deleted_plan_back_and_counts_on(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    await api.delete("CarePlan/sip")

    answer = await api.put("CarePlan/sip", json=a_care_plan(id="sip"))

    assert "3" == answer.json()["meta"]["versionId"]
    assert 200 == (await api.get("CarePlan/sip")).status_code


async def test_a_conditional_update_makes_the_person_that_is_not_there(api):
    answer = await api.put(ONE_PERSON, json=a_patient())

    assert 201 == answer.status_code
    assert "location" in answer.headers


async def test_a_conditional_update_may_choose_the_id_of_what_it_makes(api):
    assert "vald" == (await api.put(ONE_PERSON, json=a_patient(id="vald"))).json()["id"]


async def test_a_conditional_update_changes_the_one_that_matches(api):
    first = await api.put(ONE_PERSON, json=a_patient())
    second = await api.put(ONE_PERSON, json=a_patient(gender="female"))

    assert 200 == second.status_code
    assert (first.json()["id"], "2") == (second.json()["id"], second.json()["meta"]["versionId"])


async def test_a_person_who_is_deleted_while_a_condition_finds_him_is_made_anew(api):
    for _ in range(8):
        person = (await api.put(ONE_PERSON, json=a_patient())).json()["id"]
        _, answer = await asyncio.gather(api.delete(f"Patient/{person}"), api.put(ONE_PERSON, json=a_patient()))

        assert answer.status_code in {200, 201}
        assert (answer.status_code == 201) is (person != answer.json()["id"])


async def test_a_body_with_another_id_than_the_match_is_refused(api):
    await api.put(ONE_PERSON, json=a_patient())

    assert 400 == (await api.put(ONE_PERSON, json=a_patient(id="annan"))).status_code


async def test_a_condition_that_several_match_changes_none(api):
    people = [(await api.post("Patient", json=a_patient())).json()["id"] for _ in range(2)]

    assert 412 == (await api.put(ONE_PERSON, json=a_patient(gender="female"))).status_code
    assert [False, False] == ["gender" in (await api.get(f"Patient/{id}")).json() for id in people]


@pytest.mark.parametrize("address", ["Patient", "Patient?", "Patient?_format=json"])
async def test_an_update_that_names_neither_id_nor_condition_is_refused(api, address):
    answer = await api.put(address, json=a_patient())

    assert 400 == answer.status_code
    assert ["condition-missing"] == issue_keys(answer.json())


async def test_thirty_two_conditional_updates_of_one_person_make_one(api):
    answers = await asyncio.gather(*(api.put(ONE_PERSON, json=a_patient()) for _ in range(32)))

    done = [answer for answer in answers if answer.status_code in {200, 201}]
    assert {200, 201, 409} >= {answer.status_code for answer in answers}
    assert 1 == len({answer.json()["id"] for answer in done})
    assert 1 == (await api.get("Patient")).json()["total"]
