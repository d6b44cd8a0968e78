"""https://hl7.org/fhir/R4/resource-operation-meta.html and its two siblings"""

import asyncio

import pytest

from tests.builders import a_care_plan

pytestmark = pytest.mark.anyio
A, B = {"system": "urn:t", "code": "a"}, {"system": "urn:t", "code": "b"}


A_GOAL = {
    "resourceType": "Goal",
    "id": "g",
    "lifecycleStatus": "active",
    "description": {"text": "Bo kvar"},
    "subject": {"reference": "Patient/p1"},
}


def with_meta(**meta):
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def meta_in(answer):
    (returned,) = answer.json()["parameter"]
    return returned["valueMeta"]


@pytest.fixture(autouse=True)
async def plan(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", title="Bo kvar", meta={"tag": [A], "profile": ["urn:p"]}))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_meta_of_the_current_version_is_told(api, method):
    answer = await api.request(method, "CarePlan/sip/$meta")

    assert 200 == answer.status_code
    assert ([A], ["urn:p"], "1") == tuple(meta_in(answer)[name] for name in ("tag", "profile", "versionId"))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_type_tells_the_labels_in_use_each_once(api, method):
    await api.put("CarePlan/other", json=a_care_plan(id="other", meta={"tag": [B, A], "security": [B]}))
    await api.put("Goal/g", json={**A_GOAL, "meta": {"tag": [{"system": "urn:goal", "code": "c"}]}})

    answer = await api.request(method, "CarePlan/$meta")
    assert {"profile": ["urn:p"], "security": [B], "tag": [A, B]} == meta_in(answer)


async def test_the_system_tells_the_labels_of_all_types(api):
    await api.put("Goal/g", json={**A_GOAL, "meta": {"tag": [{"system": "urn:goal", "code": "c"}, {"code": "bare"}]}})

    answer = await api.get("$meta")
    assert [{"code": "bare"}, {"system": "urn:goal", "code": "c"}, A] == meta_in(answer)["tag"]


async def test_labels_of_what_is_deleted_or_replaced_are_not_in_use(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", meta={"tag": [B]}))
    assert {"tag": [B]} == meta_in(await api.get("CarePlan/$meta"))

    await api.delete("CarePlan/sip")
    assert {"resourceType": "Parameters"} == (await api.get("CarePlan/$meta")).json()


async def test_more_labels_than_are_listed_are_asked_for_elsewhere(api):
    tags = [{"system": "urn:t", "code": str(number)} for number in range(1000)]
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", meta={"tag": tags}))
    assert 1000 == len(meta_in(await api.get("CarePlan/$meta"))["tag"])

    await api.put("CarePlan/other", json=a_care_plan(id="other", meta={"tag": [A]}))
    assert 413 == (await api.get("CarePlan/$meta")).status_code


async def test_what_is_added_stands_once_in_a_new_version_and_the_content_stays(api):
    answer = await api.post("CarePlan/sip/$meta-add", json=with_meta(tag=[A, B], security=[B]))

    assert 200 == answer.status_code
    assert ([A, B], [B], "2") == tuple(meta_in(answer)[name] for name in ("tag", "security", "versionId"))
    assert "Bo kvar" == (await api.get("CarePlan/sip")).json()["title"]
    assert [A] == (await api.get("CarePlan/sip/_history/1")).json()["meta"]["tag"]


async def test_what_is_taken_away_is_gone_and_what_was_not_there_is_passed_over(api):
    answer = await api.post("CarePlan/sip/$meta-delete", json=with_meta(tag=[A, B]))

    assert "tag" not in meta_in(answer)
    assert ["urn:p"] == meta_in(answer)["profile"]


async def test_sixteen_who_add_at_once_all_have_their_tag(api):
    tags = [{"system": "urn:t", "code": str(number)} for number in range(5)]
    answers = await asyncio.gather(*(api.post("CarePlan/sip/$meta-add", json=with_meta(tag=[tag])) for tag in tags))

    assert [200] * 5 == [answer.status_code for answer in answers]
    assert {tag["code"] for tag in tags} | {"a"} == {
        tag["code"] for tag in (await api.get("CarePlan/sip")).json()["meta"]["tag"]
    }


async def test_a_version_that_is_not_current_is_stale(api):
    stale = await api.post("CarePlan/sip/$meta-add", json=with_meta(tag=[B]), headers={"If-Match": 'W/"9"'})
    fresh = await api.post("CarePlan/sip/$meta-add", json=with_meta(tag=[B]), headers={"If-Match": 'W/"1"'})

    assert (412, 200) == (stale.status_code, fresh.status_code)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 400),
        ({"resourceType": "Parameters"}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueString": "x"}]}, 400),
        ({"resourceType": "Parameters", "parameter": "x"}, 400),
        (with_meta(tag="x"), 422),
        (with_meta(profile=[7]), 422),
    ],
)
async def test_what_is_no_meta_is_refused(api, body, status):
    assert status == (await api.post("CarePlan/sip/$meta-add", json=body)).status_code


async def test_what_is_not_there_has_no_meta(api):
    assert 404 == (await api.get("CarePlan/none/$meta")).status_code
    assert 404 == (await api.post("CarePlan/none/$meta-add", json=with_meta(tag=[A]))).status_code


@pytest.mark.parametrize(("type", "status"), [("CarePlan", 200), ("Patient", 422)])
async def test_a_claim_is_added_where_the_resource_keeps_to_it(api, type, status):
    claim = {"profile": [f"http://hl7.org/fhir/StructureDefinition/{type}"]}

    added = await api.post("CarePlan/sip/$meta-add", json=with_meta(**claim))

    assert status == added.status_code
    assert (claim["profile"][0] in meta_in(await api.get("CarePlan/sip/$meta"))["profile"]) is (status == 200)
