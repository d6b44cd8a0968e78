"""https://hl7.org/fhir/R4/http.html#delete"""

import pytest

from tests.builders import a_bundle, a_care_plan, an_entry, issue_keys

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


A_FLAG = {
    "resourceType": "Flag",
    "status": "active",
    "code": {"text": "fall"},
    "subject": {"reference": "Patient/p1"},
}
"""Of flags the CapabilityStatement declares that several are deleted at once; of plans one."""


async def test_all_that_match_are_deleted_where_the_statement_says_so(api):
    for id, patient in (("f1", "p1"), ("f2", "p1"), ("f3", "p2")):
        await api.put(f"Flag/{id}", json={**A_FLAG, "id": id, "subject": {"reference": f"Patient/{patient}"}})

    assert 204 == (await api.delete("Flag?patient=p1")).status_code
    assert [410, 410, 200] == [(await api.get(f"Flag/f{n}")).status_code for n in (1, 2, 3)]


async def test_one_that_no_longer_stands_as_it_was_keeps_all_that_match(api):
    for id in ("f1", "f2"):
        await api.put(f"Flag/{id}", json={**A_FLAG, "id": id})
    await api.put("Flag/f1", json={**A_FLAG, "id": "f1", "status": "inactive"})

    assert 412 == (await api.delete("Flag?patient=p1", headers={"If-Match": 'W/"1"'})).status_code
    assert [200, 200] == [(await api.get(f"Flag/f{n}")).status_code for n in (1, 2)]


async def test_more_than_the_most_are_not_deleted_at_once(api, monkeypatch):
    monkeypatch.setattr(
        "fhir_server.interactions.delete.MOST", 40
    )  # a thousand take the emulator seconds, and prove no more
    flags = [an_entry("PUT", f"Flag/f{n}", {**A_FLAG, "id": f"f{n}"}) for n in range(40)]
    await api.post("", json=a_bundle(*flags))
    await api.put("Flag/one-more", json={**A_FLAG, "id": "one-more"})

    refused = await api.delete("Flag?patient=p1")
    assert (412, ["too-many-match"]) == (refused.status_code, issue_keys(refused.json()))
    await api.delete("Flag/one-more")
    assert 204 == (await api.delete("Flag?patient=p1")).status_code
    assert 0 == (await api.get("Flag?patient=p1")).json()["total"]


async def test_a_transaction_deletes_all_that_match_beside_its_other_entries(api):
    for id in ("f1", "f2"):
        await api.put(f"Flag/{id}", json={**A_FLAG, "id": id})
    bundle = a_bundle(an_entry("PUT", "Flag/f3", {**A_FLAG, "id": "f3"}), an_entry("DELETE", "Flag?patient=p1"))

    answer = await api.post("", json=bundle)
    assert ["201 Created", "204 No Content"] == [it["response"]["status"] for it in answer.json()["entry"]]
    assert [410, 410, 200] == [(await api.get(f"Flag/f{n}")).status_code for n in (1, 2, 3)]


async def test_a_transaction_that_deletes_what_it_also_writes_is_refused(api):
    await api.put("Flag/f1", json={**A_FLAG, "id": "f1"})
    both = a_bundle(an_entry("PUT", "Flag/f1", {**A_FLAG, "id": "f1"}), an_entry("DELETE", "Flag?patient=p1"))

    assert 400 == (await api.post("", json=both)).status_code
    assert 'W/"1"' == (await api.get("Flag/f1")).headers["etag"]
