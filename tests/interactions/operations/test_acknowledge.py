"""Task/[id]/$acknowledge: what a unit says of a message that came to it."""

import asyncio

import pytest

from fhir_server.fhir.canonical import OURS
from tests.builders import a_bundle, an_entry, issue_keys
from tests.messages import CLINIC, HOME, a_message, at, tasks, the_parties

pytestmark = pytest.mark.anyio

ROLE, OTHER, NURSE = "PractitionerRole/role", "PractitionerRole/other", "Practitioner/nurse"


def asked(said, by="", reason=None):
    told = [("as", "valueCode", said), ("by", "valueReference", by and at(by)), ("reason", "valueString", reason)]
    return {"resourceType": "Parameters", "parameter": [{"name": name, member: it} for name, member, it in told if it]}


@pytest.fixture
async def sent(api):
    """A client, where the message stands, and the Tasks of its two units: those of the clinic and of the home care."""
    parties = [an_entry("PUT", f"{it['resourceType']}/{it['id']}", it) for it in the_parties()]
    message = an_entry("PUT", "Communication/sent", a_message("utskrivningsklar", HOME, CLINIC, id="sent"))
    answer = await api.post("", json=a_bundle(*parties, message))
    assert 200 == answer.status_code, answer.text
    clinic, home = await tasks(api, "Communication/sent")
    return api, clinic, home


async def say(api, task, *said, **headers):
    return await api.post(f"Task/{task['id']}/$acknowledge", json=asked(*said), headers=headers)


async def stands(api, task):
    return (await api.get(f"Task/{task['id']}")).json()


async def received(api):
    return (await api.get("Communication/sent")).json().get("received")


async def test_the_first_that_is_read_is_received_and_the_others_stay_as_they_are(sent):
    api, clinic, home = sent
    read = await say(api, home, "read", NURSE)

    assert 200 == read.status_code, read.text
    assert "received" == read.json()["status"]
    assert home["owner"] == read.json()["owner"]
    (note,) = read.json()["note"]
    assert ("Läst", at(NURSE)) == (note["text"], note["authorReference"])
    first = await received(api)
    assert first == note["time"] == read.json()["lastModified"]
    assert clinic == await stands(api, clinic)

    assert 200 == (await say(api, clinic, "read")).status_code
    assert first == await received(api)
    assert 2 == int((await api.get("Communication/sent")).json()["meta"]["versionId"])


async def test_who_takes_it_owns_it_and_the_unit_answers_for_it(sent):
    api, _, home = sent
    taken = await say(api, home, "taken", ROLE)

    assert 200 == taken.status_code, taken.text
    assert ("accepted", at(ROLE)) == (taken.json()["status"], taken.json()["owner"])
    assert [at(HOME)] == taken.json()["restriction"]["recipient"]
    assert await received(api) == taken.json()["executionPeriod"]["start"]
    mine = (await api.get(f"Task?recipient={HOME}&owner={ROLE}&_summary=count")).json()
    assert 1 == mine["total"]


async def test_what_is_said_twice_is_said_once(sent):
    api, clinic, home = sent
    for task, *said in ((home, "read"), (home, "taken", ROLE), (clinic, "wrong-recipient", "", "Flyttat till Tallvik")):
        first, *again = [await say(api, task, *said) for _ in range(2)]
        assert 200 == first.status_code, first.text
        assert [first.text] == [it.text for it in again]
    together = await asyncio.gather(*(say(api, home, "taken", ROLE) for _ in range(3)))
    assert [200] * 3 == [it.status_code for it in together]
    assert 3 == int((await stands(api, home))["meta"]["versionId"])
    assert (await stands(api, home)) == (await say(api, home, "read")).json()


async def test_the_wrong_recipient_says_why_and_has_received_nothing(sent):
    api, clinic, home = sent
    bare = await say(api, clinic, "wrong-recipient")
    wrong = await say(api, clinic, "wrong-recipient", "", "Flyttat till Tallvik")

    assert (400, ["parameter-missing"]) == (bare.status_code, issue_keys(bare.json()))
    assert 200 == wrong.status_code, wrong.text
    assert "rejected" == wrong.json()["status"]
    coding = {"system": f"{OURS}/CodeSystem/receipt", "code": "wrong-recipient"}
    assert {"coding": [coding], "text": "Flyttat till Tallvik"} == wrong.json()["statusReason"]
    assert await received(api) is None
    assert home == await stands(api, home)
    late = await say(api, clinic, "taken", ROLE)
    assert (409, ["receipt-over"]) == (late.status_code, issue_keys(late.json()))
    assert 200 == (await say(api, home, "taken", ROLE)).status_code


async def test_what_somebody_has_taken_another_takes_over_knowingly(sent):
    api, clinic, home = sent
    first, second = await asyncio.gather(say(api, home, "taken", ROLE), say(api, home, "taken", OTHER))
    loser = max(first, second, key=lambda it: it.status_code)
    assert [200, 409] == sorted(it.status_code for it in (first, second))
    assert ["receipt-taken"] == issue_keys(loser.json())

    stale = await say(api, home, "taken", OTHER, **{"If-Match": 'W/"1"'})
    assert 412 == stale.status_code
    owners = {ROLE, OTHER}
    owner = (await stands(api, home))["owner"]["reference"]
    (other,) = owners - {owner}
    over = await say(api, home, "taken", other, **{"If-Match": 'W/"2"'})
    assert (200, at(other)) == (over.status_code, over.json()["owner"])
    assert clinic == await stands(api, clinic)


REFUSED = {
    "no-such-word": (("seen",), "parameter-value"),
    "nothing": (("",), "parameter-missing"),
    "by-nobody": (("taken",), "parameter-missing"),
    "by-a-unit": (("taken", "Organization/home"), "parameter-value"),
    "for-no-reason": (("wrong-recipient", "", " "), "parameter-value"),
}


async def test_what_is_not_said_rightly_is_refused(sent):
    api, _, home = sent
    for name, (said, key) in REFUSED.items():
        refused = await say(api, home, *said)
        assert (400, [key]) == (refused.status_code, issue_keys(refused.json())), name
    assert home == await stands(api, home)


async def test_what_was_not_delivered_and_what_acknowledges_nothing_is_not_acknowledged(sent):
    api, _, home = sent
    lost = await api.post("Communication", json=a_message("hemgang", "Organization/nowhere", HOME))
    delivered, failed = await tasks(api, f"Communication/{lost.json()['id']}")
    other = {name: it for name, it in home.items() if name not in {"id", "meta", "code"}}
    bare = {name: it for name, it in home.items() if name not in {"id", "meta", "focus", "owner", "restriction"}}
    follow_up = (await api.post("Task", json=other)).json()

    refused = [await say(api, it, "read") for it in (failed, follow_up)]
    assert [409, 409] == [it.status_code for it in refused]
    assert ["receipt-over", "receipt-no-acknowledgement"] == [issue_keys(it.json())[0] for it in refused]
    assert 200 == (await say(api, delivered, "read")).status_code
    assert 200 == (await say(api, (await api.post("Task", json=bare)).json(), "read")).status_code
    gone = await say(api, {"id": "nowhere"}, "read")
    assert 404 == gone.status_code


async def test_in_a_transaction_it_is_said_with_all_the_rest_or_not_at_all(sent):
    api, clinic, home = sent
    read, bad = (an_entry("POST", f"Task/{it['id']}/$acknowledge", asked("read")) for it in (home, clinic))
    bad["resource"] = asked("seen")

    assert 400 == (await api.post("", json=a_bundle(read, bad))).status_code
    assert home == await stands(api, home)
    assert 200 == (await api.post("", json=a_bundle(read))).status_code
    assert "received" == (await stands(api, home))["status"]
