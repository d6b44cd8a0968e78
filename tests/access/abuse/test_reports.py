"""Who learns that a person is known to a unit: that unit alone, before it answers. N is admitted to unit u1 of the region, and has help at
home by unit u3 of the first municipality.
"""

import pytest

from fhir_server.fhir.definitions import read
from tests.access.abuse.conftest import documented
from tests.access.abuse.test_notice import NOTIFY, admitted, asked
from tests.access.abuse.told import bundled, keys, statuses
from tests.access.worlds import OURS
from tests.builders import a_care_team
from tests.register import a_row

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world", "admitted", "known")]

__all__ = ["admitted"]
REPORTS = f"Task?code={OURS}/CodeSystem/task|report-status"
ANSWER = {"output": [{"type": {"text": "svar"}, "valueString": "klarar sig själv"}]}
WHY = {"statusReason": {"text": "samtycke saknas"}}


@pytest.fixture
async def known(api, admitted, as_system):
    member = {"role": [{"text": "Deltar"}], "member": {"reference": "Organization/u3"}}
    team = a_care_team(id="n-home", subject={"reference": "Patient/n"}, participant=[member], **documented("u3"))
    sent = [("PUT", f"{it['resourceType']}/{it['id']}", it) for it in (team, a_row("home", "home-care", unit="u3"))]
    assert {201} == set(statuses(await api.post("", json=bundled(*sent), headers=as_system)))


async def notify(api, bearer):
    sent = await api.post(NOTIFY, json=asked(), headers=bearer)
    assert 201 == sent.status_code, sent.text
    return sent.json()


async def reports(api, bearer):
    return [it["resource"] for it in (await api.get(REPORTS, headers=bearer)).json().get("entry", ())]


async def moved(api, task, bearer, **members):
    merge = {**bearer, "Content-Type": "application/merge-patch+json"}
    return await api.patch(f"Task/{task['id']}", json=members, headers=merge)


async def test_k_11_the_ward_is_not_told_that_the_person_is_known_where_it_sends_the_notice(api, as_staff):
    told = await notify(api, as_staff("r1"))
    (task,) = await reports(api, as_staff("k1"))

    assert "Organization/u3" == task["owner"]["reference"]
    assert [] == await reports(api, as_staff("r1"))
    assert 404 == (await api.get(f"Task/{task['id']}", headers=as_staff("r1"))).status_code
    assert task["id"] not in str(told)
    seen = await api.get(f"Task?focus=Communication/{told['id']}", headers=as_staff("r1"))
    assert ["acknowledge"] == [it["resource"]["code"]["coding"][0]["code"] for it in seen.json()["entry"]]
    origins = await api.get(f"Provenance?target=Task/{task['id']}", headers=as_staff("r1"))
    assert 0 == origins.json()["total"]
    assert [] == await reports(api, as_staff("k2"))


async def test_e_13_what_is_asked_of_a_unit_is_answered_by_its_staff(api, as_staff, as_citizen):
    await notify(api, as_staff("r1"))
    (task,) = await reports(api, as_staff("k1"))
    for stranger in (as_staff("r1"), as_staff("k2"), as_citizen("b")):
        assert (await moved(api, task, stranger, status="received")).status_code in {403, 404}
    unsaid = await moved(api, task, as_staff("k1"), status="completed")
    ended = await moved(api, task, as_staff("k1"), status="cancelled")
    assert [(422, ["report-reason"]), (403, ["report-not-yours"])] == [
        (it.status_code, keys(it)) for it in (unsaid, ended)
    ]
    assert 200 == (await moved(api, task, as_staff("k1"), status="completed", **ANSWER)).status_code
    again = await moved(api, task, as_staff("k1"), status="received")
    assert (409, ["report-not-now"]) == (again.status_code, keys(again))


async def test_e_13_who_does_not_answer_says_why(api, as_staff):
    await notify(api, as_staff("r1"))
    (task,) = await reports(api, as_staff("k1"))
    unsaid = await moved(api, task, as_staff("k1"), status="rejected")
    assert (422, ["report-reason"]) == (unsaid.status_code, keys(unsaid))
    assert 200 == (await moved(api, task, as_staff("k1"), status="rejected", **WHY)).status_code


async def test_staff_ask_about_whom_they_care_for_and_take_it_back_until_somebody_answers(api, as_staff):
    """In their own name, and as a question."""
    asked_of = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": f"{OURS}/CodeSystem/task", "code": "report-status"}]},
        "for": {"reference": "Patient/a"},
        "requester": {"reference": "PractitionerRole/cr1"},
        "owner": {"reference": "Organization/u3"},
    }
    theirs = {**asked_of, "requester": {"reference": "PractitionerRole/ck1"}}
    for wrong, told in (
        (theirs, (403, ["report-not-yours"])),
        ({**asked_of, "status": "accepted"}, (409, ["report-not-now"])),
    ):
        refused = await api.post("Task", json=wrong, headers=as_staff("r1"))
        assert told == (refused.status_code, keys(refused))
    made = await api.post("Task", json=asked_of, headers=as_staff("r1"))
    assert 201 == made.status_code, made.text
    assert 200 == (await moved(api, made.json(), as_staff("r1"), status="cancelled")).status_code


FORM = f"{OURS}/Questionnaire/statusrapport"


@pytest.fixture
async def form(api, as_system):
    forms = dict(read("examples/base-data"))["formular.json"]
    goal = {"resourceType": "Goal", "id": "n-goal", "lifecycleStatus": "active", "description": {"text": "sova gott"}}
    goal |= {"subject": {"reference": "Patient/n"}, **documented("u3")}
    assert 200 == (await api.post("", json=forms, headers=as_system)).status_code
    assert 201 == (await api.put("Goal/n-goal", json=goal, headers=as_system)).status_code


async def filled(api, bearer, who="n"):
    return await api.get(
        "Questionnaire/$populate", params={"questionnaire": FORM, "subject": f"Patient/{who}"}, headers=bearer
    )


@pytest.mark.usefixtures("form")
async def test_a_form_is_filled_in_with_what_the_caller_may_read_and_no_more(api, as_staff, as_citizen):
    await notify(api, as_staff("r1"))
    own = await filled(api, as_staff("k1"))
    assert (200, True) == (own.status_code, "sova gott" in own.text)
    ward = await filled(api, as_staff("r1"))
    assert (200, False) == (ward.status_code, "sova gott" in ward.text)
    narrow = await filled(api, as_staff("k1", "user/Questionnaire.rs user/Patient.rs"))
    assert (200, False) == (narrow.status_code, "sova gott" in narrow.text)
    for stranger in (as_staff("k2"), as_citizen("b")):
        assert 404 == (await filled(api, stranger)).status_code


@pytest.mark.usefixtures("form")
async def test_a_report_is_extracted_by_who_was_asked(api, as_staff):
    await notify(api, as_staff("r1"))
    (task,) = await reports(api, as_staff("k1"))
    response = (await filled(api, as_staff("k1"))).json()["parameter"][0]["resource"]
    needed = {"flytta", "toalett", "dusch", "kla", "ata", "ring"}
    for one in (it for group in response["item"] for it in group["item"] if it["linkId"] in needed):
        one["answer"] = [{"valueString": "0999-123 40" if one["linkId"] == "ring" else "Klarar själv"}]
    stored = await api.post("QuestionnaireResponse", json={**response, "status": "completed"}, headers=as_staff("k1"))
    assert 201 == stored.status_code, stored.text
    place = f"QuestionnaireResponse/{stored.json()['id']}"
    for stranger in ("r1", "k2"):
        assert 404 == (await api.get(f"{place}/$extract", headers=as_staff(stranger))).status_code
    extracted = await api.get(f"{place}/$extract", headers=as_staff("k1"))
    posted = await api.post("", json=extracted.json(), headers=as_staff("k1"))
    assert 200 == posted.status_code, posted.text
    assert "completed" == (await api.get(f"Task/{task['id']}", headers=as_staff("k1"))).json()["status"]
    told = await api.get("Communication?patient=Patient/n", headers=as_staff("r1"))
    assert "Duscha: Klarar själv" in told.text
    assert 404 == (await api.get(place, headers=as_staff("r1"))).status_code
