"""A server that is killed (SIGKILL) between the making of an answer and its first byte: `python -m tests.audit.dying DATABASE`."""

import asyncio
import os
import signal
import sys
from typing import Any

import httpx

from fhir_server.assembly import assembled, claim_index
from fhir_server.settings import Settings
from tests.builders import a_care_plan


def _dying(app: Any) -> Any:
    async def killed(scope: Any, receive: Any, send: Any) -> None:
        async def never(message: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        await app(scope, receive, never if scope["method"] == "GET" else send)

    return killed


async def _die(database: str) -> None:
    async with assembled(Settings(database=database, access="open", secret="a secret of the tests")) as house:
        assert await claim_index(house)
        transport = httpx.ASGITransport(_dying(house.app))
        async with httpx.AsyncClient(transport=transport, base_url=f"{house.server.base}/") as api:
            assert (await api.put("CarePlan/a", json=a_care_plan(id="a"))).is_success
            await api.get("CarePlan/a")


if __name__ == "__main__":
    asyncio.run(_die(sys.argv[1]))
