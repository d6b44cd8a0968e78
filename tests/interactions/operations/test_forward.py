"""Communication/[id]/$forward: a unit sends what came to it on to another unit of its provider."""

import asyncio

import pytest

from tests.builders import a_bundle, an_entry, issue_keys
from tests.messages import CLINIC, HOME, SENT, WARD, a_message, an_organization, at, tasks, the_parties
from tests.process.case_house import a_case, a_stay

pytestmark = pytest.mark.anyio

FORWARD, SENT_ON, ABROAD = "Communication/sent/$forward", "Organization/evening", "Organization/elsewhere"


def asked(to=SENT_ON, source=HOME, reason=None, parts=()):
    told = [("to", "valueReference", to and at(to)), ("from", "valueReference", source and at(source))]
    told.append(("reason", "valueString", reason))
    told += [("payload", "valuePositiveInt", it) for it in parts]
    return {"resourceType": "Parameters", "parameter": [{"name": name, member: it} for name, member, it in told if it]}


@pytest.fixture
async def sent(api):
    """Home care and the evening patrol are of one municipality; a case has the home care for a party."""
    town = an_organization("town")
    units = [an_organization(id, partOf=at("Organization/town")) for id in ("home", "evening")]
    closed = an_organization("shut", active=False, partOf=at("Organization/town"))
    team = {
        "resourceType": "CareTeam",
        "id": "parties",
        "status": "active",
        "subject": at("Patient/p1"),
        "participant": [{"member": at(HOME)}],
    }
    case = [a_stay(), a_case(team=[at("CareTeam/parties")]), team]
    message = a_message("inskrivning", HOME, CLINIC, id="sent", encounter=at("Encounter/stay"))
    there = {f"{it['resourceType']}/{it['id']}": it for it in (*the_parties(), town, *units, closed, *case, message)}
    there[ABROAD] = an_organization("elsewhere")
    there["Organization/annex"] = an_organization("annex", partOf=at(CLINIC))
    answer = await api.post("", json=a_bundle(*(an_entry("PUT", place, it) for place, it in there.items())))
    assert 200 == answer.status_code, answer.text
    return api


def recipients(message):
    return [it["reference"] for it in message["recipient"]]


async def by_unit(api):
    return {it["restriction"]["recipient"][0]["reference"]: it for it in await tasks(api, "Communication/sent")}


async def test_the_other_unit_is_asked_by_the_same_deadline_and_the_first_is_not_any_more(sent):
    before = await by_unit(sent)
    answer = await sent.post(FORWARD, json=asked(reason="Kvällspatrullen tar det"))

    assert 200 == answer.status_code, answer.text
    assert [HOME, CLINIC, SENT_ON] == recipients(answer.json())
    assert SENT == answer.json()["sent"]
    after = await by_unit(sent)
    assert (before[CLINIC], {CLINIC, HOME, SENT_ON}) == (after[CLINIC], after.keys())
    own, new = after[HOME], after[SENT_ON]
    assert ("cancelled", "forwarded") == (own["status"], own["businessStatus"]["coding"][0]["code"])
    assert ("Vidarebefordrat", at(HOME)) == (own["note"][0]["text"], own["note"][0]["authorReference"])
    assert "Kvällspatrullen tar det" == own["statusReason"]["text"]
    assert ("requested", SENT, own["requester"]) == (new["status"], new["authoredOn"], new["requester"])
    assert own["restriction"].get("period") == new["restriction"].get("period")
    team = (await sent.get("CareTeam/parties")).json()
    assert [at(HOME), at(SENT_ON)] == [it["member"] for it in team["participant"]]


async def test_what_is_sent_on_twice_is_sent_on_once(sent):
    answers = await asyncio.gather(*(sent.post(FORWARD, json=asked()) for _ in range(3)))

    assert [200] * 3 == [it.status_code for it in answers]
    assert 1 == len({it.text for it in answers})
    assert 3 == len(await by_unit(sent))
    again = await sent.post(FORWARD, json=asked("Organization/ward"))
    assert (422, ["forward-elsewhere"]) == (again.status_code, issue_keys(again.json()))
    taken = (await by_unit(sent))[SENT_ON]
    read = {"resourceType": "Parameters", "parameter": [{"name": "as", "valueCode": "read"}]}
    assert 200 == (await sent.post(f"Task/{taken['id']}/$acknowledge", json=read)).status_code
    own = (await by_unit(sent))[HOME]
    late = await sent.post(f"Task/{own['id']}/$acknowledge", json=read)
    assert (409, ["receipt-over"]) == (late.status_code, issue_keys(late.json()))


REFUSED = {
    "another-provider": ((ABROAD,), 422, "forward-elsewhere"),
    "closed": (("Organization/shut",), 422, "forward-elsewhere"),
    "nowhere": (("Organization/nowhere",), 422, "forward-elsewhere"),
    "itself": ((HOME,), 409, "forward-told"),
    "by-the-sender": ((SENT_ON, "Organization/ward"), 403, "receipt-not-yours"),
    "by-nobody": ((SENT_ON, ""), 400, "parameter-missing"),
    "to-nobody": (("",), 400, "parameter-missing"),
    "to-a-service": (("HealthcareService/service",), 400, "parameter-value"),
    "for-no-reason": ((SENT_ON, HOME, " "), 400, "parameter-value"),
}


async def test_what_is_not_to_be_sent_on_is_refused(sent):
    for name, (told, status, key) in REFUSED.items():
        refused = await sent.post(FORWARD, json=asked(*told))
        assert (status, [key]) == (refused.status_code, issue_keys(refused.json())), name

    assert {HOME, CLINIC} == (await by_unit(sent)).keys()
    assert 200 == (await sent.post(FORWARD, json=asked())).status_code


async def test_what_somebody_has_taken_is_not_sent_on(sent):
    own = (await by_unit(sent))[HOME]
    told = [{"name": "as", "valueCode": "taken"}, {"name": "by", "valueReference": at("PractitionerRole/role")}]
    taken = {"resourceType": "Parameters", "parameter": told}
    assert 200 == (await sent.post(f"Task/{own['id']}/$acknowledge", json=taken)).status_code
    refused = await sent.post(FORWARD, json=asked())

    assert (409, ["receipt-over"]) == (refused.status_code, issue_keys(refused.json()))
    assert 200 == (await sent.post(FORWARD, json=asked("Organization/annex", CLINIC))).status_code


# ------------------------------------------------------------------------------------------------ what is free

WORDS = [{"contentString": it} for it in ("Nyckeln ligger kvar", "Hjälpmedel saknas", "Ring dottern")]
FREE = "Communication/free/$forward"


@pytest.fixture
async def free(sent):
    """A free message of the ward to home care and the clinic, in the same case."""
    message = a_message(
        "administrativt",
        HOME,
        CLINIC,
        id="free",
        encounter=at("Encounter/stay"),
        payload=WORDS,
        about=[at("Encounter/stay")],
    )
    assert 201 == (await sent.put("Communication/free", json=message)).status_code
    return sent


def named(extension):
    return {it["url"].rpartition("/")[2]: next(v for n, v in it.items() if n.startswith("value")) for it in extension}


def origins(message):
    """The parts of a message, each with its words and where they come from."""
    return [(it["contentString"], *(named(one["extension"]) for one in it["extension"])) for it in message["payload"]]


async def test_a_free_message_is_sent_on_as_a_new_one_with_chosen_parts_and_their_origin(free):
    before = (await free.get("Communication/free")).json()
    answer = await free.post(FREE, json=asked(parts=[3, 1], reason="Ni har nyckeln"))

    assert 201 == answer.status_code, answer.text
    new, origin = answer.json(), {"message": at("Communication/free"), "sender": at(WARD), "sent": SENT}
    assert [("Nyckeln ligger kvar", origin), ("Ring dottern", origin)] == origins(new)
    assert ([at(SENT_ON)], at(HOME), [{"text": "Ni har nyckeln"}]) == (
        new["recipient"],
        new["sender"],
        new["reasonCode"],
    )
    assert new["sent"] != SENT
    assert [before[name] for name in ("about", "encounter", "subject")] == [
        new[name] for name in ("about", "encounter", "subject")
    ]
    assert named(new["extension"])["thread"] == new["identifier"][0]["value"] != named(before["extension"])["thread"]
    assert before == (await free.get("Communication/free")).json()
    (task,) = await tasks(free, f"Communication/{new['id']}")
    assert ("requested", at(SENT_ON), at(HOME)) == (task["status"], task["owner"], task["requester"])
    first = {it["owner"]["reference"]: it["status"] for it in await tasks(free, "Communication/free")}
    assert {HOME: "cancelled", CLINIC: "requested"} == first
    team = (await free.get("CareTeam/parties")).json()
    assert [at(HOME), at(SENT_ON)] == [it["member"] for it in team["participant"]]


async def test_a_free_message_that_is_sent_on_twice_is_sent_on_once(free):
    answers = await asyncio.gather(*(free.post(FREE, json=asked()) for _ in range(3)))

    assert [200, 200, 201] == sorted(it.status_code for it in answers)
    assert 1 == len({it.text for it in answers})
    assert WORDS == [{"contentString": words} for words, _ in origins(answers[0].json())]
    elsewhere = await free.post(FREE, json=asked("Organization/town"))
    assert (409, ["receipt-over"]) == (elsewhere.status_code, issue_keys(elsewhere.json()))


async def test_what_was_sent_on_before_still_says_where_it_comes_from(free):
    first = (await free.post(FREE, json=asked(parts=[2]))).json()
    second = await free.post(f"Communication/{first['id']}/$forward", json=asked("Organization/town", SENT_ON))

    assert 201 == second.status_code, second.text
    assert origins(first) == origins(second.json())
    assert at(SENT_ON) == second.json()["sender"]


@pytest.mark.parametrize("parts", [["0"], [4], [-1], ["x"], [1, 9], [True], [1.5]])
async def test_parts_that_there_are_not_are_refused(free, parts):
    refused = await free.post(FREE, json=asked(parts=parts))
    of_case = await free.post(FORWARD, json=asked(parts=[1]))

    assert [(400, ["parameter-value"])] * 2 == [(it.status_code, issue_keys(it.json())) for it in (refused, of_case)]
    assert 201 == (await free.post(FREE, json=asked(parts=[3]))).status_code
    assert 200 == (await free.post(FORWARD, json=asked())).status_code
