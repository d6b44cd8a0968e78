"""The store alone: Commits made beforehand, handed to it by so many writers at once."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import uvloop
from msgspec.structs import replace

from fhir_server.assembly import assembled, claim_index
from fhir_server.assembly.outside import new_id
from fhir_server.audit.event import Occasion, entry
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.commit import granted, put
from fhir_server.messaging.outbox import notice
from fhir_server.settings import Settings
from fhir_server.storage.store import Commit
from tests.benchmarks.databases import by_anybody
from tests.benchmarks.plans import plan

COMMITS = 3000
numbers = count()


def commit_rate(writers: int) -> float:
    """Creates a second that the store makes durable on a new file, each with its audit entry and its notice."""
    with tempfile.TemporaryDirectory() as folder:
        return uvloop.run(_rate(Path(folder) / "plans.db", writers))


async def _rate(file: Path, writers: int) -> float:
    async with assembled(Settings(database=f"sqlite:///{file}", access="open")) as house:
        await claim_index(house)
        call = await by_anybody("create", "CarePlan", house.server)
        commits = iter([_create(call, house.server) for _ in range(COMMITS)])
        started = time.perf_counter()
        await asyncio.gather(*(_write(commits, house.server) for _ in range(writers)))
        return COMMITS / (time.perf_counter() - started)


async def _write(commits: Iterator[Commit], server: Server) -> None:
    for commit in commits:
        await server.store.commit(commit)


def _create(call: Call, server: Server) -> Commit:
    grant = granted(call, server)
    occasion = Occasion(server.clock(), call.caller.agent, grant.rule, grant.purpose, "0123456789abcdef")
    change = replace(put(plan(next(numbers)), new_id("CarePlan"), call, server, method="POST"), present=False)
    about = entry(occasion, "create", 201, type=change.type, id=change.id, patient=" ".join(change.patients))
    return Commit(grant, (change,), entries=(about,), notices=(notice(change),))
