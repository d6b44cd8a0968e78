"""SIGKILL in the midst of a backup, and of a restore: nothing is left that looks whole, and the next one is."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pymongo import MongoClient

from fhir_server.assembly import opening
from fhir_server.assembly.outside import sqlite_path
from fhir_server.settings import Settings
from fhir_server.storage.archive import Unarchived, beside
from fhir_server.storage.mongo.schema import RESTORING
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import Commit
from tests.contents import contents
from tests.databases import mongo_at, new_database
from tests.servers import command, run
from tests.storage.contract import OPEN, Clock, a_put, sqlite_at

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
HALF_A_MB = "0123456789abcdef" * 32_768
PLANS = {"sqlite": 120, "mongo": 60}


@pytest.fixture(params=PLANS)
async def database(request, tmp_path) -> str:
    """One that takes its time to be copied."""
    if request.param == "sqlite":
        async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
            await fill(store, PLANS["sqlite"])
        return f"sqlite:///{tmp_path}/plans.db"
    uri = new_database()
    async with mongo_at(uri, Clock()) as store:
        await fill(store, PLANS["mongo"])
    return uri


async def fill(store: SqliteStore, plans: int) -> None:
    for number in range(plans):
        await store.commit(Commit(OPEN, (a_put(f"{number:03}", title=f"{number}{HALF_A_MB}"),)))


@pytest.fixture
def elsewhere(database, tmp_path) -> str:
    return f"sqlite:///{tmp_path}/elsewhere.db" if database.startswith("sqlite:") else new_database()


async def back_up(database: str, target: Path) -> None:
    await opening.back_up(Settings(database=database), target)


async def restore(source: Path, database: str) -> None:
    await opening.restore(Settings(database=database), source)


def kill_when(begun: Callable[[], bool], *arguments: str) -> None:
    """Starts a command, and ends its process as soon as what it does has begun."""
    process = subprocess.Popen(command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 60
        while not begun() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
    finally:
        process.kill()
        _, errors = process.communicate()
    assert -9 == process.returncode, errors.decode()


async def test_a_killed_backup_leaves_nothing_that_looks_whole(database, elsewhere, tmp_path):
    target = tmp_path / "one.backup"

    kill_when(beside(target).exists, "backup", str(target), "--database", database)

    assert beside(target).exists()
    assert not target.exists()
    with pytest.raises(Unarchived, match="is no backup"):
        await restore(beside(target), elsewhere)
    await back_up(database, target)
    assert ["one.backup"] == [path.name for path in tmp_path.iterdir() if path.name.startswith("one")]
    await restore(target, elsewhere)
    assert contents(database) == contents(elsewhere)


async def test_a_killed_restore_leaves_no_database_that_a_server_would_open(database, elsewhere, tmp_path):
    target = tmp_path / "one.backup"
    await back_up(database, target)

    kill_when(begun_in(elsewhere), "restore", str(target), "--database", elsewhere)

    if elsewhere.startswith("sqlite:"):
        assert not (tmp_path / "elsewhere.db").exists()
    else:
        refused = run("serve", "--access", "open", "--database", elsewhere, FHIR_SERVER_SECRET="x")
        assert (1, True) == (refused.returncode, "drop the database, and restore again" in refused.stderr)
        with MongoClient(elsewhere) as client:
            client.drop_database(client.get_default_database())
    await restore(target, elsewhere)
    assert contents(database) == contents(elsewhere)
    assert [] == [path.name for path in tmp_path.iterdir() if "restoring" in path.name]


def begun_in(database: str) -> Callable[[], bool]:
    if database.startswith("sqlite:"):
        return Path(f"{sqlite_path(database)}.restoring").exists

    def is_marked() -> bool:
        with MongoClient(database) as client:
            return client.get_default_database().meta.find_one({"_id": RESTORING}) is not None

    return is_marked
