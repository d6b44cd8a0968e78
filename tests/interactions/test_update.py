"""https://hl7.org/fhir/R4/http.html#update"""

import asyncio

import pytest

from tests.builders import a_care_plan, issue_keys

pytestmark = pytest.mark.anyio


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
