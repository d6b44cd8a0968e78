"""https://hl7.org/fhir/R4/http.html#delete"""

import pytest

from tests.builders import a_care_plan

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def plan(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))


async def test_a_plan_is_deleted_without_a_word(api):
    answer = await api.delete("CarePlan/sip")

    assert 204 == answer.status_code
    assert b"" == answer.content
    assert 'W/"2"' == answer.headers["etag"]


async def test_a_deleted_plan_is_found_by_no_search(api):
    await api.delete("CarePlan/sip")

    assert 0 == (await api.get("CarePlan")).json()["total"]
    assert 0 == (await api.get("CarePlan", params={"patient": "p1"})).json()["total"]


async def test_deleting_twice_leaves_one_deletion(api):
    await api.delete("CarePlan/sip")
    again = await api.delete("CarePlan/sip")

    assert 204 == again.status_code
    assert 2 == (await api.get("CarePlan/sip/_history")).json()["total"]


async def test_what_never_was_cannot_be_deleted(api):
    assert 404 == (await api.delete("CarePlan/other")).status_code


async def test_a_stale_delete_deletes_nothing(api):
    assert 412 == (await api.delete("CarePlan/sip", headers={"If-Match": 'W/"2"'})).status_code
    assert 200 == (await api.get("CarePlan/sip")).status_code
    assert 204 == (await api.delete("CarePlan/sip", headers={"If-Match": 'W/"1"'})).status_code


async def test_the_one_that_matches_is_deleted(api):
    assert 204 == (await api.delete("CarePlan?patient=p1")).status_code
    assert 410 == (await api.get("CarePlan/sip")).status_code


async def test_where_nothing_matches_nothing_is_deleted(api):
    assert 204 == (await api.delete("CarePlan?patient=p2")).status_code
    assert 200 == (await api.get("CarePlan/sip")).status_code


async def test_where_several_match_none_is_deleted(api):
    await api.put("CarePlan/sip2", json=a_care_plan(id="sip2"))

    assert 412 == (await api.delete("CarePlan?patient=p1")).status_code
    assert 200 == (await api.get("CarePlan/sip")).status_code


async def test_a_delete_that_asks_nothing_deletes_nothing(api):
    assert 400 == (await api.delete("CarePlan")).status_code
    assert 400 == (await api.delete("CarePlan?colour=red")).status_code
    assert 200 == (await api.get("CarePlan/sip")).status_code
