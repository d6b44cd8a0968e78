"""Tokens that were revoked before their time."""

import pytest

from fhir_server.access.revoked import RevokedTokens
from fhir_server.fhir.outcome import Unavailable
from tests.storage.contract import NOON, STORES, Clock

pytestmark = pytest.mark.anyio

IDP = "https://idp.example"
HOUR = 3_600_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite-memory", "mongo"])
async def store(request, tmp_path, clock):
    async with STORES[request.param](tmp_path, clock) as opened:
        yield opened


async def test_a_14_a_token_that_is_revoked_is_revoked_at_once_where_that_was_done(store, clock):
    tokens = RevokedTokens(store, clock)
    await tokens.refresh()
    assert not tokens.is_revoked(IDP, "one")

    await tokens.revoke(IDP, "one", NOON + HOUR)

    assert tokens.is_revoked(IDP, "one")
    assert not tokens.is_revoked(IDP, "two")


async def test_a_14_a_token_is_revoked_in_another_process_when_it_looks_the_next_time(store, clock):
    here, there = RevokedTokens(store, clock), RevokedTokens(store, clock)
    await there.refresh()

    await here.revoke(IDP, "one", NOON + HOUR)
    assert not there.is_revoked(IDP, "one")
    await there.refresh()

    assert there.is_revoked(IDP, "one")


async def test_an_id_is_that_of_its_issuer_and_of_no_other(store, clock):
    tokens = RevokedTokens(store, clock)

    await tokens.revoke(IDP, "one", NOON + HOUR)
    await tokens.revoke("https://a.example", 'b","c', NOON + HOUR)

    assert not tokens.is_revoked(IDP + "/", "one")
    assert not tokens.is_revoked("", IDP + "one")
    assert tokens.is_revoked("https://a.example", 'b","c')
    assert not tokens.is_revoked('https://a.example","b', "c")


async def test_a_token_is_revoked_twice_as_well_as_once(store, clock):
    tokens = RevokedTokens(store, clock)

    await tokens.revoke(IDP, "one", NOON + HOUR)
    await tokens.revoke(IDP, "one", NOON + HOUR)

    assert tokens.is_revoked(IDP, "one")


async def test_what_would_have_expired_by_itself_is_forgotten(store, clock):
    tokens = RevokedTokens(store, clock)
    await tokens.revoke(IDP, "short", NOON + 10)
    await tokens.revoke(IDP, "long", NOON + 11)

    clock.now += 10
    await tokens.refresh()

    assert [False, True] == [tokens.is_revoked(IDP, jti) for jti in ("short", "long")]


async def test_where_nobody_can_look_for_thirty_seconds_it_cannot_be_said(store, clock):
    tokens = RevokedTokens(store, clock)
    with pytest.raises(Unavailable):
        tokens.is_revoked(IDP, "one")

    await tokens.refresh()
    clock.now += 29_999
    assert not tokens.is_revoked(IDP, "one")
    clock.now += 1
    with pytest.raises(Unavailable):
        tokens.is_revoked(IDP, "one")
