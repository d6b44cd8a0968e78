"""Destruction is for two persons: what is refused, each beside what is not."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from fhir_server.access.destruction import LASTS, Destructions, Undecided, digest_of
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import SYSTEM_GRANTS, Entry, Stored
from tests.storage.contract import NOON, Clock

pytestmark = pytest.mark.anyio

ENTRY = Entry(NOON, '{"who":"command-line"}', "$propose-destruction", 200, "CarePlan", "a")
REASON = "The authority has decided so, 8.4-1234/2026."
PLAN = Stored("CarePlan", "a", 2, NOON, b"{}", "PUT", ("p1",))
ABOUT = digest_of([PLAN])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(clock) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(":memory:", clock)
    yield opened
    await opened.close()


@pytest.fixture
async def proposed(store, clock) -> Destructions:
    destructions = Destructions(store, clock)
    await destructions.propose("CarePlan/a", "Sven Svensson", REASON, ABOUT, ENTRY)
    return destructions


async def test_another_person_decides_on_what_one_has_proposed(proposed):
    for same in ("Sven Svensson", "sven  SVENSSON ", "", " "):
        with pytest.raises(Undecided, match="Another person"):
            await proposed.decided("CarePlan/a", same, ABOUT)
    found = await proposed.decided("CarePlan/a", "Eva Svensson", ABOUT)
    assert ("Sven Svensson", REASON, NOON + LASTS) == (found.by, found.reason, found.until)


async def test_it_is_decided_within_thirty_days(proposed, clock):
    clock.now = NOON + LASTS - 1
    assert "Sven Svensson" == (await proposed.decided("CarePlan/a", "Eva", ABOUT)).by
    clock.now += 1
    with pytest.raises(Undecided, match="Nobody has proposed it"):
        await proposed.decided("CarePlan/a", "Eva", ABOUT)


async def test_nothing_is_decided_that_nobody_proposed_or_that_is_done(proposed):
    with pytest.raises(Undecided, match="Nobody has proposed it"):
        await proposed.decided("CarePlan/b", "Eva", ABOUT)
    await proposed.decided("CarePlan/a", "Eva", ABOUT)
    await proposed.close("CarePlan/a")
    with pytest.raises(Undecided, match="Nobody has proposed it"):
        await proposed.decided("CarePlan/a", "Eva", ABOUT)
    assert {} == await proposed.all()


async def test_what_was_written_since_is_proposed_anew(proposed):
    later = digest_of([replace(PLAN, version=3)])
    with pytest.raises(Undecided, match="Something was written"):
        await proposed.decided("CarePlan/a", "Eva", later)
    with pytest.raises(Undecided, match="It is proposed already"):
        await proposed.propose("CarePlan/a", "Eva", REASON, ABOUT, ENTRY)

    await proposed.propose("CarePlan/a", "Eva", REASON, later, ENTRY)
    with pytest.raises(Undecided, match="Another person"):
        await proposed.decided("CarePlan/a", "Eva", later)
    assert "Eva" == (await proposed.decided("CarePlan/a", "Sven Svensson", later)).by


@pytest.mark.parametrize(("by", "reason"), [(" ", REASON), ("Sven", " " * 30), ("Sven", "too short")])
async def test_who_proposes_it_and_why_is_said(store, clock, by, reason):
    destructions = Destructions(store, clock)
    with pytest.raises(Undecided, match="Say who proposes it"):
        await destructions.propose("CarePlan/a", by, reason, ABOUT, ENTRY)
    assert [] == await store.entries(SYSTEM_GRANTS["verification"])

    await destructions.propose("CarePlan/a", "Sven", REASON, ABOUT, ENTRY)
    assert [(1, ENTRY)] == await store.entries(SYSTEM_GRANTS["verification"])
