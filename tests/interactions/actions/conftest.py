"""The house in which parties act: access as it is in production."""

from collections.abc import AsyncIterator

import pytest

from fhir_server.assembly import Assembly
from tests.access.house import smart


@pytest.fixture
async def assembly(settings) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house
