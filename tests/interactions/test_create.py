"""https://hl7.org/fhir/R4/http.html#create and #ccreate"""

import asyncio

import pytest

from tests.builders import PERSONNUMMER, TEST_PERSON, a_care_plan, a_patient, issue_keys

pytestmark = pytest.mark.anyio
ONE_PERSON = {"If-None-Exist": f"identifier={PERSONNUMMER}|{TEST_PERSON}"}


async def test_a_new_plan_gets_an_id_a_first_version_and_a_place(api):
    answer = await api.post("CarePlan", json=a_care_plan())

    plan = answer.json()
    assert 201 == answer.status_code
    assert f"{api.base_url!s}CarePlan/{plan['id']}/_history/1" == answer.headers["location"]
    assert "1" == plan["meta"]["versionId"]
    assert 'W/"1"' == answer.headers["etag"]


async def test_an_id_and_a_version_in_the_body_are_passed_over(api):
    answer = await api.post(
        "CarePlan", json=a_care_plan(id="mitt", meta={"versionId": "7", "lastUpdated": "2020-01-01T00:00:00Z"})
    )

    assert "mitt" != answer.json()["id"]
    assert "1" == answer.json()["meta"]["versionId"]


async def test_the_rest_of_meta_is_kept(api):
    answer = await api.post("CarePlan", json=a_care_plan(meta={"tag": [{"code": "x"}], "versionId": "7"}))

    assert [{"code": "x"}] == answer.json()["meta"]["tag"]


async def test_ids_sort_by_the_time_they_were_given(api):
    ids = [
        (await api.post("CarePlan", json=a_care_plan())).json()["id"]
        for _ in range(3)
        if not await asyncio.sleep(0.002)
    ]

    assert sorted(ids) == ids
    assert 3 == len(set(ids))


async def test_a_minimal_answer_has_a_place_and_no_body(api):
    answer = await api.post("CarePlan", json=a_care_plan(), headers={"Prefer": "return=minimal"})

    assert 201 == answer.status_code
    assert b"" == answer.content
    assert "location" in answer.headers


async def test_an_outcome_can_be_preferred_to_the_plan(api):
    answer = await api.post("CarePlan", json=a_care_plan(), headers={"Prefer": "return=OperationOutcome"})

    assert "OperationOutcome" == answer.json()["resourceType"]
    assert ["all-good"] == issue_keys(answer.json())


async def test_a_preference_that_is_not_known_is_passed_over(api):
    answer = await api.post("CarePlan", json=a_care_plan(), headers={"Prefer": "return=presentation"})

    assert "CarePlan" == answer.json()["resourceType"]


async def test_every_issue_of_a_bad_plan_is_named_at_once(api):
    answer = await api.post("CarePlan", json={"resourceType": "CarePlan", "status": "actve", "colour": "red"})

    places = {place for issue in answer.json()["issue"] for place in issue["expression"]}
    assert 422 == answer.status_code
    assert {"CarePlan.status", "CarePlan.colour", "CarePlan.intent", "CarePlan.subject"} <= places


async def test_a_resource_of_another_type_is_refused(api):
    answer = await api.post("CarePlan", json=a_patient())

    assert 400 == answer.status_code
    assert ["type-mismatch"] == issue_keys(answer.json())


async def test_a_person_that_is_not_there_yet_is_created(api):
    answer = await api.post("Patient", json=a_patient(), headers=ONE_PERSON)

    assert 201 == answer.status_code


async def test_a_person_that_is_there_is_answered_with_and_not_written_again(api):
    first = await api.post("Patient", json=a_patient(), headers=ONE_PERSON)
    again = await api.post("Patient", json=a_patient(gender="female"), headers=ONE_PERSON)

    assert 200 == again.status_code
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]


async def test_two_persons_that_match_one_condition_are_refused(api):
    await api.post("Patient", json=a_patient())
    await api.post("Patient", json=a_patient())

    answer = await api.post("Patient", json=a_patient(), headers=ONE_PERSON)

    assert 412 == answer.status_code
    assert ["several-match"] == issue_keys(answer.json())


@pytest.mark.parametrize("condition", ["", "?", "colour=red"])
async def test_a_condition_that_asks_nothing_or_nonsense_is_refused(api, condition):
    answer = await api.post("Patient", json=a_patient(), headers={"If-None-Exist": condition})

    assert 400 == answer.status_code


async def test_thirty_two_writers_of_one_person_make_one(api):
    answers = await asyncio.gather(*(api.post("Patient", json=a_patient(), headers=ONE_PERSON) for _ in range(32)))

    assert [200] * 31 + [201] == sorted(answer.status_code for answer in answers)
    assert 1 == len({answer.json()["id"] for answer in answers})
    assert 1 == (await api.get("Patient")).json()["total"]
