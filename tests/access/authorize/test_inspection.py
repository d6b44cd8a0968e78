"""`/introspect` and `/revoke`: the numbers in the names are of Inferno's SMART tests and of the abuse cases."""

import pytest

from tests.access.authorize.starting import launched
from tests.authorizing import (
    AUTH,
    BASE,
    NURSE,
    ORIGIN,
    assertion,
    basic,
    claims_of,
    proof,
    refused,
)
from tests.tokens import reason

pytestmark = pytest.mark.anyio

INACTIVE = {"active": False}


async def test_smart_4_2_01_a_token_that_is_good_is_told_of(browser):
    answer = await browser.post("/introspect", headers=basic(), token=(await browser.tokens())["access_token"])

    assert (200, True) == (answer.status_code, answer.json()["active"])
    assert ("no-store", "application/json") == (answer.headers["cache-control"], answer.headers["content-type"])


@pytest.mark.parametrize("token", ["invalid", "a.b.c", "x" * 9000, "family.secret"])
async def test_smart_4_2_02_what_is_no_token_is_inactive_and_nothing_else(browser, token):
    answer = await browser.post("/introspect", headers=basic(), token=token)

    assert (200, INACTIVE) == (answer.status_code, answer.json())


async def test_smart_4_3_01_it_says_what_the_token_response_said(browser):
    told = await browser.tokens()
    found = await browser.introspected(told["access_token"])
    claims = claims_of(told["id_token"])

    assert told["scope"] == found["scope"]
    assert ("portal", told["patient"]) == (found["client_id"], found["patient"])
    assert type(found["exp"]) is int
    assert (claims["iss"], claims["sub"], claims["fhirUser"]) == (found["iss"], found["sub"], found["fhirUser"])
    assert not {"citizen", "employee"} & found.keys()


async def test_smart_4_3_01_it_says_what_the_app_was_launched_with(browser, api):
    told = await launched(browser, api)
    found = await browser.introspected(told["access_token"])

    assert told["encounter"] == found["encounter"]
    assert told["fhirContext"] == found["fhirContext"]


async def test_smart_4_3_02_b_20_what_is_inactive_has_exactly_one_member(browser):
    token = (await browser.tokens())["access_token"]
    await browser.post("/revoke", token=token, client_id="portal")

    assert INACTIVE == await browser.introspected(token)
    assert (await browser.introspected((await browser.tokens())["access_token"]))["active"]


async def test_b_20_nobody_asks_who_does_not_say_who_they_are(browser):
    token = (await browser.tokens())["access_token"]

    answer = await browser.post("/introspect", token=token)
    assert (401, "invalid_token") == refused(answer)
    assert "Bearer" == answer.headers["www-authenticate"]
    assert (401, "invalid_client") == refused(await browser.post("/introspect", token=token, client_id="portal"))
    assert (401, "invalid_client") == refused(
        await browser.post("/introspect", token=token, headers=basic(secret="x" * 40))
    )
    assert (401, "invalid_token") == refused(
        await browser.post("/introspect", token=token, headers={"authorization": "Bearer nothing"})
    )
    assert 200 == (await browser.post("/introspect", token=token, **proof(assertion()))).status_code


async def test_b_20_who_has_a_token_may_ask_about_the_own_apps(browser):
    mine, another = (
        (await browser.tokens())["access_token"],
        (await browser.tokens(NURSE, patient="p2"))["access_token"],
    )
    told = {"grant_type": "client_credentials", "scope": "system/CarePlan.rs", **proof(assertion())}
    system = (await browser.post("/token", **told)).json()["access_token"]

    async def state(token: str, bearer: str) -> bool:
        answer = await browser.post("/introspect", token=token, headers={"authorization": f"Bearer {bearer}"})
        return answer.json()["active"]

    assert await state(another, mine)
    assert not await state(system, mine)
    assert await state(mine, system)


async def test_a_refresh_token_is_told_of_too(browser):
    told = await browser.tokens()
    found = await browser.introspected(told["refresh_token"])

    assert (True, told["scope"], "portal") == (found["active"], found["scope"], found["client_id"])
    await browser.refresh(told["refresh_token"])
    assert INACTIVE == await browser.introspected(told["refresh_token"])


async def test_without_a_token_there_is_nothing_to_ask_about(browser):
    assert (400, "invalid_request") == refused(await browser.post("/introspect", headers=basic()))


# ------------------------------------------------------------------------------------------------ revoking


async def test_a_14_a_token_that_was_revoked_is_refused(browser, verifier, assembly):
    told = await browser.tokens()
    assert (await verifier.verify(told["access_token"])).issuer.url == AUTH

    answer = await browser.post("/revoke", token=told["access_token"], client_id="portal", headers={"origin": ORIGIN})

    assert (200, ORIGIN) == (answer.status_code, answer.headers["access-control-allow-origin"])
    await verifier._revoked.__self__.refresh()
    assert "revoked" == await reason(verifier, told["access_token"])
    assert (await verifier.verify((await browser.tokens())["access_token"])).values["aud"] == BASE


@pytest.mark.parametrize("token", ["unknown", "a.b.c", "family.secret"])
async def test_what_nobody_knows_has_ended_already(browser, token):
    assert 200 == (await browser.post("/revoke", token=token, client_id="portal")).status_code


async def test_nobody_ends_another_apps_tokens(browser):
    told = await browser.tokens()

    for token in (told["access_token"], told["refresh_token"]):
        assert (400, "unauthorized_client") == refused(await browser.post("/revoke", token=token, headers=basic()))
        assert (401, "invalid_client") == refused(await browser.post("/revoke", token=token, client_id="nobody"))
        assert (await browser.introspected(token))["active"]
    assert 200 == (await browser.post("/revoke", token=told["access_token"], client_id="portal")).status_code
