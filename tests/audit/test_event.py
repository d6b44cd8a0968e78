"""Who, what, when: every call leaves its entry, written before the answer leaves."""

import pytest

from fhir_server.access.decide import OPEN
from tests.builders import a_bundle, a_care_plan, a_patient, an_entry

pytestmark = pytest.mark.anyio


@pytest.fixture
def trail(assembly):
    async def entries() -> list[tuple]:
        store = assembly.server.store
        rows = await store.entries(OPEN)
        return [(row.interaction, row.status, row.type, row.id, row.version, row.patient) for _, row in rows]

    return entries


async def test_a_write_and_a_read_leave_who_what_and_when(api, assembly, trail):
    written = await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    await api.get("CarePlan/sip")
    await api.get("CarePlan/sip/_history/1")
    await api.delete("CarePlan/sip")

    assert [
        ("update", 200, "CarePlan", "sip", 1, "p1"),
        ("read", 200, "CarePlan", "sip", 1, "p1"),
        ("vread", 200, "CarePlan", "sip", 1, "p1"),
        ("delete", 204, "CarePlan", "sip", 2, "p1"),
    ] == await trail()
    (_, first), *_ = await assembly.server.store.entries(OPEN)
    assert '{"who":"anonymous"}' == first.agent
    assert "open" == first.rule
    assert written.headers["x-request-id"] == first.request
    assert abs(assembly.server.clock() - first.at) < 60_000


async def test_a_refusal_leaves_its_entry_too(api, trail):
    await api.get("CarePlan/none")
    await api.post("CarePlan", json=a_care_plan(status="x"))

    assert [("read", 404, "CarePlan", "none", 0, ""), ("create", 422, "CarePlan", "", 0, "")] == await trail()


async def test_a_search_leaves_an_entry_for_each_patient_among_its_hits(api, trail):
    for id, patient in (("a", "p1"), ("b", "p2"), ("c", "p2")):
        await api.put(f"CarePlan/{id}", json=a_care_plan(id=id, subject={"reference": f"Patient/{patient}"}))
    await api.get("CarePlan")
    await api.get("CarePlan?status=draft")

    assert [
        ("search-type", 200, "CarePlan", "", 0, "p1"),
        ("search-type", 200, "CarePlan", "", 0, "p2"),
        ("search-type", 200, "CarePlan", "", 0, ""),
    ] == (await trail())[3:]


async def test_the_entries_of_a_transaction_leave_one_each(api, trail):
    await api.post(
        "",
        json=a_bundle(an_entry("POST", "Patient", a_patient()), an_entry("PUT", "CarePlan/sip", a_care_plan(id="sip"))),
    )

    assert [("create", 201), ("update", 200)] == [row[:2] for row in await trail()]


async def test_a_refused_transaction_leaves_one_entry_and_writes_nothing(api, trail):
    await api.post("", json=a_bundle(an_entry("POST", "Patient", a_patient(gender="x"))))

    assert [("transaction", 422)] == [row[:2] for row in await trail()]


async def test_every_write_leaves_a_notice(api, assembly):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    await api.delete("CarePlan/sip")

    notices = await assembly.server.store.notices()
    assert [("CarePlan", "sip", 1, "write"), ("CarePlan", "sip", 2, "write"), ("CarePlan", "sip", 3, "delete")] == [
        (notice.type, notice.id, version, notice.interaction) for _, version, notice in notices
    ]


async def test_a_refused_call_says_whom_it_concerned_though_the_caller_is_not_told(api, trail):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"), headers={"If-Match": 'W/"7"'})
    await api.put("CarePlan/none", json=a_care_plan(id="other"))

    assert [("update", 412, "CarePlan", "sip", 0, "p1"), ("update", 400, "CarePlan", "none", 0, "")] == (await trail())[
        1:
    ]


@pytest.mark.parametrize(
    "others", [(), (an_entry("PUT", "CarePlan/sip", a_care_plan(id="sip")),)], ids=["alone", "beside"]
)
async def test_what_a_transaction_finds_instead_of_making_it_is_told_as_seen(api, trail, others):
    await api.put("Patient/p1", json=a_patient(id="p1"))
    asked = "identifier=http://electronichealth.se/identifier/personnummer|191212121212"
    found = an_entry("POST", "Patient", a_patient(), ifNoneExist=asked)
    answer = await api.post("", json=a_bundle(found, *others))

    assert "200 OK" == answer.json()["entry"][0]["response"]["status"]
    told = [row for row in (await trail())[1:] if row[2] == "Patient"]
    assert [("create", 200, "Patient", "p1", 1, "p1")] == told
    assert 1 + len(others) == len(await trail()) - 1


async def test_a_fault_of_ours_leaves_its_entry(api, assembly, trail):
    """A version whose text is no resource: only a broken disk makes one."""
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    await broken(assembly)
    answer = await api.get("CarePlan/sip?_elements=status")

    assert 500 == answer.status_code
    assert ("read", 500, "CarePlan", "sip", 0, "") == (await trail())[-1]


async def broken(assembly):
    store = assembly.server.store._store._store
    if hasattr(store, "_link") and hasattr(store._link, "connection"):
        connection = store._link.connection
        connection.execute("DROP TRIGGER resources_follow")
        connection.execute("UPDATE resources SET text = CAST('[]' AS BLOB) WHERE id = 'sip'")
        return
    await store._link.database.resources.update_one({"id": "sip"}, {"$set": {"text": b"[]"}})
