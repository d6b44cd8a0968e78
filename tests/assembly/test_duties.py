"""Duties end when the house does, whatever becomes of their cancellation."""

import asyncio

import pytest

from fhir_server.assembly.duties import ended

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("deaf", [0, 1, 3], ids=["at once", "at the second call", "at the fourth"])
async def test_a_duty_ends_though_a_driver_took_its_cancellation_for_something_else(deaf):
    taken = 0

    async def duty() -> None:
        nonlocal taken
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if taken == deaf:
                    raise
                taken += 1

    task = asyncio.create_task(duty())
    await asyncio.sleep(0)

    await asyncio.wait_for(ended(task), 10)

    assert (True, deaf) == (task.cancelled(), taken)
