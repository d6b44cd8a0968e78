"""Communication/[id]/$thread: a thread in the order in which it was sent, and what of it a unit has not read."""

import asyncio
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir.canonical import structure
from tests.builders import a_bundle, an_entry, issue_keys
from tests.messages import CLINIC, HOME, WARD, a_message, at, tasks, the_parties

pytestmark = pytest.mark.anyio

FREE = "administrativt"
READ = {"resourceType": "Parameters", "parameter": [{"name": "as", "valueCode": "read"}]}
UNITS = (WARD, HOME, CLINIC)


@pytest.fixture
async def house(api):
    other = {**the_parties()[0], "id": "p2"}
    there = [*the_parties(), other]
    answer = await api.post(
        "", json=a_bundle(*(an_entry("PUT", f"{it['resourceType']}/{it['id']}", it) for it in there))
    )
    assert 200 == answer.status_code, answer.text
    return api


def a_free(name, at_minute, sender, *recipients, **members):
    sent = f"2026-03-02T14:{at_minute:02}:00+01:00"
    payload = [{"contentString": name}]
    return a_message(FREE, *recipients, name=name, sent=sent, sender=at(sender), payload=payload, **members)


async def send(api, *messages):
    for message in messages:
        answer = await api.put(f"Communication/{message['id']}", json=message)
        assert answer.status_code in {200, 201}, answer.text


async def told(api, id, unit="", **asked):
    """The thread, each part by its name; of its messages where they stand and whether they are unread."""
    query = {**({"unit": unit} if unit else {}), **asked}
    answer = await api.get(f"Communication/{id}/$thread", params=query)
    assert 200 == answer.status_code, answer.text
    parts = answer.json()["parameter"]
    found = {it["name"]: next(v for n, v in it.items() if n.startswith("value")) for it in parts if "part" not in it}
    messages = [{one["name"]: one for one in it["part"]} for it in parts if it["name"] == "message"]
    ids = [it["reference"]["valueReference"]["reference"].split("/")[1] for it in messages]
    return found, dict(zip(ids, (it["unread"]["valueBoolean"] for it in messages), strict=True)), messages


async def read(api, id, unit):
    own = [it for it in await tasks(api, f"Communication/{id}") if at(unit) == it["owner"]]
    for task in own:
        answer = await api.post(f"Task/{task['id']}/$acknowledge", json=READ)
        assert 200 == answer.status_code, answer.text
    return bool(own)


# ------------------------------------------------------------------------------------------------ by hand


async def test_a_late_reply_stands_where_it_was_sent_and_is_unread(house):
    first = a_free("first", 10, WARD, HOME, id="first")
    on_time = a_free("on-time", 30, HOME, WARD, id="on-time", inResponseTo=[at("Communication/first")])
    late = a_free("late", 20, HOME, WARD, id="late", inResponseTo=[at("Communication/first")])
    await send(house, first, on_time)
    assert await read(house, "on-time", WARD)
    await send(house, late)

    found, unread, messages = await told(house, "on-time", WARD)
    assert {"first": False, "late": True, "on-time": False} == unread
    assert ["first", "late", "on-time"] == list(unread)
    assert (3, 1, at(WARD)) == (found["count"], found["unread"], found["unit"])
    assert first["identifier"][0]["value"] == found["thread"]
    assert {"first": True, "late": False, "on-time": False} == (await told(house, "first", HOME))[1]
    assert (at(HOME), at("Communication/first"), FREE) == (
        messages[1]["sender"]["valueReference"],
        messages[1]["reply-to"]["valueReference"],
        messages[1]["what"]["valueCoding"]["code"],
    )


async def test_one_unit_s_receipt_is_not_another_s(house):
    await send(house, a_free("first", 10, WARD, HOME, CLINIC, id="first"))
    assert await read(house, "first", HOME)

    assert {"first": False} == (await told(house, "first", HOME))[1]
    assert {"first": True} == (await told(house, "first", CLINIC))[1]
    nobody, unread, messages = await told(house, "first")
    assert ({"first": False}, True) == (unread, "unread" not in nobody and "unit" not in nobody)
    assert {"reference", "sent", "sender", "what", "unread"} == messages[0].keys()


async def test_what_is_of_another_person_or_was_not_sent_is_of_no_thread_of_this(house):
    thread = [{"url": structure("thread"), "valueUri": "urn:uuid:6f4c8a52-4a7e-4f52-9b0f-0d6c1d6f4a10"}]
    first = a_free("first", 10, WARD, HOME, id="first", extension=thread)
    other = a_free("other", 11, WARD, HOME, id="other", extension=thread, subject=at("Patient/p2"))
    draft = a_free("draft", 12, WARD, HOME, id="draft", extension=thread, status="preparation")
    second = a_free("second", 13, WARD, HOME, id="second", extension=thread)
    await send(house, first, {**other, "encounter": {"display": "Besök"}}, draft, second)

    assert {"first", "second"} == (await told(house, "first", HOME))[1].keys()
    assert {"other"} == (await told(house, "other", HOME))[1].keys()


async def test_the_last_are_told_and_the_others_counted(house):
    await send(house, *(a_free(f"m{n}", n, WARD, HOME, id=f"m{n}", **_in("urn:x")) for n in range(5)))
    found, unread, _ = await told(house, "m0", HOME, count=2)
    assert (["m3", "m4"], 5, 5, 3) == (list(unread), found["count"], found["unread"], found["left"])
    everything, unread, _ = await told(house, "m0", HOME, count=5)
    assert (5, "left" not in everything) == (len(unread), True)
    assert {} == (await told(house, "m0", HOME, count=0))[1]


@pytest.mark.parametrize(
    ("asked", "key"), [({"count": "-1"}, "parameter-value"), ({"unit": "Patient/p1"}, "parameter-value")]
)
async def test_what_is_asked_for_wrongly_is_refused(house, asked, key):
    await send(house, a_free("first", 10, WARD, HOME, id="first"))
    answer = await house.get("Communication/first/$thread", params=asked)
    assert (400, [key]) == (answer.status_code, issue_keys(answer.json()))
    assert 404 == (await house.get("Communication/nowhere/$thread")).status_code
    assert 200 == (await house.get("Communication/first/$thread", params={"count": "1", "unit": HOME})).status_code


def _in(thread):
    return {"extension": [{"url": structure("thread"), "valueUri": thread}]}


# ------------------------------------------------------------------------------------------------ any order

NUMBERS = count()


@st.composite
def conversations(draw):
    """Messages, of which each but the first replies to one before it; in which order they come, some of them twice; who reads what."""
    number, told = next(NUMBERS), []
    for which in range(draw(st.integers(2, 5))):
        parent = told[draw(st.integers(0, which - 1))] if which else None
        sender = draw(st.sampled_from(UNITS)) if parent else WARD
        replied = [parent["sender"]["reference"]] if parent else [HOME, CLINIC]
        to = [it["reference"] for it in parent["recipient"]] if parent and replied == [sender] else replied
        id = f"c{number}-{which}"
        reply = {"inResponseTo": [at(f"Communication/{parent['id']}")]} if parent else {}
        minute = draw(st.integers(0, 9))
        told.append(a_free(id, minute, sender, *to, id=id, **_in(f"urn:thread:{number}"), **reply))
    arrivals = draw(st.permutations([*told, *draw(st.lists(st.sampled_from(told), max_size=3))]))
    reads = draw(st.sets(st.tuples(st.sampled_from([it["id"] for it in told]), st.sampled_from(UNITS)), max_size=6))
    return told, arrivals, sorted(reads)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(conversations())
async def test_in_whatever_order_they_come_a_thread_is_the_same_and_none_is_lost(house, conversation):
    messages, arrivals, reads = conversation
    for number, message in enumerate(arrivals):
        if number % 2:
            await send(house, message)
        else:
            entry = an_entry("PUT", f"Communication/{message['id']}", message)
            assert 200 == (await house.post("", json=a_bundle(entry))).status_code
    for id, unit in reads:
        await read(house, id, unit)

    expected = sorted(messages, key=lambda it: (it["sent"], it["identifier"][0]["value"]))
    for unit in UNITS:
        found, unread, _ = await told(house, messages[-1]["id"], unit)
        asked = {it["id"] for it in messages if at(unit) in it["recipient"]}
        assert [it["id"] for it in expected] == list(unread)
        assert {id: id in asked and (id, unit) not in reads for id in unread} == unread
        assert sum(unread.values()) == found["unread"]


async def test_two_units_that_reply_at_once_are_both_unread(house):
    await send(house, a_free("first", 10, WARD, HOME, CLINIC, id="first"))
    replies = [
        a_free(name, 20, sender, WARD, inResponseTo=[at("Communication/first")])
        for name, sender in (("from-home", HOME), ("from-clinic", CLINIC), ("again", HOME))
    ]
    answers = await asyncio.gather(*(house.post("Communication", json=it) for it in [*replies, *replies]))
    assert [200] * 3 + [201] * 3 == sorted(it.status_code for it in answers)
    found, unread, _ = await told(house, "first", WARD)
    assert (4, 3) == (found["count"], found["unread"])
    assert [False, True, True, True] == list(unread.values())
