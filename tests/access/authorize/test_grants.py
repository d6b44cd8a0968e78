"""`POST /token` for people: the numbers in the names are of Inferno's SMART tests and of the abuse cases."""

import asyncio

import httpx
import pytest

from fhir_server.access.caller import caller_of
from fhir_server.access.token import Verifier
from fhir_server.fhir.outcome import Unauthorized
from tests.authorizing import (
    BASE,
    NURSE,
    ORIGIN,
    PEOPLE,
    PROVIDER,
    UNIT,
    VERIFIER,
    basic,
    claims_of,
    fields,
    header_of,
    refused,
    s256,
)
from tests.builders import TEST_PERSON

pytestmark = pytest.mark.anyio

TOOL = {"client_id": "tool", "redirect_uri": "http://localhost:4567/back"}


async def accepted(verifier: Verifier, token: str) -> bool:
    try:
        await verifier.verify(token)
    except Unauthorized:
        return False
    return True


async def test_smart_1_2_05_a_code_becomes_a_token(browser):
    answer = await browser.exchange(await browser.code(), headers={"origin": ORIGIN})

    assert 200 == answer.status_code
    assert answer.headers["content-type"].startswith("application/json")


async def test_smart_1_2_05_a_confidential_app_shows_its_secret(browser):
    code = await browser.code(**TOOL)
    told = {"redirect_uri": TOOL["redirect_uri"], "client_id": None}

    assert (401, "invalid_client") == refused(await browser.exchange(code, **told, headers=basic(secret="x" * 40)))
    assert (401, "invalid_client") == refused(await browser.exchange(code, **{**told, "client_id": "tool"}))
    assert 200 == (await browser.exchange(code, **told, headers=basic())).status_code


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic dG9vbA==", "Bearer x", "Basic /w=="])
async def test_a_proof_that_cannot_be_read_is_none(browser, header):
    code = await browser.code(**TOOL)
    answer = await browser.exchange(code, headers={"authorization": header})

    assert (401, "invalid_client") == refused(answer)
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_a_client_that_shows_itself_twice_is_refused(browser):
    code = await browser.code(**TOOL)
    told = {"redirect_uri": TOOL["redirect_uri"], "client_id": None, "headers": basic()}

    assert (401, "invalid_client") == refused(await browser.exchange(code, client_secret="x", **told))
    assert 200 == (await browser.exchange(code, **told)).status_code


async def test_smart_1_2_06_the_answer_tells_all_that_was_granted_and_no_more(browser):
    told = await browser.tokens()

    assert "Bearer" == told["token_type"]
    assert 0 < told["expires_in"] <= 3600
    assert {"launch/patient", "openid", "fhirUser", "offline_access", "patient/CarePlan.rs"} == set(
        told["scope"].split()
    )
    assert told["need_patient_banner"] is True
    assert "p1" == told["patient"]
    assert {"id_token", "refresh_token"} <= told.keys()
    assert not {"encounter", "fhirContext"} & told.keys()


async def test_smart_1_2_06_the_token_is_of_rfc_9068_and_says_who_calls(browser, verifier):
    citizen = (await browser.tokens())["access_token"]
    claims = claims_of(citizen)
    caller = caller_of(await verifier.verify(citizen))

    assert {"alg": "RS256", "typ": "at+jwt"}.items() <= header_of(citizen).items()
    assert claims["aud"] == BASE
    assert claims["exp"] - claims["iat"] == 3600
    assert ("citizen", TEST_PERSON, "p1", "portal") == (caller.kind, caller.person, caller.patient, caller.client)
    assert TEST_PERSON not in claims["sub"]


async def test_staff_are_known_by_commission_unit_and_provider(browser, verifier):
    await browser.page("PractitionerRole/r2", scope="user/CarePlan.rs")
    token = (await browser.tokens("PractitionerRole/r2", scope="user/CarePlan.rs"))["access_token"]
    caller = caller_of(await verifier.verify(token))

    assert ("staff", UNIT, PROVIDER, "TREAT") == (caller.kind, caller.unit, caller.provider, caller.purpose)
    assert ("SE2321000016-P2", "SE2321000016-C2") == (caller.person, caller.commission)
    assert ("coordinator",) == caller.roles


async def test_smart_1_2_07_the_answer_is_kept_by_nobody(browser):
    answer = await browser.exchange(await browser.code())

    assert ("no-store", "no-cache") == (answer.headers["cache-control"], answer.headers["pragma"])
    assert (400, "invalid_grant") == refused(await browser.exchange("no code"))
    assert (400, "invalid_request") == refused(await browser.client.post("/token", json={}))


async def test_smart_1_2_08_the_scripts_of_the_apps_own_origin_read_it(browser):
    ours, theirs = {"origin": ORIGIN}, {"origin": "https://evil.example"}

    for headers, shared in ((ours, ORIGIN), (theirs, None)):
        answer = await browser.exchange(await browser.code(), headers=headers)
        assert shared == answer.headers.get("access-control-allow-origin")
        assert "Origin" in answer.headers["vary"]
        wrong = await browser.exchange("no code", headers=headers)
        assert shared == wrong.headers.get("access-control-allow-origin")
        first = await browser.client.options("/token", headers={**headers, "access-control-request-method": "POST"})
        assert shared == first.headers.get("access-control-allow-origin")
        assert "access-control-allow-credentials" not in answer.headers


async def test_smart_1_2_08_the_origin_of_another_app_is_not_this_apps(browser):
    answer = await browser.exchange(await browser.code(), headers={"origin": "http://localhost:4567"})

    assert "access-control-allow-origin" not in answer.headers


# ------------------------------------------------------------------------------------------------ the verifier, the code


@pytest.mark.parametrize(
    "verifier", [None, "", "x" * 43, VERIFIER[:-1], VERIFIER + "é", s256(VERIFIER), "short", "x" * 129]
)
async def test_b_14_a_wrong_verifier_gets_nothing(browser, verifier):
    code = await browser.code()

    assert (400, "invalid_grant") == refused(await browser.exchange(code, code_verifier=verifier))
    assert 200 == (await browser.exchange(code)).status_code


async def test_b_14_a_verifier_that_is_too_short_gets_nothing_though_it_fits(browser):
    code = await browser.code(code_challenge=s256("short"))

    assert (400, "invalid_grant") == refused(await browser.exchange(code, code_verifier="short"))


async def test_b_14_a_confidential_app_needs_a_verifier_too(browser):
    code = await browser.code(**TOOL)
    told = {"redirect_uri": TOOL["redirect_uri"], "client_id": None, "headers": basic()}

    assert (400, "invalid_grant") == refused(await browser.exchange(code, **told, code_verifier=None))
    assert 200 == (await browser.exchange(code, **told)).status_code


async def test_b_15_a_code_used_twice_ends_what_came_of_it(browser, verifier):
    code = await browser.code()
    told = (await browser.exchange(code)).json()
    other = await browser.tokens()
    assert await accepted(verifier, told["access_token"])

    assert (400, "invalid_grant") == refused(await browser.exchange(code))

    assert not (await browser.introspected(told["access_token"]))["active"]
    assert (400, "invalid_grant") == refused(await browser.refresh(told["refresh_token"]))
    assert (await browser.introspected(other["access_token"]))["active"]


async def test_b_15_of_many_who_bring_one_code_at_once_one_at_the_most_is_given_a_token(browser):
    code = await browser.code()
    answers = await asyncio.gather(*(browser.exchange(code) for _ in range(20)))

    given = [answer.json()["access_token"] for answer in answers if answer.status_code == 200]
    assert len(given) <= 1
    assert {200, 400} >= {answer.status_code for answer in answers}
    for token in given:
        assert not (await browser.introspected(token))["active"]


async def test_a_code_is_for_the_app_and_the_address_that_it_was_given_to(browser, assembly):
    code = await browser.code()

    assert (400, "invalid_grant") == refused(await browser.exchange(code, redirect_uri="https://portal.example/other"))
    assert (400, "invalid_grant") == refused(await browser.exchange(code, redirect_uri=None))
    assert (400, "invalid_grant") == refused(await browser.exchange(code, client_id=None, headers=basic()))
    assert 200 == (await browser.exchange(code)).status_code


async def test_smart_3_2_02_a_grant_type_that_is_none_is_refused(browser):
    assert (400, "unsupported_grant_type") == refused(await browser.exchange("x", grant_type="password"))
    assert (400, "invalid_request") == refused(await browser.exchange("x", grant_type=None))
    assert (400, "unauthorized_client") == refused(await browser.exchange("x", grant_type="client_credentials"))


@pytest.mark.parametrize("body", [b"grant_type=a&grant_type=b", b"%ff=x", b"a", b"x=" + b"y" * 70_000, b"a&" * 200])
async def test_a_form_that_cannot_be_read_is_refused(browser, body):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await browser.client.post("/token", content=body, headers=headers)

    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"invalid_request", "invalid_client"}


# ------------------------------------------------------------------------------------------------ refreshing


async def test_smart_1_4_01_a_token_is_refreshed_without_a_scope(browser, verifier):
    told = await browser.tokens()
    again = await browser.refresh(told["refresh_token"])

    assert 200 == again.status_code
    assert told["scope"] == again.json()["scope"]
    assert told["patient"] == again.json()["patient"]
    assert await accepted(verifier, again.json()["access_token"])


async def test_smart_1_5_01_a_token_is_refreshed_with_a_scope(browser):
    told = await browser.tokens()
    again = await browser.refresh(told["refresh_token"], scope="patient/CarePlan.r launch/patient")

    assert {"patient/CarePlan.r", "launch/patient"} == set(again.json()["scope"].split())


async def test_smart_1_4_02_the_answer_to_a_refresh_has_all_members(browser):
    told = await browser.tokens()
    again = (await browser.refresh(told["refresh_token"])).json()

    assert {"access_token", "token_type", "expires_in", "scope", "refresh_token"} <= again.keys()
    assert told["access_token"] != again["access_token"]
    assert told["refresh_token"] != again["refresh_token"]


async def test_smart_1_4_03_the_answer_to_a_refresh_is_kept_by_nobody(browser):
    answer = await browser.refresh((await browser.tokens())["refresh_token"])

    assert ("no-store", "no-cache") == (answer.headers["cache-control"], answer.headers["pragma"])
    assert (400, "invalid_grant") == refused(await browser.refresh("no.token"))


@pytest.mark.parametrize(
    "scope", ["patient/CarePlan.cruds", "patient/Task.rs", "user/CarePlan.rs", "patient/CarePlan.rs online_access"]
)
async def test_b_17_a_scope_does_not_grow(browser, scope):
    told = await browser.tokens()

    assert (400, "invalid_scope") == refused(await browser.refresh(told["refresh_token"], scope=scope))
    assert 200 == (await browser.refresh(told["refresh_token"], scope="patient/CarePlan.rs")).status_code


async def test_b_17_a_scope_that_was_left_out_once_may_be_asked_again(browser):
    told = await browser.tokens()
    less = (await browser.refresh(told["refresh_token"], scope="patient/CarePlan.r")).json()

    assert told["scope"] == (await browser.refresh(less["refresh_token"])).json()["scope"]


async def test_b_17_a_refresh_token_is_no_other_apps(browser, assembly):
    token = (await browser.tokens())["refresh_token"]
    answer = await browser.post("/token", headers=basic(), grant_type="refresh_token", refresh_token=token)

    assert (400, "invalid_grant") == refused(answer)
    assert 200 == (await browser.refresh(token)).status_code


async def test_b_17_a_refresh_token_used_twice_ends_the_family(browser):
    first = await browser.tokens()
    second = (await browser.refresh(first["refresh_token"])).json()

    assert (400, "invalid_grant") == refused(await browser.refresh(first["refresh_token"]))

    assert (400, "invalid_grant") == refused(await browser.refresh(second["refresh_token"]))
    for told in (first, second):
        assert {"active": False} == await browser.introspected(told["access_token"])


async def test_b_17_a_refresh_token_used_many_times_at_once_is_good_once_at_the_most(browser):
    token = (await browser.tokens())["refresh_token"]
    answers = await asyncio.gather(*(browser.refresh(token) for _ in range(20)))

    assert sum(answer.status_code == 200 for answer in answers) <= 1


async def test_b_17_a_refresh_token_that_was_revoked_is_none(browser):
    told = await browser.tokens()
    await browser.post("/revoke", token=told["refresh_token"], client_id="portal")

    assert (400, "invalid_grant") == refused(await browser.refresh(told["refresh_token"]))
    assert {"active": False} == await browser.introspected(told["access_token"])
    assert 200 == (await browser.refresh((await browser.tokens())["refresh_token"])).status_code


async def test_what_was_given_online_ends_with_the_session(browser):
    online = await browser.tokens(scope="online_access patient/CarePlan.rs")
    offline = await browser.tokens(scope="offline_access patient/CarePlan.rs")
    again = (await browser.refresh(online["refresh_token"])).json()
    await browser.client.post("/sign-out", data=fields(await browser.page()))

    assert (400, "invalid_grant") == refused(await browser.refresh(again["refresh_token"]))
    assert 200 == (await browser.refresh(offline["refresh_token"])).status_code


async def test_who_asks_for_no_access_later_gets_no_refresh_token(browser):
    assert "refresh_token" not in await browser.tokens(scope="patient/CarePlan.rs")
    assert "refresh_token" in await browser.tokens(scope="patient/CarePlan.rs offline_access")


async def test_whose_commission_has_ended_gets_no_more_tokens(browser, api: httpx.AsyncClient):
    scope = "offline_access user/CarePlan.rs"
    token = (await browser.tokens(NURSE, scope=scope))["refresh_token"]
    token = (await browser.refresh(token)).json()["refresh_token"]
    role = next(one for one in PEOPLE if one["id"] == "r1")
    await api.put("PractitionerRole/r1", json={**role, "active": False})

    assert (400, "invalid_grant") == refused(await browser.refresh(token))
