"""Each unit that a message names gets an acknowledgement in the same Commit, whichever way the message comes."""

import json

import pytest

from fhir_server.fhir.canonical import OURS, structure
from fhir_server.fhir.definitions import by_canonical
from fhir_server.process.definition import MESSAGE
from tests.builders import a_bundle, an_entry
from tests.messages import CLINIC, HOME, SENT, WARD, a_message, an_organization, at, tasks, the_parties

pytestmark = pytest.mark.anyio

COMMUNICATION = "http://hl7.org/fhir/StructureDefinition/Communication"
IDENTIFIER = a_message("planering")["identifier"][0]
CONDITION = f"identifier={IDENTIFIER['system']}|{IDENTIFIER['value']}"
PATH_PATCH = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "Communication.status"},
                {"name": "value", "valueCode": "completed"},
            ],
        }
    ],
}


@pytest.fixture
async def house(api):
    entries = [an_entry("PUT", f"{it['resourceType']}/{it['id']}", it) for it in the_parties()]
    answer = await api.post("", json=a_bundle(*entries))
    assert 200 == answer.status_code, answer.text
    return api


async def made(api, message):
    """Where the message stands."""
    answer = await api.post("Communication", json=message)
    assert answer.status_code in {200, 201}, answer.text
    return f"Communication/{answer.json()['id']}"


def receipt(task):
    """What the system says of it: its receipt, and why."""
    found = [task[name]["coding"][0]["code"] for name in ("businessStatus", "statusReason") if name in task]
    return [task["status"], *found]


# ------------------------------------------------------------------------------------------------ what is made


async def test_each_unit_gets_a_task_and_the_system_says_that_it_came(house):
    place = await made(house, a_message("utskrivningsklar", HOME, CLINIC))
    clinic, home = await tasks(house, place)

    assert [["requested", "delivered"]] * 2 == [receipt(clinic), receipt(home)]
    assert [at(CLINIC), at(HOME)] == [it["owner"] for it in (clinic, home)]
    assert [[at(CLINIC)], [at(HOME)]] == [it["restriction"]["recipient"] for it in (clinic, home)]
    assert (at(place), at("Patient/p1"), at("Encounter/visit"), at(WARD), SENT) == tuple(
        home[name] for name in ("focus", "for", "encounter", "requester", "authoredOn")
    )
    assert "2026-03-03T13:10:00.000Z" == home["restriction"]["period"]["end"]
    assert [structure("acknowledgement")] == home["meta"]["profile"]


async def test_every_message_of_the_catalogue_has_a_deadline_where_somebody_is_to_acknowledge_it(house):
    concepts = by_canonical()[MESSAGE]["concept"]
    expected = {
        one["code"]
        for one in concepts
        for it in one["property"]
        if it.get("valueBoolean") and it["code"] == "acknowledged"
    }
    sent = [an_entry("POST", "Communication", a_message(one["code"], HOME)) for one in concepts]
    answer = await house.post("", json=a_bundle(*sent))
    assert 200 == answer.status_code, answer.text

    found = (await house.get("Task?_count=100&_include=Task:focus")).json()["entry"]
    by_place = {
        f"Communication/{it['resource']['id']}": it["resource"] for it in found if it["search"]["mode"] == "include"
    }
    owed = {
        by_place[it["resource"]["focus"]["reference"]]["category"][0]["coding"][0]["code"]: it["resource"]
        for it in found
        if it["search"]["mode"] == "match"
    }
    assert {one["code"] for one in concepts} == owed.keys()
    assert expected == {code for code, task in owed.items() if "period" in task["restriction"]}
    assert {"2026-03-03T13:10:00.000Z"} == {owed[code]["restriction"]["period"]["end"] for code in expected}


async def test_a_message_that_names_the_person_and_the_visit_in_words_is_asked_for_too(house):
    told = {"encounter": {"display": "Besök på mottagningen"}, "sender": {"display": "Mottagningen"}}
    (task,) = await tasks(house, await made(house, a_message("administrativt", HOME, **told)))

    assert (at(HOME), {"display": "Besök på mottagningen"}) == (task["owner"], task["encounter"])
    assert "requester" not in task


# ------------------------------------------------------------------------------------------------ the ways to write


async def post(api, message):
    await made(api, message)


async def put_as_create(api, message):
    await api.put(f"Communication/{message['id']}", json=message)


async def put_over(api, message):
    await api.put(f"Communication/{message['id']}", json={**message, "status": "preparation"})
    await api.put(f"Communication/{message['id']}", json=message)


async def create_conditionally(api, message):
    for _ in range(2):
        await api.post("Communication", json=message, headers={"If-None-Exist": CONDITION})


async def update_conditionally(api, message):
    for _ in range(2):
        await api.put(f"Communication?{CONDITION}", json=message)


def patching(media_type, change):
    async def patch(api, message):
        await api.put(f"Communication/{message['id']}", json={**message, "status": "preparation"})
        headers = {"Content-Type": media_type}
        await api.patch(f"Communication/{message['id']}", content=json.dumps(change), headers=headers)

    return patch


async def in_batch(api, message):
    await api.post("", json=a_bundle(an_entry("POST", "Communication", message), type="batch"))


async def in_transaction(api, message):
    await api.post("", json=a_bundle(an_entry("POST", "Communication", message)))


async def put_in_transaction(api, message):
    for _ in range(2):
        await api.post("", json=a_bundle(an_entry("PUT", f"Communication/{message['id']}", message)))


ROUTES = {
    "create": post,
    "update-as-create": put_as_create,
    "update": put_over,
    "conditional-create-twice": create_conditionally,
    "conditional-update-twice": update_conditionally,
    "json-patch": patching("application/json-patch+json", [{"op": "replace", "path": "/status", "value": "completed"}]),
    "merge-patch": patching("application/merge-patch+json", {"status": "completed"}),
    "path-patch": patching("application/fhir+json", PATH_PATCH),
    "batch": in_batch,
    "transaction": in_transaction,
    "update-in-transaction-twice": put_in_transaction,
}


async def test_whichever_way_it_comes_each_unit_gets_one(house):
    for number, (route, write) in enumerate(ROUTES.items(), start=1):
        await write(house, a_message("planering", HOME, CLINIC, id=route))
        (sent,) = (await house.get(f"Communication?{CONDITION}")).json()["entry"]
        place = f"Communication/{sent['resource']['id']}"
        asked = [it["owner"] for it in await tasks(house, place)]
        assert [at(CLINIC), at(HOME)] == asked, route
        assert 2 * number == (await house.get("Task?_summary=count")).json()["total"], route
        assert 204 == (await house.delete(place)).status_code


# ------------------------------------------------------------------------------------------------ to whom it is not made


async def test_what_is_no_message_that_was_sent_asks_nobody(house):
    unsent = [
        a_message("administrativt", HOME, name="draft", status="preparation"),
        a_message("administrativt", HOME, name="wrong", status="entered-in-error"),
        a_message("administrativt", HOME, name="told-afterwards", received=SENT),
        a_message("administrativt", HOME, name="free", meta={"profile": [COMMUNICATION]}),
        a_message("administrativt", "Practitioner/nurse", "Patient/p1", name="to-persons"),
    ]
    assert [[]] * 5 == [await tasks(house, await made(house, it)) for it in unsent]
    assert 1 == len(await tasks(house, await made(house, a_message("administrativt", HOME))))


async def test_a_unit_that_is_added_is_asked_and_the_others_not_again(house):
    place = await made(house, a_message("planering", HOME))
    (first,) = await tasks(house, place)
    more = a_message("planering", HOME, CLINIC, id=place.split("/")[1], received=SENT)
    assert 200 == (await house.put(place, json=more)).status_code
    assert 200 == (await house.put(place, json={**more, "recipient": more["recipient"][::-1]})).status_code

    clinic, home = await tasks(house, place)
    assert first == home
    assert at(CLINIC) == clinic["owner"]


async def test_what_comes_with_its_own_acknowledgements_keeps_them(house):
    own = {
        "resourceType": "Task",
        "status": "completed",
        "intent": "order",
        "code": {"coding": [{"system": f"{OURS}/CodeSystem/task", "code": "acknowledge"}]},
        "focus": at("Communication/imported"),
        "for": at("Patient/p1"),
        "owner": at(HOME),
    }
    message = a_message("administrativt", HOME, CLINIC, id="imported")
    answer = await house.post(
        "",
        json=a_bundle(
            an_entry("PUT", "Communication/imported", message), an_entry("PUT", "Task/own", {**own, "id": "own"})
        ),
    )

    assert 200 == answer.status_code, answer.text
    found = (await house.get("Task?focus=Communication/imported")).json()["entry"]
    assert {(HOME, "completed"), (CLINIC, "requested")} == {
        (it["resource"]["owner"]["reference"], it["resource"]["status"]) for it in found
    }


# ------------------------------------------------------------------------------------------------ the system's receipt


async def test_what_cannot_be_delivered_is_refused_with_the_reason(house):
    row = {"resourceType": "HealthcareService", "providedBy": at(CLINIC)}
    for one in (
        an_organization("shut", active=False),
        an_organization("open", active=True),
        {**row, "id": "service"},
        {**row, "id": "ended", "active": False, "providedBy": at("Organization/open")},
        {"resourceType": "HealthcareService", "id": "nobodys"},
    ):
        assert 201 == (await house.put(f"{one['resourceType']}/{one['id']}", json=one)).status_code
    named = ["Organization/shut", "Organization/nowhere", "Organization/open", "HealthcareService/service"]
    place = await made(house, a_message("utskrivningsklar", *named, CLINIC))
    services = await made(house, a_message("hemgang", "HealthcareService/ended"))
    twice = await made(house, a_message("avbrott", "HealthcareService/ended", "Organization/open"))
    nobodys = await made(house, a_message("administrativt", "HealthcareService/nobodys"))

    assert {
        CLINIC: ["requested", "delivered"],  # once, though it is named by its service too
        "Organization/nowhere": ["failed", "refused", "unit-unknown"],
        "Organization/open": ["requested", "delivered"],
        "Organization/shut": ["failed", "refused", "unit-closed"],
    } == {it["owner"]["reference"]: receipt(it) for it in await tasks(house, place)}
    assert [["failed", "refused", "unit-closed"]] == [receipt(it) for it in await tasks(house, services)]
    assert [["requested", "delivered"]] == [receipt(it) for it in await tasks(house, twice)]
    assert [["failed", "refused", "unit-unknown"]] == [receipt(it) for it in await tasks(house, nobodys)]
