"""docs/search.md is run: its examples and its worklists, asked of a server on each store with two of the stories loaded."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.builders import a_care_plan, a_patient
from tests.databases import KINDS, empty_database
from tests.docs.documented import ADDRESSES, FORMS, TEXT, worklists
from tests.servers import run_here, serving
from tests.stories.story import TWO

STORIES = [Path(__file__).parents[2] / "examples" / "stories" / f"{name}.json" for name in TWO]
WARD, ASSESSORS, HOME_CARE = "Avdelning 7, Exempelsjukhuset", "Biståndsenheten", "Hemtjänsten Björkvik norr"
CLINIC, REHAB, NURSES = "Björkviks vårdcentral", "Primärvårdsrehab Björkvik", "Björkviks hemsjukvård"
REGION, TOWN = "Region Exempel", "Björkviks kommun"

CASES, MESSAGES, PASSED, BARE, DUE, MINE = (
    "My unit's open cases, newest first.",
    "Messages to my unit not yet acknowledged.",
    "Plans whose follow-up date has passed.",
    "Plans without a follow-up.",
    "What is due.",
    "Plans that my region has the overall responsibility for.",
)


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client of a server into which `fhir-server load` has put the stories, and a patient that the page names."""
    arguments = ("serve", "--access", "open", "--database", empty_database(request.param))
    with serving(*arguments, FHIR_SERVER_SECRET="a secret of the tests") as started:
        loaded = run_here("load", *map(str, STORIES), FHIR_SERVER_BASE_URL=started.base)
        assert 0 == loaded.returncode, loaded.stderr
        with httpx.Client(base_url=started.base, timeout=60) as client:
            assert 201 == client.put("/Patient/p1", json=a_patient(id="p1")).status_code
            yield client


# ------------------------------------------------------------------------------------------------ the examples


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_example_is_answered_by_what_it_asks_for(server, address):
    answer = server.get(address)

    assert 200 == answer.status_code, answer.text
    assert "searchset" == answer.json()["type"]
    assert "outcome" not in {entry["search"]["mode"] for entry in answer.json().get("entry", ())}


@pytest.mark.parametrize("address", FORMS)
def test_every_address_for_a_form_takes_one(server, address):
    answer = server.post(address, data={"_count": "1"})

    assert 200 == answer.status_code, answer.text
    assert "searchset" == answer.json()["type"]


def test_no_example_is_overlooked():
    assert TEXT.count("[base]/") + TEXT.count("[base]?") == len(ADDRESSES) + len(FORMS) + len(IN_WORDS)
    assert all(f"`{address}`" in TEXT for address in IN_WORDS)


IN_WORDS = ["[base]/metadata", "subject=[base]/Patient/p1"]
"""Where the page speaks of an address without showing a search."""


# ------------------------------------------------------------------------------------------------ the worklists


def shown(server: httpx.Client, name: str, who: str, example: int = 0) -> tuple[list[str], set[str]]:
    """What the example under a worklist's name finds for an organization, in its order; and what comes along."""
    (organization,) = server.get("/Organization", params={"name:exact": who.replace(",", r"\,")}).json()["entry"]
    address = re.sub(
        r"Organization/[ur]1", f"Organization/{organization['resource']['id']}", worklists()[name][example]
    )
    answer = server.get(address)
    assert 200 == answer.status_code, answer.text
    entries = answer.json().get("entry", ())
    matches = [named(entry["resource"]) for entry in entries if entry["search"]["mode"] == "match"]
    return matches, {named(entry["resource"]) for entry in entries} - set(matches)


def named(resource: dict) -> str:
    """The id of what the stories have; an acknowledgement, which the server made, by its message."""
    focus = resource.get("focus", {}).get("reference", "")
    return f"{focus.partition('/')[2]}?" if focus.startswith("Communication/") else resource["id"]


@contextmanager
def also(server: httpx.Client, *resources: dict) -> Iterator[None]:
    """The server keeps these too, until the block ends."""
    for resource in resources:
        address = f"/{resource['resourceType']}/{resource['id']}"
        assert server.put(address, json=resource).is_success
    try:
        yield
    finally:
        for resource in resources:
            server.delete(f"/{resource['resourceType']}/{resource['id']}")


@pytest.mark.parametrize(
    ("name", "example", "who", "found"),
    [
        (CASES, 0, WARD, "utskrivning-arende"),
        (CASES, 0, ASSESSORS, "utskrivning-arende"),
        (CASES, 0, HOME_CARE, ""),
        (MESSAGES, 0, WARD, "utskrivning-kallelse"),
        (MESSAGES, 0, HOME_CARE, ""),
        (PASSED, 0, WARD, "utskrivning-plan"),
        (PASSED, 0, HOME_CARE, "sip-hemma"),
        (PASSED, 0, ASSESSORS, "utskrivning-plan"),
        (PASSED, 0, NURSES, "sip-hemma utskrivning-plan"),
        (PASSED, 0, REGION, ""),
        (PASSED, 1, WARD, "utskrivning-sip-mote sip-hemma-uppfoljning"),
        (BARE, 0, WARD, ""),
        (BARE, 0, HOME_CARE, ""),
        (DUE, 0, ASSESSORS, "utskrivning-kallelse?"),
        (DUE, 0, WARD, "utskrivning-kallelse?"),
        (DUE, 0, HOME_CARE, ""),
        (DUE, 1, CLINIC, "sip-hemma-lakemedel"),
        (DUE, 1, WARD, "utskrivning-lakemedel"),
        (DUE, 1, ASSESSORS, "utskrivning-bistand"),
        (DUE, 1, NURSES, "sip-hemma-hjalpmedel"),
        (DUE, 1, REHAB, ""),
        (MINE, 0, REGION, "utskrivning-plan sip-hemma"),
        (MINE, 0, TOWN, ""),
    ],
)
def test_a_worklist_has_what_it_says_in_its_order(server, name, example, who, found):
    assert found.split() == shown(server, name, who, example)[0]


def test_the_plans_come_along_with_the_follow_ups_that_have_passed(server):
    assert {"sip-hemma", "utskrivning-plan"} == shown(server, PASSED, WARD, 1)[1]


def test_every_worklist_of_the_page_is_asked_here():
    assert {CASES, MESSAGES, PASSED, BARE, DUE, MINE} == set(worklists())


def test_the_newest_case_comes_first_and_a_closed_one_is_left_out(server):
    def a_case(id, status, **period):
        team, patient = {"reference": "CareTeam/utskrivning-parter"}, {"reference": "Patient/p1"}
        members = {"status": status, "period": period, "patient": patient, "team": [team]}
        return {"resourceType": "EpisodeOfCare", "id": id, **members}

    cases = [
        a_case("old", "onhold", start="2025-12-24"),
        a_case("new", "planned", start="2026-03-01T10:00:00+01:00"),
        a_case("closed", "finished", start="2026-03-02", end="2026-03-03"),
    ]
    with also(server, *cases):
        assert ["new", "utskrivning-arende", "old"] == shown(server, CASES, WARD)[0]
        assert [] == shown(server, CASES, HOME_CARE)[0]


def test_a_message_waits_until_it_is_acknowledged_and_the_oldest_comes_first(server):
    kept = server.get("/Communication/utskrivning-kallelse").json()
    own = [{"system": "https://region.example/messages", "value": "older"}]
    older = kept | {"id": "older", "identifier": own, "sent": "2026-03-02T12:00:00+01:00"}

    with also(server, older):
        assert ["older", "utskrivning-kallelse"] == shown(server, MESSAGES, WARD)[0]
        server.put("/Communication/older", json=older | {"received": "2026-03-02T12:30:00+01:00"})
        assert ["utskrivning-kallelse"] == shown(server, MESSAGES, WARD)[0]


def test_a_follow_up_that_was_held_has_not_passed(server):
    meeting = server.get("/Appointment/sip-hemma-uppfoljning").json()
    try:
        server.put("/Appointment/sip-hemma-uppfoljning", json=meeting | {"status": "fulfilled"})
        assert [] == shown(server, PASSED, HOME_CARE)[0]
        assert ["utskrivning-sip-mote"] == shown(server, PASSED, WARD, 1)[0]
    finally:
        server.put("/Appointment/sip-hemma-uppfoljning", json=meeting)


def test_a_plan_without_a_follow_up_is_on_its_list_and_on_no_other(server):
    with also(server, a_care_plan(id="bare", careTeam=[{"reference": "CareTeam/sip-hemma-team"}])):
        assert ["bare"] == shown(server, BARE, HOME_CARE)[0]
        assert [] == shown(server, BARE, WARD)[0]
        assert ["sip-hemma"] == shown(server, PASSED, HOME_CARE)[0]


def test_a_task_of_the_unit_itself_is_due_too(server):
    (unit,) = server.get("/Organization", params={"name:exact": HOME_CARE}).json()["entry"]
    owner = {"reference": f"Organization/{unit['resource']['id']}"}

    def a_task(id, end, **members):
        due = {"restriction": {"period": {"end": end}}}
        return (
            {"resourceType": "Task", "id": id, "status": "accepted", "intent": "order", "owner": owner} | due | members
        )

    tasks = [
        a_task("late", "2026-03-16T10:00:00+01:00"),
        a_task("soon", "2026-03-10"),
        a_task("later", "2026-03-17"),
        a_task("done", "2026-03-10", status="completed"),
    ]
    with also(server, *tasks):
        assert ["soon", "late"] == shown(server, DUE, HOME_CARE)[0]
        assert [] == shown(server, DUE, REGION)[0]
