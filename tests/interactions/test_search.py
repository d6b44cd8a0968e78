"""https://hl7.org/fhir/R4/http.html#search"""

import asyncio

import pytest

from tests.builders import SIP, a_care_plan, a_patient, issue_keys

pytestmark = pytest.mark.anyio


def ids(answer) -> list[str]:
    return [entry["resource"]["id"] for entry in answer.json().get("entry", ()) if entry["search"]["mode"] == "match"]


@pytest.fixture(autouse=True)
async def plans(api):
    for resource in (
        a_patient(id="p1"),
        a_care_plan(id="a", identifier=[{"system": "urn:x", "value": "1"}]),
        a_care_plan(id="b", status="draft") | {"category": [{"text": "annan"}]},
        a_care_plan(id="c", subject={"reference": "Patient/p2"}),
    ):
        await api.put(f"{resource['resourceType']}/{resource['id']}", json=resource)
        await asyncio.sleep(0.002)  # each its own millisecond, to be sorted by


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "b", "c"]),
        ("_id=a", ["a"]),
        ("_id=a,c", ["a", "c"]),
        ("_id=z", []),
        ("status=draft", ["b"]),
        ("status=draft,active", ["a", "b", "c"]),
        ("status:not=draft", ["a", "c"]),
        ("patient=p1", ["a", "b"]),
        ("patient=Patient/p1", ["a", "b"]),
        ("subject=Patient/p2", ["c"]),
        ("subject:Patient=p2", ["c"]),
        ("patient=Patient/p1&status=active", ["a"]),
        ("category=SIP", ["a", "c"]),
        (f"category={SIP['coding'][0]['system']}|SIP", ["a", "c"]),
        (f"category={SIP['coding'][0]['system']}|", ["a", "c"]),
        ("category=urn:other|SIP", []),
        ("category=|SIP", []),
        ("category:missing=true", []),
        ("category:missing=false", ["a", "b", "c"]),
        ("identifier:missing=true", ["b", "c"]),
        ("identifier=urn:x|1", ["a"]),
        ("identifier=1", ["a"]),
        ("identifier=urn:x|2", []),
        ("_lastUpdated=gt2020-01-01", ["a", "b", "c"]),
        ("_lastUpdated=lt2020-01-01", []),
        ("_sort=-_id", ["c", "b", "a"]),
        ("_sort=_lastUpdated", ["a", "b", "c"]),
        ("_sort=-_lastUpdated", ["c", "b", "a"]),
        ("_sort=status,-_id", ["c", "a", "b"]),
    ],
)
async def test_a_search_finds_what_it_asks_for(api, query, found):
    answer = await api.get(f"CarePlan?{query}")

    assert 200 == answer.status_code
    assert found == ids(answer)
    assert len(found) == answer.json()["total"]


async def test_a_reference_to_our_own_base_is_the_same_as_a_relative_one(api):
    assert ["a", "b"] == ids(await api.get("CarePlan", params={"patient": f"{api.base_url!s}Patient/p1"}))


async def test_a_search_by_post_finds_the_same(api):
    answer = await api.post("CarePlan/_search", data={"status": "draft"})

    assert ["b"] == ids(answer)


async def test_parameters_of_address_and_form_are_joined(api):
    answer = await api.post("CarePlan/_search?patient=p1", data={"status": "active"})

    assert ["a"] == ids(answer)


async def test_a_match_carries_its_address_and_is_shown_as_stored(api):
    (entry,) = (await api.get("CarePlan?_id=a")).json()["entry"]

    assert f"{api.base_url!s}CarePlan/a" == entry["fullUrl"]
    assert {"mode": "match"} == entry["search"]
    assert (await api.get("CarePlan/a")).json() == entry["resource"]


async def test_all_pages_together_hold_each_match_once_and_the_first_one_counts_them(api):
    found, totals, address = [], [], "CarePlan?_count=1&_sort=-_lastUpdated"
    while address:
        answer = await api.get(address)
        found += ids(answer)
        totals.append(answer.json().get("total"))
        address = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), None)

    assert ["c", "b", "a"] == found
    assert [3, None, None] == totals


async def test_a_page_stays_right_while_others_write(api):
    first = await api.get("CarePlan?_count=2")
    await api.put("CarePlan/aa", json=a_care_plan(id="aa"))
    await api.put("CarePlan/a", json=a_care_plan(id="a", title="ny"))
    second = await api.get(first.json()["link"][1]["url"])

    assert ["a", "b"] == ids(first)
    assert ["c"] == ids(second)


@pytest.mark.parametrize(("total", "expected"), [("none", None), ("accurate", 3), ("estimate", 3)])
async def test_a_total_is_counted_as_asked(api, total, expected):
    assert expected == (await api.get(f"CarePlan?_total={total}")).json().get("total")


async def test_a_count_of_zero_is_the_total_alone(api):
    bundle = (await api.get("CarePlan?_count=0&_totalMethod=count")).json()

    assert 3 == bundle["total"]
    assert "entry" not in bundle


async def test_the_self_link_shows_what_was_understood(api):
    bundle = (await api.get("CarePlan?status=active&colour=red", headers={"Prefer": "handling=lenient"})).json()

    assert "self" == bundle["link"][0]["relation"]
    assert bundle["link"][0]["url"].endswith("CarePlan?status=active")


async def test_a_lenient_search_says_what_it_left_aside(api):
    bundle = (await api.get("CarePlan?colour=red", headers={"Prefer": "handling=lenient"})).json()

    (said,) = [entry["resource"] for entry in bundle["entry"] if entry["search"]["mode"] == "outcome"]
    assert ["unknown-parameter"] == issue_keys(said)
    assert 3 == bundle["total"]


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("colour=red", "unknown-parameter"),
        ("status:exactly=active", "unknown-modifier"),
        ("_lastUpdated=soon", "parameter-value"),
        ("_lastUpdated=zz2020", "parameter-value"),
        ("_lastUpdated=2020-02-30", "parameter-value"),
        ("_count=-1", "parameter-value"),
        ("_count=many", "parameter-value"),
        ("_count=1&_count=2", "parameter-repeated"),
        ("_sort=colour", "parameter-value"),
        ("_total=some", "parameter-value"),
        ("category:missing=perhaps", "parameter-value"),
        ("_page=abc", "page-token"),
        ("status=" + ",".join("x" * 501), "too-many-values"),
        ("%ff=1", "parameter-value"),
    ],
)
async def test_what_cannot_be_understood_is_refused_and_named(api, query, key):
    answer = await api.get(f"CarePlan?{query}")

    assert 400 == answer.status_code
    assert [key] == issue_keys(answer.json())


async def test_an_unknown_parameter_is_told_what_is_known(api):
    text = (await api.get("CarePlan?colour=red")).json()["issue"][0]["details"]["text"]

    assert "colour" in text
    assert "subject" in text


async def test_a_page_token_of_one_search_does_not_open_another(api):
    link = (await api.get("CarePlan?_count=1&status=active")).json()["link"][1]["url"]

    assert 200 == (await api.get(link)).status_code
    assert 400 == (await api.get(link.replace("status=active", "status=draft"))).status_code
