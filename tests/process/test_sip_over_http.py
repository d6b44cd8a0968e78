"""The stories of a plan over HTTP: at each thing that happened where the plan stands, and what it lacks and waits for when it matters."""

from collections import Counter
from collections.abc import Iterable

import pytest

from fhir_server.fhir.codec import encode
from tests.process.playing import STORIES, parts, shown, state_of

pytestmark = pytest.mark.anyio

COURSES = {
    "sip-hemma/sip-hemma": """
        2026-02-17 10:30 consented proposed
        2026-02-18 09:10 kallelse-sip called
        2026-02-26 14:00 met met
        2026-02-26 14:20 established established
        2026-08-31 23:59 consent-ended established""",
    "delplan/delplan": """
        2026-01-08 10:00 offered offered
        2026-01-12 10:00 sip-accepted accepted
        2026-01-12 10:00 consented accepted
        2026-01-19 10:45 met met
        2026-01-19 11:10 established established
        2026-08-31 23:59 consent-ended established""",
    "delplan/delplan-arbete": """
        2026-01-19 09:30 consented proposed
        2026-01-19 13:40 established established
        2026-08-31 23:59 consent-ended established""",
    "barn-bup/barn-bup": """
        2026-02-02 10:00 offered offered
        2026-02-03 09:30 sip-accepted accepted
        2026-02-03 09:30 consented accepted
        2026-02-04 09:10 kallelse-sip called
        2026-02-12 15:00 met met
        2026-02-12 15:20 established established
        2026-12-31 23:59 consent-ended established""",
    "tackade-nej/tackade-nej": """
        2026-02-19 10:30 offered offered
        2026-02-23 09:00 sip-declined declined
        2026-02-23 23:59 closed declined""",
    "reviderad/reviderad-1": """
        2025-05-08 10:00 offered offered
        2025-05-12 10:00 sip-accepted accepted
        2025-05-12 10:00 consented accepted
        2025-05-20 11:00 met met
        2025-05-20 12:00 established established
        2025-09-01 23:59 closed closed
        2025-12-31 23:59 consent-ended closed""",
    "reviderad/reviderad-2": """
        2025-05-12 10:00 consented proposed
        2025-09-01 10:45 met met
        2025-09-01 11:00 established established
        2025-12-10 10:25 evaluated evaluated
        2025-12-10 10:30 followed-up evaluated
        2025-12-10 23:59 closed closed
        2025-12-31 23:59 consent-ended closed""",
    "overlamning/overlamning-1": """
        2025-08-11 10:00 offered offered
        2025-08-15 10:00 sip-accepted accepted
        2025-08-15 10:00 consented accepted
        2025-08-18 11:00 established established
        2025-11-11 23:59 closed closed
        2025-11-11 23:59 consent-ended closed""",
    "overlamning/overlamning-2": """
        2025-11-11 10:00 offered offered
        2025-11-12 10:00 sip-accepted accepted
        2025-11-12 10:00 consented accepted
        2025-11-13 11:10 kallelse-sip called
        2025-11-14 09:45 met met
        2025-11-14 10:00 established established
        2025-12-19 23:59 closed closed
        2025-12-31 23:59 consent-ended closed""",
    "samtycke-aterkallat/samtycke-aterkallat": """
        2025-10-01 10:00 offered offered
        2025-10-06 10:00 sip-accepted accepted
        2025-10-06 10:00 consented accepted
        2025-10-14 10:45 met met
        2025-10-14 11:00 established established
        2026-01-30 23:59 closed closed
        2026-01-30 23:59 consent-ended closed""",
    "ombud/ombud": """
        2026-01-08 10:00 offered offered
        2026-01-12 10:00 sip-accepted accepted
        2026-01-12 10:00 consented accepted
        2026-01-12 10:10 consented accepted
        2026-01-12 10:40 kallelse-sip called
        2026-01-20 14:00 met met
        2026-01-20 14:15 established established
        2026-12-31 23:59 consent-ended established
        2026-12-31 23:59 consent-ended established""",
    "skyddad-identitet/skyddad-identitet": """
        2026-02-06 10:00 offered offered
        2026-02-09 10:00 sip-accepted accepted
        2026-02-09 10:00 consented accepted
        2026-02-16 11:00 met met
        2026-02-16 11:10 established established
        2026-08-31 23:59 consent-ended established""",
    "sparr/sparr": """
        2026-01-12 10:00 offered offered
        2026-01-19 14:30 sip-accepted accepted
        2026-01-19 14:30 consented accepted
        2026-01-26 10:45 met met
        2026-01-26 11:10 established established
        2026-08-31 23:59 consent-ended established""",
}
"""Of each story (and plan of it): when by Stockholm's clocks, what, and the state then. The two blocks of `sparr` are no events of the plan."""
JSON = {"Content-Type": "application/fhir+json"}
LATER = "2027-01-01"


@pytest.fixture
async def stories(api):
    """Every story of a plan, in one server."""
    for story in dict.fromkeys(name.partition("/")[0] for name in COURSES):
        answer = await api.post("", content=encode(dict(STORIES[f"{story}.json"])), headers=JSON)
        assert answer.status_code == 200, answer.text
    return api


async def told(api, plan, when):
    answer = await api.get(f"CarePlan/{plan}/$process", params={"at": when})
    assert answer.status_code == 200, answer.text
    return answer.json()


def flags(answer):
    return [it["code"] for it in parts(answer, "flag")]


def waits(answer) -> list[str]:
    """What is still to be done about what, and until when; what is late says so. Approvals are counted."""
    rows = [it for it in parts(answer, "due") if "done" not in it and it["code"] != "approve"]
    return [" ".join(filter(None, _row(it))) for it in rows]


def _row(it) -> Iterable[str]:
    focus = it["focus"]["reference"].rpartition("/")[2] if "focus" in it else ""
    until = shown(it["until"]) if "until" in it else ""
    return it["code"], focus, until, "late" if it["late"] else ""


def approvals(answer) -> Counter[bool]:
    """How many have approved, and how many have not."""
    return Counter("done" in it for it in parts(answer, "due") if it["code"] == "approve")


async def test_every_plan_stands_where_its_story_tells(stories):
    for name, course in COURSES.items():
        plan = name.partition("/")[2]
        events = parts(await told(stories, plan, LATER), "event")
        states = [state_of(await told(stories, plan, it["at"])) for it in events]
        steps = [f"{shown(it['at'])} {it['code']} {state}" for it, state in zip(events, states, strict=True)]
        # two that came at one moment are both there, and the state is the one after both
        assert [line.strip() for line in course.strip().splitlines()] == steps, name

    await rune_waits(stories)
    await the_others_wait(stories)


async def rune_waits(stories):
    """Rune's plan, from the meeting to the follow-up that nobody held, and to the day on which all of it is over."""
    established = await told(stories, "sip-hemma", "2026-02-26T14:25:00+01:00")
    assert ([], 6) == (flags(established), approvals(established)[False])
    assert [
        "answer-call sip-hemma-uppfoljning 2026-04-09 13:00",
        "do-action sip-hemma-sallskap 2026-04-09 23:59",
        "do-action sip-hemma-vikt 2026-04-09 23:59",
        "follow-up sip-hemma-uppfoljning 2026-04-09 23:59",
    ] == sorted(waits(established))
    (follow_up,) = [it for it in parts(established, "due") if it["code"] == "follow-up"]
    plan = (await stories.get("CarePlan/sip-hemma")).json()
    assert plan["author"]["reference"] == follow_up["by"]["reference"]

    march = waits(await told(stories, "sip-hemma", "2026-03-14"))
    assert ["do-action sip-hemma-hjalpmedel 2026-03-13 23:59 late"] == [it for it in march if it.endswith("late")]
    on_the_day = waits(await told(stories, "sip-hemma", "2026-04-09"))
    assert "follow-up sip-hemma-uppfoljning 2026-04-09 23:59" in on_the_day
    the_day_after = waits(await told(stories, "sip-hemma", "2026-04-10"))
    assert "follow-up sip-hemma-uppfoljning 2026-04-09 23:59 late" in the_day_after
    assert ["no-consent", "period-over"] == flags(await told(stories, "sip-hemma", LATER))


async def the_others_wait(stories):
    """What is due, and what is lacking, in the other stories at the moments that matter."""
    offered = await told(stories, "tackade-nej", "2026-02-20")
    declined = await told(stories, "tackade-nej", "2026-02-24")
    assert (["answer-offer"], [], []) == (waits(offered), waits(declined), flags(declined))
    assert ["2026-02-23 09:00"] == [shown(it["done"]) for it in parts(declined, "due")]

    assert ["no-follow-up"] == flags(await told(stories, "delplan", "2026-03-01"))
    assert [] == flags(await told(stories, "delplan-arbete", "2026-03-01"))
    assert ["no-follow-up"] == flags(await told(stories, "sparr", "2026-03-01"))
    assert [] == flags(await told(stories, "skyddad-identitet", "2026-03-01"))

    before = await told(stories, "reviderad-2", "2025-12-09")
    assert ["follow-up reviderad-mote-3 2025-12-10 23:59"] == waits(before)
    closed = await told(stories, "reviderad-2", "2025-12-10")
    assert ([], ["do-action", "follow-up", "evaluate"]) == (waits(closed), [it["code"] for it in parts(closed, "due")])

    withdrawn = await told(stories, "samtycke-aterkallat", "2026-01-31")
    assert ("closed", [], []) == (state_of(withdrawn), waits(withdrawn), flags(withdrawn))
