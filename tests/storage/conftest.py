"""Every store, under every grant."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fhir_server.storage.store import Grant, Store
from tests.storage.contract import GRANTS, STORES, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with STORES[request.param](tmp_path, clock) as opened:
        yield opened


@pytest.fixture(params=GRANTS)
def grant(request: pytest.FixtureRequest) -> Grant:
    return GRANTS[request.param]
