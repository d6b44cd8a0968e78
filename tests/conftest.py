"""A server in memory, reached as its callers reach it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_server.assembly import Assembly, assembled, claim_index
from fhir_server.settings import Settings


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def settings() -> Settings:
    return Settings(database="sqlite:///:memory:", access="open")


@pytest.fixture
async def assembly(settings: Settings) -> AsyncIterator[Assembly]:
    async with assembled(settings) as house:
        assert await claim_index(house)
        yield house


@pytest.fixture
async def api(assembly: Assembly) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose base is the FHIR base; it sends JSON unless told otherwise."""
    transport = httpx.ASGITransport(assembly.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"{assembly.server.base}/") as client:
        yield client
