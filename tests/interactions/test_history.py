"""https://hl7.org/fhir/R4/http.html#history"""

import pytest

from tests.builders import a_care_plan, issue_keys

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def versions(api):
    for title in ("ett", "två", "tre"):
        await api.put("CarePlan/sip", json=a_care_plan(id="sip", title=title))
    await api.delete("CarePlan/sip")


async def test_all_versions_are_told_newest_first(api):
    bundle = (await api.get("CarePlan/sip/_history")).json()

    assert "history" == bundle["type"]
    assert 4 == bundle["total"]
    assert ["DELETE", "PUT", "PUT", "PUT"] == [entry["request"]["method"] for entry in bundle["entry"]]
    assert ["204", "200", "200", "201"] == [entry["response"]["status"] for entry in bundle["entry"]]
    assert ["tre", "två", "ett"] == [entry["resource"]["title"] for entry in bundle["entry"][1:]]


async def test_a_deletion_has_no_resource(api):
    (deletion, *_) = (await api.get("CarePlan/sip/_history")).json()["entry"]

    assert "resource" not in deletion
    assert 'W/"4"' == deletion["response"]["etag"]


async def test_a_long_history_is_told_page_by_page_without_gap_or_double(api):
    pages, address = [], "CarePlan/sip/_history?_count=1"
    while address:
        bundle = (await api.get(address)).json()
        pages.append([entry["response"]["etag"] for entry in bundle["entry"]])
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)

    assert [['W/"4"'], ['W/"3"'], ['W/"2"'], ['W/"1"']] == pages


async def test_only_what_came_since_is_told(api):
    third = (await api.get("CarePlan/sip/_history/3")).json()["meta"]["lastUpdated"]

    bundle = (await api.get("CarePlan/sip/_history", params={"_since": third})).json()

    assert ['W/"4"', 'W/"3"'] == [entry["response"]["etag"] for entry in bundle["entry"]]


async def test_what_never_was_has_no_history(api):
    assert 404 == (await api.get("CarePlan/other/_history")).status_code


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("_count=-1", "parameter-value"),
        ("_count=0", "parameter-value"),
        ("_count=many", "parameter-value"),
        ("_since=i-går", "parameter-value"),
        ("_count=1&_count=2", "parameter-repeated"),
        ("colour=red", "unknown-parameter"),
        ("_page=abc", "page-token"),
    ],
)
async def test_what_cannot_be_understood_is_refused(api, query, key):
    answer = await api.get(f"CarePlan/sip/_history?{query}")

    assert 400 == answer.status_code
    assert [key] == issue_keys(answer.json())
