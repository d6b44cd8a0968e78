"""What every story in examples/stories/ keeps to, whatever it tells."""

import re
from collections import Counter
from datetime import timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_server.fhir.definitions import root
from fhir_server.fhir.shift import shifted
from fhir_server.validation.profile import load_profiles
from fhir_server.validation.validate import Validator
from tests.stories.story import Story, load_stories, moment, references, walk

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PERSONNUMMER = "http://electronichealth.se/identifier/personnummer"
SAMORDNINGSNUMMER = "http://electronichealth.se/identifier/samordningsnummer"
REGIONAL = "urn:oid:1.2.752.113.11.0.2.1.1.1"
"""A region's own reserve numbers, in the form that Västra Götalandsregionen gives them."""
HSA_ID = "urn:oid:1.2.752.29.4.19"
CONDITIONAL = {"Patient", "Practitioner", "PractitionerRole", "Organization"}

TEST_PERSONS = {
    "195009072553",
    "196101182803",
    "199002222397",
    "200001252386",
    "189002029800",
    "200302022389",
    "191212121212",
    "196109732393",
    "20210325K069",
}
"""Synthetic identities out of HL7 Sweden's base profile examples and Inera's test environment; nobody else may appear."""

ANCHOR = {
    "RelatedPerson": "patient",
    "Consent": "patient",
    "EpisodeOfCare": "patient",
    "Task": "for",
}
"""The element that says whose a resource is, where it is not `subject`."""

WEEKDAYS_AND_MONTHS = re.compile(
    r"\b((mån|tis|ons|tors|fre|lör|sön)dag|januari|februari|mars|april|maj|juni|juli|augusti|"
    r"september|oktober|november|december|20\d\d-)",
    re.IGNORECASE,
)


# ------------------------------------------------------------------------------------ how it loads


def test_a_story_is_a_transaction_named_as_its_file(story: Story) -> None:
    assert story.bundle["resourceType"] == "Bundle"
    assert story.bundle["type"] == "transaction"
    assert f"{story.bundle['id']}.json" == story.name


def test_a_story_says_in_one_line_what_it_shows(story: Story) -> None:
    (tag,) = story.bundle["meta"]["tag"]

    assert story.bundle["id"] == tag["code"]
    assert tag["display"].endswith(".")


def test_the_readme_of_the_examples_has_a_row_for_each_story(story: Story) -> None:
    readme = root().joinpath("examples", "README.md").read_text("utf-8")

    assert f"(stories/{story.name})" in readme


def test_people_and_organizations_are_made_once_and_all_else_has_an_id(story: Story) -> None:
    for entry in story.entries:
        resource, request = entry["resource"], entry["request"]
        if resource["resourceType"] in CONDITIONAL:
            identifier = resource["identifier"][0]
            expected = {
                "method": "POST",
                "url": resource["resourceType"],
                "ifNoneExist": f"identifier={identifier['system']}|{identifier['value']}",
            }
        else:
            expected = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}

        assert expected == request


def test_no_two_entries_share_a_full_url_or_an_identity(story: Story) -> None:
    urls = Counter(entry["fullUrl"] for entry in story.entries)
    identities = Counter(str(sorted(entry["request"].items())) for entry in story.entries)

    assert {1} == set(urls.values())
    assert {1} == set(identities.values())


def test_every_reference_leads_to_one_resource_of_the_story(story: Story) -> None:
    for resource in story.resources:
        for reference in references(resource):
            if not reference["reference"].startswith("#"):
                assert len(story.named(reference)) == 1, reference["reference"]


def test_references_are_written_both_ways(story: Story) -> None:
    targets = [reference["reference"] for resource in story.resources for reference in references(resource)]

    assert any(target.startswith("urn:uuid:") for target in targets)
    assert any(re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+", target) for target in targets)


@pytest.mark.parametrize(("one", "other"), list(combinations(load_stories().values(), 2)), ids=lambda story: story.name)
def test_stories_share_people_and_organizations_and_nothing_else(one: Story, other: Story) -> None:
    shared = _by_request(one).keys() & _by_request(other).keys()

    assert all(request.startswith("POST") for request in shared)
    assert [_by_request(one)[request] for request in shared] == [_by_request(other)[request] for request in shared]


def _by_request(story: Story) -> dict[str, Any]:
    """The entries by what they ask for: the same person or organization asks for the same in every story."""
    return {" ".join(entry["request"].values()): entry for entry in story.entries}


# ------------------------------------------------------------------------------------ whom it is about


def test_only_the_synthetic_test_persons_appear(story: Story) -> None:
    for resource in story.resources:
        for system in (PERSONNUMMER, SAMORDNINGSNUMMER, REGIONAL):
            assert set(_identifiers(resource, system)) <= TEST_PERSONS


def test_every_personnummer_agrees_with_its_check_digit(story: Story) -> None:
    for resource in story.resources:
        for identifier in _identifiers(resource, PERSONNUMMER) + _identifiers(resource, SAMORDNINGSNUMMER):
            assert int(identifier[-1]) == _luhn(identifier[2:-1])


def test_the_person_has_one_number_and_a_relative_has_one_at_the_most(story: Story) -> None:
    assert 1 == len(story.only("Patient")["identifier"])
    assert all(len(relative.get("identifier", ())) < 2 for relative in story.all("RelatedPerson"))


def test_birth_date_and_gender_agree_with_the_number(story: Story) -> None:
    for person in story.all("Patient") + story.all("RelatedPerson"):
        for number in _identifiers(person, PERSONNUMMER) + _identifiers(person, SAMORDNINGSNUMMER):
            day = int(number[6:8]) % 60
            assert f"{number[:4]}-{number[4:6]}-{day:02}" == person["birthDate"]
            assert ("female", "male")[int(number[10]) % 2] == person["gender"]
        for number in _identifiers(person, REGIONAL):
            assert f"{number[:4]}-{number[4:6]}-{number[6:8]}" == person["birthDate"]
            assert {"K": "female", "M": "male"}[number[8]] == person["gender"]


def test_every_organization_and_member_of_staff_has_an_hsa_id(story: Story) -> None:
    for type in ("Organization", "Practitioner", "PractitionerRole"):
        for resource in story.all(type):
            (identifier,) = _identifiers(resource, HSA_ID)
            assert re.fullmatch(r"SE2321000131-[EPU]0000001234\d\d", identifier)


def test_every_clinical_resource_is_about_the_story_s_one_person(story: Story) -> None:
    patient = story.only("Patient")
    for resource in story.resources:
        type = resource["resourceType"]
        if type in CONDITIONAL:
            continue
        if type == "Appointment":
            people = [story.at(one["actor"]) for one in resource["participant"] if one["actor"]["reference"][0] != "#"]
            assert [patient] == [actor for actor in people if actor["resourceType"] == "Patient"]
        else:
            assert patient == story.at(resource[ANCHOR.get(type, "subject")])


def test_nobody_is_on_a_care_team_about_themselves(story: Story) -> None:
    members = [story.at(one["member"]) for team in story.all("CareTeam") for one in team["participant"]]

    assert "Patient" not in {member["resourceType"] for member in members}


def _identifiers(resource: Any, system: str) -> list[str]:
    found = [value for _, value in walk(resource) if isinstance(value, dict) and value.get("system") == system]
    return [value["value"] for value in found if "value" in value]


def _luhn(digits: str) -> int:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return -sum(number // 10 + number % 10 for number in doubled) % 10


# ------------------------------------------------------------------------------------ the actions


def test_no_action_stands_inside_its_plan(story: Story) -> None:
    for plan in story.all("CarePlan"):
        assert all({"reference"} == activity.keys() for activity in plan.get("activity", ()))


def test_each_decision_has_one_task_and_the_plan_names_both(story: Story) -> None:
    for request in story.all("ServiceRequest"):
        (task,) = [one for one in story.all("Task") if request == story.at(one["focus"])]
        (plan,) = [story.at(one) for one in request["basedOn"]]
        named = [story.at(activity["reference"]) for activity in plan["activity"]]

        assert request in named
        assert task in named
        assert [plan] == [story.at(one) for one in task["basedOn"]]


def test_every_task_says_for_whom_by_whom_and_until_when(story: Story) -> None:
    for task in story.all("Task"):
        assert story.only("Patient") == story.at(task["for"])
        assert story.at(task["owner"])["resourceType"] in {"PractitionerRole", "RelatedPerson", "Patient"}
        assert "end" in task["restriction"]["period"]


def test_the_owner_of_a_task_works_at_the_unit_that_performs_it(story: Story) -> None:
    for task in story.actions:
        (performer,) = story.at(task["focus"])["performer"]

        assert story.at(performer) == story.unit(story.at(task["owner"]))


def test_a_task_carries_out_a_decision_or_hands_something_over(story: Story) -> None:
    assert {"action", "handover"} >= {_profile(task) for task in story.all("Task")}
    assert story.actions == [task for task in story.all("Task") if _profile(task) == "action"]


def _profile(resource: Any) -> str:
    (claimed,) = resource["meta"]["profile"]
    return str(claimed.rpartition("/")[2])


def test_a_decision_is_completed_when_its_task_is(story: Story) -> None:
    for task in story.actions:
        assert (task["status"] == "completed") == (story.at(task["focus"])["status"] == "completed")


# ------------------------------------------------------------------------------------ time


def test_every_time_is_told_as_a_clock_in_stockholm_shows_it(story: Story) -> None:
    for path, value in walk(story.bundle):
        if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
            assert moment(value).astimezone(STOCKHOLM).utcoffset() == moment(value).utcoffset(), path


def test_what_has_happened_lies_before_the_story_s_moment(story: Story) -> None:
    happened = re.compile(
        r"\.(sent|received|authoredOn|lastModified|created|dateTime|time|effectiveDateTime|verificationDate|"
        r"executionPeriod\.start|executionPeriod\.end|recordedDate)$|^Encounter\.period\.start$"
    )
    times = [
        value
        for resource in story.resources
        for path, value in walk(resource, resource["resourceType"])
        if happened.search(path)
    ]

    assert times
    assert all(value[:16] <= story.bundle["timestamp"][:16] for value in times)


def test_meetings_held_lie_behind_and_meetings_booked_ahead(story: Story) -> None:
    for meeting in story.all("Appointment"):
        assert moment(meeting["start"]) < moment(meeting["end"])
        assert {"fulfilled": True, "booked": False}[meeting["status"]] == (moment(meeting["end"]) < story.now)
        assert moment(meeting["end"]) - moment(meeting["start"]) == timedelta(minutes=meeting["minutesDuration"])


def test_nothing_is_received_or_changed_before_it_is_there(story: Story) -> None:
    for message in story.all("Communication"):
        assert moment(message["sent"]) <= moment(message.get("received", story.bundle["timestamp"]))
    for task in story.all("Task"):
        assert moment(task["authoredOn"]) <= moment(task["lastModified"])


def test_words_name_no_day_of_the_calendar_so_that_day_0_can_move(story: Story) -> None:
    for path, value in walk(story.bundle):
        words = isinstance(value, str) and " " in value
        assert not (words and WEEKDAYS_AND_MONTHS.search(value)), path


def test_a_story_tells_the_same_on_another_day_0(story: Story) -> None:
    """Moved into summer and back again, all stands as it stood: clock readings, birth dates, words."""
    summer = shifted(story.bundle, 120)

    assert summer["timestamp"].startswith("2026-06-30T16:00:00+02:00")
    assert story.bundle == shifted(summer, -120)


# ------------------------------------------------------------------------------------ R4


def test_a_story_is_valid_r4(story: Story) -> None:
    """All but dom-6, which recommends a narrative in every resource: a story has one where it helps."""
    issues = [
        f"{issue.expression} {issue.text()}" for issue in Validator(load_profiles()).issues(story.bundle, type="Bundle")
    ]

    assert [] == [issue for issue in issues if "dom-6" not in issue]


def test_a_story_is_accepted_by_an_independent_model_too(story: Story) -> None:
    for resource in story.resources:
        model = get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert resource["resourceType"] == model.get_resource_type()
