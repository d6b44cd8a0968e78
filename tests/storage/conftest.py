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


OF_KINDS = frozenset({"citizen", "staff"})
"""The grants that say different things of different types: they are settled before a store comes to them, so one store of each
kind is enough for them.
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    apart = [item for item in items if _is_said_elsewhere(item)]
    config.hook.pytest_deselected(items=apart)
    items[:] = [item for item in items if not _is_said_elsewhere(item)]


def _is_said_elsewhere(item: pytest.Item) -> bool:
    given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    kind = given.get("store", given.get("shared"))
    return given.get("grant") in OF_KINDS and kind in STORES.keys() - {"sqlite-memory", "mongo"}
