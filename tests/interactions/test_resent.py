"""A message that comes again is known by its identifier, and is there once."""

import asyncio

import pytest

from tests.builders import a_bundle, an_entry, issue_keys
from tests.messages import CLINIC, HOME, a_message, at, tasks, the_parties

pytestmark = pytest.mark.anyio

FREE = "administrativt"
TAKEN = (409, ["message-identifier-taken"])


@pytest.fixture
async def house(api):
    there = {f"{it['resourceType']}/{it['id']}": it for it in the_parties()}
    answer = await api.post("", json=a_bundle(*(an_entry("PUT", place, it) for place, it in there.items())))
    assert 200 == answer.status_code, answer.text
    return api


def said(words="Ring mig", *recipients, **members):
    return a_message(FREE, *(recipients or (HOME,)), payload=[{"contentString": words}], **members)


async def there(api):
    """How many messages there are, versions of them, and Tasks."""
    found = [(await api.get(f"{type}/_history?_count=100")).json() for type in ("Communication", "Task")]
    return [len(it.get("entry", ())) for it in found]


async def post(api, message):
    answer = await api.post("Communication", json=message)
    return answer.status_code, answer.json()


async def conditionally(api, message):
    answer = await api.post("Communication", json=message, headers={"If-None-Exist": "identifier=urn:none|none"})
    return answer.status_code, answer.json()


async def put(api, message):
    answer = await api.put(f"Communication/{message['id']}", json=message)
    return answer.status_code, answer.json()


async def put_conditionally(api, message):
    one = message["identifier"][0]
    answer = await api.put(f"Communication?identifier={one['system']}|{one['value']}", json=message)
    return answer.status_code, answer.json()


def bundled(kind, method="POST", url="Communication"):
    async def send(api, message):
        answer = await api.post("", json=a_bundle(an_entry(method, url, message), type=kind))
        if answer.status_code != 200:
            return answer.status_code, answer.json()
        (entry,) = answer.json()["entry"]
        return int(entry["response"]["status"][:3]), entry.get("resource") or entry["response"]["outcome"]

    return send


CREATES = {
    "create": post,
    "conditional-create": conditionally,
    "batch": bundled("batch"),
    "transaction": bundled("transaction"),
}
UPDATES = {
    "update": put,
    "conditional-update": put_conditionally,
    "update-in-batch": bundled("batch", "PUT", "Communication/sent"),
    "update-in-transaction": bundled("transaction", "PUT", "Communication/sent"),
}


@pytest.mark.parametrize("way", [*CREATES, *UPDATES])
async def test_what_comes_again_is_answered_as_the_first_time_and_written_once(house, way):
    first = await put(house, said(id="sent"))
    before = await there(house)
    again = await (CREATES | UPDATES)[way](house, said(id="sent"))

    assert (201, 200) == (first[0], again[0]), again[1]
    assert first[1] == again[1]
    assert [1, 1] == before == await there(house)


@pytest.mark.parametrize("way", CREATES)
async def test_another_thing_under_the_same_identifier_is_refused(house, way):
    await put(house, said(id="sent"))
    for other in (said("Ring inte"), said("Ring mig", HOME, CLINIC), said(sent="2026-03-02T14:11:00+01:00")):
        status, outcome = await CREATES[way](house, other)
        assert (status, issue_keys(outcome)) == TAKEN
    own = {**said("Ring inte", name="another")}
    assert 201 == (await CREATES[way](house, own))[0]


async def test_an_identifier_is_one_message_s_wherever_it_is_put(house):
    await put(house, said(id="sent"))
    status, outcome = await put(house, said(id="elsewhere"))
    assert (status, issue_keys(outcome)) == TAKEN
    other = said(id="elsewhere", name="other")
    assert 201 == (await put(house, other))[0]
    case = a_message("planering", HOME, id="case")
    assert 201 == (await put(house, case))[0]
    status, outcome = await put(house, {**case, "identifier": said()["identifier"]})
    assert (status, issue_keys(outcome)) == TAKEN
    more = [*case["identifier"], {"system": "https://ward.example/messages", "value": "2"}]
    assert 200 == (await put(house, {**case, "identifier": more}))[0]


async def test_twice_in_one_transaction_is_refused_and_in_one_batch_is_there_once(house):
    twice = [an_entry("POST", "Communication", said())] * 2
    refused = await house.post("", json=a_bundle(*twice))
    assert (refused.status_code, issue_keys(refused.json())) == TAKEN
    answer = await house.post("", json=a_bundle(*twice, type="batch"))
    assert ["201 Created", "200 OK"] == [it["response"]["status"] for it in answer.json()["entry"]]
    assert [1, 1] == await there(house)


async def test_others_in_a_transaction_may_refer_to_what_comes_again(house):
    await put(house, said(id="sent"))
    answers = {
        "fullUrl": "urn:uuid:1b671a64-40d5-491e-99b0-da01ff1f3341",
        **an_entry("POST", "Communication", said()),
    }
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": at(answers["fullUrl"]),
        "for": at("Patient/p1"),
    }
    answer = await house.post("", json=a_bundle(answers, an_entry("POST", "Task", task)))
    assert 200 == answer.status_code, answer.text
    assert at("Communication/sent") == answer.json()["entry"][1]["resource"]["focus"]


async def test_many_at_once_are_one_message(house):
    answers = await asyncio.gather(*(post(house, said()) for _ in range(6)))

    assert [200] * 5 + [201] == sorted(status for status, _ in answers)
    assert 1 == len({it["id"] for _, it in answers})
    assert [1, 1] == await there(house)


async def test_it_is_known_again_once_it_has_been_received(house):
    _, first = await post(house, said())
    (task,) = await tasks(house, f"Communication/{first['id']}")
    read = {"resourceType": "Parameters", "parameter": [{"name": "as", "valueCode": "read"}]}
    assert 200 == (await house.post(f"Task/{task['id']}/$acknowledge", json=read)).status_code
    for way in (post, put_conditionally):
        status, again = await way(house, said())
        assert (200, first["id"], True) == (status, again["id"], "received" in again)
    (task,) = await tasks(house, f"Communication/{first['id']}")
    assert "received" == task["status"]


async def test_a_communication_of_no_profile_of_ours_may_share_an_identifier(house):
    plain = {**said(), "meta": {"profile": []}}
    del plain["meta"]
    assert [201, 201, 201] == [(await post(house, it))[0] for it in (plain, said(), plain)]


STRANGE = [None, [None], [{}], [{"value": None}], "x", 7, [{"system": "\u0000", "value": "x"}], [["x"]]]


@pytest.mark.parametrize("identifier", STRANGE)
async def test_strange_identifiers_are_refused_and_break_nothing(house, identifier):
    wrong = {**said(), "identifier": identifier}
    for way in CREATES.values():
        status, _ = await way(house, wrong)
        assert status in {201, 400, 409, 422}, identifier
