"""https://hl7.org/fhir/R4/patient-operation-everything.html"""

import asyncio

import pytest

from tests.builders import a_care_plan, a_patient, issue_keys

pytestmark = pytest.mark.anyio


def shown(answer, mode):
    return [
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in answer.json().get("entry", ())
        if entry["search"]["mode"] == mode
    ]


@pytest.fixture(autouse=True)
async def people(api):
    for resource in (
        a_patient(id="p1"),
        a_patient(id="p2"),
        {"resourceType": "Practitioner", "id": "s1"},
        {"resourceType": "Practitioner", "id": "s2"},
        a_care_plan(id="a", author={"reference": "Practitioner/s1"}, contributor=[{"reference": "Organization/none"}]),
        a_care_plan(id="b", subject={"reference": "Patient/p2"}, author={"reference": "Practitioner/s2"}),
        {
            "resourceType": "Task",
            "id": "t",
            "status": "requested",
            "intent": "order",
            "for": {"reference": "Patient/p1"},
        },
        {
            "resourceType": "Goal",
            "id": "g",
            "lifecycleStatus": "active",
            "description": {"text": "x"},
            "subject": {"reference": "Patient/p1"},
        },
    ):
        answer = await api.put(f"{resource['resourceType']}/{resource['id']}", json=resource)
        assert 201 == answer.status_code
        await asyncio.sleep(0.002)  # each its own millisecond, to be told apart by


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_all_that_is_the_patients_and_those_it_names(api, method):
    answer = await api.request(method, "Patient/p1/$everything")

    assert ["Patient/p1", "CarePlan/a", "Goal/g", "Task/t"] == shown(answer, "match")
    assert ["Practitioner/s1"] == shown(answer, "include")


async def test_it_comes_page_by_page_without_gap_or_double(api):
    found, address = [], "Patient/p1/$everything?_count=1"
    while address:
        answer = await api.get(address)
        found.append(shown(answer, "match"))
        address = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), None)

    assert [["Patient/p1"], ["CarePlan/a"], ["Goal/g"], ["Task/t"]] == found


async def test_it_can_be_narrowed_to_types_and_to_what_is_new(api):
    assert ["CarePlan/a", "Task/t"] == shown(await api.get("Patient/p1/$everything?_type=Task,CarePlan"), "match")
    since = (await api.get("Goal/g")).json()["meta"]["lastUpdated"]
    assert ["Goal/g"] == shown(await api.get("Patient/p1/$everything", params={"_since": since}), "match")


async def test_it_can_be_shown_in_part_but_for_the_people_it_names(api):
    resources = {
        entry["resource"]["resourceType"]: entry["resource"]
        for entry in (await api.get("Patient/p1/$everything?_elements=status,description")).json()["entry"]
    }

    assert {"Patient", "CarePlan", "Goal", "Task", "Practitioner"} == resources.keys()
    assert ("active", "author" in resources["CarePlan"]) == (resources["CarePlan"]["status"], False)
    assert "identifier" not in resources["Patient"]
    assert {"text": "x"} == resources["Goal"]["description"]
    tagged = {type for type, resource in resources.items() if "tag" in resource["meta"]}
    assert {"Patient", "CarePlan", "Goal", "Task"} == tagged


async def test_the_people_it_names_are_shown_in_part_where_their_type_is_named(api):
    query = "_elements=Practitioner.name,CarePlan.title"
    tagged = {
        entry["resource"]["resourceType"]
        for entry in (await api.get(f"Patient/p1/$everything?{query}")).json()["entry"]
        if "tag" in entry["resource"]["meta"]
    }

    assert {"Practitioner", "CarePlan"} == tagged


async def test_a_summary_is_of_all_that_is_shown(api):
    entries = (await api.get("Patient/p1/$everything?_summary=true")).json()["entry"]

    assert 5 == len(entries)
    assert all("SUBSETTED" == entry["resource"]["meta"]["tag"][0]["code"] for entry in entries)


async def test_its_number_alone_is_that_of_what_is_the_patients(api):
    bundle = (await api.get("Patient/p1/$everything?_summary=count")).json()

    assert (4, False) == (bundle["total"], "entry" in bundle)
    assert 2 == (await api.get("Patient/p1/$everything?_summary=count&_type=Task,Goal")).json()["total"]
    assert 404 == (await api.get("Patient/none/$everything?_summary=count")).status_code


async def test_nobody_has_nothing(api):
    assert 404 == (await api.get("Patient/none/$everything")).status_code


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("_type=Practitioner", "parameter-value"),
        ("_count=0", "parameter-value"),
        ("_since=x", "parameter-value"),
        ("colour=red", "unknown-parameter"),
        ("_page=x", "page-token"),
        ("_summary=some", "parameter-value"),
        ("start=2026-03-02", "unknown-parameter"),
    ],
)
async def test_what_cannot_be_understood_is_refused(api, query, key):
    answer = await api.get(f"Patient/p1/$everything?{query}")

    assert (400, [key]) == (answer.status_code, issue_keys(answer.json()))
