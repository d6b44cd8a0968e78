"""A unit that knows the person is asked for a report when the person is admitted; nobody is asked by what was taken back."""

import pytest

from fhir_server.fhir.canonical import OURS
from tests.builders import a_bundle, a_care_team, an_entry
from tests.messages import CLINIC, HOME, a_message, at, tasks, the_parties

pytestmark = pytest.mark.anyio

FORM = f"{OURS}/Questionnaire/statusrapport"
ESTIMATED = {
    "payload": [
        {
            "extension": [{"url": f"{OURS}/StructureDefinition/estimated-discharge", "valueDateTime": "2026-03-06"}],
            "contentString": "Beräknas skrivas ut",
        }
    ]
}


def a_row(unit, service):
    """What the register says of a unit."""
    return {
        "resourceType": "HealthcareService",
        "id": f"{service}-{unit.partition('/')[2]}",
        "active": True,
        "providedBy": at(unit),
        "type": [{"coding": [{"system": f"{OURS}/CodeSystem/service", "code": service}]}],
        "name": service,
    }


def a_team(*members, **more):
    participant = [{"role": [{"text": "Deltar"}], "member": at(it)} for it in members]
    return a_care_team(**{"id": "team", "participant": participant, **more})


@pytest.fixture
async def house(api):
    await put_all(api, *the_parties(), a_row(HOME, "home-care"), a_row(CLINIC, "primary-care"), a_team(HOME, CLINIC))
    return api


async def put_all(api, *resources):
    entries = [an_entry("PUT", f"{it['resourceType']}/{it['id']}", it) for it in resources]
    answer = await api.post("", json=a_bundle(*entries))
    assert 200 == answer.status_code, answer.text


async def send(api, code, *recipients, **members):
    """Where the message stands."""
    answer = await api.post("Communication", json=a_message(code, *recipients, **members))
    assert 201 == answer.status_code, answer.text
    return f"Communication/{answer.json()['id']}"


async def notice(api, *recipients, **members):
    return await send(api, "inskrivning", *recipients, **{**ESTIMATED, **members})


async def reports(api):
    found = await api.get(f"Task?code={OURS}/CodeSystem/task|report-status")
    return [it["resource"] for it in found.json().get("entry", ())]


async def test_a_unit_of_the_municipality_that_knows_the_person_is_asked_with_the_notice(house):
    place = await notice(house, HOME, CLINIC)
    (task,) = await reports(house)

    assert ("requested", at(HOME), [at(HOME)]) == (task["status"], task["owner"], task["restriction"]["recipient"])
    assert (at(place), at("Patient/p1"), at("Encounter/visit")) == (task["focus"], task["for"], task["encounter"])
    assert "2026-03-03T13:10:00.000Z" == task["restriction"]["period"]["end"]
    assert [FORM] == [it["valueCanonical"] for it in task["input"]]
    assert not task.keys() & {"requester", "description", "reasonCode", "note"}
    marks = [it["valueReference"]["reference"] for it in task["meta"]["extension"]]
    assert [HOME, HOME] == marks  # it is its own provider here: nothing is above it
    assert 2 == len(await tasks(house, place))


@pytest.mark.parametrize(
    "known",
    [
        {"participant": [{"member": at("PractitionerRole/role")}]},
        {"participant": [{"member": at("Practitioner/nurse")}]},
        {"participant": [{"member": at("Practitioner/nurse"), "onBehalfOf": at(HOME)}]},
    ],
    ids=["by-a-commission", "by-a-person", "on-its-behalf"],
)
async def test_a_unit_knows_whom_its_staff_care_for(house, known):
    await put_all(house, a_team(**known))
    await notice(house, HOME)
    assert 1 == len(await reports(house))


CASE = [{"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "discharge-case"}]}]


@pytest.mark.parametrize(
    "team",
    [
        a_team(CLINIC),
        a_team(HOME, status="inactive"),
        a_team(HOME, period={"end": "2026-01-01"}),
        a_team(HOME, category=CASE),
    ],
    ids=["of-another", "that-is-over", "until-then", "of-the-case-alone"],
)
async def test_who_does_not_know_the_person_is_asked_nothing(house, team):
    await put_all(house, team)
    await notice(house, HOME)
    assert [] == await reports(house)


async def test_nothing_is_asked_by_what_is_no_notice_and_of_whom_the_register_does_not_know(house):
    await send(house, "planering", HOME)
    assert [] == await reports(house)
    await put_all(house, {**a_row(HOME, "home-care"), "active": False})
    await notice(house, HOME)
    assert [] == await reports(house)


async def test_a_unit_is_asked_once_about_a_stay(house):
    await notice(house, HOME)
    await notice(house, HOME, name="again")
    assert 1 == len(await reports(house))
    await put_all(house, {**the_parties()[1], "id": "later"})
    await notice(house, HOME, name="later", encounter=at("Encounter/later"))
    assert 2 == len(await reports(house))


async def test_what_was_taken_back_is_asked_for_no_longer(house):
    place = await notice(house, HOME, CLINIC)
    await acknowledge(house, (await tasks(house, place))[1])
    cancels = {"url": f"{OURS}/StructureDefinition/cancels", "valueReference": at(place)}
    reason = {"url": f"{OURS}/StructureDefinition/correction-reason", "valueCode": "wrong-person"}
    await send(house, "makulerat", HOME, CLINIC, extension=[cancels, reason])

    assert ["cancelled"] == [it["status"] for it in await reports(house)]
    unread, read = await tasks(house, place)
    assert ("cancelled", "received") == (unread["status"], read["status"])
    assert "taken-back" == unread["statusReason"]["coding"][0]["code"]
    await notice(house, HOME, name="anew")
    assert ["cancelled", "requested"] == sorted(it["status"] for it in await reports(house))


async def acknowledge(api, task):
    said = [{"name": "as", "valueCode": "read"}, {"name": "by", "valueReference": at("PractitionerRole/role")}]
    answer = await api.post(f"Task/{task['id']}/$acknowledge", json={"resourceType": "Parameters", "parameter": said})
    assert 200 == answer.status_code, answer.text


@pytest.mark.parametrize("code", ["avbrott", "hemgang"])
async def test_what_ends_the_stay_ends_what_was_asked_about_it(house, code):
    place = await notice(house, HOME)
    await send(house, "planering", HOME)
    assert ["requested"] == [it["status"] for it in await reports(house)]
    await send(house, code, HOME)
    assert ["cancelled"] == [it["status"] for it in await reports(house)]
    assert ["requested"] == [it["status"] for it in await tasks(house, place)]


async def test_a_message_that_is_deleted_or_entered_in_error_asks_nobody(house):
    for name, away in (("deleted", delete), ("wrong", entered_in_error)):
        place = await notice(house, HOME, name=name)
        await away(house, place)
        assert {"cancelled"} == {it["status"] for it in (*await reports(house), *await tasks(house, place))}
    stored = (await house.get(place)).json()
    assert 200 == (await house.put(place, json={**stored, "status": "completed"})).status_code
    assert ["cancelled", "requested"] == sorted(it["status"] for it in await tasks(house, place))


async def delete(api, place):
    assert 204 == (await api.delete(place)).status_code


async def entered_in_error(api, place):
    stored = (await api.get(place)).json()
    assert 200 == (await api.put(place, json={**stored, "status": "entered-in-error"})).status_code
