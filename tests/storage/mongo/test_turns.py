"""Those who want the same thing go one after the other, as they came; all others go beside them."""

import asyncio
from contextlib import suppress

import pytest

from fhir_server.storage.mongo.turns import Turns

pytestmark = pytest.mark.anyio


async def test_those_who_want_one_thing_go_in_the_order_in_which_they_came():
    turns, going, gone = Turns(), 0, []

    async def go(name: int) -> None:
        nonlocal going
        async with turns.of({"a"}):
            going += 1
            assert 1 == going
            await asyncio.sleep(0.001 * (10 - name))
            going -= 1
            gone.append(name)

    await asyncio.gather(*(go(name) for name in range(10)))

    assert list(range(10)) == gone


async def test_those_who_want_different_things_go_together():
    turns, both = Turns(), asyncio.Barrier(2)

    async def go(name: str) -> None:
        async with turns.of({name}):
            await both.wait()

    await asyncio.wait_for(asyncio.gather(go("a"), go("b")), 1)


async def test_nobody_waits_in_a_ring():
    turns = Turns()

    async def go(*names: str) -> None:
        async with turns.of(names):
            await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.gather(go("a", "b"), go("b", "c"), go("c", "a"), go("b", "a")), 1)


async def test_who_gives_up_or_fails_holds_up_nobody():
    turns = Turns()

    async def fail() -> None:
        async with turns.of({"a"}):
            await asyncio.sleep(0)
            raise ValueError

    async def go() -> str:
        async with turns.of({"a"}):
            return "gone"

    failing, waiting, last = asyncio.create_task(fail()), asyncio.create_task(go()), asyncio.create_task(go())
    await asyncio.sleep(0)
    waiting.cancel()

    assert "gone" == await asyncio.wait_for(last, 1)
    with pytest.raises(ValueError):
        await failing
    with suppress(asyncio.CancelledError):
        await waiting
    assert {} == turns._last
