"""One house in SQLite's memory for each file: what is looked at here is settled before a store comes to it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.assembly import Assembly
from fhir_server.settings import Settings
from tests.access.abuse.conftest import made
from tests.access.house import BASE, a_bearer, smart
from tests.access.worlds import SYSTEM
from tests.conftest import SECRET


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def limits() -> dict[str, object]:
    """Settings that a file wants otherwise than they are."""
    return {}


@pytest.fixture(scope="module")
def settings(limits: dict[str, object]) -> Settings:
    return Settings(database="sqlite:///:memory:", access="smart", secret=SECRET, **limits)


@pytest.fixture(scope="module")
async def assembly(settings: Settings) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house


@pytest.fixture(scope="module")
async def api(assembly: Assembly) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(assembly.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"{assembly.server.base}/") as client:
        yield client


@pytest.fixture(scope="module")
async def world(api: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """All that there is, loaded; by Type/id."""
    loads = a_bearer(BASE, **{**SYSTEM, "sub": "planner", "scope": "system/*.cruds"})
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}} for one in made()
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await api.post("", json=bundle, headers=loads)
    assert 200 == answer.status_code, answer.text[:2000]
    return {f"{one['resourceType']}/{one['id']}": one for one in made()}
