"""A sample for the log review: by lot, the same lot again, half of it of what has a flag."""

import pytest
from msgspec.structs import replace

from fhir_server.audit.sample import flags_of, sample
from fhir_server.storage.store import Commit
from tests.audit.telling import NORTH, NURSE, an_entry_by
from tests.storage.contract import OPEN

pytestmark = pytest.mark.anyio
MONDAY_NOON = 1_700_478_000_000  # 2023-11-20T12:00+01:00
HOUR = 3_600_000
DAY = (MONDAY_NOON - 12 * HOUR, MONDAY_NOON + 12 * HOUR)
SOUTH = "SE2321000016-SYD"


def at(hours: float, **members):
    return replace(an_entry_by(NURSE, **members), at=int(MONDAY_NOON + hours * HOUR))


@pytest.mark.parametrize(
    ("entry", "flags"),
    [
        (at(0), ()),
        (at(9.99), ()),
        (at(10), ("after-hours",)),
        (at(-6.01), ("after-hours",)),
        (at(-6), ()),
        (at(-48), ("after-hours",)),
        (at(0, purpose="BTG"), ("emergency",)),
        (at(0, status=404), ("refused",)),
        (at(0, status=404, patient=""), ()),
    ],
)  # fmt: skip
def test_a_flag_is_what_a_row_can_tell(entry, flags):
    assert flags == flags_of(entry)


@pytest.fixture
async def kept(store):
    """Twenty entries of a Monday at NORTH, six of them in the evening; and one each of elsewhere, before and after."""
    mine = [at(number / 100, id=f"n{number}") for number in range(14)] + [
        at(11, id=f"e{number}") for number in range(6)
    ]
    beside = [replace(at(0, id="south"), organisation=SOUTH), at(-12.01, id="before"), at(12, id="after")]
    await store.commit(Commit(OPEN, entries=(*mine, *beside)))
    return store


async def ids(store, size, seed="s", provider=NORTH):
    return [one.entry.id for one in (await sample(store, provider, DAY, size, seed)).drawn]


async def test_it_is_of_one_provider_and_of_the_days_asked_for(kept):
    found = await sample(kept, NORTH.lower(), DAY, 100, "s")

    assert (20, 6) == (found.out_of, found.flagged)
    assert {f"n{number}" for number in range(14)} | {f"e{number}" for number in range(6)} == {
        one.entry.id for one in found.drawn
    }
    assert ["south"] == await ids(kept, 5, provider=SOUTH)
    assert [] == await ids(kept, 5, provider="SE2321000016-NONE")


async def test_the_same_seed_draws_the_same_and_another_others(kept):
    assert await ids(kept, 8) == await ids(kept, 8)
    assert len({tuple(await ids(kept, 8, seed)) for seed in ("a", "b", "c", "d")}) > 1


@pytest.mark.parametrize(("size", "evenings"), [(1, 1), (8, 4), (12, 6), (14, 6), (19, None), (20, 6)])
async def test_half_of_it_has_a_flag_while_there_are_so_many(kept, size, evenings):
    drawn = await ids(kept, size)

    assert size == len(set(drawn))
    assert evenings in {None, sum(id.startswith("e") for id in drawn)}


async def test_each_entry_is_drawn_about_as_often_as_any_other(kept):
    """Of 14 without a flag three are drawn in each of 300 lots: 64 times each, and not twice that or half."""
    times = [id for number in range(300) for id in await ids(kept, 6, str(number)) if id.startswith("n")]

    assert 900 == len(times)
    assert all(32 < times.count(f"n{number}") < 128 for number in range(14))
