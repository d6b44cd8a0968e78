"""The stories of a stay played over HTTP event by event: after each the state of the case, what waits, and who is liable."""

import asyncio
import random

import httpx
import pytest

from fhir_server.process.definition import load_workflow
from tests.builders import a_patient
from tests.process.case_house import a_case, a_message, a_stay
from tests.process.playing import Play, lines, owed, parts, state_of, waits_for

pytestmark = pytest.mark.anyio

CONTACT = "fast-vardkontakt open-care"
HAS_LEFT = "hemgang inpatient"


async def played(api: httpx.AsyncClient, story: str, number: str = ""):
    """The play at its end, its last answer, and a line for each step: when, what, the state, what waits, who is liable."""
    play = Play(api, story, number)
    await play.begin()
    steps = [(when, what, told) async for when, what, told in play.steps()]
    seen = [(when, what, state_of(told), waits_for(told), owed(told)) for when, what, told in steps]
    return play, steps[-1][2], seen


def flags(told):
    return [(it["code"], it["about"]) for it in parts(told, "flag")]


async def test_anita_is_declared_discharge_ready_and_called_to_planning(api):
    play, told, steps = await played(api, "utskrivning")

    assert [
        ("2026-02-24 16:05", "inskrivning", "notified", [CONTACT], "not-yet days 0"),
        ("2026-02-25 15:40", "fast-vardkontakt", "planning", [], "not-yet days 0"),
        ("2026-02-26 10:15", "planering", "planning", [], "not-yet days 0"),
        ("2026-02-27 14:15", "inskrivning-andring", "planning", [], "not-yet days 0"),
        ("2026-03-02 09:40", "utskrivningsklar", "discharge-ready", [], "not-yet 2026-03-05 days 0"),
        ("2026-03-02 11:05", "oppenvard-insats", "discharge-ready", [], "not-yet 2026-03-05 days 0"),
        ("2026-03-02 14:10", "kallelse-sip", "discharge-ready", [], "not-yet 2026-03-05 days 0"),
    ] == steps
    assert [] == flags(told)
    assert "pause" == parts(told, "homeCare")[0]["does"]
    assert "Björkviks kommun" == parts(told, "liability")[0]["municipality"]["display"]

    before = await play.at("2026-02-24T12:00:00+01:00")
    assert ("assessed", []) == (state_of(before), waits_for(before)[1:])
    assert ["inskrivning inpatient 2026-02-25 11:20"] == waits_for(before)
    waiting = await play.at("2026-02-25T11:21:00+01:00")
    assert [CONTACT] == waits_for(waiting)
    assert "yes 2026-03-05 days 0" == owed(await play.at("2026-03-05T08:00:00+01:00"))
    assert "yes 2026-03-05 days 2" == owed(await play.at("2026-03-07T08:00:00+01:00"))


async def test_signe_breaks_her_hip_and_comes_home_before_anybody_is_liable(api):
    play, told, steps = await played(api, "aldre-kvinna")

    assert [
        ("2026-02-16 13:20", "inskrivning", "notified", [CONTACT], "not-yet days 0"),
        ("2026-02-18 10:00", "fast-vardkontakt", "planning", [], "not-yet days 0"),
        ("2026-02-20 09:00", "inskrivning-andring", "planning", [], "not-yet days 0"),
        ("2026-02-24 09:10", "utskrivningsklar", "discharge-ready", [], "not-yet 2026-02-27 days 0"),
        ("2026-02-24 11:05", "kallelse-sip", "discharge-ready", [], "not-yet 2026-02-27 days 0"),
        ("2026-02-24 13:00", "oppenvard-insats", "discharge-ready", [], "not-yet 2026-02-27 days 0"),
        ("2026-02-26 11:00", "Encounter ends", "discharged", [f"{HAS_LEFT} 2026-02-26 23:59"], "no 2026-02-27 days 0"),
        ("2026-02-26 11:10", "hemgang", "discharged", [], "no 2026-02-27 days 0"),
    ] == steps
    assert [] == flags(told)
    assert "The person was discharged on 2026-02-26, a day that does not count." in lines(told)
    waiting = await play.at("2026-02-16T13:00:00+01:00")
    assert ["inskrivning inpatient 2026-02-17 08:30"] == waits_for(waiting)


async def test_sven_gets_a_fever_and_is_discharge_ready_no_more(api):
    _, told, steps = await played(api, "aterkallad")

    assert [
        ("2026-02-23 11:00", "inskrivning", "notified", [CONTACT], "not-yet days 0"),
        ("2026-02-24 09:00", "fast-vardkontakt", "planning", [], "not-yet days 0"),
        ("2026-02-27 10:30", "utskrivningsklar", "discharge-ready", [], "not-yet 2026-03-02 days 0"),
        ("2026-02-28 08:40", "utskrivningsklar-aterkallad", "planning", [], "not-yet days 0"),
        ("2026-03-02 09:30", "inskrivning-andring", "planning", [], "not-yet days 0"),
    ] == steps
    assert "No discharge-ready notice is in force." in lines(told)


async def test_sven_waits_for_a_place_and_the_municipality_is_liable_for_four_days(api):
    play, told, steps = await played(api, "kommun-ej-klar")

    assert [
        ("2025-12-29 19:00", "inskrivning", "notified", [CONTACT], "not-yet days 0"),
        ("2025-12-30 10:00", "fast-vardkontakt", "planning", [], "not-yet days 0"),
        ("2026-01-07 13:30", "utskrivningsklar", "discharge-ready", [], "not-yet 2026-01-11 days 0"),
        ("2026-01-08 08:35", "kallelse-sip", "discharge-ready", [], "not-yet 2026-01-11 days 0"),
        ("2026-01-08 10:00", "oppenvard-insats", "discharge-ready", [], "not-yet 2026-01-11 days 0"),
        ("2026-01-11 11:00", "planering", "discharge-ready", [], "yes 2026-01-11 days 0"),
        ("2026-01-15 10:00", "Encounter ends", "discharged", [f"{HAS_LEFT} 2026-01-15 23:59"], "yes 2026-01-11 days 4"),
        ("2026-01-15 10:00", "EpisodeOfCare ends", "closed", [f"{HAS_LEFT} 2026-01-15 23:59"], "yes 2026-01-11 days 4"),
        ("2026-01-15 10:10", "hemgang", "closed", [], "yes 2026-01-11 days 4"),
    ] == steps
    assert [
        "No agreement of the two speaks of this case: the statute applies.",
        "The admission notice was sent 2025-12-29 19:00:00, in time.",
        "The call to planning was sent 2026-01-08 08:35:00, in time: the last moment was 2026-01-10 23:59:59.",
        "The discharge-ready notice was sent 2026-01-07 13:30:00, after 12:00:00; days until liability: 4.",
        "In calendar days, the first day that can be liable is 2026-01-11.",
        "The person was discharged on 2026-01-15, a day that does not count.",
        "Liable days: 4, 2026-01-11/2026-01-14.",
        "Days of 2026: 4, without an amount: the server has not been told what a day of that year costs.",
        "The municipality where the person is registered is liable.",
    ] == lines(told)
    (found,) = parts(told, "liability")
    assert not {"rate", "amount"} & found.keys()
    assert "Björkviks kommun" == found["municipality"]["display"]
    assert "resume" == parts(told, "homeCare")[0]["does"]
    assert "yes 2026-01-11 days 3" == owed(await play.at("2026-01-14"))


async def test_signe_comes_home_and_is_back_after_nine_days_as_another_case(api):
    first, second = await played(api, "aterinskrivning", "-1"), await played(api, "aterinskrivning", "-2")

    left = f"{CONTACT} 2025-11-20 12:00 late"
    assert [
        ("2025-11-10 13:00", "inskrivning", "notified", [CONTACT], "not-yet days 0"),
        ("2025-11-19 09:00", "utskrivningsklar", "discharge-ready", [CONTACT], "not-yet 2025-11-22 days 0"),
        ("2025-11-20 12:00", "Encounter ends", "discharged", [left, f"{HAS_LEFT} 2025-11-20 23:59"], "no 2025-11-22 days 0"),
        ("2025-11-20 12:00", "EpisodeOfCare ends", "closed", [left, f"{HAS_LEFT} 2025-11-20 23:59"], "no 2025-11-22 days 0"),
        ("2025-11-20 12:10", "hemgang", "closed", [left], "no 2025-11-22 days 0"),
    ] == first[2]  # fmt: skip
    left = f"{CONTACT} 2025-12-04 13:00 late"
    assert [
        ("2025-11-30 09:00", "inskrivning", "notified", [CONTACT], "not-yet days 0"),
        ("2025-12-03 10:00", "utskrivningsklar", "discharge-ready", [CONTACT], "not-yet 2025-12-06 days 0"),
        ("2025-12-04 13:00", "Encounter ends", "discharged", [left, f"{HAS_LEFT} 2025-12-04 23:59"], "no 2025-12-06 days 0"),
        ("2025-12-04 13:00", "EpisodeOfCare ends", "closed", [left, f"{HAS_LEFT} 2025-12-04 23:59"], "no 2025-12-06 days 0"),
        ("2025-12-04 13:05", "hemgang", "closed", [left], "no 2025-12-06 days 0"),
    ] == second[2]  # fmt: skip
    for _, told, _ in (first, second):
        assert [("missing", "fast-vardkontakt")] == flags(told)


async def test_anita_changes_ward_and_municipality_and_keeps_her_case(api):
    play, told, steps = await played(api, "overlamning")

    assert [
        ("2025-11-03 13:20", "inskrivning", "notified", [CONTACT], "not-yet days 0"),
        ("2025-11-04 10:00", "fast-vardkontakt", "planning", [], "not-yet days 0"),
        ("2025-11-06 10:15", "avdelningsbyte", "planning", [], "not-yet days 0"),
        ("2025-11-07 14:00", "administrativt", "planning", [], "not-yet days 0"),
        ("2025-11-10 09:00", "inskrivning", "planning", [], "not-yet days 0"),
        ("2025-11-12 08:30", "fast-vardkontakt", "planning", [], "not-yet days 0"),
        ("2025-11-13 09:30", "utskrivningsklar", "discharge-ready", [], "not-yet 2025-11-16 days 0"),
        ("2025-11-13 11:10", "kallelse-sip", "discharge-ready", [], "not-yet 2025-11-16 days 0"),
        ("2025-11-14 10:30", "oppenvard-insats", "discharge-ready", [], "not-yet 2025-11-16 days 0"),
        ("2025-11-17 11:00", "Encounter ends", "discharged", [f"{HAS_LEFT} 2025-11-17 23:59"], "yes 2025-11-16 days 1"),
        ("2025-11-17 11:00", "EpisodeOfCare ends", "closed", [f"{HAS_LEFT} 2025-11-17 23:59"], "yes 2025-11-16 days 1"),
        ("2025-11-17 11:10", "hemgang", "closed", [], "yes 2025-11-16 days 1"),
    ] == steps
    (now,), (then,) = parts(told, "liability"), parts(await play.at("2025-11-09"), "liability")
    assert ("Granvikens kommun", "Björkviks kommun") == (
        then["municipality"]["display"],
        now["municipality"]["display"],
    )


async def test_adam_is_planned_for_under_lpt_and_not_called_to_a_sip(api):
    _, told, steps = await played(api, "lpt")

    assert [
        ("2026-02-03 09:00", "inskrivning", "notified", [CONTACT], "not-yet days 0"),
        ("2026-02-10 10:00", "fast-vardkontakt", "planning", [], "not-yet days 0"),
        ("2026-02-24 09:00", "inskrivning-andring", "planning", [], "not-yet days 0"),
    ] == steps
    assert "compulsory-plan" in [it["code"] for it in parts(told, "event")]
    assert [] == flags(told)


# ------------------------------------------------------------------------------------------------ whatever is sent


async def test_no_sequence_of_writes_loses_a_message_that_was_acknowledged(api):
    """Whatever is sent, in whatever order and at once: what was answered 201 is there, and is an event of its case."""
    await api.put("Patient/p1", json=a_patient(id="p1"))
    codes = [code for code, one in load_workflow().actions.items() if one.is_message and not one.takes_back]
    for number in range(3):
        await _send_at_random(api, number, random.Random(number), codes)


async def _send_at_random(api, number: int, chance: random.Random, codes: list[str]) -> None:
    case, stay = f"EpisodeOfCare/{number}", f"Encounter/{number}"
    await api.put(case, json=a_case(str(number)))
    await api.put(stay, json=a_stay(str(number), case=case))
    kept: dict[str, str] = {}
    refused = 0
    for _ in range(8):
        sent = [a_message(chance.choice(codes), f"{chance.randint(3, 27):02} 10:00", stay=stay) for _ in range(4)]
        for answer in await asyncio.gather(*(api.post("Communication", json=it) for it in sent)):
            assert answer.status_code in {201, 409}, answer.text
            refused += answer.status_code == 409
            if answer.status_code == 201:
                kept[answer.json()["id"]] = answer.json()["category"][0]["coding"][0]["code"]

    told = (await api.get(f"{case}/$process", params={"at": "2026-03-31"})).json()
    assert refused
    assert len(kept) > 3
    assert sorted(["admitted", "assessed", *kept.values()]) == sorted(it["code"] for it in parts(told, "event"))
    assert "out-of-order" not in [code for code, _ in flags(told)]
    stored = await api.get("Communication", params={"encounter": stay, "_summary": "count"})
    assert len(kept) == stored.json()["total"]
