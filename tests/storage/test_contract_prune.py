"""The contract of every store: the beginning of a chain is removed with its entries, and the entry that tells of it is written."""

import pytest
from msgspec.structs import replace

from fhir_server.search.query import Everything, OfPatient
from fhir_server.storage.store import SYSTEM_GRANTS, Commit, Order, Overtaken
from tests.storage.contract import MINE, NOON, OPEN, an_entry

pytestmark = pytest.mark.anyio
NORTH, SOUTH = "SE2321000016-NORD", "SE2321000016-SYD"
TELLS = replace(an_entry(""), interaction="$prune", organisation=NORTH)
VERIFIED = SYSTEM_GRANTS["verification"]


@pytest.fixture
async def kept(store, clock):
    """Three blocks of NORTH, and one of SOUTH between them."""
    for number, organisation in enumerate([NORTH, SOUTH, NORTH, NORTH]):
        entry = replace(an_entry(f"e{number}"), organisation=organisation, patient=MINE)
        await store.commit(Commit(OPEN, entries=(entry,)))
        clock.now += 10_000
        await store.tend()
    return store


async def left(store) -> tuple[list[str], dict[str, list[int]]]:
    """The ids of the entries, and the numbers of the blocks by organisation."""
    ids = [entry.id for _, entry in await store.entries(VERIFIED)]
    return ids, {one: [block.number for block in await store.blocks(one)] for one in (NORTH, SOUTH)}


async def test_blocks_go_with_their_entries_and_the_entry_that_tells_of_it_is_sealed_in_the_chain(kept, clock):
    await kept.prune(NORTH, 2, TELLS)
    clock.now = NOON + 100_000
    await kept.tend()

    assert (["e1", "e3", ""], {NORTH: [3, 4], SOUTH: [1]}) == await left(kept)
    assert [4, 1] == [head.number for head in await kept.heads()]
    third, fourth = await kept.blocks(NORTH)
    assert third.digest == fourth.previous


async def test_what_went_is_found_by_nothing(kept):
    await kept.find_entries(Everything(), OPEN, Order(), count=10)
    await kept.prune(NORTH, 1, TELLS)

    found, total = await kept.find_entries(OfPatient(frozenset({MINE})), OPEN, Order(), count=10, total=True)
    assert (["e1", "e2", "e3"], 3) == ([entry.id for _, entry in found], total)


@pytest.mark.parametrize(("organisation", "number"), [(NORTH, 3), (NORTH, 4), (SOUTH, 1), ("nobody's", 1), (NORTH, 0)])
async def test_the_last_block_stays_and_nothing_goes_where_nothing_is(kept, organisation, number):
    before = await left(kept)
    with pytest.raises(Overtaken):
        await kept.prune(organisation, number, TELLS)
    assert before == await left(kept)

    await kept.prune(NORTH, 2, TELLS)
    with pytest.raises(Overtaken):
        await kept.prune(NORTH, 2, TELLS)
