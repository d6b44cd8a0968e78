"""A launch from an EHR: the numbers in the names are of Inferno's SMART tests and of the abuse cases."""

import pytest

from tests.access.authorize.starting import ENCOUNTER, SCOPE, launch_token, launched, start
from tests.authorizing import (
    BASE,
    CITIZEN,
    NURSE,
    Browser,
    asked,
    fields,
    query_of,
    sent_back,
)
from tests.builders import a_care_plan

pytestmark = pytest.mark.anyio


async def test_smart_2_2_01_the_ehr_starts_the_app(browser):
    answer = await start(browser)

    assert 303 == answer.status_code
    assert answer.headers["location"].startswith("https://portal.example/launch?")


async def test_smart_2_2_02_the_app_is_told_the_server_and_the_launch(browser):
    told = query_of((await start(browser)).headers["location"])

    assert {"iss", "launch"} == told.keys()
    assert BASE == told["iss"]
    assert 43 == len(told["launch"])
    assert "p1" not in told["launch"]


async def test_smart_2_2_05_the_browser_comes_back_with_a_code(browser):
    back = sent_back(await browser.approve(NURSE, launch=await launch_token(browser), scope=SCOPE))

    assert {"code", "state"} == back.keys()


async def test_smart_2_2_08_the_app_is_told_whom_it_was_started_for(browser, api):
    told = await launched(browser, api)

    assert ("p1", "e1", False) == (told["patient"], told["encounter"], told["need_patient_banner"])
    (about,) = told["fhirContext"]
    assert {"reference", "role"} == about.keys()
    assert "CarePlan/c1" == about["reference"]
    assert about["role"].startswith("https://")
    assert {"access_token", "id_token", "refresh_token", "launch/encounter"} <= {*told, *told["scope"].split()}


async def test_smart_2_5_01_a_refresh_tells_the_same_launch(browser, api):
    told = await launched(browser, api)
    again = (await browser.refresh(told["refresh_token"])).json()

    for name in ("patient", "encounter", "fhirContext", "need_patient_banner", "scope"):
        assert told[name] == again[name]


async def test_an_encounter_that_the_launch_has_not_is_not_granted(browser):
    told = await browser.tokens(NURSE, launch=await launch_token(browser), scope=SCOPE)

    assert "encounter" not in told
    assert "launch/encounter" not in told["scope"].split()


async def test_b_19_a_launch_is_good_once(browser):
    token = await launch_token(browser)
    assert "code" in sent_back(await browser.approve(NURSE, launch=token, scope=SCOPE))

    again = sent_back(await browser.client.get("/authorize", params=asked(launch=token, scope=SCOPE)))
    assert "invalid_request" == again["error"]


async def test_b_19_a_launch_that_two_pages_are_open_for_is_good_once(browser):
    token = await launch_token(browser)
    pages = [await browser.page(NURSE, launch=token, scope=SCOPE) for _ in range(2)]
    first, second = [await browser.client.post("/approve", data={**fields(page), "answer": "yes"}) for page in pages]

    assert "code" in sent_back(first)
    assert "invalid_request" == sent_back(second)["error"]


async def test_b_19_a_launch_is_no_other_apps(browser):
    token = await launch_token(browser)

    other = sent_back(
        await browser.client.get("/authorize", params=asked(launch=token, scope=SCOPE, client_id="other"))
    )
    assert "invalid_request" == other["error"]
    assert "code" in sent_back(await browser.approve(NURSE, launch=token, scope=SCOPE))


@pytest.mark.parametrize("person", [CITIZEN, "PractitionerRole/r2"])
async def test_b_19_a_launch_is_no_other_persons(browser, assembly, person):
    token = await launch_token(browser)
    other = Browser(assembly.app)
    async with other.client:
        refused = sent_back(await other.approve(person, launch=token, scope=SCOPE))

    assert "invalid_request" == refused["error"]
    assert "code" in sent_back(await browser.approve(NURSE, launch=token, scope=SCOPE))


async def test_a_launch_and_its_scope_go_together(browser):
    token = await launch_token(browser)

    alone = sent_back(await browser.client.get("/authorize", params=asked(launch=token, scope="patient/CarePlan.rs")))
    assert "invalid_request" == alone["error"]
    assert "code" in sent_back(await browser.approve(NURSE, launch=token, scope="launch patient/CarePlan.rs"))


@pytest.mark.parametrize(
    "form",
    [
        {"patient": "nobody"},
        {"patient": ""},
        {"patient": "p1,p2"},
        {"encounter": "none"},
        {"encounter": "e2"},
        {"plan": "none"},
        {"plan": "c2"},
        {"plan": "c1,c2"},
        {"encounter": "e1&_id=e2"},
        {"client": "tool"},
        {"client": "nobody"},
    ],
    ids=str,
)
async def test_an_app_is_started_for_what_there_is_of_the_patient(browser, api, form):
    await api.put("Encounter/e1", json=ENCOUNTER)
    await api.put("Encounter/e2", json={**ENCOUNTER, "id": "e2", "subject": {"reference": "Patient/p2"}})
    await api.put("CarePlan/c1", json=a_care_plan(id="c1"))
    await api.put("CarePlan/c2", json=a_care_plan(id="c2", subject={"reference": "Patient/p2"}))

    assert 400 == (await start(browser, **form)).status_code
    assert 303 == (await start(browser, encounter="e1", plan="c1")).status_code


async def test_the_page_offers_the_apps_that_can_be_started(browser):
    await start(browser)
    page = await browser.client.get("/ehr", headers={"accept-language": "sv"})

    assert "Journalsystemet" in page.text
    assert 'value="portal"' in page.text
    assert 'value="started"' in page.text
    assert 'value="tool"' not in page.text
    assert "https://portal.example" in page.headers["content-security-policy"]
