"""A server in memory, reached as its callers reach it, on every store that there is."""

from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from fhir_server.assembly import Assembly, assembled, claim_index
from fhir_server.settings import Settings
from tests.apps.page import LEFT_OUT as NO_APP
from tests.databases import KINDS, empty_database, pytest_unconfigure, which
from tests.fidelity.official import LEFT_OUT as NO_EXAMPLES
from tests.fidelity.official import Examples, examples
from tests.moving import Moving
from tests.npm import left_out
from tests.witness import enter, summary, witnessed

__all__ = ["pytest_unconfigure"]
"""pytest calls it: the emulator ends with the run."""

hypothesis_settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("shared")
"""How fast a shared machine makes up an input says nothing of the code that is given it: no test is timed."""

SECRET = "a secret of the tests"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The run's closing lines: which MongoDB it had, and what it went without."""
    seen = summary(terminalreporter.stats.get("", ()))
    for line in (which(), seen, *left_out(terminalreporter, NO_APP, NO_EXAMPLES)):
        terminalreporter.write_line(line)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The witness is told which test it is whose requests come."""
    enter(item)


@pytest.fixture(scope="session")
def official(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """HL7's own examples, out of pytest's cache once they are there."""
    cache = getattr(pytestconfig, "cache", None)
    return examples(cache.mkdir("r4-examples") if cache else tmp_path_factory.mktemp("r4-examples"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind."""
    return empty_database(request.param)


@pytest.fixture
def limits() -> dict[str, object]:
    """Settings that a test wants otherwise than they are."""
    return {}


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Moving:
    """The clock of the houses that are opened after it is asked for."""
    moving = Moving()
    monkeypatch.setattr("fhir_server.assembly.clock", moving)
    return moving


@pytest.fixture
def settings(database: str, limits: dict[str, object]) -> Settings:
    return Settings(database=database, access="open", secret=SECRET, **limits)


@pytest.fixture
async def assembly(settings: Settings) -> AsyncIterator[Assembly]:
    async with assembled(settings) as house:
        assert await claim_index(house)
        async with witnessed(house) as seen:
            yield seen


@pytest.fixture
async def api(assembly: Assembly) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose base is the FHIR base; it sends JSON unless told otherwise."""
    transport = httpx.ASGITransport(assembly.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"{assembly.server.base}/") as client:
        yield client
