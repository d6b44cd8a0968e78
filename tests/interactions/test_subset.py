"""https://hl7.org/fhir/R4/search.html#summary and #elements, wherever resources are shown"""

import pytest

from tests.builders import TOLD, a_care_plan, issue_keys

pytestmark = pytest.mark.anyio
TAG = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


@pytest.fixture(autouse=True)
async def plan(api):
    return await api.put("CarePlan/sip", json=a_care_plan(id="sip", title="Bo kvar", description="hemma", text=TOLD))


def only(bundle):
    (entry,) = bundle["entry"]
    return entry["resource"]


async def shown(api, query):
    read = (await api.get(f"CarePlan/sip?{query}")).json()
    others = [
        (await api.get(f"CarePlan/sip/_history/1?{query}")).json(),
        only((await api.get(f"CarePlan?{query}")).json()),
        only((await api.get(f"CarePlan/sip/_history?{query}")).json()),
    ]
    assert [read] * 3 == others
    return read


async def test_only_the_elements_asked_for_and_those_without_which_nothing_is_said(api):
    part = await shown(api, "_elements=title")

    assert "Bo kvar" == part["title"]
    assert "description" not in part
    assert {"resourceType", "id", "meta", "status", "intent", "subject"} <= part.keys()
    assert [TAG] == part["meta"]["tag"]


async def test_a_summary_leaves_the_narrative_out_and_a_text_keeps_little_else(api):
    assert "text" not in await shown(api, "_summary=true")
    assert "text" not in await shown(api, "_summary=data")
    text = await shown(api, "_summary=text")
    assert TOLD == text["text"]
    assert "title" not in text


async def test_a_part_has_the_etag_of_the_whole(api, plan):
    assert plan.headers["etag"] == (await api.get("CarePlan/sip?_elements=title")).headers["etag"]


async def test_a_part_is_refused_when_it_comes_back(api):
    part = (await api.get("CarePlan/sip?_elements=title")).json()
    whole = (await api.get("CarePlan/sip")).json()

    refused = await api.put("CarePlan/sip", json=part)
    assert (422, ["subsetted"]) == (refused.status_code, issue_keys(refused.json()))
    assert 200 == (await api.put("CarePlan/sip", json=whole)).status_code


async def test_a_summary_of_count_is_the_total_alone(api):
    bundle = (await api.get("CarePlan?_summary=count")).json()

    assert 1 == bundle["total"]
    assert "entry" not in bundle


@pytest.mark.parametrize("query", ["_summary=some", "_elements=colour", "_summary=true&_summary=data"])
async def test_what_cannot_be_understood_is_refused(api, query):
    for path in ("CarePlan/sip", "CarePlan", "CarePlan/sip/_history"):
        assert 400 == (await api.get(f"{path}?{query}")).status_code


async def test_elements_as_fhirpy_sends_them_are_understood(api):
    assert "title" in (await api.get("CarePlan/sip?_elements=id,title,resourceType")).json()
