"""The witness that all HTTP tests have at their door notices what it is there for."""

import httpx
import pytest
from msgspec.structs import replace

from fhir_server.assembly import assembled, claim_index
from fhir_server.settings import Settings
from fhir_server.storage.store import SYSTEM_GRANTS, Commit
from tests.builders import a_care_plan
from tests.conftest import SECRET
from tests.witness import witnessed

pytestmark = pytest.mark.anyio
GRANT = SYSTEM_GRANTS["verification"]


@pytest.fixture
async def house():
    async with assembled(Settings(database="sqlite:///:memory:", access="open", secret=SECRET)) as one:
        assert await claim_index(one)
        yield one


async def written(house) -> None:
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"{house.server.base}/") as api:
        assert 201 == (await api.put("CarePlan/a", json=a_care_plan(id="a"))).status_code


async def held(house, spoil=None) -> None:
    """A house with a witness, in which a plan is written and, before it ends, something is done to its trail."""
    async with witnessed(house) as seen:
        await written(seen)
        if spoil is not None:
            await spoil(house)


async def add(house) -> None:
    ((_, entry),) = await house.server.store.entries(GRANT)
    await house.server.store.commit(Commit(GRANT, entries=(replace(entry, interaction="read"),)))


async def remove(house) -> None:
    connection = house.server.store._store._store._link.connection
    connection.execute("DROP TRIGGER audit_delete")
    connection.execute("DELETE FROM audit")


async def test_l_01_a_request_that_left_what_was_predicted_passes(house):
    await held(house)


@pytest.mark.parametrize(("spoil", "found"), [(add, 2), (remove, 0)], ids=["one too many", "one missing"])
async def test_l_01_an_entry_more_or_less_than_predicted_is_noticed(house, spoil, found):
    with pytest.raises(AssertionError, match=rf"PUT CarePlan/a.*1 entries predicted, {found} found"):
        await held(house, spoil)
