"""The server of a run of programs: a process of its own, killed and started again on one database."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.databases import abandon_transactions
from tests.servers import Running, serving

SECRET = "the same for all"
PATIENCE = 60
"""Seconds for a server to end."""


class House:
    """Where the callers find the server, and how it is killed; `answers` counts what they got, broken connections too."""

    def __init__(self, database: str, workers: int) -> None:
        self.database = database
        self.answers = 0
        self.kills = 0
        self._arguments = ("serve", "--access", "open", "--database", database, "--workers", str(workers))
        self._up = asyncio.Event()
        self._process = ExitStack()

    async def port(self) -> int:
        """Where the server listens; while none does, waits for the next."""
        await self._up.wait()
        return self._port

    async def start(self) -> None:
        self._server: Running = await asyncio.to_thread(
            self._process.enter_context, serving(*self._arguments, FHIR_SERVER_SECRET=SECRET)
        )
        self._port = urlsplit(self._server.base).port or 0
        self._up.set()

    async def kill(self, whim: random.Random) -> None:
        """SIGKILL, to all of it or to one of several workers, and a new one on the same database."""
        self._up.clear()
        self.kills += 1
        workers = _children(self._server.process.pid)
        if workers and whim.random() < 0.5:
            os.kill(whim.choice(workers), signal.SIGKILL)
        else:
            self._server.kill()
        await asyncio.to_thread(abandon_transactions, self.database)  # else a worker that is left waits for their locks
        await asyncio.to_thread(self._server.process.wait, PATIENCE)
        self._process.close()
        await asyncio.to_thread(abandon_transactions, self.database)  # once nobody is left who could begin another
        await self.start()

    def faults(self) -> str:
        """What the server that runs now said of faults of its own."""
        return "\n".join(line for line in self._server.log.read_text().splitlines() if not line.startswith("request="))

    async def stop(self) -> None:
        """As one is stopped politely."""
        self._up.clear()
        await asyncio.to_thread(self._process.close)


@asynccontextmanager
async def housed(database: str, workers: int) -> AsyncIterator[House]:
    house = House(database, workers)
    try:
        await house.start()
        yield house
    finally:
        await house.stop()


def _children(process: int) -> list[int]:
    """The workers of a server that has several; where it is not Linux, nobody tells."""
    told = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in told.read_text().split()] if told.exists() else []
