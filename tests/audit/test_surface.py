"""AuditEvents over HTTP: those of the trail and those from elsewhere are one, and answer to nothing but themselves."""

from base64 import b64decode

import pytest

from fhir_server.audit.agent import Agent
from fhir_server.fhir.outcome import NotFound
from fhir_server.search.query import Every, OfPatient, Query, Reference, Token, Without
from fhir_server.storage.store import Commit, Entry, Grant
from tests.builders import a_bundle, a_care_plan, a_patient, an_entry, issue_keys

pytestmark = pytest.mark.anyio
NORTH, SOUTH = "SE2321000016-NORD", "SE2321000016-SYD"


def an_event(recorded="2026-03-02T10:00:00Z", patient="p1", **members):
    """An entry from elsewhere."""
    return {
        "resourceType": "AuditEvent",
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110100"},
        "action": "E",
        "recorded": recorded,
        "outcome": "0",
        "agent": [{"requestor": True, "who": {"display": "another system"}}],
        "source": {"observer": {"display": "another system"}},
        "entity": [{"what": {"reference": f"Patient/{patient}"}}],
        **members,
    }


@pytest.fixture
async def kept(api) -> str:
    """A plan that was written and read; the id of an entry from elsewhere, of long ago."""
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    await api.get("CarePlan/sip")
    return (await api.post("AuditEvent", json=an_event("2020-03-02T10:00:00Z"))).json()["id"]


async def found(api, asked, **how):
    answer = await api.get(f"AuditEvent?{asked}", **how)
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def events(api, asked):
    return [entry["resource"] for entry in (await found(api, asked)).get("entry", ())]


async def walked(api, asked):
    """The ids of all that is found, page by page."""
    ids, address = [], f"AuditEvent?{asked}"
    while address:
        bundle = (await api.get(address)).json()
        ids += [entry["resource"]["id"] for entry in bundle.get("entry", ())]
        assert len(ids) < 100, "whoever reads the trail lengthens it: a walk wants an end"
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return ids


def told(events):
    return [(event.get("subtype", [{}])[0].get("code", "elsewhere"), event.get("outcome")) for event in events]


# ------------------------------------------------------------------------------------------------ one surface


async def test_entries_of_the_trail_and_from_elsewhere_are_one_list(api, kept):
    listed = await events(api, "patient=p1")

    assert [("elsewhere", "0"), ("update", "0"), ("read", "0")] == told(listed)
    assert kept == listed[0]["id"]


@pytest.mark.parametrize("sort", ["date", "-date", "_lastUpdated", "-_lastUpdated", "_id", "-_id"])
async def test_pages_go_through_both(api, kept, sort):
    for _ in range(3):
        await api.get("CarePlan/sip")
    last = (await events(api, "patient=p1&_sort=-date"))[0]["recorded"]
    asked = f"date=le{last}&_lastUpdated=le{last}&patient=p1&_sort={sort}"
    at_once = await events(api, f"{asked}&_count=100")
    marks = [_mark(event, sort) for event in at_once]

    assert sorted(marks, reverse=sort[0] == "-") == marks
    assert len(marks) >= 3
    for count in (1, 2):
        assert [event["id"] for event in at_once] == await walked(api, f"{asked}&_count={count}")


def _mark(event, sort):
    key = sort.removeprefix("-")
    return event["id"] if key == "_id" else event["recorded"] if key == "date" else event["meta"]["lastUpdated"]


async def test_an_entry_is_read_by_its_id_and_has_one_version(api, kept):
    (event, *_) = await events(api, "subtype=read")

    read = await api.get(f"AuditEvent/{event['id']}")
    assert (200, event) == (read.status_code, read.json())
    assert 'W/"1"' == read.headers["etag"]
    assert event == (await api.get(f"AuditEvent/{event['id']}/_history/1")).json()
    assert 404 == (await api.get(f"AuditEvent/{event['id']}/_history/2")).status_code
    assert 404 == (await api.get("AuditEvent/trail-0999999999999999999")).status_code
    assert 200 == (await api.get(f"AuditEvent/{kept}")).status_code


async def test_totals_and_counts_are_of_both(api, kept):
    assert 3 == (await found(api, "patient=p1"))["total"]
    assert 3 == (await found(api, "patient=p1&_summary=count&subtype:not=search-type"))["total"]


async def test_one_event_tells_who_saw_which_version_and_its_hash(api, assembly, kept):
    (read,) = await events(api, "subtype=read&entity=CarePlan/sip")

    stored = await assembly.server.store.read("CarePlan", "sip", assembly.server.access.decide("", "read", ""))
    (entry,) = [one for _, one in await assembly.server.store.entries(_open(assembly)) if one.interaction == "read"]
    assert "CarePlan/sip/_history/1" == read["entity"][0]["what"]["reference"]
    assert entry.digest in {detail.get("valueBase64Binary") for detail in read["entity"][-1]["detail"]}
    assert stored.digest == b64decode(entry.digest)


def _open(assembly):
    return assembly.server.access.decide("", "read", "")


async def test_l_06_a_refused_call_is_found_by_its_outcome_with_its_reason(api, kept):
    await api.get("CarePlan/none")

    (event,) = await events(api, "outcome=4")
    assert ("4", "not-found", "read") == (event["outcome"], event["outcomeDesc"], event["subtype"][0]["code"])
    assert "CarePlan/none" == event["entity"][0]["what"]["reference"]
    assert 3 == len(await events(api, "outcome=0&patient=p1&subtype:not=search-type"))


async def test_a_search_leaves_one_event_for_each_patient_with_the_hash_of_what_was_shown(api):
    for id, patient in (("a", "p1"), ("b", "p2"), ("c", "p2")):
        await api.put(f"CarePlan/{id}", json=a_care_plan(id=id, subject={"reference": f"Patient/{patient}"}))
    await api.get("CarePlan")

    of_searches = await events(api, "subtype=search-type&action=E")
    assert [["Patient/p1"], ["Patient/p2"]] == [
        [one["what"]["reference"] for one in event["entity"] if one["type"]["code"] == "1"] for event in of_searches[:2]
    ]
    assert 2 == len({event["entity"][-1]["detail"][-1]["valueBase64Binary"] for event in of_searches[:2]})


# ------------------------------------------------------------------------------------------------ and nothing else


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("address=x", "unknown-parameter"),
        ("_text=x", "unknown-parameter"),
        ("patient.name=x", "search-unsupported"),
        ("_has:Provenance:entity:agent=x", "search-unsupported"),
        ("_sort=action", "parameter-value"),
        ("_sort=date,_id", "parameter-value"),
    ],
)
async def test_what_the_trail_is_not_asked_is_refused_with_what_it_is(api, asked, key):
    answer = await api.get(f"AuditEvent?{asked}")

    assert (400, [key]) == (answer.status_code, issue_keys(answer.json()))
    assert "date" in answer.json()["issue"][0]["details"]["text"]


@pytest.mark.parametrize(
    "asked",
    [
        "CarePlan?_revinclude=AuditEvent:entity",
        "Patient?_has:AuditEvent:patient:action=R",
        "Provenance?entity:AuditEvent.action=R",
        "?_type=AuditEvent",
    ],
)
async def test_nobody_else_is_answered_with_audit_events(api, kept, asked):
    assert 400 == (await api.get(asked)).status_code


async def test_a_chain_that_names_no_type_leads_to_all_but_them(api, kept):
    await api.put("Patient/p1", json=a_patient(id="p1"))
    task = {"resourceType": "Task", "id": "t", "status": "requested", "intent": "order"}
    await api.put("Task/t", json={**task, "basedOn": [{"reference": "CarePlan/sip"}]})

    found = (await api.get("Task?based-on.patient=Patient/p1")).json()
    assert ["t"] == [entry["resource"]["id"] for entry in found["entry"]]
    assert 400 == (await api.get("Task?based-on:AuditEvent.patient=Patient/p1")).status_code


async def test_lists_of_several_types_are_without_them(api, kept):
    for address in ("?_id=sip", "?_lastUpdated=gt2000", "_history", "Patient/p1/*", "CarePlan?_revinclude=*"):
        bundle = (await api.get(address)).json()
        assert "CarePlan" in {entry["resource"]["resourceType"] for entry in bundle["entry"]} | {"CarePlan"}
        assert "AuditEvent" not in {entry["resource"]["resourceType"] for entry in bundle["entry"]}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_an_audit_event_is_never_changed(api, kept, method):
    (event, *_) = await events(api, "subtype=read")
    for id in (event["id"], kept):
        assert 405 == (await api.request(method, f"AuditEvent/{id}", json=an_event())).status_code
    assert event == (await api.get(f"AuditEvent/{event['id']}")).json()


async def test_an_audit_event_is_in_no_transaction_but_to_be_made(api):
    entries = [an_entry("POST", "AuditEvent", an_event())]
    assert 200 == (await api.post("", json=a_bundle(*entries))).status_code
    entries = [an_entry("DELETE", "AuditEvent/trail-0000000000000000001")]
    assert 405 == (await api.post("", json=a_bundle(*entries))).status_code


async def test_a_patients_compartment_is_searched_for_them_alone(api, kept):
    assert 3 == (await api.get("Patient/p1/AuditEvent")).json()["total"]
    assert 0 == (await api.get("Patient/p9/AuditEvent")).json()["total"]


# ------------------------------------------------------------------------------------------------ grants


def of(organisation, patient) -> Entry:
    agent = Agent(client="journal", provider=organisation).text()
    return Entry(1, agent, "read", 200, "CarePlan", "sip", 1, patient, organisation=organisation)


GRANTS = {
    "an organisation's": (Token("site", None, NORTH.casefold()), {"n1", "n2"}),
    "a patient's": (OfPatient(frozenset({"p1"})), {"n1", "s1"}),
    "both": (Every((Token("site", None, NORTH.casefold()), Reference("patient", "Patient", "p1"))), {"n1"}),
    "all but": (Without(OfPatient(frozenset({"p1"}))), {"n2", "s2"}),
    "what rows do not tell": (Without(Token("_security", None, "R")), set()),
}


@pytest.mark.parametrize("name", GRANTS)
async def test_a_grant_is_judged_by_organisation_and_patient(assembly, name):
    store = assembly.server.store
    named = {"n1": of(NORTH, "p1"), "n2": of(NORTH, "p2"), "s1": of(SOUTH, "p1"), "s2": of(SOUTH, "p2")}
    await store.commit(Commit(_open(assembly), entries=tuple(named.values())))
    places = {(entry.organisation, entry.patient): label for label, entry in named.items()}
    query, expected = GRANTS[name]
    grant = Grant(query, "TREAT", "of the tests")

    everything = await store.search(Query("AuditEvent"), _open(assembly), count=10)
    rows = await store.entries(_open(assembly))
    labels = {
        one.id: places[entry.organisation, entry.patient]
        for one, (_, entry) in zip(everything.items, rows, strict=True)
    }
    page = await store.search(Query("AuditEvent"), grant, count=10)
    assert expected == {labels[one.id] for one in page.items}
    assert len(expected) == page.total
    for one in everything.items:
        if labels[one.id] in expected:
            assert one == await store.read("AuditEvent", one.id, grant)
        else:
            with pytest.raises(NotFound):
                await store.read("AuditEvent", one.id, grant)
