"""Who brings no token that counts is counted at the door, by source and minute, and told in the trail once a minute."""

import httpx
import pytest

from fhir_server.assembly.opening import open_trail
from fhir_server.audit.agent import agent_of
from fhir_server.audit.doorstep import MINUTE, OTHERS, SOURCES, Doorstep
from fhir_server.audit.render import Renderer
from fhir_server.fhir.outcome import Unavailable
from fhir_server.settings import Settings
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import SYSTEM_GRANTS
from tests.access.house import BASE, a_bearer, smart
from tests.conftest import SECRET
from tests.storage.contract import NOON, Clock

pytestmark = pytest.mark.anyio
GRANT = SYSTEM_GRANTS["verification"]
BEGUN = NOON - NOON % MINUTE


@pytest.fixture
def clock():
    return Clock(BEGUN)


@pytest.fixture
async def store(clock):
    store = await SqliteStore.open(":memory:", clock)
    yield store
    await store.close()


@pytest.fixture
def doorstep(clock):
    return Doorstep(clock)


async def told(store):
    rows = await store.entries(GRANT, count=2 * SOURCES)
    return [(entry.at - BEGUN, agent_of(entry.agent).network, entry.query, entry.status) for _, entry in rows]


async def test_each_source_and_minute_has_one_entry_once_the_minute_has_ended(store, doorstep, clock):
    for source in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        doorstep.turned_away(source)
    clock.now += MINUTE - 1
    doorstep.turned_away("192.0.2.1")
    await doorstep.tell(store)
    assert [] == await told(store)

    clock.now += 1
    doorstep.turned_away("192.0.2.1")
    await doorstep.tell(store)
    await doorstep.tell(store)
    assert [(0, "192.0.2.1", "count=3", 401), (0, "192.0.2.2", "count=1", 401)] == await told(store)

    await doorstep.tell(store, unended=True)
    assert [(MINUTE, "192.0.2.1", "count=1", 401)] == (await told(store))[2:]


async def test_no_more_sources_are_told_apart_than_there_is_room_for(store, doorstep):
    for number in range(SOURCES + 5):
        doorstep.turned_away(f"2001:db8::{number:x}")
    doorstep.turned_away("2001:db8::0")
    await doorstep.tell(store, unended=True)

    rows = {source: count for _, source, count, _ in await told(store)}
    assert (SOURCES + 1, "count=5", "count=2") == (len(rows), rows[OTHERS], rows["2001:db8::0"])


async def test_what_cannot_be_written_is_told_later(store, doorstep, clock):
    doorstep.turned_away("192.0.2.1")
    store._link.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable):
        await doorstep.tell(store, unended=True)
    doorstep.turned_away("192.0.2.1")
    store._link.connection.execute("PRAGMA query_only = OFF")
    await doorstep.tell(store, unended=True)

    assert [(0, "192.0.2.1", "count=2", 401)] == await told(store)


async def test_a_server_that_ends_has_told_whom_it_turned_away(tmp_path):
    """Beside it a call with a token that counts, which leaves its own entry and is not counted."""
    settings = Settings(database=f"sqlite:///{tmp_path}/plans.db", secret=SECRET)
    async with smart(settings) as house:
        transport = httpx.ASGITransport(house.app, client=("192.0.2.7", 4711))
        async with httpx.AsyncClient(transport=transport, base_url=f"{BASE}/") as api:
            assert 401 == (await api.get("CarePlan")).status_code
            assert 401 == (await api.get("CarePlan", headers={"Authorization": "Bearer x.y.z"})).status_code
            assert 200 == (await api.get("CarePlan", headers=a_bearer(BASE, scope="user/CarePlan.rs"))).status_code

    async with open_trail(settings) as trail:
        rows = await trail.entries(GRANT)
    assert [("search-type", "", 200), ("login", "192.0.2.7", 401)] == [
        (entry.interaction, agent_of(entry.agent).network, entry.status) for _, entry in rows
    ]
    event = Renderer(BASE).event(*rows[-1])
    assert ("110114", "110122", "4", "E") == (
        event["type"]["code"], event["subtype"][0]["code"], event["outcome"], event["action"]
    )  # fmt: skip
    assert {"address": "192.0.2.7", "type": "2"} == event["agent"][0]["network"]
    assert {"type": "count", "valueString": "2"} in event["entity"][-1]["detail"]
