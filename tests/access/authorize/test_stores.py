"""What one worker gave out another one knows: on every store, two servers beside each other on one database."""

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_server.access.revoked import RevokedTokens
from fhir_server.assembly import _application
from fhir_server.assembly.authority import authority_of
from fhir_server.assembly.outside import clock
from fhir_server.audit.doorstep import Doorstep
from fhir_server.storage.store import SYSTEM_GRANTS
from tests.authorizing import Browser, assertion, claims_of, fields, proof, refused
from tests.databases import KINDS, empty_database

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest) -> str:
    return empty_database(request.param)


@pytest.fixture
async def another(assembly, settings, browser) -> AsyncIterator[Browser]:
    """The same person's browser, which another worker answers."""
    async with httpx.AsyncClient() as fetching:
        revoked = RevokedTokens(assembly.server.store, clock)
        await revoked.refresh()
        authority = await authority_of(settings, assembly.server, fetching, revoked)
        one = Browser(_application(settings, assembly.server, (), Doorstep(clock), authority))
        async with one.client:
            yield one


async def test_a_launch_begun_here_ends_there(browser, another):
    page = await browser.page()
    another.client.cookies = browser.client.cookies
    code = dict(
        httpx.URL(
            (await another.client.post("/approve", data={**fields(page), "answer": "yes"})).headers["location"]
        ).params
    )["code"]
    told = (await browser.exchange(code)).json()

    assert (await another.introspected(told["access_token"]))["active"]
    assert 200 == (await another.refresh(told["refresh_token"])).status_code
    assert (400, "invalid_grant") == refused(await another.exchange(code))
    assert (400, "invalid_grant") == refused(await browser.refresh(told["refresh_token"]))


async def test_an_assertion_used_here_is_used_there(browser, another):
    told = {"grant_type": "client_credentials", "scope": "system/CarePlan.rs", **proof(assertion())}

    assert 200 == (await browser.post("/token", **told)).status_code
    assert (401, "invalid_client") == refused(await another.post("/token", **told))


async def test_all_sign_with_one_key(browser, another):
    here, there = [(await one.client.get("/jwks")).json() for one in (browser, another)]

    assert here == there
    assert claims_of((await another.tokens())["access_token"])["iss"]


async def test_what_was_given_out_stands_in_the_audit(browser, assembly):
    await browser.tokens()
    rows = [row for _, row in await assembly.server.store.entries(SYSTEM_GRANTS["readiness"])]

    assert {"$sign-in", "$authorize", "$token"} <= {row.interaction for row in rows if row.rule == "system-authorize"}
