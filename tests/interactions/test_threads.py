"""Messages stand in threads, whichever way they come; what is free stays as it was sent."""

import asyncio
import json

import pytest

from fhir_server.fhir.canonical import structure
from tests.builders import a_bundle, a_care_plan, an_entry, issue_keys
from tests.messages import CLINIC, HOME, WARD, a_message, an_organization, at, tasks, the_parties
from tests.process.case_house import a_case, a_stay

pytestmark = pytest.mark.anyio

THREAD = "urn:uuid:6f4c8a52-4a7e-4f52-9b0f-0d6c1d6f4a10"
FREE = "administrativt"
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
async def house(api):
    units = [an_organization("annex"), an_organization("party")]
    team = {
        "resourceType": "CareTeam",
        "id": "parties",
        "status": "active",
        "subject": at("Patient/p1"),
        "participant": [{"member": at(it)} for it in (WARD, HOME, "Organization/party")],
    }
    case = [a_stay(), a_case(team=[at("CareTeam/parties")]), team]
    other = {**the_parties()[0], "id": "p2"}
    there = [*the_parties(), *units, *case, other]
    answer = await api.post(
        "", json=a_bundle(*(an_entry("PUT", f"{it['resourceType']}/{it['id']}", it) for it in there))
    )
    assert 200 == answer.status_code, answer.text
    return api


def a_free(name, *recipients, thread="", **members):
    """A free message with a name, which is what it says, to units; in a thread where it names one."""
    said = {"extension": [{"url": structure("thread"), "valueUri": thread}]} if thread else {}
    return a_message(FREE, *recipients, name=name, **said, payload=[{"contentString": name}], **members)


def a_reply(name, to, *recipients, sender=HOME, **members):
    return a_free(name, *recipients, inResponseTo=[at(to)], sender=at(sender), **members)


def thread_in(message):
    return next((it["valueUri"] for it in message.get("extension", ()) if it["url"] == structure("thread")), "")


async def made(api, message):
    """The message as it stands once it is written."""
    answer = await api.post("Communication", json=message)
    assert 201 == answer.status_code, answer.text
    return answer.json()


def place(message):
    return f"Communication/{message['id']}"


async def refused(answer, status, key):
    assert (status, [key]) == (answer.status_code, issue_keys(answer.json())), answer.text


# ------------------------------------------------------------------------------------------------ which thread


async def test_the_first_message_opens_a_thread_by_its_own_identifier(house):
    first = await made(house, a_free("first", HOME))

    assert first["identifier"][0]["value"] == thread_in(first)
    assert 201 == (await house.put("Communication/own", json=a_free("own", HOME, id="own", thread=THREAD))).status_code
    found = (await house.get(f"Communication?thread={THREAD}")).json()["entry"]
    assert ["own"] == [it["resource"]["id"] for it in found]


async def test_an_identifier_of_another_system_opens_a_thread_of_its_own(house):
    system = "https://ward.example/messages"
    seventeen, eighteen = [
        await made(house, a_free("first", HOME, identifier=[{"system": system, "value": value}]))
        for value in ("17", "18")
    ]
    assert thread_in(seventeen).startswith("urn:uuid:")
    assert thread_in(seventeen) != thread_in(eighteen)
    unnamed = [await made(house, a_free("unnamed", HOME, identifier=[{"system": system}])) for _ in range(2)]
    assert 2 == len({thread_in(it) for it in unnamed})


async def test_a_reply_is_of_the_thread_of_what_it_replies_to(house):
    first = await made(house, a_free("first", HOME, CLINIC))
    second = await made(house, a_reply("second", place(first), WARD))
    third = await made(house, a_reply("third", place(second), HOME, sender=WARD))
    fourth = await made(house, a_reply("fourth", place(first), WARD, sender=CLINIC, thread=thread_in(first)))

    assert {thread_in(first)} == {thread_in(it) for it in (second, third, fourth)}
    found = (await house.get(f"Communication?thread={thread_in(first)}&_summary=count")).json()
    assert 4 == found["total"]


async def test_a_reply_that_names_another_thread_is_refused_and_one_to_nothing_known_opens_it(house):
    first = await made(house, a_free("first", HOME))
    await refused(
        await house.post("Communication", json=a_reply("strays", place(first), WARD, thread=THREAD)),
        422,
        "thread-other",
    )
    unknown = await made(house, a_reply("strays", "Communication/not-here", WARD, thread=THREAD))

    assert THREAD == thread_in(unknown)
    other = a_reply("both", place(first), WARD) | {"inResponseTo": [at(place(first)), at(place(unknown))]}
    await refused(await house.post("Communication", json=other), 422, "thread-other")
    own = {**other, "inResponseTo": [at(place(first)), at(place(first))]}
    assert 201 == (await house.post("Communication", json=own)).status_code


async def test_a_reply_is_about_the_same_person(house):
    first = await made(house, a_free("first", HOME))
    another = a_reply("another", place(first), WARD, subject=at("Patient/p2"))
    await refused(await house.post("Communication", json=another), 422, "thread-other-person")
    await made(house, {**another, "subject": at("Patient/p1")})


async def test_what_is_written_together_is_threaded_in_any_order(house):
    replies = [
        an_entry("PUT", "Communication/c", a_reply("c", "Communication/b", HOME, sender=WARD, id="c")),
        an_entry("PUT", "Communication/b", a_reply("b", "Communication/a", WARD, id="b")),
        an_entry("PUT", "Communication/a", a_free("a", HOME, id="a")),
    ]
    assert 200 == (await house.post("", json=a_bundle(*replies))).status_code
    threads = [thread_in((await house.get(f"Communication/{id}")).json()) for id in "abc"]

    assert [a_free("a", HOME)["identifier"][0]["value"]] * 3 == threads


async def test_messages_that_reply_to_each_other_end_somewhere(house):
    """Nobody sends such a thing; a program that does gets an answer."""
    ring = [
        an_entry("PUT", f"Communication/{id}", a_reply(id, f"Communication/{to}", WARD, HOME, CLINIC, id=id))
        for id, to in ("ab", "bc", "ca")
    ]
    assert (await house.post("", json=a_bundle(*ring))).status_code in {200, 422}


async def test_a_correction_is_of_the_thread_of_what_it_corrects_and_other_notices_are_not(house):
    notice = a_message("inskrivning", HOME, id="n", encounter=at("Encounter/stay"))
    assert 201 == (await house.put("Communication/n", json=notice)).status_code
    first = (await house.get("Communication/n")).json()
    told = [("corrects", "valueReference", at("Communication/n")), ("correction-reason", "valueCode", "wrong-content")]
    corrects = [{"url": structure(name), member: it} for name, member, it in told]
    again = {**notice, "extension": corrects, "identifier": a_free("again")["identifier"]}
    again["sent"] = "2026-03-02T15:10:00+01:00"
    corrected = await made(house, {name: it for name, it in again.items() if name != "id"})
    contact = await made(house, a_message("fast-vardkontakt", HOME, encounter=at("Encounter/stay")))

    assert thread_in(first) == thread_in(corrected)
    assert thread_in(first) != thread_in(contact)


async def test_a_thread_stays_that_of_the_message_when_it_is_written_again(house):
    notice = a_message("planering", HOME, id="n")
    assert 201 == (await house.put("Communication/n", json={**notice, "status": "preparation"})).status_code
    assert "" == thread_in((await house.get("Communication/n")).json())
    told = [structure("thread"), THREAD]
    sent = {**notice, "extension": [dict(zip(("url", "valueUri"), told, strict=True))]}
    assert 200 == (await house.put("Communication/n", json=sent)).status_code
    plain = await house.put("Communication/n", json={**notice, "note": [{"text": "Ringt också"}]})

    assert THREAD == thread_in(plain.json())
    moved = await house.patch(
        "Communication/n",
        content=json.dumps({"extension": [{**sent["extension"][0], "valueUri": "urn:x"}]}),
        headers=MERGE,
    )
    await refused(moved, 422, "thread-other")


# ------------------------------------------------------------------------------------------------ to whom


async def test_a_free_reply_goes_to_who_sent_it_and_not_to_others_that_were_told(house):
    first = await made(house, a_free("first", HOME, CLINIC))
    await refused(
        await house.post("Communication", json=a_reply("all", place(first), WARD, CLINIC)), 422, "thread-reply-to"
    )
    await made(house, a_reply("all", place(first), WARD))
    more = await made(house, a_reply("more", place(first), CLINIC, HOME, sender=WARD))
    assert thread_in(first) == thread_in(more)


async def test_a_free_reply_to_a_person_of_a_unit_may_go_to_the_unit(house):
    first = await made(house, a_free("first", WARD, sender=at("PractitionerRole/role")))
    await made(house, a_reply("second", place(first), "PractitionerRole/role", HOME, sender=WARD))
    stranger = a_reply("third", place(first), "PractitionerRole/nobody", sender=WARD)
    await refused(await house.post("Communication", json=stranger), 422, "thread-reply-to")


async def test_in_a_case_a_free_reply_goes_to_its_parties_too(house):
    of_case = {"encounter": at("Encounter/stay")}
    first = await made(house, a_free("first", HOME, **of_case))
    await made(house, a_reply("to-party", place(first), WARD, "Organization/party", **of_case))
    stranger = a_reply("to-stranger", place(first), WARD, CLINIC, **of_case)
    await refused(await house.post("Communication", json=stranger), 422, "thread-reply-to")


async def test_about_a_plan_a_free_reply_goes_to_its_team_too(house):
    plan = a_care_plan(id="plan", subject=at("Patient/p1"), careTeam=[at("CareTeam/parties"), {"display": "Anhöriga"}])
    assert 201 == (await house.put("CarePlan/plan", json=plan)).status_code
    of_plan = {"basedOn": [at("CarePlan/plan"), {"display": "En annan plan"}]}
    first = await made(house, a_free("first", HOME, **of_plan))
    stranger = a_reply("to-stranger", place(first), WARD, CLINIC, **of_plan)
    await refused(await house.post("Communication", json=stranger), 422, "thread-reply-to")
    await made(house, a_reply("to-party", place(first), WARD, "Organization/party", **of_plan))
    await refused(
        await house.post("Communication", json=a_reply("unplanned", place(first), WARD, "Organization/party")),
        422,
        "thread-reply-to",
    )


# ------------------------------------------------------------------------------------------------ what stays as it was sent

EDITS = {
    "words": {"payload": [{"contentString": "another thing"}]},
    "recipients": {"recipient": [at(HOME), at(CLINIC)]},
    "sent": {"sent": "2026-03-02T14:11:00+01:00"},
    "sender": {"sender": at(CLINIC)},
    "category": {"category": a_message("planering")["category"]},
    "error": {"status": "entered-in-error"},
    "draft": {"status": "preparation"},
    "profile": {"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Communication"]}},
    "language": {"language": "sv"},
}


@pytest.mark.parametrize("edit", EDITS)
async def test_a_free_message_that_was_sent_is_not_edited(house, edit):
    draft = a_free("kept", HOME, id="kept")
    assert 201 == (await house.put("Communication/kept", json={**draft, "status": "preparation"})).status_code
    changed = {**draft, "status": "preparation", **EDITS[edit]}
    assert 200 == (await house.put("Communication/kept", json=changed)).status_code  # before it is sent all may change
    assert 200 == (await house.put("Communication/kept", json=draft)).status_code
    before = (await house.get("Communication/kept")).json()
    put = {**draft, **EDITS[edit]}
    ways = (
        house.put("Communication/kept", json=put),
        house.put("Communication?_id=kept", json=put),
        house.patch("Communication/kept", content=json.dumps(EDITS[edit]), headers=MERGE),
        house.post("", json=a_bundle(an_entry("PUT", "Communication/kept", put))),
    )
    for way in ways:
        await refused(await way, 409, "thread-free-kept")
    assert before == (await house.get("Communication/kept")).json()


async def test_a_message_of_a_case_may_be_edited_as_before(house):
    notice = a_message("planering", HOME, id="n")
    assert 201 == (await house.put("Communication/n", json=notice)).status_code
    for edit in ("words", "recipients", "error"):
        assert 200 == (await house.put("Communication/n", json={**notice, **EDITS[edit]})).status_code
    assert 204 == (await house.delete("Communication/n")).status_code


async def test_a_free_message_is_neither_deleted_nor_corrected_nor_taken_back(house):
    assert 201 == (await house.put("Communication/kept", json=a_free("kept", HOME, id="kept"))).status_code
    assert 201 == (await house.put("Communication/notice", json=a_message("planering", HOME, id="notice"))).status_code
    await refused(await house.delete("Communication/kept"), 409, "thread-free-kept")
    await refused(
        await house.post("", json=a_bundle({"request": {"method": "DELETE", "url": "Communication/kept"}})),
        409,
        "thread-free-kept",
    )
    for code in ("makulerat", "felsant"):
        for target, allowed in (("kept", False), ("notice", True)):
            told = a_message(code, HOME, name=f"{code}-{target}")
            told["extension"][0]["valueReference"] = at(f"Communication/{target}")
            answer = await house.post("Communication", json=told)
            if allowed:
                assert 201 == answer.status_code, answer.text
            else:
                await refused(answer, 409, "thread-free-kept")
    assert 200 == (await house.get("Communication/kept")).status_code


async def test_receipts_notes_and_labels_are_added_to_a_free_message(house):
    first = await made(house, a_free("first", HOME))
    (task,) = await tasks(house, place(first))
    read = {"resourceType": "Parameters", "parameter": [{"name": "as", "valueCode": "read"}]}
    assert 200 == (await house.post(f"Task/{task['id']}/$acknowledge", json=read)).status_code
    noted = await house.patch(
        place(first), content=json.dumps({"note": [{"text": "Svarat per telefon"}]}), headers=MERGE
    )
    label = {"system": "https://ward.example/labels", "code": "answered"}
    added = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [label]}}]}
    tagged = await house.post(f"{place(first)}/$meta-add", json=added)

    assert [200, 200] == [noted.status_code, tagged.status_code], noted.text
    now = (await house.get(place(first))).json()
    assert ("received" in now, [label], thread_in(first)) == (True, now["meta"]["tag"], thread_in(now))


async def test_a_free_message_follows_the_person_when_two_records_are_one(house):
    first = await made(house, a_free("first", HOME, subject=at("Patient/p2"), encounter={"display": "Besök"}))
    told = [
        {"name": f"{one}-patient", "valueReference": at(f"Patient/{id}")}
        for one, id in (("source", "p2"), ("target", "p1"))
    ]
    answer = await house.post("Patient/$merge", json={"resourceType": "Parameters", "parameter": told})

    assert 200 == answer.status_code, answer.text
    assert at("Patient/p1") == (await house.get(place(first))).json()["subject"]


# ------------------------------------------------------------------------------------------------ at once


async def test_two_replies_at_once_both_join(house):
    first = await made(house, a_free("first", HOME, CLINIC))
    replies = [a_reply(f"r{number}", place(first), WARD, sender=(HOME, CLINIC)[number % 2]) for number in range(6)]
    answers = await asyncio.gather(*(house.post("Communication", json=it) for it in replies))

    assert [201] * 6 == [it.status_code for it in answers]
    found = (await house.get(f"Communication?thread={thread_in(first)}&_summary=count")).json()
    assert 7 == found["total"]
