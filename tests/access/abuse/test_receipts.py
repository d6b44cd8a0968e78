"""Who may say that a message was received: the unit that it came to, by the operation, and nobody for it. N is told of by unit u1 of
the region to unit u3 of the first municipality and unit u2 of the region.
"""

from typing import Any

import pytest

from fhir_server.fhir.canonical import OURS
from tests.access.abuse.conftest import documented, numbered
from tests.access.abuse.told import bundled, keys, statuses, whole
from tests.access.worlds import RESERVE
from tests.messages import a_message, at, tasks

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

MESSAGE = "Communication/n-sent"
NEEDED = "user/Task.u"


@pytest.fixture
async def asked(api, as_system, world):
    """The acknowledgements of the message: those of u2 and of u3."""
    person = {"resourceType": "Patient", "id": "n", **numbered(RESERVE, "reserve-n"), "name": [{"family": "ProvN"}]}
    visit = {"code": "AMB", "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode"}
    encounter = {"resourceType": "Encounter", "id": "n-visit", "status": "in-progress", "class": visit}
    told = {
        "id": "n-sent",
        "subject": at("Patient/n"),
        "encounter": at("Encounter/n-visit"),
        "sender": at("Organization/u1"),
    }
    message = a_message("utskrivningsklar", "Organization/u3", "Organization/u2", **told)
    message["meta"] |= documented("u1")["meta"]
    sent = [person, {**encounter, "subject": at("Patient/n")}, message]
    answer = await api.post(
        "", json=bundled(*(("PUT", f"{it['resourceType']}/{it['id']}", it) for it in sent)), headers=as_system
    )
    assert {201} == set(statuses(answer))
    found = await tasks(api, MESSAGE, headers=as_system)
    assert ["Organization/u2", "Organization/u3"] == [it["owner"]["reference"] for it in found]
    return found


def saying(said: str = "read", **members: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "as", "valueCode": said}, *members.values()]}


async def test_k_01_a_message_is_acknowledged_by_the_unit_that_it_came_to(api, asked, as_staff, as_citizen, as_system):
    theirs, ours = asked
    place = f"Task/{ours['id']}/$acknowledge"
    nothing = whole(await api.post("Task/none/$acknowledge", json=saying(), headers=as_staff("k2")))
    for who in ("r2", "k2"):
        assert nothing == whole(await api.post(place, json=saying(), headers=as_staff(who)))
    sender = await api.post(place, json=saying(), headers=as_staff("r1"))
    citizen = await api.post(place, json=saying(), headers=as_citizen("a"))
    unscoped = await api.post(place, json=saying(), headers=as_staff("k1", "user/*.rs"))
    for_another = {"name": "by", "valueReference": at("Practitioner/r1")}
    named = await api.post(place, json=saying("taken", by=for_another), headers=as_staff("k1"))
    assert [404, 403, 404, 403, 403] == [nothing[0], *(it.status_code for it in (sender, citizen, unscoped, named))]
    assert [["receipt-not-yours"]] * 2 == [keys(sender), keys(named)]
    assert asked == await tasks(api, MESSAGE, headers=as_system)

    read = await api.post(place, json=saying(), headers=as_staff("k1", f"user/*.rs {NEEDED}"))
    assert (200, "received") == (read.status_code, read.json().get("status")), read.text
    assert at("Practitioner/k1") == read.json()["note"][0]["authorReference"]
    assert "received" in (await api.get(MESSAGE, headers=as_system)).json()
    assert theirs == (await tasks(api, MESSAGE, headers=as_system))[0]


async def test_k_01_what_somebody_has_taken_the_unit_still_answers_for(api, asked, as_staff):
    place = f"Task/{asked[1]['id']}"
    taken = await api.post(f"{place}/$acknowledge", json=saying("taken"), headers=as_staff("k1"))

    assert (200, at("PractitionerRole/ck1")) == (taken.status_code, taken.json().get("owner")), taken.text
    found = await api.get("Task?recipient=Organization/u3", headers=as_staff("k1"))
    assert 1 == found.json()["total"]
    assert 200 == (await api.get(place, headers=as_staff("r1"))).status_code
    assert [404, 404] == [(await api.get(place, headers=as_staff(who))).status_code for who in ("k2", "r2")]


async def test_e_13_nobody_acknowledges_by_writing_the_task_or_the_message(api, asked, as_staff, as_system):
    _, ours = asked
    read = {**ours, "status": "received"}
    patch = [{"op": "replace", "path": "/status", "value": "received"}]
    headers = {"Content-Type": "application/json-patch+json"}
    new = {name: it for name, it in ours.items() if name not in {"id", "meta"}}
    about_a = {**new, "for": at("Patient/a"), "focus": at("Communication/a-communication"), "status": "accepted"}
    del about_a["encounter"]
    ordinary = {**about_a, "code": {"coding": [{"system": f"{OURS}/CodeSystem/task", "code": "follow-up"}]}}
    message = (await api.get(MESSAGE, headers=as_staff("r1"))).json()
    refused = [
        await api.put(f"Task/{ours['id']}", json=read, headers=as_staff("k1")),
        await api.put(f"Task/{ours['id']}", json=read, headers=as_staff("r1")),
        await api.patch(f"Task/{ours['id']}", json=patch, headers=as_staff("k1") | headers),
        await api.post("Task", json={**about_a, **documented("u1")}, headers=as_staff("r1")),
        await api.post("", json=bundled(("PUT", f"Task/{ours['id']}", read)), headers=as_staff("k1")),
        await api.put(MESSAGE, json={**message, "received": message["sent"]}, headers=as_staff("r1")),
    ]

    assert [(403, ["receipt-by-operation"])] * 5 == [(it.status_code, keys(it)) for it in refused[:5]]
    assert refused[5].status_code in {403, 404}
    assert asked == await tasks(api, MESSAGE, headers=as_system)
    assert "received" not in (await api.get(MESSAGE, headers=as_system)).json()
    made = await api.post("Task", json={**ordinary, **documented("u1")}, headers=as_staff("r1"))
    assert 201 == made.status_code, made.text


async def test_k_01_a_message_is_sent_on_by_the_unit_that_it_came_to_within_its_provider(
    api, asked, as_staff, as_system
):
    def to(unit: str) -> dict[str, Any]:
        return {"resourceType": "Parameters", "parameter": [{"name": "to", "valueReference": at(unit)}]}

    first, second = ({"partOf": at(f"Organization/{one}")} for one in ("first", "region"))
    for unit, above in (("Organization/u3", first), ("Organization/u5", first), ("Organization/u2", second)):
        there = await api.get(unit, headers=as_system)
        told = there.json() if there.status_code == 200 else {"resourceType": "Organization", "id": "u5", "name": "U5"}
        assert (await api.put(unit, json={**told, **above}, headers=as_system)).status_code in {200, 201}
    place = f"{MESSAGE}/$forward"
    nothing = whole(await api.post("Communication/none/$forward", json=to("Organization/u5"), headers=as_staff("k2")))
    assert nothing == whole(await api.post(place, json=to("Organization/u5"), headers=as_staff("k2")))
    sender = await api.post(place, json=to("Organization/u5"), headers=as_staff("r1"))
    abroad = await api.post(place, json=to("Organization/u4"), headers=as_staff("k1"))
    unscoped = await api.post(place, json=to("Organization/u5"), headers=as_staff("k1", "user/*.rs"))
    assert [404, 403, 422, 403] == [nothing[0], *(it.status_code for it in (sender, abroad, unscoped))]
    assert asked == await tasks(api, MESSAGE, headers=as_system)

    sent_on = await api.post(place, json=to("Organization/u5"), headers=as_staff("k1"))
    assert 200 == sent_on.status_code, sent_on.text
    found = {it["restriction"]["recipient"][0]["reference"]: it for it in await tasks(api, MESSAGE, headers=as_system)}
    assert asked[0] == found["Organization/u2"]
    assert "requested" == found["Organization/u5"]["status"]
    assert at("Practitioner/k1") == found["Organization/u3"]["note"][0]["authorReference"]


async def test_k_01_a_thread_is_told_to_its_parties_each_with_its_own_receipts_and_answered_by_them(
    api, asked, as_staff, as_citizen, as_system
):
    sent = a_message("administrativt", "Organization/u3", "Organization/u2", subject=at("Patient/a"), id="a-free")
    del sent["encounter"]
    free = {**sent, "sender": at("Organization/u1")}
    free["meta"] = {**free["meta"], **documented("u1")["meta"]}
    assert 201 == (await api.put("Communication/a-free", json=free, headers=as_system)).status_code
    theirs, ours = await tasks(api, "Communication/a-free", headers=as_system)
    assert (
        200 == (await api.post(f"Task/{theirs['id']}/$acknowledge", json=saying(), headers=as_staff("r2"))).status_code
    )

    place = "Communication/a-free/$thread"
    own, other = [await api.get(place, headers=as_staff(who)) for who in ("k1", "r2")]
    assert [True, False] == [_unread(it) for it in (own, other)]
    outside = await api.get(place, headers=as_staff("k2"))
    assert whole(outside) == whole(await api.get("Communication/none/$thread", headers=as_staff("k2")))
    assert 404 == outside.status_code
    named = await api.get(place, params={"unit": "Organization/u2"}, headers=as_staff("k1"))
    assert (403, ["receipt-not-yours"]) == (named.status_code, keys(named))
    unscoped = await api.get(place, headers=as_staff("k1", "user/Task.rs"))
    assert 403 == unscoped.status_code

    reply = a_message(
        "administrativt", "Organization/u1", name="reply", subject=at("Patient/a"), sender=at("Organization/u3")
    )
    del reply["encounter"]
    reply |= {"inResponseTo": [at("Communication/a-free")]}
    answers = [await api.post("Communication", json=reply, headers=as_staff("k1")) for _ in range(2)]
    assert [201, 200] == [it.status_code for it in answers], answers[0].text
    stranger = await api.post("Communication", json=reply, headers=as_staff("k2"))
    assert (409, ["message-identifier-taken"]) == (stranger.status_code, keys(stranger))
    edited = await api.put(
        f"Communication/{answers[0].json()['id']}",
        json={**answers[0].json(), "sent": "2026-03-02T15:00:00+01:00"},
        headers=as_staff("k1"),
    )
    assert (409, ["thread-free-kept"]) == (edited.status_code, keys(edited))
    citizen = await api.get(place, headers=as_citizen("a"))
    assert citizen.status_code == 404 or not {"unit", "unread"} & {it["name"] for it in citizen.json()["parameter"]}
    first = {"partOf": at("Organization/first")}
    for unit in ("u3", "u5"):
        there = await api.get(f"Organization/{unit}", headers=as_system)
        told = there.json() if there.status_code == 200 else {"resourceType": "Organization", "id": unit, "name": unit}
        await api.put(f"Organization/{unit}", json={**told, **first}, headers=as_system)
    to = {"resourceType": "Parameters", "parameter": [{"name": "to", "valueReference": at("Organization/u5")}]}
    onward = [await api.post("Communication/a-free/$forward", json=to, headers=as_staff("k1")) for _ in range(2)]
    assert [201, 200] == [it.status_code for it in onward], onward[0].text
    assert (onward[0].json(), at("Organization/u3")) == (onward[1].json(), onward[0].json()["sender"])
    assert ours["status"] == "requested"


def _unread(answer: Any) -> bool:
    (message,) = (it for it in answer.json()["parameter"] if it["name"] == "message")
    return next(bool(it["valueBoolean"]) for it in message["part"] if it["name"] == "unread")
