"""https://hl7.org/fhir/R4/http.html#history"""

import asyncio

import pytest

from fhir_server.access.decide import OPEN
from tests.builders import a_bundle, a_care_plan, a_patient, an_entry, issue_keys

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


# ------------------------------------------------------------------------------------------------ of many


def told(bundle):
    """What happened, in the words of the requests that did it, with the version that each made."""
    return [
        f"{entry['request']['method']} {entry['request']['url']} {entry['response']['etag'][3:-1]}"
        for entry in bundle.get("entry", ())
    ]


async def pages(api, address):
    found = []
    while address:
        bundle = (await api.get(address)).json()
        found.append(told(bundle))
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return found


@pytest.fixture
async def others(api):
    """A goal and another plan, made a little later, each at a moment of its own; the plan's id."""
    await asyncio.sleep(0.002)
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "x"}}
    await api.put("Goal/g", json={**goal, "id": "g", "subject": {"reference": "Patient/p1"}})
    await asyncio.sleep(0.002)
    return (await api.post("CarePlan", json=a_care_plan(title="fyra"))).json()["id"]


SIP = ["DELETE CarePlan/sip 4", "PUT CarePlan/sip 3", "PUT CarePlan/sip 2", "PUT CarePlan/sip 1"]


async def test_the_history_of_a_type_and_of_the_server_are_newest_first(api, others):
    of_type, of_all = (await api.get("CarePlan/_history")).json(), (await api.get("_history")).json()

    assert ["history", "history"] == [of_type["type"], of_all["type"]]
    assert ["POST CarePlan 1", *SIP] == told(of_type)
    assert ["POST CarePlan 1", "PUT Goal/g 1", *SIP] == told(of_all)
    assert [5, 6] == [of_type["total"], of_all["total"]]
    made, deleted, changed, *_ = of_type["entry"]
    assert made["fullUrl"].endswith(f"/fhir/CarePlan/{others}")
    assert others == made["resource"]["id"]
    assert ("204", False) == (deleted["response"]["status"], "resource" in deleted)
    assert "tre" == changed["resource"]["title"]


async def test_they_are_told_page_by_page_without_gap_or_double(api, others):
    expected = ["POST CarePlan 1", "PUT Goal/g 1", *SIP]

    assert [expected[:4], expected[4:]] == await pages(api, "_history?_count=4")
    assert [[one] for one in expected if "Goal" not in one] == await pages(api, "CarePlan/_history?_count=1")


async def test_a_next_page_says_nothing_of_the_total_and_a_link_is_for_its_own_list(api, others):
    first = (await api.get("CarePlan/_history?_count=2")).json()
    (address,) = [link["url"] for link in first["link"] if link["relation"] == "next"]

    assert address.startswith(str(api.base_url) + "CarePlan/_history?")
    assert "total" not in (await api.get(address)).json()
    refused = await api.get(address.replace("CarePlan/_history", "Goal/_history"))
    assert (400, ["page-token"]) == (refused.status_code, issue_keys(refused.json()))


async def test_of_what_never_was_there_is_an_empty_history(api):
    bundle = (await api.get("Goal/_history")).json()

    assert ("history", 0, []) == (bundle["type"], bundle["total"], told(bundle))
    assert 404 == (await api.get("Nonsense/_history")).status_code


async def test_since_a_moment_only_what_was_made_then_or_later_is_told(api, others):
    since = (await api.get("Goal/g")).json()["meta"]["lastUpdated"]

    for level, expected in (
        ("_history", ["POST CarePlan 1", "PUT Goal/g 1"]),
        ("CarePlan/_history", ["POST CarePlan 1"]),
    ):
        bundle = (await api.get(level, params={"_since": since})).json()
        assert (expected, len(expected)) == (told(bundle), bundle["total"])


async def test_at_a_moment_what_was_current_then_is_told(api, others):
    second = (await api.get("CarePlan/sip/_history/2")).json()["meta"]["lastUpdated"]
    goal = (await api.get("Goal/g")).json()["meta"]["lastUpdated"]

    for level in ("_history", "CarePlan/_history", "CarePlan/sip/_history"):
        assert SIP[2:3] == told((await api.get(level, params={"_at": second})).json())
    assert ["PUT Goal/g 1", *SIP[:1]] == told((await api.get("_history", params={"_at": goal})).json())
    assert SIP[:1] == told((await api.get("CarePlan/_history", params={"_at": goal})).json())


async def test_at_a_day_what_was_current_at_some_moment_of_it_is_told(api, others):
    today = (await api.get("Goal/g")).json()["meta"]["lastUpdated"]

    for period in (today[:4], today[:7], today[:10]):
        assert ["POST CarePlan 1", *SIP] == told((await api.get(f"CarePlan/_history?_at={period}")).json())
    assert [] == told((await api.get("CarePlan/_history?_at=2019")).json())
    assert ["POST CarePlan 1", *SIP[:1]] == told((await api.get("CarePlan/_history?_at=2999-12-31")).json())


async def test_at_and_since_must_both_hold(api, others):
    third = (await api.get("CarePlan/sip/_history/3")).json()["meta"]["lastUpdated"]
    day = {"_at": third[:10]}

    assert SIP[:2] == told((await api.get("CarePlan/sip/_history", params={**day, "_since": third})).json())
    assert SIP == told((await api.get("CarePlan/sip/_history", params=day)).json())


async def test_audit_events_have_no_history_and_are_in_no_other(api):
    event = {
        "resourceType": "AuditEvent",
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110100"},
        "recorded": "2026-03-02T10:00:00Z",
        "agent": [{"requestor": True}],
        "source": {"observer": {"display": "another system"}},
    }
    made = await api.post("AuditEvent", json=event)

    assert 201 == made.status_code
    assert SIP == told((await api.get("_history")).json())
    assert 404 == (await api.get("AuditEvent/_history")).status_code
    assert 404 == (await api.get(f"AuditEvent/{made.json()['id']}/_history")).status_code
    assert 200 == (await api.get(f"AuditEvent/{made.json()['id']}/_history/1")).status_code


async def test_a_history_can_be_told_in_parts_or_as_a_number_alone(api, others):
    part = (await api.get("_history?_elements=title")).json()["entry"][0]["resource"]
    assert ("fyra", "category" in part) == (part["title"], False)
    assert "SUBSETTED" == part["meta"]["tag"][0]["code"]

    for level, total in (("_history", 6), ("CarePlan/_history", 5), ("CarePlan/sip/_history", 4)):
        bundle = (await api.get(f"{level}?_summary=count")).json()
        assert (total, []) == (bundle["total"], told(bundle))
        assert ["self"] == [link["relation"] for link in bundle["link"]]


async def test_a_batch_may_ask_for_histories(api, others):
    entries = [an_entry("GET", "CarePlan/_history?_count=1"), an_entry("GET", "_history?_count=2")]

    answer = (await api.post("", json=a_bundle(*entries, type="batch"))).json()

    assert [1, 2] == [len(entry["resource"]["entry"]) for entry in answer["entry"]]


async def test_who_was_shown_in_a_history_is_in_the_audit(api, assembly, others):
    await api.put("Patient/p2", json=a_patient(id="p2"))
    await asyncio.sleep(0.002)
    await api.get("_history")

    entries = [entry for _, entry in await assembly.server.store.entries(OPEN)]
    assert [("history-system", 200, "p1"), ("history-system", 200, "p2")] == [
        (entry.interaction, entry.status, entry.patient) for entry in entries[-2:]
    ]


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("_count=-1", "parameter-value"),
        ("_count=0", "parameter-value"),
        ("_count=many", "parameter-value"),
        ("_since=i-går", "parameter-value"),
        ("_at=i-går", "parameter-value"),
        ("_at=2026-13", "parameter-value"),
        ("_at=2026&_at=2027", "parameter-repeated"),
        ("_list=List/1", "unknown-parameter"),
        ("_count=1&_count=2", "parameter-repeated"),
        ("colour=red", "unknown-parameter"),
        ("_page=abc", "page-token"),
    ],
)
@pytest.mark.parametrize("level", ["CarePlan/sip/_history", "CarePlan/_history", "_history"])
async def test_what_cannot_be_understood_is_refused(api, level, query, key):
    answer = await api.get(f"{level}?{query}")

    assert (400, [key]) == (answer.status_code, issue_keys(answer.json()))
    assert 200 == (await api.get(f"{level}?_count=1&_since=2026&_at=2026")).status_code
