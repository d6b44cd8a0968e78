"""`/authorize`: the numbers in the names are of Inferno's SMART tests and of the abuse cases."""

import re
from dataclasses import replace

import httpx
import pytest

from fhir_server.access.condition import Asked
from fhir_server.access.decide import Law, SmartAccess
from fhir_server.access.need import load_needs
from fhir_server.access.protection import load_protection
from fhir_server.access.rules import Rule, Rules
from fhir_server.access.scope import parse_scopes
from fhir_server.access.standing import Standing
from fhir_server.assembly import _application
from fhir_server.assembly.authority import authority_of
from fhir_server.assembly.outside import clock
from fhir_server.audit.doorstep import Doorstep
from fhir_server.interactions.table import TABLE
from fhir_server.settings import Settings
from fhir_server.storage.store import SYSTEM_GRANTS
from tests.authorizing import (
    AUTH,
    BASE,
    CITIZEN,
    NURSE,
    REDIRECT,
    VERIFIER,
    Browser,
    asked,
    fields,
    query_of,
    s256,
    sent_back,
)

pytestmark = pytest.mark.anyio


async def test_smart_1_2_02_the_browser_comes_back_with_the_state(browser):
    assert {"code", "state"} == sent_back(await browser.approve()).keys()
    assert "a state" == sent_back(await browser.approve())["state"]


async def test_smart_1_2_02_an_app_may_ask_by_post_too(browser):
    answer = await browser.client.post("/authorize", data=asked())
    page = await browser.follow(await browser.sign_in(await browser.follow(answer), CITIZEN))
    done = await browser.client.post("/approve", data={**fields(page), "answer": "yes"})

    assert "code" in sent_back(done)


async def test_smart_1_2_03_a_code_comes_and_no_error(browser):
    back = sent_back(await browser.approve())

    assert 43 == len(back["code"])
    assert "error" not in back


async def test_who_says_no_sends_the_app_away_without_a_code(browser):
    back = sent_back(await browser.approve(answer="no"))

    assert ("access_denied", "a state") == (back["error"], back["state"])
    assert "code" not in back


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"aud": "https://other.example/fhir"}, "invalid_request"),
        ({"aud": f"{BASE}/"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"aud": None, "resource": BASE}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "launch launch/patient patient/CarePlan.rs"}, "invalid_request"),
        ({"launch": "nothing that was given"}, "invalid_request"),
        ({"prompt": "none"}, "interaction_required"),
        ({"request": "e30.e30.e30"}, "request_not_supported"),
    ],
    ids=str,
)
async def test_smart_1_2_02_what_cannot_be_is_told_to_the_app(browser, changes, error):
    assert 200 == (await browser.page()).status_code
    back = sent_back(await browser.client.get("/authorize", params=asked(**changes)))

    assert (error, "a state") == (back["error"], back["state"])
    assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+", back["error_description"])


async def test_a_request_without_a_state_is_refused(browser):
    assert {"error", "error_description"} == sent_back(
        await browser.client.get("/authorize", params=asked(state=None))
    ).keys()
    assert "code" in sent_back(await browser.approve(state="x"))


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": s256(VERIFIER)[:-1]},
        {"code_challenge": s256(VERIFIER) + "="},
        {"code_challenge": "+" * 43},
    ],
    ids=str,
)
async def test_b_14_a_code_without_a_challenge_of_s256_is_not_given(browser, changes):
    back = sent_back(await browser.client.get("/authorize", params=asked(**changes)))

    assert "invalid_request" == back["error"]
    assert "code" in sent_back(await browser.approve())


@pytest.mark.parametrize(
    "address",
    [
        f"{REDIRECT}/more",
        f"{REDIRECT}/",
        f"{REDIRECT}?x=y",
        f"{REDIRECT}#fragment",
        REDIRECT.replace("portal", "evil.portal"),
        REDIRECT.replace(".example/", ".example//"),
        REDIRECT.replace("/back", "/%62ack"),
        REDIRECT.replace("https", "http"),
        REDIRECT.replace("example", "EXAMPLE"),
        REDIRECT.replace("example/", "example:443/"),
        REDIRECT.replace("portal.example", "portal.example@evil.example"),
        "//portal.example/back",
        "javascript:alert(1)",
        None,
    ],
    ids=str,
)
async def test_b_16_an_address_that_is_not_registered_to_the_letter_is_not_gone_to(browser, address):
    for method in ("GET", "POST"):
        how = {"params" if method == "GET" else "data": asked(redirect_uri=address)}
        answer = await browser.client.request(method, "/authorize", **how)

        assert 400 == answer.status_code
        assert "location" not in answer.headers
        assert answer.headers["content-type"].startswith("text/html")
        assert "evil" not in answer.text
    assert "code" in sent_back(await browser.approve(redirect_uri=REDIRECT))


@pytest.mark.parametrize("client", ["nobody", "", None, "verksamhetssystem"])
async def test_an_app_that_is_not_registered_for_this_is_told_to_nobody(browser, client):
    answer = await browser.client.get("/authorize", params=asked(client_id=client))

    assert (400, False) == (answer.status_code, "location" in answer.headers)


async def test_a_parameter_that_stands_twice_is_refused(browser):
    answer = await browser.client.get("/authorize", params=[*asked().items(), ("client_id", "portal")])

    assert (400, False) == (answer.status_code, "location" in answer.headers)


@pytest.mark.parametrize(
    "state", ["åäö & = ? #", "x\r\nSet-Cookie: a=b\r\n\r\n" + "y" * 4096, "a+b c%20d", "'\"<script>"]
)
async def test_b_18_a_state_comes_back_as_it_was(browser, state):
    answer = await browser.approve(state=state)

    assert state == sent_back(answer)["state"]
    assert "a=b" not in answer.headers.get("set-cookie", "")
    refused = await browser.client.get("/authorize", params=asked(state=state, aud="x"))
    assert state == sent_back(refused)["state"]


# ------------------------------------------------------------------------------------------------ scopes


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Task.cruds",
        "patient/CarePlan.cruds",
        "patient/CarePlan.write",
        "user/CarePlan.u",
        "system/CarePlan.rs",
        "system:Patient.read",
        "patient%2fCarePlan.rs",
        "p\u0430tient/CarePlan.rs",
        "nothing",
        "patient/Nothing.rs",
    ],
)
async def test_b_11_more_than_is_registered_is_refused(browser, scope):
    back = sent_back(await browser.client.get("/authorize", params=asked(scope=scope)))

    assert "invalid_scope" == back["error"]
    assert "code" in sent_back(await browser.approve(scope="patient/CarePlan.rs"))


@pytest.mark.parametrize("scope", ["patient/CarePlan.rs user/CarePlan.rs", "patient/CarePlan.rs system/CarePlan.rs"])
async def test_b_12_contexts_do_not_go_together(browser, scope):
    assert "invalid_scope" == sent_back(await browser.client.get("/authorize", params=asked(scope=scope)))["error"]
    assert "code" in sent_back(await browser.approve(scope="patient/CarePlan.rs patient/Task.rs"))


@pytest.mark.parametrize("letters", ["sr", "rr", "rsx", "", "R"])
async def test_b_13_letters_stand_once_and_in_their_order(browser, letters):
    back = sent_back(await browser.client.get("/authorize", params=asked(scope=f"patient/Task.{letters}")))

    assert "invalid_scope" == back["error"]
    assert "code" in sent_back(await browser.approve(scope="patient/Task.rs"))


async def test_v1_scopes_are_told_as_they_were_asked(browser):
    assert "patient/CarePlan.read" == (await browser.tokens(scope="patient/CarePlan.read"))["scope"]


# ------------------------------------------------------------------------------------------------ whose patient


async def test_smart_1_2_06_a_citizen_is_the_patient_whatever_the_form_says(browser):
    assert "p1" == (await browser.tokens(CITIZEN, patient="p2"))["patient"]


async def test_staff_choose_the_patient(browser):
    page = await browser.page(NURSE)

    assert 2 == page.text.count('type="radio"')
    assert "p2" == (await browser.tokens(NURSE, patient="p2"))["patient"]


@pytest.mark.parametrize("patient", ["", "nobody", "p1,p2", "p1&_id=p2"])
async def test_without_a_patient_that_is_there_nothing_is_given(browser, patient):
    assert "access_denied" == sent_back(await browser.approve(NURSE, patient=patient))["error"]
    assert "code" in sent_back(await browser.approve(NURSE, patient="p2"))


async def test_a_token_for_a_user_has_no_patient(browser):
    told = await browser.tokens(NURSE, scope="user/CarePlan.rs")

    assert {"access_token", "token_type", "expires_in", "scope"} == told.keys()


def only(*ids: str) -> Rules:
    """The rules of a house in which staff see their team's patients."""
    rule = Rule(
        "team",
        True,
        frozenset({"staff"}),
        frozenset(),
        frozenset(),
        frozenset({"Patient"}),
        frozenset("rs"),
        ("own",),
        Asked(),
        "",
        "",
    )
    return Rules([rule])


@pytest.fixture
async def narrow(assembly, settings: Settings, browser, verifier):
    """The same house, in which who is staff sees the patient p1 alone: the picker asks under the rules of the house."""
    parser = assembly.server.content.parser

    async def standing(caller) -> Standing:
        return Standing(caller.kind, purpose=caller.purpose, patient="p1")

    access = SmartAccess(
        verifier,
        lambda text: parse_scopes(text, parser),
        standing,
        Law(load_needs(TABLE.keys()), only("p1"), load_protection()),
        clock,
    )
    server = replace(assembly.server, access=access)
    async with httpx.AsyncClient() as fetching:
        authority = await authority_of(settings, server, fetching, assembly.trust.revoked)
        one = Browser(_application(settings, server, (), Doorstep(clock), authority))
        async with one.client:
            yield one


async def test_the_picker_shows_whom_the_person_may_see(narrow, assembly):
    before = len(await assembly.server.store.entries(SYSTEM_GRANTS["readiness"]))
    page = await narrow.page(NURSE)

    assert ["p1"] == re.findall(r'name="patient" value="(\w+)"', page.text)
    entries = [row for _, row in await assembly.server.store.entries(SYSTEM_GRANTS["readiness"])][before:]
    assert ("search-type", "Patient", "p1") in {(row.interaction, row.type, row.patient) for row in entries}


async def test_a_patient_that_the_picker_does_not_show_is_not_given(narrow):
    assert "access_denied" == sent_back(await narrow.approve(NURSE, patient="p2"))["error"]
    assert "code" in sent_back(await narrow.approve(NURSE, patient="p1"))


# ------------------------------------------------------------------------------------------------ the pages


@pytest.mark.parametrize(("language", "words"), [("sv", "Vem är du?"), ("en", "Who are you?"), ("de", "Who are you?")])
async def test_the_pages_speak_the_readers_language(browser, language, words):
    page = await browser.client.get("/authorize", params=asked(), headers={"accept-language": language})

    assert words in page.text
    assert f'lang="{"sv" if language == "sv" else "en"}"' in page.text
    assert "Accept-Language" in page.headers["vary"]


async def test_the_page_says_that_it_is_for_development(browser):
    page = await browser.client.get("/authorize", params=asked())

    assert "For development alone" in page.text
    assert "191212121212" not in page.text
    assert "Mona Dahlgren" in page.text


async def test_no_page_runs_a_script_or_is_framed_and_its_forms_lead_to_the_app_alone(browser):
    pages = [await browser.client.get("/authorize", params=asked()), await browser.page()]
    pages.append(await browser.client.get("/authorize"))

    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert "<script" not in page.text
        assert "no-store" == page.headers["cache-control"]
        assert "nosniff" == page.headers["x-content-type-options"]
    assert "form-action 'self' https://portal.example" in pages[1].headers["content-security-policy"]
    assert pages[0].headers["content-security-policy"].endswith("form-action 'self'")


async def test_what_an_app_is_called_is_shown_as_text(browser):
    page = await browser.page(client_id="odd")

    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text


async def test_the_cookie_is_for_no_script_and_no_other_site(browser):
    answer = await browser.client.get("/authorize", params=asked())

    for word in ("HttpOnly", "SameSite=lax", "Path=/auth"):
        assert word in answer.headers["set-cookie"]


async def test_a_cookie_is_another_once_somebody_has_signed_in(browser):
    page = await browser.client.get("/authorize", params=asked())
    before = browser.client.cookies["fhir_server_visit"]
    await browser.sign_in(page, CITIZEN)

    assert before != browser.client.cookies["fhir_server_visit"]


@pytest.mark.parametrize("csrf", [None, "", "x", "åäö"])
@pytest.mark.parametrize("path", ["/approve", "/sign-in", "/sign-out", "/launch"])
async def test_a_form_of_another_site_does_nothing(browser, path, csrf):
    page = await browser.page()
    form = {**fields(page), "answer": "yes", "person": CITIZEN, "client": "portal", "patient": "p1"}
    foreign = {name: value for name, value in {**form, "csrf": csrf}.items() if value is not None}

    assert 400 == (await browser.client.post(path, data=foreign)).status_code
    assert 303 == (await browser.client.post(path, data=form)).status_code


async def test_the_form_of_one_browser_is_none_of_anothers(browser, assembly):
    form = {**fields(await browser.page()), "answer": "yes"}
    other = Browser(assembly.app)
    async with other.client:
        await other.page()
        assert 400 == (await other.client.post("/approve", data=form)).status_code
    assert "code" in sent_back(await browser.client.post("/approve", data=form))


async def test_nobody_is_somebody_who_is_not_there(browser):
    page = await browser.client.get("/authorize", params=asked())

    assert 400 == (await browser.sign_in(page, "Patient/nobody")).status_code
    assert 303 == (await browser.sign_in(page, CITIZEN)).status_code


async def test_who_signs_in_is_led_to_no_other_server(browser):
    page = await browser.client.get("/authorize", params=asked())
    form = {**fields(page), "person": CITIZEN, "asked": "@evil.example/\r\nX: y"}
    answer = await browser.client.post("/sign-in", data=form)

    assert answer.headers["location"].startswith(f"{AUTH}/authorize?")
    assert query_of(answer.headers["location"]).keys() <= {"@evil.example/\r\nX: y"}


async def test_who_signs_out_is_asked_again(browser):
    page = await browser.page()
    await browser.client.post("/sign-out", data=fields(page))

    assert 'name="person"' in (await browser.client.get("/authorize", params=asked())).text
