"""The story of a discharge played over HTTP by messages that nobody has read yet: what the units say moves the case."""

import pytest

from tests.messages import tasks
from tests.process.playing import Play, a_moment, parts, state_of

pytestmark = pytest.mark.anyio

NOW = "2026-12-31"


class Unread(Play):
    """The story as it is sent: nobody has received anything."""

    def _told(self):
        for when, what, resource in super()._told():
            yield when, what, {name: it for name, it in resource.items() if name != "received"}


def saying(said, **members):
    told = [{"name": name, "valueReference": {"reference": it}} for name, it in members.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": "as", "valueCode": said}, *told]}


async def happened(play):
    told = await play.at(NOW)
    return state_of(told), [it["code"] for it in parts(told, "event")].count("received")


async def test_planning_begins_when_a_unit_has_read_the_notice(api):
    play = Unread(api, "utskrivning")
    await play.begin()
    steps = play.steps()
    when, what, told = await anext(steps)
    assert ("2026-02-24 16:05", "inskrivning", "notified") == (when, what, state_of(told))
    (notice,) = (await api.get("Communication")).json()["entry"]
    place = f"Communication/{notice['resource']['id']}"
    first, second, third = await tasks(api, place)
    assert ("notified", 0) == await happened(play)

    async def say(task, *said, **members):
        answer = await api.post(f"Task/{task['id']}/$acknowledge", json=saying(*said, **members))
        assert 200 == answer.status_code, answer.text
        return answer.json()

    assert "received" == (await say(first, "read"))["status"]
    assert ("planning", 1) == await happened(play)
    await say(second, "read")
    assert ("planning", 1) == await happened(play)
    (role,) = (await api.get("PractitionerRole?_count=1")).json()["entry"]
    await say(third, "taken", by=f"PractitionerRole/{role['resource']['id']}")
    assert "planning" == (await happened(play))[0]

    states = {what: state_of(told) async for _, what, told in steps}
    assert "discharge-ready" == states["kallelse-sip"]
    sent = (await api.get("Communication?_revinclude=Task:focus&_count=50")).json()["entry"]
    asked = {it["resource"]["focus"]["reference"] for it in sent if it["resource"]["resourceType"] == "Task"}
    messages = [it["resource"] for it in sent if it["resource"]["resourceType"] == "Communication"]
    assert asked == {f"Communication/{it['id']}" for it in messages}
    deadlines = {it["resource"]["restriction"].get("period", {}).get("end") for it in sent if "focus" in it["resource"]}
    due = {a_moment(it["sent"]) + 24 * 3_600_000 for it in messages if _is_acknowledged(it)}
    assert due == {a_moment(it) for it in deadlines - {None}}


def _is_acknowledged(message):
    return message["category"][0]["coding"][0]["code"] not in {"fast-vardkontakt", "planering"}
