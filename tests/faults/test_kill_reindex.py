"""SIGKILL in the midst of `fhir-server reindex`: run again it goes on, and the index is as if it had been made in one go."""

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from fhir_server.assembly import assembled, claim_index
from fhir_server.assembly.opening import back_up, restore
from fhir_server.assembly.outside import sqlite_path
from fhir_server.fhir.outcome import Unavailable
from fhir_server.interactions.reindex import BATCH
from fhir_server.search.query import Query, Token
from fhir_server.settings import Settings
from fhir_server.storage.mongo.document import DERIVED
from tests.builders import a_bundle, a_care_plan, a_care_team, an_entry
from tests.conftest import SECRET
from tests.contents import contents
from tests.databases import empty_database, new_database
from tests.servers import command, run, serving
from tests.storage.contract import OPEN

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
MANY = {"sqlite": 3_000, "mongo": 900}
ENVIRONMENT = {"FHIR_SERVER_SECRET": SECRET}


def settings(database: str) -> Settings:
    return Settings(database=database, access="open", secret=SECRET)


def bundles(many: int) -> list[dict[str, Any]]:
    """Plans and teams of some patients."""
    made = [
        resource
        for number in range(many // 2)
        for resource in (
            a_care_plan(id=f"p{number:05}", subject={"reference": f"Patient/{number % 50}"}, title=f"{number}"),
            a_care_team(
                id=f"t{number:05}",
                subject={"reference": f"Patient/{number % 50}"},
                participant=[{"member": {"reference": f"Practitioner/{number % 7}"}}],
            ),
        )
    ]
    entries = [an_entry("PUT", f"{it['resourceType']}/{it['id']}", it) for it in made]
    return [a_bundle(*entries[first : first + 300]) for first in range(0, many, 300)]


async def fill(database: str, many: int) -> None:
    async with assembled(settings(database)) as house:
        assert await claim_index(house)
        transport = httpx.ASGITransport(house.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"{house.server.base}/", timeout=60) as client:
            for bundle in bundles(many):
                assert 200 == (await client.post("", json=bundle)).status_code
            for id in ("p00003", "p00400"):
                assert (await client.delete(f"CarePlan/{id}")).is_success


def spoil(database: str, made_by: str = "other") -> None:
    """As after a change of definitions that left nothing as it was; `made_by` is what the index says of itself."""
    if database.startswith("sqlite:"):
        with closing(sqlite3.connect(sqlite_path(database))) as connection, connection:
            for table in ("tokens", "spans", "relations"):
                connection.execute(f"DELETE FROM {table}")
            connection.execute(
                """UPDATE resources SET idx = '{"t":{},"r":{},"s":{}}', patients = '[]' WHERE deleted = 0"""
            )
            connection.execute("UPDATE meta SET value = ? WHERE name = 'index'", (made_by,))
        return
    with MongoClient(database) as client:
        store = client.get_default_database()
        empty = {"patient": "", "low": {}, "high": {}, "has": {}}
        nothing = {member: empty.get(member, []) for member in DERIVED}
        store.resources.update_many({"live": True}, {"$set": nothing})
        store.relations.delete_many({})
        store.meta.update_one({"_id": "index"}, {"$set": {"value": made_by}})


def done(database: str) -> int:
    """How many resources the index in the making has; 0 where there is none."""
    if database.startswith("sqlite:"):
        with closing(sqlite3.connect(sqlite_path(database), timeout=5)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = 'indexing'").fetchone()
        return json.loads(row[0])["done"] if row else 0
    with MongoClient(database) as client:
        found = client.get_default_database().meta.find_one({"_id": "index"})
        return found.get("indexing", {}).get("done", 0)


def kill_half_way(database: str) -> None:
    """Starts to make the index, and ends the process when it has made a part."""
    process = subprocess.Popen(reindexing(database), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 60
        while not done(database) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
    finally:
        process.kill()
        _, errors = process.communicate()
    assert -9 == process.returncode, errors.decode()


def reindexing(database: str) -> list[str]:
    return [
        "env",
        *(f"{name}={value}" for name, value in ENVIRONMENT.items()),
        *command("reindex", "--database", database),
    ]


@pytest.mark.parametrize("kind", MANY)
async def test_one_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(kind, tmp_path):
    database, twin = empty_database(kind, tmp_path / "plans.db"), empty_database(kind, tmp_path / "twin.db")
    many = MANY[kind]
    await fill(database, many)
    as_written = contents(database)
    spoil(database)
    await back_up(settings(database), tmp_path / "spoilt.backup")
    await restore(settings(twin), tmp_path / "spoilt.backup")

    kill_half_way(database)
    reached = done(database)
    assert BATCH <= reached < many - 2
    await searches_wait(database)
    again = run("reindex", "--database", database, **ENVIRONMENT)
    in_one_go = run("reindex", "--database", twin, **ENVIRONMENT)

    assert (0, 0) == (again.returncode, in_one_go.returncode), again.stderr + in_one_go.stderr
    assert f"Going on after {reached} of" in again.stderr
    assert "Going on" not in in_one_go.stderr
    assert f"{many - 2} resources indexed.\n" == again.stdout == in_one_go.stdout
    assert as_written == contents(database) == contents(twin)
    assert await searched(database) == await searched(twin)


async def searches_wait(database: str) -> None:
    """The index in halves answers no search; and no server starts with it."""
    async with assembled(settings(database)) as house:
        assert not await claim_index(house)
        with pytest.raises(Unavailable) as refusal:
            await house.server.store.search(Query("CarePlan"), OPEN, count=1)
        assert "incomplete" == refusal.value.issues[0].code
    refused = run("serve", "--access", "open", "--port", "0", "--database", database, **ENVIRONMENT)
    assert 1 == refused.returncode
    assert f"fhir-server reindex --database {database}" in refused.stderr


async def searched(database: str) -> list[list[str]]:
    async with assembled(settings(database)) as house:
        assert await claim_index(house)
        queries = [Query("CarePlan"), Query("CareTeam"), Query("CarePlan", Token("category", None, "SIP"))]
        pages = [await house.server.store.search(query, OPEN, count=5_000) for query in queries]
        assert all(page.items for page in pages)
        return [[stored.id for stored in page.items] for page in pages]


async def test_what_a_server_writes_meanwhile_comes_out_indexed(tmp_path):
    """On MongoDB: SQLite lets no second process in."""
    database, twin = new_database(), new_database()
    await fill(database, MANY["mongo"])
    total, written, midst = reindexed_under_a_server(database)

    assert midst  # else there was nothing to prove
    assert MANY["mongo"] // 2 - 2 + len(written) == total
    await back_up(settings(database), tmp_path / "one.backup")
    await restore(settings(twin), tmp_path / "one.backup")
    assert 0 == run("reindex", "--database", twin, **ENVIRONMENT).returncode
    assert contents(database) == contents(twin)


def reindexed_under_a_server(database: str) -> tuple[int, set[str], set[str]]:
    """How many plans a search finds at the end; which plans were made beside it, and which of those in its midst."""
    with serving("serve", "--access", "open", "--database", database, **ENVIRONMENT) as server:
        spoil(database, made_by="")
        process = subprocess.Popen(reindexing(database), stderr=subprocess.PIPE)
        written, midst = write_until_ended(server.base, process, database)
        _, errors = process.communicate()
        assert 0 == process.returncode, errors.decode()
        found = httpx.get(f"{server.base}/CarePlan?category=SIP&_count=1000", timeout=60).json()
    assert written <= {entry["resource"]["id"] for entry in found["entry"]}
    return found["total"], written, midst


def put(client: httpx.Client, plan: dict[str, Any]) -> tuple[int, int]:
    """How often the plan was sent, and the answer to the last: one 503 is a busy store's, and what it leaves open is sent again."""
    first = client.put(f"/CarePlan/{plan['id']}", json=plan).status_code
    return (1, first) if first != 503 else (2, client.put(f"/CarePlan/{plan['id']}", json=plan).status_code)


def write_until_ended(base: str, process: subprocess.Popen[bytes], database: str) -> tuple[set[str], set[str]]:
    """New plans all over the order in which the index is made, and changes of old ones; the ids of all that are new, and of
    those that were made while a part of the index was.
    """
    written, midst = set[str](), set[str]()
    with httpx.Client(base_url=base, timeout=60) as client:
        for number in range(10_000):
            if process.poll() is not None:
                return written, midst
            id = f"p{number * 37 % 450:05}-new"
            assert put(client, a_care_plan(id=id)) in {(1, 201), (2, 201), (2, 200)}
            written.add(id)
            if done(database):
                midst.add(id)
            old = f"p{number * 41 % 300 + 4:05}"
            assert put(client, a_care_plan(id=old, title="changed")) in {(1, 200), (2, 200)}
    raise AssertionError("it never ended")
