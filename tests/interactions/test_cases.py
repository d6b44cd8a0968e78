"""What cannot happen in a discharge case is refused whichever way it is written; all else is written."""

import asyncio
import json

import pytest

from fhir_server.fhir.canonical import OURS
from tests.builders import a_bundle, a_care_plan, a_patient, an_entry, issue_keys
from tests.process.case_house import STAY, a_case, a_message, a_stay, at
from tests.register import a_row

pytestmark = pytest.mark.anyio

IDENTIFIED = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:7b1ce7cf-2a3f-4d6f-8a52-1a8d0f3c1f01"}
CONDITION = f"identifier={IDENTIFIED['system']}|{IDENTIFIED['value']}"
AGAIN, TOLD = "utskrivningsklar", "administrativt"
"""What cannot happen a second time, and what may be said at any time."""


@pytest.fixture
async def case(api):
    """A person who was declared discharge-ready on the ninth."""
    for resource in (
        a_patient(id="p1"),
        a_case(),
        a_stay(),
        a_message("inskrivning", "02 12:00", id="notice"),
        a_message("planering", "03 10:00", id="plan"),
        a_message("utskrivningsklar", "09 10:00", id="ready"),
    ):
        await made(api, resource)
    return api


async def made(api, resource):
    answer = await api.put(f"{resource['resourceType']}/{resource['id']}", json=resource)
    assert answer.status_code in {200, 201}, answer.text
    return answer


def outcome_of(answer):
    """The status, and the keys of the issues where it was refused."""
    return (answer.status_code, issue_keys(answer.json()) if answer.status_code >= 400 else [])


# ------------------------------------------------------------------------------------------------ the ways to write


async def post(api, message):
    return outcome_of(await api.post("Communication", json=message))


async def put_as_create(api, message):
    return outcome_of(await api.put("Communication/new", json={**message, "id": "new"}))


async def put_over(api, message):
    await made(api, {**message, "id": "new", "status": "preparation"})
    return outcome_of(await api.put("Communication/new", json={**message, "id": "new"}))


async def create_conditionally(api, message):
    named = {**message, "identifier": [IDENTIFIED]}
    return outcome_of(await api.post("Communication", json=named, headers={"If-None-Exist": CONDITION}))


async def update_conditionally(api, message):
    return outcome_of(await api.put(f"Communication?{CONDITION}", json={**message, "identifier": [IDENTIFIED]}))


async def update_the_match(api, message):
    await made(api, {**message, "id": "new", "status": "preparation", "identifier": [IDENTIFIED]})
    return await update_conditionally(api, message)


def patching(media_type, change):
    async def patch(api, message):
        await made(api, {**message, "id": "new", "status": "preparation"})
        headers = {"Content-Type": media_type}
        return outcome_of(await api.patch("Communication/new", content=json.dumps(change), headers=headers))

    return patch


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


async def in_batch(api, message):
    answer = await api.post("", json=a_bundle(an_entry("POST", "Communication", message), type="batch"))
    response = answer.json()["entry"][0]["response"]
    return int(response["status"][:3]), issue_keys(response["outcome"]) if "outcome" in response else []


async def in_transaction(api, message):
    status, keys = outcome_of(await api.post("", json=a_bundle(an_entry("POST", "Communication", message))))
    return status, keys


async def put_in_transaction(api, message):
    entry = an_entry("PUT", "Communication/new", {**message, "id": "new"})
    return outcome_of(await api.post("", json=a_bundle(entry)))


ROUTES = {
    "create": post,
    "update-as-create": put_as_create,
    "update": put_over,
    "conditional-create": create_conditionally,
    "conditional-update-that-makes": update_conditionally,
    "conditional-update": update_the_match,
    "json-patch": patching("application/json-patch+json", [{"op": "replace", "path": "/status", "value": "completed"}]),
    "merge-patch": patching("application/merge-patch+json", {"status": "completed"}),
    "path-patch": patching("application/fhir+json", PATH_PATCH),
    "batch": in_batch,
    "transaction": in_transaction,
    "update-in-transaction": put_in_transaction,
}


@pytest.mark.parametrize("route", ROUTES)
async def test_whichever_way_it_comes_what_cannot_happen_is_refused(case, route):
    assert (409, ["case-not-now"]) == await ROUTES[route](case, a_message(AGAIN, "09 11:00"))
    assert (await ROUTES[route](case, a_message(TOLD, "09 11:00")))[0] in {200, 201}


@pytest.mark.parametrize("route", ROUTES)
async def test_whichever_way_it_comes_another_partys_message_is_refused(case, route):
    for unit, service in (("clinic", "primary-care"), ("social", "sol")):
        await made(case, {"resourceType": "Organization", "id": unit, "name": "Enheten"})
        await made(case, a_row(unit, service))

    def contact_from(unit):
        return a_message("fast-vardkontakt", "09 11:00", sender=at(f"Organization/{unit}"))

    assert (409, ["case-sender"]) == await ROUTES[route](case, contact_from("social"))
    assert (await ROUTES[route](case, contact_from("clinic")))[0] in {200, 201}


async def test_a_refusal_says_what_is_wrong_and_what_is_allowed(case):
    answer = await case.post("Communication", json=a_message(AGAIN, "09 11:00"), headers={"Accept-Language": "sv"})

    text = answer.json()["issue"][0]["details"]["text"]
    assert text.startswith("'utskrivningsklar' kan inte ske nu: ärendet är 'discharge-ready'. Tillåtet:")
    assert "utskrivningsklar-aterkallad" in text


# ------------------------------------------------------------------------------------------------ what was told


async def test_what_something_rests_on_is_not_unsaid_beneath_it(case):
    refused = (409, ["case-breaks-later"])
    unsaid = a_message("inskrivning", "02 12:00", id="notice", status="entered-in-error")

    assert refused == outcome_of(await case.put("Communication/notice", json=unsaid))
    assert refused == outcome_of(await case.delete("Communication/notice"))
    elsewhere = a_message("inskrivning", "02 12:00", id="notice", stay="")
    assert refused == outcome_of(await case.put("Communication/notice", json=elsewhere))
    assert (200, []) == outcome_of(await case.put("Communication/notice", json={**unsaid, "status": "completed"}))
    assert (204, []) == outcome_of(await case.delete("Communication/ready"))


async def test_what_takes_back_names_a_message_of_the_same_stay(case):
    await made(case, a_case("other"))
    await made(case, a_stay("another", case="EpisodeOfCare/other"))
    await made(case, a_message("utskrivningsklar", "09 10:00", id="theirs", stay="Encounter/another"))
    back = "utskrivningsklar-aterkallad"

    theirs = a_message(back, "10 10:00", cancels="Communication/theirs")
    assert (409, ["case-takes-nothing-back"]) == await post(case, theirs)
    ours = a_message(back, "10 10:00", cancels="Communication/ready")
    assert (201, []) == await post(case, ours)
    assert (409, ["case-not-now"]) == await post(case, a_message(back, "10 11:00", cancels="Communication/ready"))


async def test_a_correction_names_a_message_of_its_kind_in_the_same_stay(case):
    reason = {
        "url": "https://fhir-care-plan-server.example/StructureDefinition/correction-reason",
        "valueCode": "wrong-content",
    }

    def correcting(place):
        message = a_message("utskrivningsklar", "09 12:00", corrects=place)
        return {**message, "extension": [*message["extension"], reason]}

    assert (409, ["case-corrects-nothing"]) == await post(case, correcting("Communication/nowhere"))
    assert (409, ["case-corrects-nothing"]) == await post(case, correcting("Communication/plan"))
    assert (201, []) == await post(case, correcting("Communication/ready"))


async def test_a_case_is_not_closed_while_the_person_is_there(case):
    end = {"start": "2026-02-02T08:00:00+01:00", "end": "2026-02-12T10:00:00+01:00"}
    closed = a_case(status="finished", period=end)

    assert (409, ["case-not-now"]) == outcome_of(await case.put("EpisodeOfCare/case", json=closed))
    assert (200, []) == outcome_of(await case.put(STAY, json=a_stay(status="finished", period=end)))
    assert (200, []) == outcome_of(await case.put("EpisodeOfCare/case", json=closed))


def a_follow_up(authored):
    concept = {"coding": [{"system": f"{OURS}/CodeSystem/task", "code": "follow-up"}]}
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": concept,
        "encounter": at(STAY),
        "authoredOn": authored,
    }


def an_answer(answered):
    parts = [("offered", "valueDateTime", answered), ("answer", "valueCode", "accepted")]
    offer = [{"url": name, member: told} for name, member, told in parts]
    return a_care_plan(encounter=at(STAY), extension=[{"url": f"{OURS}/StructureDefinition/offer", "extension": offer}])


@pytest.mark.parametrize("told", [a_follow_up, an_answer], ids=["a-task", "a-plan"])
async def test_a_task_and_a_plan_tell_what_must_be_able_to_happen_too(case, told):
    await made(case, a_message("avbrott", "11 10:00", id="broken-off"))
    before, after = told("2026-02-10T10:00:00+01:00"), told("2026-02-12T10:00:00+01:00")
    type = before["resourceType"]

    assert (409, ["case-not-now"]) == outcome_of(await case.post(type, json=after))
    elsewhere = {name: value for name, value in after.items() if name != "encounter"}
    assert (201, []) == outcome_of(await case.post(type, json=elsewhere))
    assert (201, []) == outcome_of(await case.post(type, json=before))


async def test_what_two_stays_of_one_case_tell_is_one_story(case):
    await made(case, a_stay("moved", period={"start": "2026-02-05T08:00:00+01:00"}))

    assert (409, ["case-not-now"]) == await post(case, a_message(AGAIN, "09 11:00", stay="Encounter/moved"))
    assert (201, []) == await post(case, a_message(TOLD, "09 11:00", stay="Encounter/moved"))


# ------------------------------------------------------------------------------------------------ together


async def test_what_is_written_together_is_judged_together(case):
    withdrawn = a_message("utskrivningsklar-aterkallad", "10 09:00", cancels="Communication/ready", id="back")
    again = a_message("utskrivningsklar", "11 10:00", id="again")
    entries = [an_entry("PUT", f"Communication/{it['id']}", it) for it in (again, withdrawn)]

    assert (409, ["case-not-now"]) == outcome_of(await case.post("", json=a_bundle(entries[0])))
    assert (200, []) == outcome_of(await case.post("", json=a_bundle(*entries)))


@pytest.mark.parametrize(("first", "status"), [("inskrivning", 200), ("planering", 409)])
async def test_a_stay_that_comes_with_its_messages_is_judged_with_them(api, first, status):
    messages = [a_message(first, "02 12:00", id="first"), a_message("planering", "03 10:00", id="second")]
    resources = [a_patient(id="p1"), *messages, a_stay(), a_case()]
    entries = [an_entry("PUT", f"{it['resourceType']}/{it['id']}", it) for it in resources]

    assert status == (await api.post("", json=a_bundle(*entries))).status_code
    assert (200 if status == 200 else 404) == (await api.get("Communication/second")).status_code


async def test_of_two_that_exclude_one_another_one_is_written(api):
    for resource in (a_patient(id="p1"), a_case(), a_stay(), a_message("inskrivning", "02 12:00", id="notice")):
        await made(api, resource)
    ready = [a_message("utskrivningsklar", f"09 {hour}:00") for hour in range(10, 18)]

    answers = await asyncio.gather(*(api.post("Communication", json=it) for it in ready))

    assert [201, *[409] * 7] == sorted(it.status_code for it in answers)
    stored = await api.get("Communication?category=utskrivningsklar&_summary=count")
    assert 1 == stored.json()["total"]


async def test_a_message_is_not_sent_on_what_is_unsaid_at_that_moment(api):
    """Whoever comes second is told of the first: the notice is not unsaid beneath the plan that rests on it."""
    for resource in (a_patient(id="p1"), a_case(), a_stay(), a_message("inskrivning", "02 12:00", id="notice")):
        await made(api, resource)
    unsaid = a_message("inskrivning", "02 12:00", id="notice", status="entered-in-error")

    both = (
        api.put("Communication/notice", json=unsaid),
        api.post("Communication", json=a_message("planering", "03 10:00")),
    )
    statuses = [it.status_code for it in await asyncio.gather(*both)]

    assert statuses in ([200, 409], [409, 201])


# ------------------------------------------------------------------------------------------------ what is no case


@pytest.mark.parametrize(
    ("stay", "encounter"),
    [
        ("", None),
        ("Encounter/nowhere", None),
        ("Encounter/visit", "AMB"),
    ],
    ids=["no-encounter", "an-encounter-elsewhere", "an-outpatient-visit"],
)
async def test_what_is_about_no_stay_is_written_as_before(case, stay, encounter):
    if encounter:
        visit = a_stay("visit")
        await made(case, {**visit, "class": {**visit["class"], "code": encounter}})

    assert (201, []) == await post(case, a_message(AGAIN, "09 11:00", stay=stay))
    assert (409, ["case-not-now"]) == await post(case, a_message(AGAIN, "09 11:00"))


async def test_a_message_of_no_catalogue_is_none_of_a_case(case):
    free = a_message(AGAIN, "09 11:00")
    free["category"][0]["coding"][0]["system"] = "https://plans.example/CodeSystem/message"

    assert (201, []) == await post(case, free)


async def test_what_was_broken_is_flagged_and_not_refused(case):
    assert (201, []) == await post(case, a_message("hemgang", "12 10:00", encounter=at(STAY)))
    told = (await case.get("EpisodeOfCare/case/$process?at=2026-02-13")).json()["parameter"]

    flags = [{part["name"]: part for part in it["part"]} for it in told if it["name"] == "flag"]
    assert [("missing", "fast-vardkontakt")] == [(it["code"]["valueCode"], it["about"]["valueCode"]) for it in flags]
