"""SIGKILL while thirty-two write: what was acknowledged is there, with its content and its history."""

import asyncio
import itertools
import json
import random
import sqlite3

import httpx
import pytest

from tests.builders import a_care_plan
from tests.servers import serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ROUNDS, WRITERS, SECONDS = 20, 32, 1.0


class Writer:
    """Writes plans, each several times over, and remembers what was acknowledged: (id, version) to title."""

    def __init__(self, number: int, round: int) -> None:
        self.acknowledged: dict[tuple[str, int], str] = {}
        self._names = (f"k-{round}-{number}-{count // 4}" for count in itertools.count())

    async def write(self, client: httpx.AsyncClient) -> None:
        for name in self._names:
            title = f"{name} {random.random()}"
            try:
                answer = await client.put(f"CarePlan/{name}", json=a_care_plan(id=name, title=title))
            except httpx.TransportError:
                return
            assert answer.status_code in {200, 201}
            self.acknowledged[name, int(answer.json()["meta"]["versionId"])] = title


async def write_until_killed(base: str, kill, round: int) -> dict[tuple[str, int], str]:
    limits = httpx.Limits(max_connections=WRITERS)
    async with httpx.AsyncClient(base_url=f"{base}/", limits=limits, timeout=10) as client:
        writers = [Writer(number, round) for number in range(WRITERS)]
        tasks = [asyncio.create_task(writer.write(client)) for writer in writers]
        await asyncio.sleep(SECONDS * random.uniform(0.5, 1.5))
        kill()
        await asyncio.gather(*tasks)
    return {key: title for writer in writers for key, title in writer.acknowledged.items()}


async def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path):
    database = f"sqlite:///{tmp_path}/plans.db"
    acknowledged: dict[tuple[str, int], str] = {}
    for round in range(ROUNDS):
        with serving("serve", "--access", "open", "--database", database) as server:
            acknowledged |= await write_until_killed(server.base, server.process.kill, round)
    assert len(acknowledged) > ROUNDS * WRITERS

    with serving("serve", "--access", "open", "--database", database) as server:
        async with httpx.AsyncClient(base_url=f"{server.base}/", timeout=10) as client:
            for id, version in random.sample(sorted(acknowledged), 500):
                answer = await client.get(f"CarePlan/{id}/_history/{version}")
                assert acknowledged[id, version] == answer.json()["title"]
    assert set() == {key for key, title in acknowledged.items() if stored(tmp_path / "plans.db").get(key) != title}


def stored(file, cache={}):  # noqa: B006  # read once
    """Every version in the file, current and superseded: (id, version) to title."""
    if file not in cache:
        with sqlite3.connect(file) as database:
            rows = database.execute(
                "SELECT id, version, text FROM resources UNION ALL SELECT id, v.version, v.text FROM versions v JOIN resources ON key = resource"
            ).fetchall()
        assert len(rows) == len({(id, version) for id, version, _ in rows})
        cache[file] = {(id, version): json.loads(text)["title"] for id, version, text in rows}
        for id in {id for id, _, _ in rows}:
            versions = sorted(version for own, version, _ in rows if own == id)
            assert list(range(1, len(versions) + 1)) == versions
    return cache[file]
