"""http://hl7.org/fhir/R5/patient-operation-merge.html: two Patients of one person"""

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

RESERVE = "http://electronichealth.se/identifier/nationelltReservnummer"
SOURCE, TARGET = {"reference": "Patient/reserve"}, {"reference": "Patient/known"}


def asked(source="Patient/reserve", target="Patient/known", **more):
    named = {"source-patient": source, "target-patient": target}
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueReference": {"reference": it}} for name, it in named.items()]
        + [{"name": name, "valueBoolean": value} for name, value in more.items()],
    }


def part(answer, name):
    (found,) = [it["resource"] for it in answer.json()["parameter"] if it["name"] == name]
    return found


@pytest.fixture(autouse=True)
async def two(api):
    """A person known by a reserve number, with a plan and a team, and the same person under the personnummer."""
    reserve = {"system": RESERVE, "value": "98240301AA06"}
    await api.post(
        "",
        json=a_bundle(
            an_entry("PUT", "Patient/reserve", a_patient(id="reserve", identifier=[reserve])),
            an_entry("PUT", "Patient/known", a_patient(id="known")),
            an_entry("PUT", "CarePlan/sip", a_care_plan(id="sip", subject=SOURCE, title="Bo kvar")),
            an_entry("PUT", "CareTeam/team", a_care_team(id="team", subject=SOURCE, participant=[{"member": SOURCE}])),
            an_entry("PUT", "CarePlan/other", a_care_plan(id="other", subject=TARGET)),
        ),
    )


async def test_both_point_at_each_other_and_each_identifier_belongs_to_one(api):
    answer = await api.post("Patient/$merge", json=asked())

    assert 200 == answer.status_code
    source, target = [(await api.get(f"Patient/{id}")).json() for id in ("reserve", "known")]
    assert (False, [{"other": TARGET, "type": "replaced-by"}]) == (source["active"], source["link"])
    assert [{"other": SOURCE, "type": "replaces"}] == target["link"]
    assert "identifier" not in source
    assert [(PERSONNUMMER, TEST_PERSON, None), (RESERVE, "98240301AA06", "old")] == [
        (it["system"], it["value"], it.get("use")) for it in target["identifier"]
    ]
    assert target == part(answer, "result")


async def test_plans_and_teams_are_about_the_target_and_keep_their_history(api):
    await api.post("Patient/$merge", json=asked())

    plan, team = [(await api.get(place)).json() for place in ("CarePlan/sip", "CareTeam/team")]
    assert (TARGET, "Bo kvar", "2") == (plan["subject"], plan["title"], plan["meta"]["versionId"])
    assert (TARGET, [{"member": TARGET}]) == (team["subject"], team["participant"])
    assert {"sip", "other"} == {
        it["resource"]["id"] for it in (await api.get("CarePlan?patient=known")).json()["entry"]
    }
    assert SOURCE == (await api.get("CarePlan/sip/_history/1")).json()["subject"]


async def test_the_answer_counts_what_was_moved(api):
    answer = await api.post("Patient/$merge", json=asked())

    assert asked() == part(answer, "input")
    assert "2" in part(answer, "outcome")["issue"][0]["details"]["text"]


async def test_whoever_names_the_reserve_number_meets_the_target(api):
    await api.post("Patient/$merge", json=asked())

    found = await api.post("Patient", json=a_patient(), headers={"If-None-Exist": f"identifier={RESERVE}|98240301AA06"})
    assert (200, "known") == (found.status_code, found.json()["id"])


async def test_a_preview_writes_nothing(api):
    answer = await api.post("Patient/$merge", json=asked(preview=True))

    assert 200 == answer.status_code
    assert [1, 1] == [(await api.get(f"Patient/{id}/_history")).json()["total"] for id in ("reserve", "known")]
    assert 200 == (await api.post("Patient/$merge", json=asked(preview=False))).status_code
    assert [2, 2] == [(await api.get(f"Patient/{id}/_history")).json()["total"] for id in ("reserve", "known")]


async def test_a_merge_asked_for_again_moves_what_came_since(api):
    await api.post("Patient/$merge", json=asked())
    await api.put("CarePlan/late", json=a_care_plan(id="late", subject=SOURCE))

    await api.post("Patient/$merge", json=asked())
    assert TARGET == (await api.get("CarePlan/late")).json()["subject"]
    target = (await api.get("Patient/known")).json()
    assert (1, 2) == (len(target["link"]), len(target["identifier"]))


async def test_a_plan_written_meanwhile_is_not_lost(api):
    writes = [api.put(f"CarePlan/w{n}", json=a_care_plan(id=f"w{n}", subject=SOURCE)) for n in range(8)]
    answers = await asyncio.gather(api.post("Patient/$merge", json=asked()), *writes)

    assert [200] + [201] * 8 == [answer.status_code for answer in answers]
    await api.post("Patient/$merge", json=asked())
    assert {"sip", "other", *(f"w{n}" for n in range(8))} == {
        it["resource"]["id"] for it in (await api.get("CarePlan?patient=known")).json()["entry"]
    }


@pytest.mark.parametrize(
    ("body", "status", "keys"),
    [
        (asked(target="Patient/reserve"), 422, ["merge-same"]),
        (asked(source="Patient/nobody"), 404, ["merge-not-found"]),
        (asked(target="Patient/nobody"), 404, ["merge-not-found"]),
        (asked(source="CarePlan/sip"), 400, ["merge-names"]),
        (asked(source="https://elsewhere.example/fhir/Patient/reserve"), 400, ["merge-names"]),
        ({"resourceType": "Parameters"}, 400, ["merge-names"]),
        (None, 400, ["merge-names"]),
    ],
)
async def test_two_who_cannot_be_one_are_refused(api, body, status, keys):
    refused = await api.post("Patient/$merge", json=body)

    assert (status, keys) == (refused.status_code, issue_keys(refused.json()))
    assert 1 == (await api.get("Patient/known/_history")).json()["total"]


async def test_one_who_is_merged_already_is_merged_into_nobody_else(api):
    await api.put("Patient/third", json=a_patient(id="third"))
    await api.post("Patient/$merge", json=asked())

    elsewhere = await api.post("Patient/$merge", json=asked(target="Patient/third"))
    into = await api.post("Patient/$merge", json=asked(source="Patient/third", target="Patient/reserve"))
    assert [(422, ["merge-elsewhere"])] * 2 == [(it.status_code, issue_keys(it.json())) for it in (elsewhere, into)]
    assert 200 == (await api.post("Patient/$merge", json=asked(source="Patient/third"))).status_code


async def test_more_than_is_moved_at_once_is_refused_and_nothing_moved(api, monkeypatch):
    monkeypatch.setattr("fhir_server.interactions.operations.merge.MOST", 40)  # a thousand take the emulator seconds
    flag = {"resourceType": "Flag", "status": "active", "code": {"text": "fall"}, "subject": SOURCE}
    await api.post("", json=a_bundle(*(an_entry("PUT", f"Flag/f{n}", {**flag, "id": f"f{n}"}) for n in range(39))))

    refused = await api.post("Patient/$merge", json=asked())
    assert (413, ["merge-too-large"]) == (refused.status_code, issue_keys(refused.json()))
    await api.delete("Flag/f0")
    assert 200 == (await api.post("Patient/$merge", json=asked())).status_code
    assert 38 == (await api.get("Flag?patient=known&_count=1")).json()["total"]
