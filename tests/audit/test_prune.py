"""The trail is pruned by its retention: what goes, what stays, and how a cut is told from it."""

import pytest
from msgspec.structs import replace

from fhir_server.audit import prune as pruning
from fhir_server.audit.prune import prunable, prune, pruned_in
from fhir_server.audit.retention import AUDIT, load_retention
from fhir_server.audit.verify import Broken, verify
from fhir_server.storage.store import Commit
from tests.audit.tampering import Tamperer, opened
from tests.databases import KINDS, empty_database
from tests.storage.contract import NOON, OPEN, Clock, an_entry

pytestmark = pytest.mark.anyio
NORTH, SOUTH = "SE2321000016-NORD", "SE2321000016-SYD"
AGENT = '{"who":"command-line"}'
STEP, SEALED, LATER = 1_000_000, 10_000, 60_000
"""Milliseconds from one entry to the next, until it is sealed in each store, and until nothing is too new."""


@pytest.fixture(params=KINDS)
def address(request, tmp_path) -> str:
    return empty_database(request.param, tmp_path / "plans.db")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(address, clock) -> str:
    """Four entries of NORTH and two of SOUTH, each in a block of its own."""
    async with opened(address, clock) as store:
        for number, organisation in enumerate([NORTH, SOUTH, NORTH, NORTH, SOUTH, NORTH]):
            entry = replace(an_entry(f"e{number}"), organisation=organisation, at=clock.now)
            await store.commit(Commit(OPEN, entries=(entry,)))
            clock.now += SEALED
            await store.tend()
            clock.now += STEP - SEALED
    return address


async def pruned(address, clock, upto: int) -> list[tuple[str, int, int]]:
    """Prunes so many of the first entries; gives organisation, block and count of the pieces."""
    async with opened(address, clock) as store:
        pieces = [it async for it in prunable(store, lambda at: at < NOON + upto * STEP)]
        for piece in pieces:
            await prune(store, piece, clock.now, AGENT)
        clock.now += LATER
        await store.tend()
    clock.now += LATER
    return [(it.organisation, it.number, it.count) for it in pieces]


async def verified(address, clock, *noted):
    async with opened(address, clock) as store:
        return await verify(store, noted)


async def test_a_pruned_trail_holds_and_says_by_an_entry_of_its_own_where_it_begins(kept, clock):
    assert 6 == (await verified(kept, clock)).entries
    assert [(NORTH, 3, 3), (SOUTH, 1, 1)] == await pruned(kept, clock, 4)

    found = await verified(kept, clock)
    assert (4, 0) == (found.entries, found.unsealed)
    assert [(NORTH, 5), (SOUTH, 3)] == [(head.organisation, head.number) for head in found.heads]
    async with opened(kept, clock) as store:
        (first, *_) = await store.blocks(NORTH)
        assert first.previous == (await pruned_in(store))[NORTH][3]
    assert 4 == (await verified(kept, clock, first.previous)).entries


async def test_it_is_pruned_again_later(kept, clock):
    assert [(NORTH, 1, 1), (SOUTH, 1, 1)] == await pruned(kept, clock, 2)
    assert [] == await pruned(kept, clock, 2)
    assert [(NORTH, 3, 2)] == await pruned(kept, clock, 4)
    assert 0 == (await verified(kept, clock)).unsealed


async def test_a_chain_whose_beginning_was_cut_without_an_entry_fails(kept, clock):
    tamperer = Tamperer(kept)
    tamperer.remove_entry(0)
    tamperer.remove_block(0)

    with pytest.raises(Broken, match=f"Block 1 of {NORTH} is missing"):
        await verified(kept, clock)


async def test_a_pruned_chain_that_was_cut_further_fails(kept, clock):
    await pruned(kept, clock, 2)
    assert 0 == (await verified(kept, clock)).unsealed
    tamperer = Tamperer(kept)
    tamperer.remove_entry(0)
    tamperer.remove_block(0)

    with pytest.raises(Broken, match=f"Block 1 of {NORTH} is missing"):
        await verified(kept, clock)


@pytest.mark.parametrize("query", ["", "block=1&digest=x&count=1", f"block=1&digest={'ab' * 32}&count=1"])
async def test_an_entry_that_tells_of_another_block_is_none(kept, clock, query):
    await pruned(kept, clock, 2)
    Tamperer(kept).change_entry(4, "query", query)

    with pytest.raises(Broken, match=f"Block 1 of {NORTH} is missing"):
        await verified(kept, clock)


async def test_what_is_past_goes_to_the_millisecond_and_the_last_block_never(tmp_path, clock):
    """On one store: it is asked of the moments of blocks, whatever holds them."""
    retention = load_retention()[AUDIT]
    async with opened(empty_database("sqlite", tmp_path / "plans.db"), clock) as store:
        for _ in range(2):
            await store.commit(Commit(OPEN, entries=(replace(an_entry(), at=clock.now),)))
            clock.now += 1
        end = retention.ends(NOON)

        async def blocks(now: int) -> list[int]:
            return [it.number async for it in prunable(store, lambda at: retention.ends(at) <= now)]

        assert ([], [1], [1]) == (await blocks(end - 1), await blocks(end), await blocks(end + 2 * STEP))


async def test_many_entries_go_in_pieces_each_with_an_entry(kept, clock, monkeypatch):
    monkeypatch.setattr(pruning, "MOST", 1)

    assert [(NORTH, 1, 1), (NORTH, 2, 1), (NORTH, 3, 1), (SOUTH, 1, 1)] == await pruned(kept, clock, 9)
    assert (6, 0) == ((found := await verified(kept, clock)).entries, found.unsealed)
