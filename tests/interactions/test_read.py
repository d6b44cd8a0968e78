"""https://hl7.org/fhir/R4/http.html#read and #cread"""

import httpx
import pytest

from tests.builders import a_care_plan, issue_keys

pytestmark = pytest.mark.anyio


@pytest.fixture
async def plan(api: httpx.AsyncClient) -> httpx.Response:
    return await api.put("CarePlan/sip", json=a_care_plan(id="sip"))


async def test_a_plan_is_read_as_it_was_stored(api, plan):
    answer = await api.get("CarePlan/sip")

    assert 200 == answer.status_code
    assert plan.content == answer.content


async def test_a_read_says_which_version_it_shows_and_since_when(api, plan):
    answer = await api.get("CarePlan/sip")

    assert 'W/"1"' == answer.headers["etag"]
    assert "GMT" in answer.headers["last-modified"]
    assert "application/fhir+json; charset=utf-8" == answer.headers["content-type"]
    assert "1" == answer.json()["meta"]["versionId"]


async def test_a_plan_that_never_was_is_not_found(api, plan):
    answer = await api.get("CarePlan/other")

    assert 404 == answer.status_code
    assert ["not-found"] == issue_keys(answer.json())


async def test_an_id_that_no_resource_can_have_is_not_found(api, plan):
    assert 404 == (await api.get("CarePlan/" + "x" * 65)).status_code


async def test_a_deleted_plan_is_gone(api, plan):
    await api.delete("CarePlan/sip")

    answer = await api.get("CarePlan/sip")

    assert 410 == answer.status_code
    assert ["gone"] == issue_keys(answer.json())


async def test_a_caller_who_has_the_version_is_not_sent_it_again(api, plan):
    answer = await api.get("CarePlan/sip", headers={"If-None-Match": 'W/"1"'})

    assert 304 == answer.status_code
    assert b"" == answer.content
    assert 'W/"1"' == answer.headers["etag"]


async def test_a_caller_who_has_an_older_version_is_sent_the_new_one(api, plan):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", title="ny"))

    assert 200 == (await api.get("CarePlan/sip", headers={"If-None-Match": 'W/"1"'})).status_code


async def test_what_has_not_changed_since_is_not_sent_again(api, plan):
    since = plan.headers["last-modified"]

    assert 304 == (await api.get("CarePlan/sip", headers={"If-Modified-Since": since})).status_code


async def test_what_has_changed_since_is_sent(api, plan):
    since = "Mon, 02 Mar 2020 10:00:00 GMT"

    assert 200 == (await api.get("CarePlan/sip", headers={"If-Modified-Since": since})).status_code


async def test_a_date_that_cannot_be_read_is_passed_over(api, plan):
    assert 200 == (await api.get("CarePlan/sip", headers={"If-Modified-Since": "yesterday"})).status_code


async def test_head_answers_as_get_does_without_the_body(api, plan):
    whole, head = await api.get("CarePlan/sip"), await api.head("CarePlan/sip")

    assert 200 == head.status_code
    assert b"" == head.content
    assert whole.headers["etag"] == head.headers["etag"]
    assert whole.headers["content-length"] == head.headers["content-length"]
