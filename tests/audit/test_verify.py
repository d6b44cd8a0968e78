"""The trail is verified: what holds, what was tampered with, and what only a digest noted elsewhere can tell."""

import pytest
from msgspec.structs import replace

from fhir_server.audit.verify import Broken, verify
from fhir_server.storage.store import SYSTEM_GRANTS, Commit
from tests.audit.tampering import Tamperer, opened
from tests.databases import KINDS, empty_database
from tests.storage.contract import NOON, OPEN, Clock, a_put, an_entry

pytestmark = pytest.mark.anyio
LATER = 60_000
NORTHS_SECOND, NORTHS_THIRD = 3, 4
"""Places of blocks in the order of organisation and number."""
NORTH, SOUTH = "SE2321000016-NORD", "SE2321000016-SYD"


@pytest.fixture(params=KINDS)
def address(request, tmp_path) -> str:
    return empty_database(request.param, tmp_path / "plans.db")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(address, clock) -> str:
    """Six entries of two organisations and of nobody, sealed in three blocks of NORTH, and one of each of the others."""
    async with opened(address, clock) as store:
        for number, organisation in enumerate([NORTH, SOUTH, NORTH, "", NORTH]):
            entry = replace(an_entry(f"e{number}"), organisation=organisation, at=clock.now)
            await store.commit(Commit(OPEN, (a_put(f"e{number}"),), entries=(entry,)))
            clock.now += 1000
            await store.tend()
        await store.commit(Commit(OPEN, entries=(replace(an_entry("read"), at=clock.now),)))
        clock.now += 1000
        await store.tend()
    clock.now += LATER
    return address


@pytest.fixture
def tamperer(kept) -> Tamperer:
    return Tamperer(kept)


async def verified(address, clock, *noted):
    async with opened(address, clock) as store:
        return await verify(store, noted)


async def broken(address, clock, *noted) -> str:
    with pytest.raises(Broken) as why:
        await verified(address, clock, *noted)
    return str(why.value)


async def numbers(address, clock) -> list[int]:
    async with opened(address, clock) as store:
        return [number for number, _ in await store.entries(SYSTEM_GRANTS["verification"])]


async def test_a_trail_that_nobody_touched_holds(kept, clock):
    found = await verified(kept, clock)

    assert (6, 0) == (found.entries, found.unsealed)
    assert [("", 2), (NORTH, 3), (SOUTH, 1)] == [(head.organisation, head.number) for head in found.heads]


async def test_an_empty_trail_holds(address, clock):
    assert 0 == (await verified(address, clock)).entries


@pytest.mark.parametrize(
    ("member", "value"),
    [("status", 404), ("patient", "p9"), ("id", "other"), ("at", NOON - 1), ("digest", ""), ("query", "name=x")],
)
async def test_l_04_an_entry_that_was_changed_is_named(kept, clock, tamperer, member, value):
    tamperer.change_entry(2, member, value)

    number = (await numbers(kept, clock))[2]
    assert f"Entry {number} was changed: Block 2 of {NORTH} has another hash." == await broken(kept, clock)


async def test_l_04_an_entry_that_was_given_to_another_organisation_is_found(kept, clock, tamperer):
    tamperer.change_entry(0, "organisation", SOUTH)

    assert "put in" in await broken(kept, clock)


async def test_l_04_an_entry_that_was_removed_is_named(kept, clock, tamperer):
    number = (await numbers(kept, clock))[2]
    tamperer.remove_entry(2)

    assert f"Entry {number} is missing: Block 2 of {NORTH} has its hash." == await broken(kept, clock)


async def test_l_04_the_last_entry_that_was_removed_is_named(kept, clock, tamperer):
    number = (await numbers(kept, clock))[5]
    tamperer.remove_entry(5)

    assert f"Entry {number} is missing" in await broken(kept, clock)


async def test_l_04_an_entry_that_was_put_in_is_named(kept, clock, tamperer):
    number = (await numbers(kept, clock))[0] - 1
    tamperer.put_in_entry(2, number=number)

    assert f"Entry {number} stands in no block: it was put in" in await broken(kept, clock)


@pytest.mark.parametrize(("member", "value"), [("at", NOON), ("rows", bytes(40)), ("previous", bytes(32))])
async def test_l_04_a_block_that_was_changed_is_named(kept, clock, tamperer, member, value):
    tamperer.change_block(NORTHS_SECOND, member, value)

    assert f"Block 2 of {NORTH} was changed: its digest is not that of what is in it." == await broken(kept, clock)


async def test_l_04_a_block_that_was_removed_is_named(kept, clock, tamperer):
    tamperer.remove_block(NORTHS_SECOND)

    assert f"Block 2 of {NORTH} is missing." == await broken(kept, clock)


async def test_a_last_block_that_was_cut_off_leaves_its_entries_unsealed(kept, clock, tamperer):
    """MongoDB's sealer would seal them anew: then the digest noted elsewhere tells."""
    noted = (await verified(kept, clock)).heads[-2]
    assert (NORTH, 3) == (noted.organisation, noted.number)
    tamperer.remove_block(NORTHS_THIRD)

    assert "stands in no block, and is not new" in await broken(kept, clock)


async def test_a_chain_cut_off_with_its_entries_is_told_by_a_digest_noted_elsewhere_alone(kept, clock, tamperer):
    heads = (await verified(kept, clock)).heads
    tamperer.remove_entry(4)
    tamperer.remove_block(NORTHS_THIRD)

    assert 5 == (await verified(kept, clock)).entries
    assert 5 == (await verified(kept, clock, heads[0].digest, heads[2].digest)).entries
    cut = f"No block has the digest {heads[1].digest.hex()}: the chain was cut off, or made anew."
    assert cut == await broken(kept, clock, *(head.digest for head in heads))


async def test_a_digest_noted_long_ago_is_still_found(address, clock):
    async with opened(address, clock) as store:
        await store.commit(Commit(OPEN, entries=(an_entry("a"),)))
        clock.now += 1000
        await store.tend()
        noted = (await verify(store)).heads[0].digest
        await store.commit(Commit(OPEN, entries=(an_entry("b"),)))
        clock.now += 1000
        await store.tend()

        assert 2 == (await verify(store, [noted])).heads[0].number
        with pytest.raises(Broken):
            await verify(store, [bytes(32)])


@pytest.mark.parametrize("address", ["mongo"], indirect=True)
async def test_what_is_not_sealed_within_five_seconds_is_told_and_what_is_new_is_not(address, clock):
    async with opened(address, clock) as store:
        await store.commit(Commit(OPEN, entries=(replace(an_entry("a"), at=clock.now),)))
        clock.now += 5_000
        assert (1, 1) == ((found := await verify(store)).entries, found.unsealed)
        clock.now += 1
        with pytest.raises(Broken, match="stands in no block, and is not new"):
            await verify(store)
        await store.tend()
        assert 0 == (await verify(store)).unsealed
