"""Who signed in: the numbers in the names are of Inferno's SMART tests and of the abuse cases."""

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.authorizing import AUTH, BASE, CITIZEN, NURSE, claims_of, header_of
from tests.builders import TEST_PERSON
from tests.tokens import reason

pytestmark = pytest.mark.anyio

OPENID = "/.well-known/openid-configuration"


async def test_smart_1_3_01_the_id_token_can_be_read(browser):
    told = await browser.tokens()

    assert {"iss", "sub", "aud", "exp", "iat"} <= claims_of(told["id_token"]).keys()
    assert "id_token" not in await browser.tokens(scope="patient/CarePlan.rs")


async def test_smart_1_3_02_the_issuer_says_where_all_is(browser):
    issuer = claims_of((await browser.tokens())["id_token"])["iss"]
    answer = await browser.client.get(f"{issuer}{OPENID}", headers={"origin": "https://any.example"})

    assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
    assert "*" == answer.headers["access-control-allow-origin"]
    assert issuer == answer.json()["issuer"]


async def test_smart_1_3_03_its_configuration_has_all_that_is_required(browser):
    told = (await browser.client.get(OPENID)).json()

    assert {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    } <= told.keys()
    assert "RS256" in told["id_token_signing_alg_values_supported"]


async def test_smart_1_3_04_its_keys_are_public(browser):
    address = (await browser.client.get(OPENID)).json()["jwks_uri"]
    keys = (await browser.client.get(address)).json()["keys"]

    assert {"RSA"} == {key["kty"] for key in keys}
    for key in keys:
        assert {"kty", "n", "e", "kid", "use", "alg"} == key.keys()


async def test_smart_1_3_05_the_id_token_names_its_key(browser):
    keys = (await browser.client.get("/jwks")).json()["keys"]
    header = header_of((await browser.tokens())["id_token"])

    assert "RS256" == header["alg"]
    assert [header["kid"]] == [key["kid"] for key in keys]


async def test_smart_1_3_06_the_id_token_is_signed_and_for_the_app(browser):
    keys = KeySet.import_key_set((await browser.client.get("/jwks")).json())
    token = (await browser.tokens(nonce="a nonce"))["id_token"]
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims

    assert (AUTH, "portal", "a nonce") == (claims["iss"], claims["aud"], claims["nonce"])
    assert 0 < claims["exp"] - claims["iat"] <= 3600
    assert 0 < len(claims["sub"]) < 256
    assert TEST_PERSON not in str(claims)


async def test_who_somebody_is_stays_the_same_and_two_are_two(browser, assembly):
    one, again = [claims_of((await browser.tokens())["id_token"])["sub"] for _ in range(2)]
    await browser.client.post("/sign-out", data={})
    browser.client.cookies.clear()
    other = claims_of((await browser.tokens(NURSE, patient="p1"))["id_token"])["sub"]

    assert one == again
    assert one != other


@pytest.mark.parametrize(("person", "user"), [(CITIZEN, "Patient/p1"), (NURSE, "Practitioner/n1")])
async def test_smart_1_3_07_the_user_is_a_resource_that_can_be_read(browser, api: httpx.AsyncClient, person, user):
    told = await browser.tokens(person, patient="p1")
    address = claims_of(told["id_token"])["fhirUser"]
    answer = await api.get(address, headers={"authorization": f"Bearer {told['access_token']}"})

    assert f"{BASE}/{user}" == address
    assert (200, user.partition("/")[0]) == (answer.status_code, answer.json()["resourceType"])


async def test_who_does_not_ask_for_the_user_is_not_told(browser):
    assert "fhirUser" not in claims_of((await browser.tokens(scope="openid patient/CarePlan.rs"))["id_token"])


@pytest.mark.parametrize("name", ["id_token", "refresh_token"])
async def test_a_10_what_is_no_access_token_is_not_taken_for_one(browser, verifier, name):
    told = await browser.tokens()

    assert {"id_token": "type", "refresh_token": "form"}[name] == await reason(verifier, told[name])
    assert AUTH == (await verifier.verify(told["access_token"])).issuer.url
