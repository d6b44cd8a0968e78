"""A SMART app that is made with the npm package fhirclient signs in at the demo, in Chromium, and reads a citizen's plan.

What the app shows is compared with what the story has; who may not see it is refused by the server, and the app says so.
"""

from urllib.parse import urlencode

import pytest

from tests.stories.story import load_stories

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("library")]

STORY = load_stories()["sip-hemma"]
TITLE = STORY.only("CarePlan")["title"]
ACTIONS = sorted(one["code"]["text"] for one in STORY.all("ServiceRequest"))
CITIZEN, NURSE = "Karl Rune Almkvist", "Maria Ekdahl"
ANOTHERS = "CarePlan/utskrivning-plan"


def sign_in(page, name):
    page.get_by_role("button", name=name).click()


def answer(page, word):
    page.get_by_role("button", name=word).click()


def shown(page):
    """The title of the plan, how many are in the team, and what is decided, once the app shows it."""
    page.wait_for_function("document.querySelector('h1').textContent || document.querySelector('#error').textContent")
    assert "" == page.text_content("#error")
    return page.text_content("h1"), page.text_content("#team"), sorted(page.locator("li").all_text_contents())


EXPECTED = (TITLE, f"{len(STORY.only('CareTeam')['participant'])} i teamet", ACTIONS)


def status_of(page, address):
    """What the server answers the app that asks for an address."""
    return page.evaluate("address => client.request(address).then(() => 200, error => error.statusCode)", address)


def test_a_citizen_starts_the_app_and_reads_the_plan(page, app, demo):
    page.goto(f"{app.origin}/launch.html?{urlencode({'iss': demo.base})}")
    sign_in(page, CITIZEN)
    answer(page, "Yes, it may")

    assert EXPECTED == shown(page)
    assert page.url.startswith(f"{app.origin}/index.html")
    assert (200, 404) == (status_of(page, "CarePlan/sip-hemma"), status_of(page, ANOTHERS))


def test_who_says_no_leaves_the_app_without_a_plan(page, app, demo):
    page.goto(f"{app.origin}/launch.html?{urlencode({'iss': demo.base})}")
    sign_in(page, CITIZEN)
    answer(page, "No")
    page.wait_for_function("document.querySelector('#error').textContent")

    assert "access_denied" in page.text_content("#error")
    assert "" == page.text_content("h1")


def test_staff_pick_the_citizen(page, app, demo):
    page.goto(f"{app.origin}/launch.html?{urlencode({'iss': demo.base})}")
    sign_in(page, NURSE)
    page.get_by_label(CITIZEN).check()
    answer(page, "Yes, it may")

    assert EXPECTED == shown(page)
    assert (200, 404) == (status_of(page, "CarePlan/sip-hemma"), status_of(page, ANOTHERS))


def test_the_ehr_starts_the_app_for_the_patient_it_has_open(page, app, demo):
    page.goto(f"{demo.root}/auth/ehr")
    sign_in(page, NURSE)
    page.get_by_label(CITIZEN).check()
    page.get_by_role("button", name="Min plan").click()
    answer(page, "Yes, it may")

    assert EXPECTED == shown(page)
    assert (200, 404) == (status_of(page, "CarePlan/sip-hemma"), status_of(page, ANOTHERS))


def test_a_launch_that_no_ehr_has_begun_gives_the_app_nothing(page, app, demo):
    page.goto(f"{app.origin}/launch.html?{urlencode({'iss': demo.base, 'launch': 'made-up'})}")
    page.wait_for_function("document.querySelector('#error')?.textContent")

    assert "invalid_request" in page.text_content("#error")
    assert "" == page.text_content("h1")


def test_the_scripts_of_an_origin_that_no_client_registered_read_nothing(page, app, demo):
    ask = "address => fetch(address).then(answer => answer.status, () => 'refused')"
    page.goto(f"{app.origin}/index.html")
    ours = page.evaluate(ask, f"{demo.base}/CarePlan")
    page.goto(f"{app.origin.replace('127.0.0.1', 'localhost')}/index.html")

    assert (401, "refused") == (ours, page.evaluate(ask, f"{demo.base}/CarePlan"))
    assert 200 == page.evaluate(ask, f"{demo.base}/metadata")
