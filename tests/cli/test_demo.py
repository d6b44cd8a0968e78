"""`fhir-server demo`: a newcomer's first look."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from fhir_server.fhir.definitions import read
from fhir_server.fhir.shift import day_zero, shifted
from tests.servers import Running, serving


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with serving("demo") as server:
        yield server


def resources(answer: httpx.Response) -> list[dict]:
    return [entry["resource"] for entry in answer.json().get("entry", ())]


def test_it_is_ready_when_its_stories_are_in(demo):
    answer = httpx.get(f"{demo.root}/health/ready")

    assert (200, "ready") == (answer.status_code, answer.json()["status"])


@pytest.mark.parametrize("category", ["SIP", "SPU", "SPLPTLRV"])
def test_the_stories_plans_are_found_with_their_team_and_actions(demo, category):
    plans = resources(httpx.get(f"{demo.base}/CarePlan", params={"category": category, "status": "active"}))

    assert plans
    for plan in plans:
        assert 200 == httpx.get(f"{demo.base}/{plan['subject']['reference']}").status_code
        (team,) = plan["careTeam"]
        assert "CareTeam" == httpx.get(f"{demo.base}/{team['reference']}").json()["resourceType"]
        actions = [httpx.get(f"{demo.base}/{row['reference']['reference']}").json() for row in plan["activity"]]
        assert {"ServiceRequest", "Task"} <= {action["resourceType"] for action in actions}


def test_every_person_in_a_discharge_has_messages(demo):
    for case in resources(httpx.get(f"{demo.base}/EpisodeOfCare")):
        assert resources(httpx.get(f"{demo.base}/Communication", params={"subject": case["patient"]["reference"]}))


def test_the_register_and_the_forms_are_in_too(demo):
    assert resources(httpx.get(f"{demo.base}/HealthcareService", params={"service-type": "catch-all"}))
    assert resources(httpx.get(f"{demo.base}/Questionnaire"))


def test_the_stories_are_dated_from_today(demo):
    today = datetime.now(tz=UTC).astimezone().date()
    told = dict(read("examples/stories"))["sip-hemma.json"]
    (plan,) = (entry["resource"] for entry in told["entry"] if entry["resource"]["resourceType"] == "CarePlan")
    moved = shifted(plan, (today - day_zero(told)).days)

    served = httpx.get(f"{demo.base}/CarePlan/{plan['id']}").json()

    assert plan["period"] != served["period"]
    assert moved["period"] == served["period"]


def test_the_page_at_the_root_says_what_this_is_and_where_to_go(demo):
    english = httpx.get(demo.root, headers={"Accept-Language": "en"})
    swedish = httpx.get(demo.root, headers={"Accept-Language": "sv"})

    assert "coordinated care planning" in english.text
    assert "samordnad vård" in swedish.text
    for link in (f"{demo.base}/metadata", f"{demo.base}/CarePlan/"):
        assert link in swedish.text


def test_its_calls_are_described_where_it_is(demo):
    described = httpx.get(f"{demo.root}/openapi.json").json()

    assert demo.base == described["servers"][0]["url"]
    assert demo.base in httpx.get(f"{demo.root}/docs").text


def test_its_log_has_a_line_for_each_request_and_nobody_in_it(demo):
    answer = httpx.get(
        f"{demo.base}/Patient?identifier=http://electronichealth.se/identifier/personnummer|191212121212"
    )

    line = f"request={answer.headers['x-request-id']} interaction=search-type type=Patient status=200"
    until = time.monotonic() + 5  # the line is written once the answer has left
    while line not in demo.log.read_text() and time.monotonic() < until:
        time.sleep(0.02)

    log = demo.log.read_text()
    assert line in log
    assert "191212121212" not in log
