"""What the store keeps of one kind, held in memory."""

import asyncio

import pytest

from fhir_server.access.mirror import LONGEST_UNSEEN, REFRESHED, Mirror, keep_fresh
from fhir_server.fhir.outcome import Unavailable
from tests.storage.contract import STORES, Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path, clock):
    async with STORES["sqlite-memory"](tmp_path, clock) as opened:
        yield opened


async def test_a_mirror_that_nobody_has_looked_into_says_nothing_and_one_that_was_does(store, clock):
    await store.keep("a", "key", "text", until=0)
    mirror = Mirror(store, "a", clock)

    with pytest.raises(Unavailable):
        _ = mirror.texts
    await mirror.refresh()
    assert {"key": "text"} == mirror.texts


async def test_after_thirty_seconds_a_mirror_says_nothing_any_more(store, clock):
    mirror = Mirror(store, "a", clock)
    await mirror.refresh()

    clock.now += LONGEST_UNSEEN - 1
    assert {} == mirror.texts
    clock.now += 1
    with pytest.raises(Unavailable):
        _ = mirror.texts
    await mirror.refresh()
    assert {} == mirror.texts


async def test_a_clock_that_goes_back_makes_a_mirror_look_again(store, clock):
    mirror = Mirror(store, "a", clock)
    await mirror.refresh()
    await store.keep("a", "key", "text", until=0)

    clock.now -= 1
    await mirror.refresh_after(REFRESHED)

    assert {"key": "text"} == mirror.texts


async def test_a_mirror_is_looked_into_once_for_all_who_ask_together(store, clock):
    looks = []
    ask = store.all_kept

    async def counted(kind):
        looks.append(kind)
        return await ask(kind)

    store.all_kept = counted
    mirror = Mirror(store, "a", clock)

    await asyncio.gather(*(mirror.refresh_after(REFRESHED) for _ in range(20)))
    assert ["a"] == looks
    clock.now += REFRESHED - 1
    await mirror.refresh_after(REFRESHED)
    assert ["a"] == looks
    clock.now += 1
    await mirror.refresh_after(REFRESHED)
    assert ["a", "a"] == looks


async def test_a_look_that_began_later_counts_whichever_is_back_first(store, clock):
    slow, ask = asyncio.Event(), store.all_kept
    mirror = Mirror(store, "a", clock)

    async def slowly(kind):
        found = await ask(kind)
        await slow.wait()
        return found

    store.all_kept = slowly
    earlier = asyncio.create_task(mirror.refresh())
    await asyncio.sleep(0.05)
    store.all_kept = ask
    await store.keep("a", "key", "text", until=0)
    await mirror.refresh()
    slow.set()
    await earlier

    assert {"key": "text"} == mirror.texts


async def test_the_duty_looks_again_and_again_also_after_the_store_was_away():
    looked, slept = [], []

    async def look():
        looked.append(len(slept))
        raise Unavailable.because("store-away")

    async def sleep(seconds):
        slept.append(seconds)
        if len(slept) > 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_fresh([look, look], sleep)
    assert [1, 1, 2, 2, 3, 3] == looked
    assert {REFRESHED / 1000} == set(slept)
