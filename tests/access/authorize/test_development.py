"""`/development-token`: from this machine alone, and by nobody's page."""

from typing import Any

import httpx
import pytest

from fhir_server.access.caller import caller_of
from tests.authorizing import AUTH, PROVIDER, UNIT, Browser, refused
from tests.builders import TEST_PERSON

pytestmark = pytest.mark.anyio


async def wish(browser: Browser, **members: Any) -> httpx.Response:
    return await browser.client.post("/development-token", json={"scope": "system/*.rs", **members})


async def test_a_system_scope_makes_a_system_with_no_role(browser, verifier):
    told = (await wish(browser)).json()
    caller = caller_of(await verifier.verify(told["access_token"]))

    assert ("system", "development", (), "system/*.rs") == (caller.kind, caller.client, caller.roles, caller.scopes)
    assert (await browser.introspected(told["access_token"]))["active"]


async def test_a_role_is_the_systems(browser, verifier):
    token = (await wish(browser, role="coordinator")).json()["access_token"]

    assert ("coordinator",) == caller_of(await verifier.verify(token)).roles


async def test_a_patient_is_who_calls(browser, verifier):
    token = (await wish(browser, scope="patient/*.rs", patient="p1")).json()["access_token"]
    caller = caller_of(await verifier.verify(token))

    assert ("citizen", TEST_PERSON, "p1") == (caller.kind, caller.person, caller.patient)


async def test_with_a_unit_it_is_staff_who_calls_about_the_patient(browser, verifier):
    token = (await wish(browser, scope="patient/*.rs", patient="p1", unit=UNIT, role="administrator")).json()
    caller = caller_of(await verifier.verify(token["access_token"]))

    assert ("staff", UNIT, PROVIDER, "p1") == (caller.kind, caller.unit, caller.provider, caller.patient)
    assert "administrator" in caller.roles


async def test_with_a_commission_it_is_the_one_who_has_it(browser, verifier):
    for commission, person in (("SE2321000016-C1", "SE2321000016-P1"), ("SE2321000016-C2", "SE2321000016-P2")):
        token = (await wish(browser, scope="user/*.rs", unit=commission)).json()["access_token"]
        caller = caller_of(await verifier.verify(token))
        assert (person, commission, UNIT) == (caller.person, caller.commission, caller.unit)


@pytest.mark.parametrize("expires", [1, 3600, 8 * 3600])
async def test_it_is_valid_as_long_as_is_wished(browser, verifier, expires):
    told = (await wish(browser, expires=expires)).json()

    assert expires == told["expires_in"]
    assert await verifier.verify(told["access_token"])


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"expires": 0}, "invalid_request"),
        ({"expires": 8 * 3600 + 1}, "invalid_request"),
        ({"expires": "60"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "nothing"}, "invalid_scope"),
        ({"scope": "system/*.sr"}, "invalid_scope"),
        ({"scope": "patient/*.rs", "patient": "nobody"}, "invalid_request"),
        ({"scope": "user/*.rs", "unit": "SE2321000016-NONE"}, "invalid_request"),
        ({"more": "x"}, "invalid_request"),
    ],
    ids=str,
)
async def test_what_cannot_be_wished_is_refused(browser, members, error):
    assert (400, error) == refused(await wish(browser, **members))
    assert 200 == (await wish(browser)).status_code


async def test_no_page_of_another_origin_asks_for_one(browser, assembly):
    told = {"json": {"scope": "system/*.rs"}}
    from_a_page = await browser.client.post("/development-token", **told, headers={"origin": "https://evil.example"})
    as_a_form = await browser.client.post("/development-token", content='{"scope": "system/*.rs"}')
    another_name = await browser.client.post("/development-token", **told, headers={"host": "evil.example"})
    far = httpx.ASGITransport(assembly.app, client=("192.0.2.1", 4711))
    async with httpx.AsyncClient(transport=far, base_url=AUTH) as elsewhere:
        from_elsewhere = await elsewhere.post("/development-token", **told)

    for answer in (from_a_page, as_a_form, another_name, from_elsewhere):
        assert (400, "invalid_request") == refused(answer)
        assert "access-control-allow-origin" not in answer.headers
    assert 200 == (await browser.client.post("/development-token", **told)).status_code
