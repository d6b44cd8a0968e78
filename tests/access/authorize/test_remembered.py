"""What the authorization server remembers, and for how long; on every store."""

import os

import pytest

from fhir_server.access.authorize.remembered import (
    CODE_FOR,
    LAUNCH_FOR,
    OFFLINE_FOR,
    SESSION_FOR,
    Approval,
    Context,
    Family,
    Launch,
    Memory,
    Reused,
    context_told,
    hashed,
)
from tests.storage.contract import STORES, Clock

pytestmark = pytest.mark.anyio

APPROVAL = Approval(
    "portal", "https://portal.example/back", "c", "patient/CarePlan.rs", "Patient/p1", "", "", Context("p1")
)


def a_family(until: int) -> Family:
    return Family("portal", "s", "Patient/p1", "", "", Context("p1"), until, hashed("x"), (("jti", 5),))


@pytest.fixture(params=STORES)
async def memory(request, tmp_path):
    clock = Clock()
    async with STORES[request.param](tmp_path, clock) as store:
        yield Memory(store, clock, os.urandom), clock, store


async def test_a_code_is_good_for_a_minute(memory):
    it, clock, _ = memory
    code = await it.keep_code(APPROVAL)
    clock.now += CODE_FOR - 1
    assert APPROVAL == await it.find_code(code)
    clock.now += 1
    assert None is await it.find_code(code)


async def test_a_launch_is_good_for_five_minutes(memory):
    it, clock, _ = memory
    launch = Launch("portal", "PractitionerRole/r1", Context("p1", banner=False))
    token = await it.keep_launch(launch)
    clock.now += LAUNCH_FOR - 1
    assert launch == await it.find_launch(token)
    clock.now += 1
    assert None is await it.find_launch(token)
    assert not await it.use_launch(token)
    assert 300_000 == LAUNCH_FOR


async def test_a_session_ends_by_itself(memory):
    it, clock, _ = memory
    text = await it.begin_session("Patient/p1")
    assert "Patient/p1" == await it.session_of(text)
    clock.now += SESSION_FOR
    assert "" == await it.session_of(text)


async def test_a_code_that_was_used_names_what_came_of_it(memory):
    it, _, _ = memory
    code = await it.keep_code(APPROVAL)
    family = await it.use_code(code, APPROVAL)

    with pytest.raises(Reused, match=family):
        await it.find_code(code)
    with pytest.raises(Reused, match=family):
        await it.use_code(code, APPROVAL)


async def test_a_family_that_was_revoked_before_it_began_does_not_begin(memory):
    it, clock, _ = memory

    async def revoke(jti: str, expires: int) -> None:
        raise AssertionError

    await it.revoke_family("one", revoke)

    assert not await it.begin_family("one", a_family(clock.now + OFFLINE_FOR))
    assert await it.begin_family("two", a_family(clock.now + OFFLINE_FOR))


async def test_a_family_ends_with_its_access_tokens_and_for_good(memory):
    it, clock, _ = memory
    family, ended = a_family(clock.now + OFFLINE_FOR), []

    async def revoke(jti: str, expires: int) -> None:
        ended.append((jti, expires))

    assert await it.begin_family("one", family)
    assert family == await it.find_family("one")
    await it.revoke_family("one", revoke)
    await it.revoke_family("one", revoke)

    assert [("jti", 5)] == ended
    assert None is await it.find_family("one")
    assert not await it.change_family("one", family, family)
    assert not await it.begin_family("one", family)


async def test_the_database_holds_nothing_that_could_be_used(memory):
    it, _, store = memory
    texts = [await it.keep_code(APPROVAL), await it.begin_session("Patient/p1")]
    kept = [*(await store.all_kept("code")).items(), *(await store.all_kept("session")).items()]

    assert 2 == len(kept)
    assert not any(text in str(kept) for text in texts)


def test_what_an_app_is_told_of_its_launch_is_what_there_is():
    assert {} == context_told(Context())
    assert {"patient": "p1", "need_patient_banner": True} == context_told(Context("p1"))
