"""`fhir-server demo`: a newcomer's first look."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
import pytest

from fhir_server.fhir.definitions import read
from fhir_server.fhir.shift import day_zero, shifted
from tests.authorizing import claims_of, fields
from tests.servers import Running, run_here, serving
from tests.stories.story import load_stories


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with serving("demo") as server:
        yield server


@pytest.fixture
def ask(demo) -> Any:
    """Asks with the token that the demo printed."""
    with httpx.Client(base_url=demo.base, headers=demo.bearer) as client:
        yield client.get


def resources(answer: httpx.Response) -> list[dict]:
    assert 200 == answer.status_code, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", ())]


def test_it_is_ready_when_its_stories_are_in(demo):
    answer = httpx.get(f"{demo.root}/health/ready")

    assert (200, "ready") == (answer.status_code, answer.json()["status"])


def test_the_token_that_it_prints_sees_everything_for_eight_hours_and_none_sees_nothing(demo, ask):
    claims = claims_of(demo.token)

    assert ("system/*.cruds", 8 * 3600) == (claims["scope"], claims["exp"] - claims["iat"])
    assert len(load_stories()) <= len(resources(ask("/CarePlan", params={"_count": 100})))
    assert 401 == httpx.get(f"{demo.base}/CarePlan").status_code


@pytest.mark.parametrize("category", ["SIP", "SPU", "SPLPTLRV"])
def test_the_stories_plans_are_found_with_their_team_and_actions(ask, category):
    plans = resources(ask("/CarePlan", params={"category": category, "status": "active"}))

    assert plans
    for plan in plans:
        assert 200 == ask(f"/{plan['subject']['reference']}").status_code
        (team,) = plan["careTeam"]
        assert "CareTeam" == ask(f"/{team['reference']}").json()["resourceType"]
        actions = [ask(f"/{row['reference']['reference']}").json() for row in plan["activity"]]
        assert {"ServiceRequest", "Task"} <= {action["resourceType"] for action in actions}


def test_every_person_in_a_discharge_has_messages(ask):
    for case in resources(ask("/EpisodeOfCare")):
        assert resources(ask("/Communication", params={"subject": case["patient"]["reference"]}))


def test_the_register_and_the_forms_are_in_too(ask):
    assert resources(ask("/HealthcareService", params={"service-type": "catch-all"}))
    assert resources(ask("/Questionnaire"))


def test_the_stories_are_dated_from_today(ask):
    today = datetime.now(tz=UTC).astimezone().date()
    told = dict(read("examples/stories"))["sip-hemma.json"]
    (plan,) = (entry["resource"] for entry in told["entry"] if entry["resource"]["resourceType"] == "CarePlan")
    moved = shifted(plan, (today - day_zero(told)).days)

    served = ask(f"/CarePlan/{plan['id']}").json()

    assert plan["period"] != served["period"]
    assert moved["period"] == served["period"]


# ------------------------------------------------------------------------------------------------ the page, and its people


def page(demo: Running, language: str = "en") -> str:
    return unescape(httpx.get(demo.root, headers={"Accept-Language": language}).text)


def rows(demo: Running, option: str) -> list[tuple[str, str]]:
    """Whom the page names, and by what one becomes them."""
    return re.findall(rf"<tr><td>([^<]+)<[^\n]*?<code>{option} ([^<\s]+)</code>", page(demo))


def test_the_page_at_the_root_says_what_this_is_and_where_to_go(demo):
    english, swedish = page(demo), page(demo, "sv")

    assert "coordinated care planning" in english
    assert "samordnad vård" in swedish
    for told in (f"{demo.base}/metadata", f"{demo.base}/CarePlan/", "/auth/ehr", "smart-configuration"):
        assert told in english
        assert told in swedish


def test_the_page_names_the_citizens_and_each_of_them_sees_the_own_plans(demo, ask):
    people = rows(demo, "--patient")
    names = {story.only("Patient")["name"][0]["family"] for story in load_stories().values()}

    assert {name.split()[-1] for name, _ in people} >= names - {
        "Fjällström"
    }  # a region's number names nobody to an IdP
    for _, patient in people:
        done = run_here("token", "--scope", "patient/*.rs", "--patient", patient, FHIR_SERVER_BASE_URL=demo.base)
        own = httpx.get(f"{demo.base}/CarePlan", headers={"Authorization": f"Bearer {done.stdout.strip()}"})
        assert {f"Patient/{patient}"} == {plan["subject"]["reference"] for plan in resources(own)}


def test_the_page_names_the_staff_and_each_commission_is_theirs(demo, ask):
    people = rows(demo, "--unit")
    commissions = resources(ask("/PractitionerRole", params={"_count": 100}))

    assert {number for _, number in people} == {one["identifier"][0]["value"] for one in commissions}
    for name, number in people:
        done = run_here("token", "--scope", "user/*.rs", "--unit", number, FHIR_SERVER_BASE_URL=demo.base)
        claims = claims_of(done.stdout)
        person = ask(claims["fhirUser"]).json()
        assert (number, name.split()[-1]) == (claims["commission"], person["name"][0]["family"])
        assert f"<code>{claims['unit']}</code>" in page(demo)


def test_whoever_is_named_can_sign_in_to_an_app(demo):
    offered = unescape(httpx.get(f"{demo.root}/auth/ehr").text)

    for name, _ in (*rows(demo, "--patient"), *rows(demo, "--unit")):
        assert f">{name}" in offered


def test_staff_who_sign_in_are_offered_a_citizen_with_a_plan(demo, ask):
    (nurse,) = resources(ask("/PractitionerRole", params={"identifier": "SE2321000131-U000000123401"}))
    patient = ask("/CarePlan/sip-hemma").json()["subject"]["reference"].removeprefix("Patient/")
    with httpx.Client(base_url=f"{demo.root}/auth/", follow_redirects=True) as browser:
        form = fields(browser.get("ehr")) | {"person": f"PractitionerRole/{nurse['id']}"}
        offered = browser.post("sign-in", data=form).text

    assert f'name="patient" value="{patient}"' in offered


def test_its_calls_are_described_where_it_is(demo):
    described = httpx.get(f"{demo.root}/openapi.json").json()

    assert demo.base == described["servers"][0]["url"]
    assert demo.base in httpx.get(f"{demo.root}/docs").text


def test_its_log_has_a_line_for_each_request_and_nobody_in_it(demo, ask):
    answer = ask("/Patient?identifier=http://electronichealth.se/identifier/personnummer|191212121212")

    line = f"request={answer.headers['x-request-id']} interaction=search-type type=Patient status=200"
    until = time.monotonic() + 5  # the line is written once the answer has left
    while line not in demo.log.read_text() and time.monotonic() < until:
        time.sleep(0.02)

    log = demo.log.read_text()
    assert line in log
    assert "191212121212" not in log
    assert demo.token not in log
