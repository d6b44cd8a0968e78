"""From the command to a server that is ready, on an empty database, and the memory it then holds."""

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx

from tests.benchmarks.figure import Figure
from tests.servers import serving

STARTS = 5


def start() -> Iterator[Figure]:
    _start()  # the first one finds nothing in the machine's caches
    starts = [_start() for _ in range(STARTS)]
    yield Figure("start-up to ready, empty database", median(one for one, _ in starts), 1.5, at_most=True, unit=" s")
    yield Figure("memory, idle", median(size for _, size in starts), 150, at_most=True, unit=" MB")


def _start() -> tuple[float, float]:
    """Seconds to readiness, and megabytes (not a number where the machine does not tell)."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with serving("serve", "--access", "open", "--database", f"sqlite:///{folder}/plans.db") as server:
            assert httpx.get(f"{server.root}/health/ready").is_success
            return time.perf_counter() - started, _resident(server.process.pid)


def _resident(process: int) -> float:
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else float("nan")
