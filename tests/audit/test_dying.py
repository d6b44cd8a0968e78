"""No answer leaves before its entry is durable: who kills the server in between finds the entry."""

import signal
import sys

import anyio
import pytest
from pymongo import MongoClient

from fhir_server.assembly.opening import open_trail
from fhir_server.settings import Settings
from fhir_server.storage.store import SYSTEM_GRANTS
from tests.conftest import SECRET
from tests.databases import KINDS, abandon_transactions, empty_database

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", KINDS)
async def test_l_03_a_server_killed_between_read_and_answer_has_left_the_entry(kind, tmp_path):
    database = empty_database(kind, tmp_path / "plans.db")
    done = await anyio.run_process([sys.executable, "-m", "tests.audit.dying", database], check=False)
    assert -signal.SIGKILL == done.returncode, done.stderr.decode()
    abandon_transactions(database)

    assert [("update", 200, "a"), ("read", 200, "a")] == await told(database)


async def told(database):
    """What stands in the trail, by the database itself: entries of a process that was killed settle when its lease ends."""
    if database.startswith("mongodb:"):
        return _in_mongo(database)
    async with open_trail(Settings(database=database, secret=SECRET)) as trail:
        rows = await trail.entries(SYSTEM_GRANTS["verification"])
    return [(entry.interaction, entry.status, entry.id) for _, entry in rows]


def _in_mongo(database):
    with MongoClient(database) as client:
        rows = client.get_default_database().audit.find({}, sort=[("_id", 1)])
        return [(row["interaction"], row["status"], row["id"]) for row in rows]
