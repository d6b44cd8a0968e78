"""Who is registered, and what is told of it."""

import asyncio

import pytest

from fhir_server.access.client import KIND, Client
from fhir_server.access.registration import BadRegistration, convert_registration
from fhir_server.access.registry import AlreadyRegistered, Registry, Unregistered
from fhir_server.storage.store import Entry
from tests.registered import a_portal, a_system
from tests.storage.contract import NOON, OPEN, STORES, Clock

pytestmark = pytest.mark.anyio

PORTAL = convert_registration(Client, a_portal())
OTHER = convert_registration(Client, a_portal(name="Planen igen"))
SYSTEM = convert_registration(Client, a_system())


@pytest.fixture(params=["sqlite-memory", "mongo"])
async def store(request, tmp_path):
    async with STORES[request.param](tmp_path, Clock()) as opened:
        yield opened


@pytest.fixture
def registry(store) -> Registry[Client]:
    return Registry(KIND, Client, store, Clock(), '{"who":"command-line"}', lambda _: None)


async def told(store) -> list[tuple[str, str]]:
    return [(entry.interaction, entry.query) for _, entry in await store.entries(OPEN)]


async def test_who_is_registered_is_there_by_name(registry):
    await registry.add(SYSTEM)
    await registry.add(PORTAL)

    assert [PORTAL, SYSTEM] == await registry.all()


async def test_a_registration_is_told_of_under_a_rule_of_its_own(store, registry):
    await registry.add(PORTAL)

    (entry,) = [entry for _, entry in await store.entries(OPEN)]
    assert entry == Entry(
        NOON, '{"who":"command-line"}', "$client-add", 200,
        rule="system-registry", purpose="HSYSADMIN", query="client=portal",
    )  # fmt: skip


async def test_a_name_is_given_once_and_anew_only_when_that_is_said(store, registry):
    await registry.add(PORTAL)

    with pytest.raises(AlreadyRegistered):
        await registry.add(OTHER)
    assert [PORTAL] == await registry.all()

    await registry.add(OTHER, anew=True)
    assert [OTHER] == await registry.all()
    assert [("$client-add", "client=portal"), ("$client-replace", "client=portal")] == await told(store)


async def test_there_must_be_one_to_take_the_place_of(store, registry):
    with pytest.raises(Unregistered):
        await registry.add(PORTAL, anew=True)

    assert [[], []] == [await registry.all(), await told(store)]


async def test_a_revoked_one_stays_known_and_its_name_its_own(store, registry):
    await registry.add(PORTAL)
    await registry.add(SYSTEM)

    await registry.revoke("portal")

    assert [("portal", False), ("verksamhetssystem", True)] == [(one.id, one.active) for one in await registry.all()]
    with pytest.raises(AlreadyRegistered):
        await registry.add(PORTAL)
    assert ("$client-revoke", "client=portal") == (await told(store))[-1]
    await registry.add(PORTAL, anew=True)
    assert [PORTAL, SYSTEM] == await registry.all()


async def test_one_is_revoked_once_and_one_that_was_never_there_not_at_all(store, registry):
    await registry.add(PORTAL)
    await registry.revoke("portal")
    before = await told(store)

    for id in ("portal", "nobody"):
        with pytest.raises(Unregistered):
            await registry.revoke(id)
    assert before == await told(store)


async def test_one_that_the_check_refuses_is_not_registered(store):
    def refuse_the_portal(one):
        if one.id == "portal":
            raise BadRegistration("not here")

    registry = Registry(KIND, Client, store, Clock(), "{}", refuse_the_portal)

    with pytest.raises(BadRegistration, match="not here"):
        await registry.add(PORTAL)
    await registry.add(SYSTEM)
    assert [SYSTEM] == await registry.all()


async def test_of_those_who_register_one_name_at_once_one_does(store, registry):
    each = await asyncio.gather(*(registry.add(PORTAL) for _ in range(10)), return_exceptions=True)

    assert 9 == sum(isinstance(one, AlreadyRegistered) for one in each)
    assert [("$client-add", "client=portal")] == await told(store)


async def test_what_is_kept_and_cannot_be_read_is_told_and_can_be_replaced(store, registry):
    await store.keep(KIND, "portal", "{}", until=0)

    with pytest.raises(BadRegistration):
        await registry.all()
    await registry.add(PORTAL, anew=True)
    assert [PORTAL] == await registry.all()
