"""Where the tests find MongoDB: a real replica set that TEST_MONGODB_URI names, else an emulator in a process of its own.

What is green on the emulator is not thereby tested on MongoDB: the run's closing line says which of the two it was.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from fhir_server.storage.mongo import reach
from fhir_server.storage.mongo.store import MongoStore

REAL = "TEST_MONGODB_URI"
EMULATOR = "secantusdb"
PROGRAM = str(Path(__file__).with_name("emulator.py"))
STARTED_WITHIN = 30
"""Seconds for the emulator to open its port."""
LAID_OUT = ("--storage-path", ":memory:", "--cache-size", "16G", "--log-level", "ERROR")
"""The cache is no more than what the emulator may take: a house leaves it a megabyte. At a twentieth of it the emulator begins to
write out what was changed; with the gigabyte that it has by itself, a hundred houses later each one costs it three times as much.
"""

LEFT_OUT = (
    f"NO MONGODB: neither {REAL} names a replica set nor is {EMULATOR} installed (`pip install {EMULATOR}`), "
    "so nothing was tested on the MongoDB store"
)
KINDS = ("sqlite", "mongo")
_numbers = count(1)
_running: list[Callable[[], None]] = []
"""What stops the emulators that this process shares among its tests."""


@cache
def server() -> str:
    """The address of a server without a database. Skips the test, loudly, where there is none."""
    if uri := os.environ.get(REAL):
        return uri
    uri, stop = start_emulator()
    _running.append(stop)
    return uri


def emulator_version() -> str | None:
    try:
        return version(EMULATOR)
    except PackageNotFoundError:
        return None


@contextmanager
def emulator(*options: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of an emulator of its own, and what stops it at once; it is stopped at the end anyway."""
    uri, stop = start_emulator(*options)
    try:
        yield uri, stop
    finally:
        stop()


def start_emulator(*options: str) -> tuple[str, Callable[[], None]]:
    if emulator_version() is None:
        pytest.skip(LEFT_OUT)
    port = _free_port()
    folder = tempfile.mkdtemp(prefix="emulator-")
    command = [sys.executable, "-P", PROGRAM, *LAID_OUT, "--port", str(port), *options]
    with (Path(folder) / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"TMPDIR": folder}
        )
    _wait_for(port, process, Path(folder) / "log")
    return f"mongodb://127.0.0.1:{port}/", partial(_stop, process, folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"the emulator did not start: {log.read_text()}")


def _stop(process: subprocess.Popen[bytes], folder: str) -> None:
    process.kill()  # its data goes with it
    process.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


def empty_database(kind: str, file: Path = Path(":memory:")) -> str:
    """The address of an empty database: `sqlite`, in memory or in a file; or `mongo`."""
    return f"sqlite:///{file}" if kind == "sqlite" else new_database()


def new_database() -> str:
    """The address of a MongoDB database that no other test has."""
    parts = urlsplit(server())
    name = f"test-{os.getpid()}-{time.time_ns() // 1_000_000}-{next(_numbers)}"
    return parts._replace(path=f"/{name}").geturl()


LIFETIME = 60
"""Seconds after which MongoDB ends a transaction that nobody goes on with (transactionLifetimeLimitSeconds)."""


def abandon_transactions(database: str) -> None:
    """Returns when nothing is left of the transactions of a killed server, which until then lock what they wrote. The emulator
    is told to end them; with a real replica set, which others may use too, it is waited for. Of a file there are none.
    https://www.mongodb.com/docs/manual/core/transactions-production-consideration/#runtime-limit
    """
    if not database.startswith("mongodb:"):
        return
    with MongoClient[Any](database) as client:
        if not os.environ.get(REAL):
            client.admin.command("killAllSessions", [])
            return
        until = time.monotonic() + LIFETIME + 10
        while time.monotonic() < until and client.admin.command("serverStatus")["transactions"]["currentOpen"]:
            time.sleep(0.5)


@asynccontextmanager
async def mongo(_folder: Path, clock: Callable[[], int]) -> AsyncIterator[MongoStore]:
    """A MongoDB store of its own, as the contract opens one; its database is dropped at the end."""
    async with mongo_at(new_database(), clock) as store:
        await store.index_is("definitions of today")
        yield store
        await store._link.client.drop_database(store._link.database)


@contextmanager
def joining() -> Iterator[None]:
    """As a store reaches whose callers have to do with too many patients to list them."""
    with patch.object(reach, "LISTED", 0):
        yield


@asynccontextmanager
async def mongo_at(uri: str, clock: Callable[[], int]) -> AsyncIterator[MongoStore]:
    store = await MongoStore.open(uri, clock)
    try:
        yield store
    finally:
        await store.close()


# ------------------------------------------------------------------------------------------------ what a run says


def which() -> str:
    """Which MongoDB a run has, in one line."""
    if uri := os.environ.get(REAL):
        return f"MongoDB = {_described(uri)}"
    found = emulator_version()
    return f"MongoDB = emulator SecantusDB {found}; not tested on MongoDB itself" if found else LEFT_OUT


def _described(uri: str) -> str:
    try:
        with MongoClient(uri, serverSelectionTimeoutMS=2_000) as client:
            facts = client.server_info()
            members = client.admin.command("hello").get("hosts", [])
    except PyMongoError as error:
        return f"{REAL}, which did not answer ({type(error).__name__})"
    if "secantusVersion" in facts:
        return f"emulator SecantusDB {facts['secantusVersion']} at {REAL}; not tested on MongoDB itself"
    return f"{facts['version']}, a replica set of {len(members)} at {REAL}"


def pytest_unconfigure() -> None:
    """The end of a run, or of one of its workers: the emulator ends with it."""
    while _running:
        _running.pop()()
