"""The stories of examples/stories read event by event, with the state of the case after each."""

from datetime import datetime

import pytest

from fhir_server.fhir.definitions import read
from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.process.discharge.fold import fold, home_care, illegal
from fhir_server.process.discharge.read import events_of
from fhir_server.process.standing import ordered
from tests.discharge import ms

STORIES = dict(read("examples/stories"))


def the_case(story: str, *, number: str = ""):
    """What happened in a story's case; of one of its cases where it has several, by the number that their ids end with."""
    resources = [entry["resource"] for entry in STORIES[f"{story}.json"]["entry"]]
    of_a_case = ("EpisodeOfCare", "Encounter", "Communication", "Task", "CarePlan")
    return ordered(
        events_of(
            it for it in resources if it["resourceType"] in of_a_case and "id" in it and it["id"].endswith(number)
        )
    )


def told(events):
    """Each event as a line: when by Stockholm's clocks, what, and the state of the case after it."""
    lines = []
    for place, event in enumerate(events):
        when = datetime.fromtimestamp(event.at / 1000, STOCKHOLM).strftime("%Y-%m-%d %H:%M")
        lines.append((when, event.code, fold(events[: place + 1]).state))
    return lines


def test_anita_is_declared_discharge_ready_and_called_to_planning():
    case = the_case("utskrivning")

    assert [
        ("2026-02-24 11:20", "admitted", "assessed"),
        ("2026-02-24 11:20", "assessed", "assessed"),
        ("2026-02-24 16:05", "inskrivning", "notified"),
        ("2026-02-24 16:40", "received", "planning"),
        ("2026-02-25 15:40", "fast-vardkontakt", "planning"),
        ("2026-02-26 10:15", "planering", "planning"),
        ("2026-02-27 14:15", "inskrivning-andring", "planning"),
        ("2026-03-02 09:40", "utskrivningsklar", "discharge-ready"),
        ("2026-03-02 11:05", "oppenvard-insats", "discharge-ready"),
        ("2026-03-02 14:10", "kallelse-sip", "discharge-ready"),
    ] == told(case)
    course = fold(case)
    assert ("2026-03-04", True, ()) == (course.estimated, course.planned, course.flags)
    assert ((ms("2026-03-02 11:05"), "available"),) == course.readiness
    assert "pause" == home_care(case).does


def test_sven_gets_a_fever_and_is_discharge_ready_no_more():
    case = the_case("aterkallad")

    assert [
        ("2026-02-23 07:50", "admitted", "assessed"),
        ("2026-02-23 07:50", "assessed", "assessed"),
        ("2026-02-23 11:00", "inskrivning", "notified"),
        ("2026-02-23 11:20", "received", "planning"),
        ("2026-02-24 09:00", "fast-vardkontakt", "planning"),
        ("2026-02-27 10:30", "utskrivningsklar", "discharge-ready"),
        ("2026-02-28 08:40", "utskrivningsklar-aterkallad", "planning"),
        ("2026-03-02 09:30", "inskrivning-andring", "planning"),
    ] == told(case)
    assert (None, "2026-03-06") == (fold(case).ready, fold(case).estimated)


def test_sven_waits_for_a_place_and_moves_there():
    case = the_case("kommun-ej-klar")

    assert [
        ("2025-12-29 15:00", "admitted", "assessed"),
        ("2025-12-29 15:00", "assessed", "assessed"),
        ("2025-12-29 19:00", "inskrivning", "notified"),
        ("2025-12-30 07:30", "received", "planning"),
        ("2025-12-30 10:00", "fast-vardkontakt", "planning"),
        ("2026-01-07 13:30", "utskrivningsklar", "discharge-ready"),
        ("2026-01-08 08:35", "kallelse-sip", "discharge-ready"),
        ("2026-01-08 10:00", "oppenvard-insats", "discharge-ready"),
        ("2026-01-11 11:00", "planering", "discharge-ready"),
        ("2026-01-15 10:00", "discharged", "discharged"),
        ("2026-01-15 10:00", "closed", "closed"),
        ("2026-01-15 10:10", "hemgang", "closed"),
    ] == told(case)
    assert (ms("2026-01-15 10:00"), ()) == (fold(case).discharged, fold(case).flags)
    assert "resume" == home_care(case).does


def test_signe_comes_home_and_is_back_after_nine_days_as_another_case():
    first, second = the_case("aterinskrivning", number="-1"), the_case("aterinskrivning", number="-2")

    assert [
        ("2025-11-10 09:00", "admitted", "assessed"),
        ("2025-11-10 09:00", "assessed", "assessed"),
        ("2025-11-10 13:00", "inskrivning", "notified"),
        ("2025-11-10 13:30", "received", "planning"),
        ("2025-11-19 09:00", "utskrivningsklar", "discharge-ready"),
        ("2025-11-20 12:00", "discharged", "discharged"),
        ("2025-11-20 12:00", "closed", "closed"),
        ("2025-11-20 12:10", "hemgang", "closed"),
    ] == told(first)
    assert [
        ("2025-11-29 22:40", "admitted", "assessed"),
        ("2025-11-29 22:40", "assessed", "assessed"),
        ("2025-11-30 09:00", "inskrivning", "notified"),
        ("2025-11-30 09:40", "received", "planning"),
        ("2025-12-03 10:00", "utskrivningsklar", "discharge-ready"),
        ("2025-12-04 13:00", "discharged", "discharged"),
        ("2025-12-04 13:00", "closed", "closed"),
        ("2025-12-04 13:05", "hemgang", "closed"),
    ] == told(second)
    for case in (first, second):
        assert [("missing", "fast-vardkontakt")] == [(flag.code, flag.about) for flag in fold(case).flags]


def test_signe_breaks_her_hip_and_comes_home_with_home_care():
    case = the_case("aldre-kvinna")

    assert [
        ("2026-02-16 08:30", "admitted", "assessed"),
        ("2026-02-16 08:30", "assessed", "assessed"),
        ("2026-02-16 13:20", "inskrivning", "notified"),
        ("2026-02-16 13:50", "received", "planning"),
        ("2026-02-18 10:00", "fast-vardkontakt", "planning"),
        ("2026-02-20 09:00", "inskrivning-andring", "planning"),
        ("2026-02-24 09:10", "utskrivningsklar", "discharge-ready"),
        ("2026-02-24 11:05", "kallelse-sip", "discharge-ready"),
        ("2026-02-24 13:00", "oppenvard-insats", "discharge-ready"),
        ("2026-02-26 11:00", "discharged", "discharged"),
        ("2026-02-26 11:10", "hemgang", "discharged"),
    ] == told(case)
    assert () == fold(case).flags


def test_anita_changes_ward_and_municipality_and_keeps_her_case():
    case = [event for event in the_case("overlamning") if not event.id.startswith("CarePlan/")]

    assert [
        ("2025-11-03 09:10", "admitted", "assessed"),
        ("2025-11-03 09:10", "assessed", "assessed"),
        ("2025-11-03 13:20", "inskrivning", "notified"),
        ("2025-11-03 13:50", "received", "planning"),
        ("2025-11-04 10:00", "fast-vardkontakt", "planning"),
        ("2025-11-06 10:15", "avdelningsbyte", "planning"),
        ("2025-11-07 14:00", "administrativt", "planning"),
        ("2025-11-10 09:00", "inskrivning", "planning"),
        ("2025-11-10 09:20", "received", "planning"),
        ("2025-11-12 08:30", "fast-vardkontakt", "planning"),
        ("2025-11-13 09:30", "utskrivningsklar", "discharge-ready"),
        ("2025-11-13 11:10", "kallelse-sip", "discharge-ready"),
        ("2025-11-14 10:30", "oppenvard-insats", "discharge-ready"),
        ("2025-11-17 11:00", "discharged", "discharged"),
        ("2025-11-17 11:00", "closed", "closed"),
        ("2025-11-17 11:10", "hemgang", "closed"),
    ] == told(case)
    assert (ms("2025-11-03 13:20"), ()) == (fold(case).notified, fold(case).flags)


def test_adam_is_planned_for_under_lpt_and_not_called_to_a_sip():
    case = the_case("lpt")

    assert [
        ("2026-02-02 20:10", "admitted", "assessed"),
        ("2026-02-02 20:10", "assessed", "assessed"),
        ("2026-02-03 09:00", "inskrivning", "notified"),
        ("2026-02-03 09:30", "received", "planning"),
        ("2026-02-10 10:00", "fast-vardkontakt", "planning"),
        ("2026-02-18 11:15", "compulsory-plan", "planning"),
        ("2026-02-24 09:00", "inskrivning-andring", "planning"),
    ] == told(case)
    assert (False, ()) == (fold(case).planned, fold(case).flags)


OF_A_STAY = sorted(
    name.removesuffix(".json")
    for name, story in STORIES.items()
    if any(entry["resource"]["resourceType"] == "EpisodeOfCare" for entry in story["entry"])
)


@pytest.mark.parametrize("story", OF_A_STAY)
def test_nothing_in_a_story_is_refused_as_it_comes(story):
    for number in ("-1", "-2") if story == "aterinskrivning" else ("",):
        case = the_case(story, number=number)
        assert [] == [event.id for place, event in enumerate(case) if illegal(case[:place], event)]


def test_every_story_of_a_stay_is_played_here():
    assert ["aldre-kvinna", "aterinskrivning", "aterkallad", "kommun-ej-klar", "lpt", "overlamning", "utskrivning"] == (
        OF_A_STAY
    )
