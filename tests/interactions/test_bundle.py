"""https://hl7.org/fhir/R4/http.html#transaction"""

import asyncio

import pytest

from tests.builders import (
    PERSONNUMMER,
    TEST_PERSON,
    a_bundle,
    a_care_plan,
    a_care_team,
    a_patient,
    an_entry,
    issue_keys,
)

pytestmark = pytest.mark.anyio
PERSON = "urn:uuid:0b5f8a1e-6b0e-4a3e-9a35-0e6d3b1d2c01"
TEAM = "urn:uuid:0b5f8a1e-6b0e-4a3e-9a35-0e6d3b1d2c02"
PERSON_IS = f"identifier={PERSONNUMMER}|{TEST_PERSON}"


def a_story(**plan):
    return a_bundle(
        an_entry(
            "POST", "CarePlan", a_care_plan(subject={"reference": PERSON}, careTeam=[{"reference": TEAM}], **plan)
        ),
        an_entry("POST", "CareTeam", a_care_team(subject={"reference": PERSON}), full_url=TEAM),
        an_entry("POST", "Patient", a_patient(), full_url=PERSON, ifNoneExist=PERSON_IS),
    )


async def test_references_between_entries_are_resolved(api):
    answer = await api.post("", json=a_story())

    plan, team, person = (entry["resource"] for entry in answer.json()["entry"])
    assert 200 == answer.status_code
    assert "transaction-response" == answer.json()["type"]
    assert f"Patient/{person['id']}" == plan["subject"]["reference"]
    assert f"CareTeam/{team['id']}" == plan["careTeam"][0]["reference"]
    assert [plan["id"]] == [
        entry["resource"]["id"] for entry in (await api.get(f"CarePlan?patient={person['id']}")).json()["entry"]
    ]


async def test_each_entry_is_answered_in_its_place(api):
    entries = (await api.post("", json=a_story())).json()["entry"]

    assert ["CarePlan", "CareTeam", "Patient"] == [entry["resource"]["resourceType"] for entry in entries]
    for entry in entries:
        assert "201 Created" == entry["response"]["status"]
        assert 'W/"1"' == entry["response"]["etag"]
        assert entry["resource"]["meta"]["lastUpdated"] == entry["response"]["lastModified"]
        assert entry["response"]["location"].endswith(f"{entry['resource']['id']}/_history/1")


async def test_a_story_told_twice_has_its_person_once(api):
    await api.post("", json=a_story())
    again = await api.post("", json=a_story())

    assert ["201 Created", "201 Created", "200 OK"] == [entry["response"]["status"] for entry in again.json()["entry"]]
    assert 1 == (await api.get("Patient")).json()["total"]
    assert 2 == (await api.get("CarePlan")).json()["total"]


async def test_eight_tellers_at_once_make_one_person(api):
    answers = await asyncio.gather(*(api.post("", json=a_story()) for _ in range(8)))

    people = {answer.json()["entry"][2]["resource"]["id"] for answer in answers}
    assert 1 == len(people)
    assert {f"Patient/{people.pop()}"} == {
        answer.json()["entry"][0]["resource"]["subject"]["reference"] for answer in answers
    }


async def test_one_bad_entry_and_nothing_is_written(api):
    answer = await api.post("", json=a_story(status="actve"))

    assert 422 == answer.status_code
    assert ["Bundle.entry[0].resource.status"] == answer.json()["issue"][0]["expression"]
    for kind in ("Patient", "CareTeam", "CarePlan"):
        assert 0 == (await api.get(kind)).json()["total"]


async def test_the_bad_entries_are_all_named(api):
    bundle = a_bundle(*(an_entry("POST", "CarePlan", a_care_plan(status=status)) for status in ("x", "draft", "y")))

    places = [issue["expression"][0] for issue in (await api.post("", json=bundle)).json()["issue"]]
    assert ["Bundle.entry[0].resource.status", "Bundle.entry[2].resource.status"] == places


async def test_deletes_come_before_creates_and_reads_come_last(api):
    await api.put("CarePlan/old", json=a_care_plan(id="old"))
    bundle = a_bundle(
        an_entry("GET", "CarePlan?patient=p1"),
        an_entry("PUT", "CarePlan/new", a_care_plan(id="new")),
        an_entry("DELETE", "CarePlan/old"),
    )

    read, put, deleted = (await api.post("", json=bundle)).json()["entry"]

    assert ["new"] == [entry["resource"]["id"] for entry in read["resource"]["entry"]]
    assert "201 Created" == put["response"]["status"]
    assert "204 No Content" == deleted["response"]["status"]


async def test_a_read_that_is_refused_takes_nothing_back(api):
    bundle = a_bundle(an_entry("GET", "CarePlan/none"), an_entry("PUT", "CarePlan/new", a_care_plan(id="new")))

    answer = await api.post("", json=bundle)

    assert 200 == answer.status_code
    assert ["404", "201"] == [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
    assert "OperationOutcome" == answer.json()["entry"][0]["response"]["outcome"]["resourceType"]
    assert 200 == (await api.get("CarePlan/new")).status_code


async def test_two_entries_on_one_resource_are_refused(api):
    bundle = a_bundle(
        an_entry("PUT", "CarePlan/sip", a_care_plan(id="sip")),
        an_entry("DELETE", "CarePlan/sip"),
    )

    answer = await api.post("", json=bundle)

    assert 400 == answer.status_code
    assert ["entry-twice"] == issue_keys(answer.json())


async def test_a_stale_entry_stops_the_whole(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    bundle = a_bundle(
        an_entry("POST", "Patient", a_patient()),
        an_entry("PUT", "CarePlan/sip", a_care_plan(id="sip"), ifMatch='W/"9"'),
    )

    assert 412 == (await api.post("", json=bundle)).status_code
    assert 0 == (await api.get("Patient")).json()["total"]


async def test_a_patch_that_is_overtaken_does_not_make_another_entry_stale(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))
    note = {"name": "value", "valueAnnotation": {"text": "x"}}
    said = [("type", "valueCode", "add"), ("path", "valueString", "CarePlan"), ("name", "valueString", "note")]
    parts = [*({"name": name, member: value} for name, member, value in said), note]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    for number in range(4):
        await api.put(f"CarePlan/{number}", json=a_care_plan(id=str(number)))
    bundles = [
        a_bundle(
            an_entry("PATCH", "CarePlan/sip", patch),
            an_entry("PUT", f"CarePlan/{number}", a_care_plan(id=str(number)), ifMatch='W/"1"'),
        )
        for number in range(4)
    ]

    answers = await asyncio.gather(*(api.post("", json=bundle) for bundle in bundles))

    assert [200] * 4 == [answer.status_code for answer in answers]
    assert 4 == len((await api.get("CarePlan/sip")).json()["note"])


async def test_a_reference_to_no_entry_is_refused(api):
    bundle = a_bundle(an_entry("POST", "CarePlan", a_care_plan(subject={"reference": PERSON})))

    answer = await api.post("", json=bundle)

    assert 422 == answer.status_code
    assert ["Bundle.entry[0].resource.subject.reference"] == answer.json()["issue"][0]["expression"]


async def test_an_identifier_that_looks_like_an_entry_stays_what_it_is(api):
    identifier = [{"system": "urn:ietf:rfc:3986", "value": PERSON}]
    bundle = a_bundle(
        an_entry("POST", "Patient", {"resourceType": "Patient", "identifier": identifier}, full_url=PERSON)
    )

    assert identifier == (await api.post("", json=bundle)).json()["entry"][0]["resource"]["identifier"]


async def test_the_entries_of_a_batch_stand_alone(api):
    bundle = a_bundle(
        an_entry("POST", "CarePlan", a_care_plan(status="actve")),
        an_entry("PUT", "CarePlan/sip", a_care_plan(id="sip")),
        an_entry("GET", "CarePlan/none"),
        type="batch",
    )

    answer = await api.post("", json=bundle)

    statuses = [entry["response"]["status"] for entry in answer.json()["entry"]]
    assert 200 == answer.status_code
    assert "batch-response" == answer.json()["type"]
    assert ["422 Unprocessable Content", "201 Created", "404 Not Found"] == [
        status.replace("Entity", "Content") for status in statuses
    ]
    assert "OperationOutcome" == answer.json()["entry"][0]["response"]["outcome"]["resourceType"]


async def test_a_batch_answers_its_reads_in_their_places_and_each_sees_the_writes_before_it(api):
    reads = [an_entry("GET", f"Patient/{'here' if n % 3 else 'nobody'}") for n in range(20)]
    first, second = (
        an_entry("PUT", "Patient/here", a_patient(id="here", gender=gender)) for gender in ("male", "female")
    )

    told = (await api.post("", json=a_bundle(first, *reads, second, *reads, type="batch"))).json()["entry"]

    assert ["201 male", *seen("male"), "200 female", *seen("female")] == [
        f"{entry['response']['status'][:3]} {entry.get('resource', {}).get('gender', '')}" for entry in told
    ]


def seen(gender):
    return [f"200 {gender}" if n % 3 else "404 " for n in range(20)]


async def test_a_minimal_answer_leaves_the_written_resources_out(api):
    answer = await api.post("", json=a_story(), headers={"Prefer": "return=minimal"})

    assert [{"response"}] * 3 == [set(entry) for entry in answer.json()["entry"]]


@pytest.mark.parametrize(
    ("bundle", "status"),
    [
        (a_bundle(type="collection"), 400),
        (a_bundle(type="nonsense"), 400),
        ({"resourceType": "Patient"}, 400),
        ([], 400),
        (a_bundle({"resource": a_patient()}), 422),
        (a_bundle({"request": {"method": "POST"}, "resource": a_patient()}), 422),
        (a_bundle({"request": {"method": "SEND", "url": "Patient"}, "resource": a_patient()}), 422),
        (a_bundle(an_entry("POST", "Nothing", a_patient())), 404),
        (a_bundle(an_entry("DELETE", "metadata")), 405),
        (a_bundle(an_entry("DELETE", "Patient")), 400),
        (a_bundle(an_entry("POST", "Patient")), 400),
        (a_bundle("entry"), 422),
        ({"resourceType": "Bundle", "type": "transaction", "entry": {}}, 422),
        ({"resourceType": "Bundle", "type": "batch", "entry": 7}, 422),
    ],
)
async def test_what_is_no_transaction_is_refused(api, bundle, status):
    answer = await api.post("", json=bundle)

    assert status == answer.status_code
    assert "OperationOutcome" == answer.json()["resourceType"]


async def test_an_empty_transaction_is_answered_with_an_empty_one(api):
    answer = await api.post("", json={"resourceType": "Bundle", "type": "transaction"})

    assert {"resourceType": "Bundle", "type": "transaction-response"} == answer.json()


async def test_more_than_a_thousand_entries_are_too_many(api):
    bundle = a_bundle(*(an_entry("GET", "Patient/x") for _ in range(1001)), type="batch")

    assert 413 == (await api.post("", json=bundle)).status_code


async def test_a_conditional_update_finds_its_person_and_others_refer_to_it(api):
    known = (await api.post("Patient", json=a_patient())).json()["id"]
    bundle = a_bundle(
        an_entry("POST", "CarePlan", a_care_plan(subject={"reference": PERSON})),
        an_entry("PUT", f"Patient?{PERSON_IS}", a_patient(gender="female"), full_url=PERSON),
    )

    plan, person = (await api.post("", json=bundle)).json()["entry"]

    assert ("200 OK", known, "female") == (
        person["response"]["status"],
        person["resource"]["id"],
        person["resource"]["gender"],
    )
    assert f"Patient/{known}" == plan["resource"]["subject"]["reference"]


async def test_a_conditional_update_that_finds_nobody_makes_the_person_others_refer_to(api):
    bundle = a_bundle(
        an_entry("POST", "CarePlan", a_care_plan(subject={"reference": PERSON})),
        an_entry("PUT", f"Patient?{PERSON_IS}", a_patient(), full_url=PERSON),
    )

    plan, person = (await api.post("", json=bundle)).json()["entry"]

    assert "201 Created" == person["response"]["status"]
    assert f"Patient/{person['resource']['id']}" == plan["resource"]["subject"]["reference"]


async def test_a_reference_by_condition_becomes_the_one_it_means(api):
    known = (await api.post("Patient", json=a_patient())).json()["id"]
    bundle = a_bundle(an_entry("POST", "CarePlan", a_care_plan(subject={"reference": f"Patient?{PERSON_IS}"})))

    (plan,) = (await api.post("", json=bundle)).json()["entry"]

    assert f"Patient/{known}" == plan["resource"]["subject"]["reference"]


@pytest.mark.parametrize(("people", "status"), [(0, 422), (1, 200), (2, 412)])
async def test_a_reference_by_condition_must_mean_exactly_one(api, people, status):
    for _ in range(people):
        await api.post("Patient", json=a_patient())
    bundle = a_bundle(an_entry("POST", "CarePlan", a_care_plan(subject={"reference": f"Patient?{PERSON_IS}"})))

    assert status == (await api.post("", json=bundle)).status_code


LABEL = {"system": "urn:t", "code": "a"}
LABELLED = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [LABEL]}}]}


@pytest.mark.parametrize(("version", "status", "labels"), [(1, 200, [LABEL]), (7, 412, None)])
async def test_an_operation_that_writes_is_done_with_all_the_rest_or_not_at_all(api, version, status, labels):
    for id in ("a", "b"):
        await api.put(f"CarePlan/{id}", json=a_care_plan(id=id))
    bundle = a_bundle(
        an_entry("POST", "CarePlan/a/$meta-add", LABELLED),
        an_entry("PUT", "CarePlan/b", a_care_plan(id="b", title="Ny"), ifMatch=f'W/"{version}"'),
    )

    assert status == (await api.post("", json=bundle)).status_code
    assert labels == (await api.get("CarePlan/a")).json()["meta"].get("tag")


async def test_an_operation_that_reads_sees_what_the_transaction_wrote(api):
    bundle = a_bundle(
        an_entry("GET", "CarePlan/new/$meta"),
        an_entry("PUT", "CarePlan/new", a_care_plan(id="new", meta={"tag": [LABEL]})),
    )

    told, _ = (await api.post("", json=bundle)).json()["entry"]
    assert [LABEL] == told["resource"]["parameter"][0]["valueMeta"]["tag"]


async def test_two_that_change_one_resource_are_refused_though_one_is_an_operation(api):
    await api.put("CarePlan/a", json=a_care_plan(id="a"))
    bundle = a_bundle(
        an_entry("POST", "CarePlan/a/$meta-add", LABELLED), an_entry("PUT", "CarePlan/a", a_care_plan(id="a"))
    )

    answer = await api.post("", json=bundle)
    assert (400, ["entry-twice"]) == (answer.status_code, issue_keys(answer.json()))
