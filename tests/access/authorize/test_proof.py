"""`POST /token` for systems: the numbers in the names are of Inferno's SMART tests and of the abuse cases."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from fhir_server.access.authorize import proof as proofs
from fhir_server.access.caller import caller_of
from fhir_server.access.keys import InlineKeys
from fhir_server.assembly import _application
from fhir_server.assembly.authority import authority_of
from fhir_server.assembly.outside import clock
from fhir_server.audit.doorstep import Doorstep
from tests.authorizing import (
    AUTH,
    Browser,
    assertion,
    claims_of,
    proof,
    refused,
    system_keys,
)
from tests.tokens import b64, ec_key, jwks, rsa_key, spare_bits_set

pytestmark = pytest.mark.anyio

SCOPE = "system/CarePlan.rs"


async def ask(browser: Browser, text: str, **changes: Any) -> httpx.Response:
    told = {"grant_type": "client_credentials", "scope": SCOPE, **proof(text), **changes}
    return await browser.post("/token", **told)


async def test_smart_3_2_05_a_system_that_signs_is_given_a_token(browser):
    assert 200 == (await ask(browser, assertion())).status_code
    assert 200 == (await ask(browser, assertion(ec_key("P-384"), "ES384", "ec"))).status_code


async def test_smart_3_2_06_the_answer_has_all_members_and_no_refresh_token(browser, verifier):
    answer = await ask(browser, assertion(), scope="system/CarePlan.rs system/Task.u")
    told = answer.json()

    assert {"access_token", "token_type", "expires_in", "scope"} == told.keys()
    assert 0 < told["expires_in"] <= 300
    assert {"system/CarePlan.rs", "system/Task.u"} == set(told["scope"].split())
    assert ("no-store", "no-cache") == (answer.headers["cache-control"], answer.headers["pragma"])
    caller = caller_of(await verifier.verify(told["access_token"]))
    assert ("system", "verksamhetssystem", ("coordinator",)) == (caller.kind, caller.client, caller.roles)
    assert "SE2120000001-1003" == caller.provider


async def test_smart_3_2_02_a_grant_type_that_is_none_is_refused(browser):
    assert (400, "unsupported_grant_type") == refused(await ask(browser, assertion(), grant_type="not_a_grant_type"))
    assert (400, "unauthorized_client") == refused(
        await ask(browser, assertion(), grant_type="refresh_token", refresh_token="x")
    )


async def test_smart_3_2_03_a_type_of_assertion_that_is_none_is_refused(browser):
    assert (401, "invalid_client") == refused(await ask(browser, assertion(), client_assertion_type="not_a_type"))
    assert (401, "invalid_client") == refused(await ask(browser, assertion(), client_assertion_type=None))


def headed(**header: Any) -> str:
    return assertion(header=header)


def bent(text: str) -> str:
    head, claims, signature = text.split(".")
    return f"{head}.{claims}.{b64(bytes(len(signature) * 3 // 4))}"


BAD = {
    "B-01 bad signature": lambda: bent(assertion()),
    "B-01 no signature": lambda: ".".join([*assertion().split(".")[:2], ""]),
    "B-01 a signature with spare bits set": lambda: spare_bits_set(assertion(rsa_key(2056, "odd"), kid="odd")),
    "B-02 another key under the same kid": lambda: assertion(rsa_key(2048, "another")),
    "B-02 a kid that is another key's": lambda: assertion(kid="ec"),
    "B-02 a kid that nobody has": lambda: assertion(kid="none"),
    "B-02 no kid": lambda: headed(kid=None),
    "B-03 sub is another than iss": lambda: assertion(sub="portal"),
    "B-03 no sub": lambda: assertion(sub=None),
    "B-03 no iss": lambda: assertion(iss=None),
    "B-04 a client that is not known": lambda: assertion(iss="nobody", sub="nobody"),
    "B-04 a client that has no keys": lambda: assertion(iss="portal", sub="portal"),
    "B-04 a client that has a secret": lambda: assertion(iss="tool", sub="tool"),
    "B-05 aud of the server": lambda: assertion(aud=AUTH),
    "B-05 aud with a slash": lambda: assertion(aud=f"{AUTH}/token/"),
    "B-05 aud an array": lambda: assertion(aud=[f"{AUTH}/token"]),
    "B-05 no aud": lambda: assertion(aud=None),
    "B-06 exp more than five minutes ahead": lambda: assertion(exp=clock() // 1000 + 340),
    "B-06 exp past": lambda: assertion(exp=clock() // 1000 - 1),
    "B-06 no exp": lambda: assertion(exp=None),
    "B-06 exp a text": lambda: assertion(exp=str(clock() // 1000 + 200)),
    "B-06 exp true": lambda: assertion(exp=True),
    "B-06 iat to come": lambda: assertion(iat=clock() // 1000 + 100),
    "B-06 nbf to come": lambda: assertion(nbf=clock() // 1000 + 100),
    "B-07 no jti": lambda: assertion(jti=None),
    "B-07 jti empty": lambda: assertion(jti=""),
    "B-07 jti a number": lambda: assertion(jti=4711),
    "B-07 jti too long": lambda: assertion(jti="x" * 256),
    "B-09 RS256": lambda: assertion(alg="RS256"),
    "B-09 ES256": lambda: assertion(ec_key("P-256"), "ES256", "ec"),
    "B-09 HS256": lambda: assertion(json.dumps(system_keys()[0]).encode(), "HS256"),
    "B-09 HS384": lambda: assertion(json.dumps(system_keys()[0]).encode(), "HS384"),
    "B-09 none": lambda: headed(alg="none"),
    "B-09 RS384 by an EC key": lambda: assertion(kid="ec", alg="RS384"),
    "B-10 jku": lambda: headed(jku="https://evil.example/jwks"),
    "B-10 jwk": lambda: headed(jwk=system_keys()[0]),
    "B-10 x5u": lambda: headed(x5u="https://evil.example/x"),
    "B-10 crit": lambda: headed(crit=["exp"]),
    "typ another": lambda: headed(typ="at+jwt"),
    "typ none": lambda: headed(typ=None),
    "too long": lambda: assertion(more="x" * 9000),
    "no JWT": lambda: "a.b.c",
    "empty": lambda: "",
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
async def test_smart_3_2_04_an_assertion_that_is_not_to_be_trusted_is_refused(browser, make):
    assert (401, "invalid_client") == refused(await ask(browser, make()))
    assert 200 == (await ask(browser, assertion())).status_code


async def test_b_06_five_minutes_are_not_too_many(browser):
    assert 200 == (await ask(browser, assertion(exp=clock() // 1000 + 300, iat=clock() // 1000))).status_code


async def test_b_08_an_assertion_is_good_once(browser):
    text = assertion()

    assert 200 == (await ask(browser, text)).status_code
    assert (401, "invalid_client") == refused(await ask(browser, text))
    assert (401, "invalid_client") == refused(await ask(browser, text, scope="system/Task.u"))
    assert 200 == (await ask(browser, assertion(jti="another"))).status_code


async def test_b_08_of_fifty_at_once_one_is_given_a_token(browser):
    text = assertion()
    answers = await asyncio.gather(*(ask(browser, text) for _ in range(50)))

    assert [200, *[401] * 49] == sorted(answer.status_code for answer in answers)


async def test_b_08_the_jti_of_one_client_is_none_of_anothers(browser):
    text = assertion(jti="one")

    assert 200 == (await ask(browser, text)).status_code
    assert 200 == (await ask(browser, assertion(jti="one", iss="another-system", sub="another-system"))).status_code


async def test_b_03_the_form_names_the_same_client_or_none(browser):
    assert (401, "invalid_client") == refused(await ask(browser, assertion(), client_id="portal"))
    assert 200 == (await ask(browser, assertion(), client_id="verksamhetssystem")).status_code


async def test_a_client_with_keys_shows_no_bare_name(browser):
    answer = await browser.post("/token", grant_type="client_credentials", scope=SCOPE, client_id="verksamhetssystem")

    assert (401, "invalid_client") == refused(answer)


@pytest.mark.parametrize("jku", [None, "https://system.example/jwks", "https://evil.example/jwks"])
async def test_b_10_a_jku_is_the_registered_one_and_nothing_else_is_fetched(browser, assembly, settings, jku):
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, stream=httpx.ByteStream(jwks(*system_keys())))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        authority = await authority_of(settings, assembly.server, client, assembly.trust.revoked)
        here = Browser(_application(settings, assembly.server, (), Doorstep(clock), authority))
        text = assertion(iss="fetched", sub="fetched", header={"jku": jku})
        status = (await ask(here, text)).status_code

    evil = jku is not None and "evil" in jku
    assert ((401, []) if evil else (200, ["https://system.example/jwks"])) == (status, asked)


# ------------------------------------------------------------------------------------------------ scopes


@pytest.mark.parametrize(
    "scope",
    [
        "system/CarePlan.cruds",
        "system/CarePlan.write",
        "system/*.rs",
        "system/Patient.rs",
        "patient/CarePlan.rs",
        "system:CarePlan.rs",
        "system%2fCarePlan.rs",
        "syst\u0435m/CarePlan.rs",
        "openid",
        "nothing",
        "",
        None,
    ],
)
async def test_b_11_a_system_gets_no_more_than_is_registered(browser, scope):
    assert (400, "invalid_scope") == refused(await ask(browser, assertion(), scope=scope))
    assert 200 == (await ask(browser, assertion(), scope="system/CarePlan.rs")).status_code


@pytest.mark.parametrize("scope", ["system/CarePlan.rs patient/CarePlan.rs", "user/Task.u system/CarePlan.rs"])
async def test_b_12_contexts_do_not_go_together(browser, scope):
    assert (400, "invalid_scope") == refused(await ask(browser, assertion(), scope=scope))
    assert 200 == (await ask(browser, assertion(), scope="system/CarePlan.rs system/Task.u")).status_code


@pytest.mark.parametrize("letters", ["cduxs", "srduc", "rr"])
async def test_b_13_letters_stand_once_and_in_their_order(browser, letters):
    assert (400, "invalid_scope") == refused(await ask(browser, assertion(), scope=f"system/Task.{letters}"))
    assert 200 == (await ask(browser, assertion(), scope="system/Task.cruds")).status_code


async def test_a_system_that_may_act_for_several_says_of_none_that_it_does(browser):
    told = (await ask(browser, assertion(iss="several", sub="several"))).json()

    assert "provider" not in claims_of(told["access_token"])


def test_the_algorithms_of_the_assertions_are_those_of_smart():
    assert {"RS384", "ES384"} == proofs.ALGORITHMS


async def test_the_keys_of_the_tests_are_what_they_are_taken_for():
    assert await InlineKeys(jwks(*system_keys())).find("rsa")
    assert await InlineKeys(jwks(*system_keys())).find("ec")
