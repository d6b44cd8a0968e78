"""The story of the handover: somebody is responsible on every day of it, the old one until the day of the move."""

from datetime import date, timedelta

from tests.stories.story import load_stories, moment

STORY = load_stories()["overlamning"]
MOVE = date(2025, 11, 12)
HANDOVERS = {task["id"].removeprefix("overlamning-"): task for task in STORY.all("Task") if task not in STORY.actions}


def at(place):
    return STORY.at({"reference": place})


def days(period):
    return date.fromisoformat(period["start"]), date.fromisoformat(period["end"])


def test_case_contact_and_plan_are_each_handed_over_from_one_who_leaves_to_one_who_takes_over():
    said = {
        name: (task["focus"]["reference"], STORY.at(task["requester"]), STORY.at(task["owner"]), task["status"])
        for name, task in HANDOVERS.items()
    }

    assert {"ta-over-kommun", "ta-over-vardkontakt", "ta-over-plan"} == said.keys()
    assert ["EpisodeOfCare", "CareTeam", "CarePlan"] == [place.partition("/")[0] for place, *_ in said.values()]
    for _, leaves, takes_over, status in said.values():
        assert STORY.unit(leaves) != STORY.unit(takes_over)
        assert "completed" == status


def test_the_municipality_that_is_handed_over_from_and_to_are_two():
    task = HANDOVERS["ta-over-kommun"]

    assert ["Granvikens kommun", "Björkviks kommun"] == [
        STORY.huvudman(STORY.at(task[who])) for who in ("requester", "owner")
    ]


def test_a_handover_is_answered_on_the_day_of_the_move_which_it_is_due():
    for task in HANDOVERS.values():
        assert MOVE.isoformat() == task["restriction"]["period"]["end"]
        assert MOVE == moment(task["executionPeriod"]["end"]).date()


def test_the_fixed_contact_changes_without_a_day_between():
    old, new = (at(f"CareTeam/overlamning-fast-kontakt-{number}") for number in (1, 2))

    assert days(old["period"])[1] + timedelta(days=1) == days(new["period"])[0] == MOVE
    for team in (old, new):
        (participant,) = team["participant"]
        assert team["period"] == participant["period"]
    task = HANDOVERS["ta-over-vardkontakt"]
    assert [old["participant"][0]["member"], new["participant"][0]["member"]] == [task["requester"], task["owner"]]


def test_the_case_goes_on_with_parties_by_date():
    """2 kap. 5 § lagen (2017:612): a fixed contact on every day from the first that was appointed."""
    parties = STORY.at(STORY.only("EpisodeOfCare")["team"][0])["participant"]
    contacts = [days(one["period"]) for one in parties if one["role"][0]["text"] == "Fast vårdkontakt"]
    first, second = contacts

    assert first[1] + timedelta(days=1) == second[0] == MOVE
    left = [one for one in parties if "flyttar från" in one["role"][0]["text"]]
    came = [one for one in parties if "flyttar till" in one["role"][0]["text"]]
    assert {"Granvikens kommun"} == {STORY.huvudman(STORY.at(one["member"])) for one in left}
    assert {"Björkviks kommun"} == {STORY.huvudman(STORY.at(one["member"])) for one in came}
    assert all(days(one["period"])[1] < MOVE for one in left)
    assert all(days(one["period"])[0] <= MOVE <= days(one["period"])[1] for one in came)


def test_the_new_units_get_the_notice_that_the_old_ones_got_and_what_follows_goes_to_them():
    """2 kap. 1 and 3 §§, 3 kap. 1 §."""
    first, second = (at(f"Communication/overlamning-inskrivning-{number}") for number in (1, 2))
    ready = STORY.message("utskrivningsklar")

    def units(message):
        return [STORY.at(one) for one in message["recipient"]]

    assert [one["type"] for one in units(first)] == [one["type"] for one in units(second)]
    assert not [one for one in units(first) if one in units(second)]
    assert units(second) == units(ready) == units(STORY.message("hemgang"))
    assert moment(first["sent"]) < moment(second["sent"]) < moment(ready["sent"])


def test_a_change_of_ward_keeps_the_case():
    """The message of the catalogue goes to the new ward and to whoever got the notice."""
    change, notice = STORY.message("avdelningsbyte"), at("Communication/overlamning-inskrivning-1")
    ward, *others = change["recipient"]
    stay = STORY.only("Encounter")

    assert notice["sender"] == change["sender"]
    assert notice["recipient"] == others
    assert STORY.at(ward) == STORY.at(stay["serviceProvider"])
    assert [STORY.only("EpisodeOfCare")] == [STORY.at(one) for one in stay["episodeOfCare"]]
    physicians = [one["period"] for one in stay["participant"] if one["type"][0]["text"] == "Behandlande läkare"]
    assert physicians[0]["end"] == physicians[1]["start"]


def test_the_plan_is_replaced_by_one_of_the_new_municipality_from_the_day_of_the_move():
    old, new = at("CarePlan/overlamning-1"), at("CarePlan/overlamning-2")
    (reason,) = [one for one in old["extension"] if one["url"].endswith("/closing-reason")]
    owners = [STORY.at(STORY.at(plan["careTeam"][0])["managingOrganization"][0])["name"] for plan in (old, new)]

    assert [old] == [STORY.at(one) for one in new["replaces"]]
    assert "moved" == reason["valueCodeableConcept"]["coding"][0]["code"]
    assert ["Granvikens kommun", "Björkviks kommun"] == owners
    assert days(old["period"])[1] + timedelta(days=1) == days(new["period"])[0] == MOVE
    assert [HANDOVERS["ta-over-plan"][who] for who in ("requester", "owner")] == [old["author"], new["author"]]


def test_what_was_decided_is_decided_anew_by_those_who_take_over():
    old, new = at("ServiceRequest/overlamning-lakemedel-1"), at("ServiceRequest/overlamning-lakemedel-2")

    assert [old] == [STORY.at(one) for one in new["replaces"]]
    assert old["code"] == new["code"]
    assert old["performer"] != new["performer"]
