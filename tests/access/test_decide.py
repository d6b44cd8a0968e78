"""Stop 3, through HTTP: who may see what, and who is told what."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from fhir_server.assembly import Assembly
from tests.access.house import BASE, a_bearer, smart

pytestmark = pytest.mark.anyio
Calling = Callable[..., Awaitable[httpx.Response]]

SYSTEM = {
    "scope": "system/*.cruds",
    "sub": "planner",
    "employee": None,
    "unit": None,
    "commission": None,
    "provider": None,
    "purpose": None,
    "acr": None,
}
STAFF = {"scope": "user/*.cruds"}


@pytest.fixture
async def assembly(settings) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house


async def test_a_01_without_a_token_nothing_is_told(api):
    refused = await api.get("Patient")
    assert (401, "Bearer") == (refused.status_code, refused.headers["www-authenticate"])
    assert 200 == (await api.get("Patient", headers=a_bearer(BASE, **SYSTEM))).status_code


async def test_the_capability_statement_is_public(api):
    assert 200 == (await api.get("metadata")).status_code
    assert 200 == (await api.get(".well-known/smart-configuration")).status_code


async def test_a_scope_that_is_missing_is_a_403_whatever_the_data(api):
    reader = a_bearer(BASE, **{**SYSTEM, "scope": "system/Patient.rs"})
    refused = await api.post("Patient", json={"resourceType": "Patient"}, headers=reader)
    assert (403, 'Bearer error="insufficient_scope"') == (refused.status_code, refused.headers["www-authenticate"])
    writer = a_bearer(BASE, **{**SYSTEM, "scope": "system/Patient.crs"})
    assert 201 == (await api.post("Patient", json={"resourceType": "Patient"}, headers=writer)).status_code
