"""The same on MongoDB's protocol, by one process and by two: reads, creates, Bundles, start-up and memory.

Against the emulator of the tests unless TEST_MONGODB_URI names a replica set: the figures are then as much the emulator's,
which has one of the two cores, and only what they say of one store beside the other, or of two workers beside one, counts.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx

from fhir_server.fhir.codec import encode
from tests.benchmarks.bundle import BUNDLES, ENTRIES, a_bundle_of_plans
from tests.benchmarks.databases import fill, port_of
from tests.benchmarks.figure import Compared, Figure, in_turn, shown
from tests.benchmarks.load import rate, request
from tests.benchmarks.plans import plan_text
from tests.databases import new_database, pytest_unconfigure
from tests.servers import Running, serving

PLANS = 500
CLIENTS = 32
ROUNDS = 5
STARTS = 3


def workers() -> Iterator[Figure]:
    try:
        yield from _rates()
        for number in (1, 2):
            yield from _start(number)
    finally:
        pytest_unconfigure()  # the emulator ends here


def _rates() -> Iterator[Figure]:
    loads = {
        "reads": ([request("GET", f"/fhir/CarePlan/plan-{number}") for number in range(PLANS)], CLIENTS, 1),
        "creates": ([request("POST", "/fhir/CarePlan", plan_text(number)) for number in range(1000)], CLIENTS, 1),
        "resources in transactions of 50": (
            [request("POST", "/fhir", encode(a_bundle_of_plans(number))) for number in range(BUNDLES)],
            2,
            ENTRIES,
        ),
    }
    database = new_database()
    asyncio.run(fill(database, PLANS, PLANS))
    with _served(database, 1) as one, _served(database, 2) as two:
        ports = port_of(two), port_of(one)
        for what, (requests, clients, each) in loads.items():
            both = in_turn(*(_measure(port, requests, clients) for port in ports), rounds=ROUNDS)
            yield _figure(what, clients, both, each)


def _measure(port: int, requests: list[bytes], clients: int):
    return lambda: rate(port, requests, clients, seconds=1)


def _figure(what: str, clients: int, both: Compared, each: int) -> Figure:
    behind = f"{shown(both.first * each)} of {shown(both.second * each)} {what}/s"
    return Figure(f"MongoDB's protocol, {clients} clients, {what}: two workers, times one", both.ratio, behind=behind)


def _start(number: int) -> Iterator[Figure]:
    starts = [_started(number) for _ in range(STARTS)]
    named = f"MongoDB's protocol, workers: {number}"
    yield Figure(f"{named}: start-up to ready", median(seconds for seconds, _ in starts), unit=" s")
    yield Figure(f"{named}: memory, idle", median(size for _, size in starts), unit=" MB")


def _started(number: int) -> tuple[float, float]:
    """Seconds to readiness, and the megabytes of all its processes, what they share counted once."""
    database = new_database()
    started = time.perf_counter()
    with _served(database, number) as server:
        assert httpx.get(f"{server.root}/health/ready").is_success
        return time.perf_counter() - started, sum(map(_proportional, _family(server.process.pid)))


@contextmanager
def _served(database: str, number: int) -> Iterator[Running]:
    arguments = ("serve", "--access", "open", "--workers", str(number), "--database", database)
    with serving(*arguments, FHIR_SERVER_SECRET="of the benchmark") as server:
        yield server


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children")
    return [process, *map(int, children.read_text().split())] if children.exists() else [process]


def _proportional(process: int) -> float:
    """Megabytes of a process, of what it shares its part; not a number where the machine does not tell."""
    status = Path(f"/proc/{process}/smaps_rollup")
    found = re.search(r"^Pss:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(found[1]) / 1024 if found else float("nan")
