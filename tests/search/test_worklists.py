"""The worklists of docs/search.md, asked of the two stories in memory; and our own parameters, which they rest on."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

from fhir_server.fhir.instant import span
from fhir_server.fhir.reference import redirected
from fhir_server.search.extract import Extractor
from fhir_server.search.match import Candidate, answer
from tests.search.reading import BASE, PARAMETERS, PARSER
from tests.stories.story import TWO, Story, load_stories

EXTRACTOR = Extractor(PARAMETERS, BASE)
OPEN = ("status", "planned,waitlist,active,onhold")


def candidates(stories: Mapping[str, Story]) -> list[Candidate]:
    """The resources of the stories as they are stored: who stands in both is one."""
    places: dict[str, str] = {}
    made: dict[str, tuple[str, dict[str, Any]]] = {}
    for story in stories.values():
        for entry, number in zip(story.entries, count(), strict=False):
            resource = entry["resource"]
            same = entry["request"].get("ifNoneExist") or f"{story.name} {number}"
            id = resource.get("id") or f"i{list(made).index(same) if same in made else len(made)}"
            places[entry["fullUrl"]] = f"{resource['resourceType']}/{id}"
            made.setdefault(same, (id, resource))
    found = [
        Candidate(one["resourceType"], id, 0, EXTRACTOR.index(redirected(one, lambda text: places.get(text, text))))
        for id, one in made.values()
    ]
    return [Candidate(one.type, one.id, one.updated, one.index, others=found) for one in found]


STORED = candidates({name: load_stories()[name] for name in TWO})


def ask(type: str, *pairs: tuple[str, str], among: list[Candidate] = STORED) -> list[str]:
    return [one.id for one in answer(PARSER.parse(type, pairs).query, among)]


def unit(name: str) -> str:
    (id,) = ask("Organization", ("name:exact", name))
    return f"Organization/{id}"


ASSESSORS, WARD, HOME_CARE = (
    unit("Biståndsenheten"),
    unit(r"Avdelning 7\, Exempelsjukhuset"),
    unit("Hemtjänsten Björkvik norr"),
)
REGION, TOWN = unit("Region Exempel"), unit("Björkviks kommun")


def a_case(id: str, status: str, **period: str) -> Candidate:
    resource = {
        "resourceType": "EpisodeOfCare",
        "status": status,
        "period": period,
        "team": [{"reference": "CareTeam/utskrivning-parter"}],
    }
    return Candidate("EpisodeOfCare", id, 0, EXTRACTOR.index(resource), others=STORED)


CASES = [
    a_case("new", "active", start="2026-03-01T10:00:00+01:00"),
    a_case("old", "onhold", start="2025-12-24"),
    a_case("closed", "finished", start="2026-03-02", end="2026-03-03"),
]


@pytest.mark.parametrize(("who", "cases"), [(WARD, ["new", "utskrivning-arende", "old"]), (HOME_CARE, [])])
def test_a_unit_has_its_open_cases_the_newest_first(who, cases):
    asked = [OPEN, ("care-team-participant", who), ("_sort", "-started")]

    assert cases == ask("EpisodeOfCare", *asked, among=[*STORED, *CASES])


def test_an_open_period_puts_no_case_before_another():
    by_period = ask("EpisodeOfCare", OPEN, ("_sort", "-date"), among=[*STORED, *CASES])

    assert sorted(by_period) == by_period


@pytest.mark.parametrize(("who", "messages"), [(WARD, ["utskrivning-kallelse"]), (HOME_CARE, [])])
def test_a_unit_has_the_messages_that_nobody_has_acknowledged(who, messages):
    assert messages == ask("Communication", ("recipient", who), ("received:missing", "true"), ("_sort", "sent"))


def test_which_message_it_is_stands_in_its_category():
    message = "https://fhir-care-plan-server.example/CodeSystem/message|utskrivningsklar"

    assert ["utskrivning-utskrivningsklar"] == ask("Communication", ("category", message), ("recipient", ASSESSORS))


def overdue(day: str, *more: tuple[str, str], among: list[Candidate] = STORED) -> list[str]:
    held = f"activity-reference:Appointment[status eq booked].date lt {day}"
    return ask("CarePlan", ("status", "active"), ("_filter", held), *more, among=among)


def test_plans_whose_follow_up_date_has_passed_are_found_and_no_others():
    assert ["sip-hemma"] == overdue("2026-04-10", ("care-team-participant", HOME_CARE))
    assert ["utskrivning-plan"] == overdue("2026-04-10", ("care-team-participant", WARD))
    assert ["utskrivning-plan"] == overdue("2026-04-09")
    assert [] == overdue("2026-03-02")
    booked = [("status", "booked"), ("date", "lt2026-04-10"), ("_has:CarePlan:activity-reference:status", "active")]
    assert ["utskrivning-sip-mote", "sip-hemma-uppfoljning"] == ask("Appointment", *booked, ("_sort", "date"))


def test_a_follow_up_that_was_held_has_not_passed():
    held, booked = ({"reference": {"reference": f"Appointment/sip-hemma-{one}"}} for one in ("mote", "uppfoljning"))
    resource = {"resourceType": "CarePlan", "status": "active", "activity": [held, booked]}
    plan = Candidate("CarePlan", "held", 0, EXTRACTOR.index(resource), others=STORED)

    assert [] == overdue("2026-04-09", ("_id", "held"), among=[plan])
    assert ["held"] == overdue("2026-04-10", ("_id", "held"), among=[plan])
    apart = [
        ("activity-reference:Appointment.status", "booked"),
        ("activity-reference:Appointment.date", "lt2026-04-09"),
    ]
    assert ["held"] == ask("CarePlan", *apart, among=[plan])


def test_a_plan_without_a_follow_up_is_found():
    bare = Candidate(
        "CarePlan", "bare", 0, EXTRACTOR.index({"resourceType": "CarePlan", "status": "active"}), others=STORED
    )

    assert ["bare"] == ask("CarePlan", ("follow-up:missing", "true"), among=[*STORED, bare])
    assert ["sip-hemma", "utskrivning-plan"] == ask("CarePlan", ("follow-up:missing", "false"), among=[*STORED, bare])
    assert ["sip-hemma"] == ask("CarePlan", ("follow-up", "2026-04-09"))
    assert [] == ask("CarePlan", ("follow-up", "2026-04-08"))


def test_tasks_are_found_by_what_they_are_due():
    sip = ("patient._has:CarePlan:patient:_id", "sip-hemma")

    assert ["sip-hemma-hjalpmedel", "sip-hemma-lakemedel"] == ask(
        "Task", sip, ("due", "le2026-03-16"), ("_sort", "due")
    )
    assert ["sip-hemma-hjalpmedel"] == ask("Task", sip, ("due", "2026-03-13"))
    assert [] == ask("Task", sip, ("due", "lt2026-03-13"))
    at_home_care = ("owner:PractitionerRole.organization", HOME_CARE)
    assert ["sip-hemma-dusch"] == ask("Task", at_home_care, ("status", "in-progress"), ("due", "le2026-04-09"))


def test_plans_are_found_by_who_answers_for_them():
    both = ["sip-hemma", "utskrivning-plan"]

    assert both == ask("CarePlan", ("responsible-organization", REGION), ("_sort", "-_lastUpdated"))
    assert [] == ask("CarePlan", ("responsible-organization", TOWN))
    assert both == ask("CarePlan", ("responsible-organization.name", "region ex"))
    assert ["sip-hemma-team", "utskrivning-parter"] == ask("CareTeam", ("managing-organization", REGION))
    assert [] == ask("CareTeam", ("managing-organization", TOWN))


def test_plans_and_cases_are_found_by_who_takes_part():
    (maria,) = ask("PractitionerRole", ("practitioner.family", "ekdahl"))

    for asked in (
        ("care-team-participant", f"PractitionerRole/{maria}"),
        ("care-team-participant:PractitionerRole", maria),
    ):
        assert ["sip-hemma", "utskrivning-plan"] == ask("CarePlan", asked)
        assert ["utskrivning-arende"] == ask("EpisodeOfCare", asked)
    assert ["sip-hemma"] == ask("CarePlan", ("care-team-participant:Organization.name", "hemtjänsten"))
    assert [] == ask("CarePlan", ("care-team-participant:missing", "true"))
    assert ["utskrivning-arende"] == ask("EpisodeOfCare", ("team", "utskrivning-parter"))
    assert [] == ask("EpisodeOfCare", ("team", "sip-hemma-team"))
    assert ["utskrivning-arende"] == ask("EpisodeOfCare", ("started", "2026-02-24"))
    assert [] == ask("EpisodeOfCare", ("started", "2026-02-25"))


def test_every_other_name_for_a_chain_is_tried_here():
    chains = {(type, code) for type in PARAMETERS.types for code, one in PARAMETERS.of(type).items() if one.chain}

    tried = {("CarePlan", "care-team-participant"), ("CarePlan", "follow-up"), ("CarePlan", "responsible-organization")}
    assert chains == tried | {("EpisodeOfCare", "care-team-participant")}


def test_the_stories_stand_still_before_the_day_that_is_asked_for():
    assert span("2026-04-09")[0] > max(int(story.now.timestamp() * 1000) for story in map(load_stories().get, TWO))
