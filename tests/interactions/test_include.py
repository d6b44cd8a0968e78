"""https://hl7.org/fhir/R4/search.html#include: what comes along with the matches"""

import pytest

from fhir_server.interactions import include
from tests.builders import a_bundle, a_care_plan, a_care_team, a_patient, an_entry, issue_keys

pytestmark = pytest.mark.anyio

PATIENT, TEAM, PLAN = "Patient/p1", "CareTeam/team", "CarePlan/sip"


def at(place):
    return {"reference": place}


def a_task(id, **members):
    return {
        "resourceType": "Task",
        "id": id,
        "status": "requested",
        "intent": "order",
        "for": at(PATIENT),
        "focus": at(PLAN),
        **members,
    }


@pytest.fixture(autouse=True)
async def kept(api):
    """A plan of a patient, its team with a practitioner of an organization, a part of the plan, and two tasks about it."""
    organization = {"resourceType": "Organization", "id": "o1", "name": "Hemtjänsten"}
    role = {"resourceType": "PractitionerRole", "id": "r1", "organization": at("Organization/o1")}
    team = a_care_team(id="team", participant=[{"member": at("PractitionerRole/r1")}, {"member": at(PATIENT)}])
    part = a_care_plan(id="part", partOf=[at(PLAN)])
    made = {
        PATIENT: a_patient(id="p1"),
        "Organization/o1": organization,
        "PractitionerRole/r1": role,
        TEAM: team,
        PLAN: a_care_plan(id="sip", careTeam=[at(TEAM)]),
        "CarePlan/part": part,
        "Task/t1": a_task("t1"),
        "Task/t2": a_task("t2", partOf=[at("Task/t1")]),
    }
    answer = await api.post("", json=a_bundle(*(an_entry("PUT", place, one) for place, one in made.items())))
    assert 200 == answer.status_code


async def found(api, asked):
    """The places of the matches, and of what came along."""
    answer = await api.get(asked)
    assert 200 == answer.status_code, answer.text
    places = {"match": [], "include": [], "outcome": []}
    for entry in answer.json().get("entry", ()):
        resource = entry["resource"]
        places[entry["search"]["mode"]].append(f"{resource['resourceType']}/{resource.get('id')}")
    return places["match"], sorted(places["include"])


OF_ROLES = "_include=CarePlan:care-team&_include:iterate=CareTeam:participant:PractitionerRole"


@pytest.mark.parametrize(
    ("asked", "along"),
    [
        ("_include=CarePlan:subject", [PATIENT]),
        ("_include=CarePlan:patient", [PATIENT]),
        ("_include=CarePlan:subject:Patient", [PATIENT]),
        ("_include=CarePlan:subject:Group", []),
        ("_include=CarePlan:care-team&_include=CarePlan:subject", [TEAM, PATIENT]),
        ("_include=CarePlan:*", [TEAM, PATIENT]),
        ("_include=*", [TEAM, PATIENT]),
        ("_include=CarePlan:care-team&_include=CareTeam:participant", [TEAM]),
        ("_include=CarePlan:care-team&_include:iterate=CareTeam:participant", [TEAM, PATIENT, "PractitionerRole/r1"]),
        (
            f"{OF_ROLES}&_include:iterate=PractitionerRole:organization",
            [TEAM, "Organization/o1", "PractitionerRole/r1"],
        ),
        ("_include:iterate=*", [TEAM, "Organization/o1", PATIENT, "PractitionerRole/r1"]),
        ("_revinclude=Task:focus", ["Task/t1", "Task/t2"]),
        ("_revinclude=CarePlan:part-of", ["CarePlan/part"]),
        ("_revinclude=Task:part-of", []),
        ("_revinclude=Task:focus&_include:iterate=Task:patient", [PATIENT, "Task/t1", "Task/t2"]),
    ],
)
async def test_what_is_named_and_what_names_comes_along_once_and_is_no_match(api, asked, along):
    assert (["CarePlan/sip"], along) == await found(api, f"CarePlan?_id=sip&{asked}")


async def test_a_resource_that_matches_does_not_come_along(api):
    assert (["CarePlan/part", "CarePlan/sip"], []) == await found(api, "CarePlan?_include=CarePlan:part-of")


async def test_what_comes_along_is_not_counted(api):
    bundle = (await api.get("CarePlan?_id=sip&_include=*")).json()

    assert (1, 3) == (bundle["total"], len(bundle["entry"]))
    assert "_include=*" in bundle["link"][0]["url"]


async def test_the_version_that_is_named_comes_along(api):
    await api.put(PATIENT, json=a_patient(id="p1", active=True))
    await api.put("CarePlan/old", json=a_care_plan(id="old", subject=at(f"{PATIENT}/_history/1")))

    (_, along) = (await api.get("CarePlan?_id=old&_include=CarePlan:subject")).json()["entry"]
    assert "1" == along["resource"]["meta"]["versionId"]


async def test_what_is_not_there_any_more_does_not_come_along(api):
    await api.delete(TEAM)

    assert (["CarePlan/sip"], []) == await found(api, "CarePlan?_id=sip&_include=CarePlan:care-team")


async def test_a_definition_comes_along_by_its_address(api):
    questionnaire = {"resourceType": "Questionnaire", "id": "q", "url": "https://x.example/q", "status": "active"}
    answered = {"resourceType": "QuestionnaireResponse", "id": "a", "status": "completed"}
    await api.put("Questionnaire/q", json={**questionnaire, "version": "2"})
    for id, canonical in (("a", "https://x.example/q"), ("b", "https://x.example/q|2"), ("c", "https://x.example/q|1")):
        await api.put(f"QuestionnaireResponse/{id}", json={**answered, "id": id, "questionnaire": canonical})

    asked = "QuestionnaireResponse?_id={}&_include=QuestionnaireResponse:questionnaire"
    along = [(await found(api, asked.format(id)))[1] for id in "abc"]
    assert [["Questionnaire/q"], ["Questionnaire/q"], []] == along


async def test_a_part_is_shown_of_what_comes_along_too(api):
    (match, along) = (await api.get("CarePlan?_id=sip&_include=CarePlan:subject&_summary=true")).json()["entry"]

    assert ["SUBSETTED"] == [it["code"] for it in along["resource"]["meta"]["tag"]]
    assert ["SUBSETTED"] == [it["code"] for it in match["resource"]["meta"]["tag"]]


async def test_that_there_was_more_is_said(api, monkeypatch):
    monkeypatch.setattr(include, "MOST", 2)

    entries = (await api.get("CarePlan?_id=sip&_include:iterate=*")).json()["entry"]
    assert ["match", "include", "include", "outcome"] == [entry["search"]["mode"] for entry in entries]
    assert ["include-cut"] == issue_keys(entries[-1]["resource"])


@pytest.mark.parametrize(
    "asked",
    [
        "_include=CarePlan:colour",
        "_include=Colour:subject",
        "_include=CarePlan",
        "_include=CarePlan:status",
        "_include=CarePlan:subject:Practitioner",
        "_include:recurse=CarePlan:subject",
        "_revinclude=Task:colour",
        "_include=",
    ],
)
async def test_what_cannot_come_along_is_refused_with_what_can(api, asked):
    refused = await api.get(f"CarePlan?{asked}")

    assert 400 == refused.status_code
    assert issue_keys(refused.json())[0] in {"include", "unknown-modifier"}
