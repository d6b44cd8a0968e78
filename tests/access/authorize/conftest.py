"""A server that gives out tokens, with people and clients, in memory: one for each file of tests, since a start is dear.
`test_stores.py` runs on every store.
"""

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_server.access.authorize.authority import own_issuer
from fhir_server.access.authorize.signing import kept_signer
from fhir_server.access.revoked import RevokedTokens
from fhir_server.access.token import Verifier
from fhir_server.assembly import Assembly, assembled, claim_index
from fhir_server.assembly.outside import clock
from fhir_server.settings import Settings
from tests.authorizing import CLIENTS, Browser, put_all, register
from tests.conftest import SECRET
from tests.witness import witnessed


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def database() -> str:
    return "sqlite:///:memory:"


@pytest.fixture(scope="module")
def limits() -> dict[str, object]:
    return {"authorize": True}


@pytest.fixture(scope="module")
def settings(database: str, limits: dict[str, object]) -> Settings:
    return Settings(database=database, access="open", secret=SECRET, **limits)


@pytest.fixture(scope="module")
async def assembly(settings: Settings) -> AsyncIterator[Assembly]:
    async with assembled(settings) as house:
        assert await claim_index(house)
        await register(house, *CLIENTS)
        await house.origins.refresh()
        async with witnessed(house) as seen:
            yield seen


@pytest.fixture
async def browser(assembly: Assembly, api: httpx.AsyncClient) -> AsyncIterator[Browser]:
    """The browser of somebody who has not signed in yet, in a house whose people are as they were."""
    await put_all(api)
    one = Browser(assembly.app)
    async with one.client:
        yield one


@pytest.fixture
async def verifier(assembly: Assembly, settings: Settings) -> Verifier:
    """What the FHIR endpoint checks tokens by, as another worker has it: it shares nothing but the store."""
    store = assembly.server.store
    issuer = own_issuer(f"{settings.root}/auth", await kept_signer(store))
    revoked = RevokedTokens(store, clock)
    await revoked.refresh()
    return Verifier(settings.base, {issuer.url: issuer}, revoked.is_revoked, clock)
