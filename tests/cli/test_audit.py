"""`fhir-server audit verify`, beside a running server too; and after a backup was restored."""

import asyncio
import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from fhir_server.assembly import assembled, claim_index
from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.settings import Settings
from fhir_server.storage.store import Commit
from tests.audit.tampering import Tamperer, opened
from tests.builders import a_care_plan
from tests.databases import KINDS, empty_database
from tests.servers import run_here, serving
from tests.storage.contract import OPEN, Clock, an_entry

SECRET = {"FHIR_SERVER_SECRET": "a secret of the tests"}


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> str:
    return empty_database(request.param, tmp_path / "plans.db")


def write(database: str) -> None:
    """A plan, written and read; the house is closed, and what it wrote is sealed."""

    async def written() -> None:
        async with assembled(Settings(database=database, access="open", secret=SECRET["FHIR_SERVER_SECRET"])) as house:
            assert await claim_index(house)
            transport = httpx.ASGITransport(house.app)
            async with httpx.AsyncClient(transport=transport, base_url=f"{house.server.base}/") as client:
                assert 201 == (await client.put("CarePlan/a", json=a_care_plan(id="a"))).status_code
                assert 200 == (await client.get("CarePlan/a")).status_code

    asyncio.run(written())


def verify(database: str, *more: str):
    return run_here("audit", "verify", "--database", database, *more, **SECRET)


def heads(told: str) -> list[str]:
    return [line.split()[0] for line in told.splitlines()[1:]]


def test_l_04_one_entry_that_was_edited_makes_it_fail(database):
    write(database)
    whole = verify(database)
    assert (0, "") == (whole.returncode, whole.stderr)
    assert whole.stdout.startswith("2 entries hold, 0 of them too new to be sealed.")

    Tamperer(database).change_entry(1, "patient", "somebody-else")
    broken = verify(database)

    assert (1, "") == (broken.returncode, broken.stdout)
    assert "was changed: Block" in broken.stderr


def test_a_head_that_was_noted_is_looked_for(database):
    write(database)
    (noted,) = heads(verify(database).stdout)
    write_more = heads(verify(database, "--head", noted).stdout)

    assert [noted] == write_more
    missing = verify(database, "--head", "ab" * 32)
    assert (1, "") == (missing.returncode, missing.stdout)
    assert f"No block has the digest {'ab' * 32}" in missing.stderr
    assert "64 hexadecimal digits" in verify(database, "--head", "x").stderr


def test_a_restored_backup_has_the_same_chain(database, tmp_path):
    write(database)
    noted = heads(verify(database).stdout)
    other = empty_database("sqlite" if database.startswith("sqlite") else "mongo", tmp_path / "other.db")
    assert 0 == run_here("backup", str(tmp_path / "one.backup"), "--database", database, **SECRET).returncode
    assert 0 == run_here("restore", str(tmp_path / "one.backup"), "--database", other, **SECRET).returncode

    assert noted == heads(verify(other, "--head", noted[0]).stdout)


def test_it_runs_beside_the_server_that_holds_the_file(tmp_path):
    database = f"sqlite:///{tmp_path}/plans.db"
    with serving("serve", "--access", "open", "--database", database) as server:
        httpx.put(f"{server.base}/CarePlan/a", json=a_care_plan(id="a"))
        assert verify(database).stdout.startswith("1 entries hold")


def test_a_file_that_is_not_there_or_of_an_earlier_release_is_told(tmp_path):
    missing = verify(f"sqlite:///{tmp_path}/none.db")
    assert (1, False) == (missing.returncode, Path(f"{tmp_path}/none.db").exists())
    with closing(sqlite3.connect(tmp_path / "empty.db")) as connection, connection:
        connection.execute("PRAGMA application_id = 0x46484952")
    assert "Start this release" in verify(f"sqlite:///{tmp_path}/empty.db").stderr


def test_a_sample_for_the_log_review_is_drawn_again_by_its_seed(database):
    """Who calls without a token is nobody's: such entries have no provider, and are drawn for none."""
    write(database)
    today = datetime.now(STOCKHOLM).strftime("%Y-%m-%d")
    drawn = run_here("audit", "sample", "--size", "5", "--provider", "SE2321000016-A001", "--since", today, "--until", today,
                     "--database", database, **SECRET)  # fmt: skip

    assert (0, "") == (drawn.returncode, drawn.stderr)
    assert re.fullmatch(rf"0 of 0 entries .* --since {today} --until {today} --seed [0-9a-f]{{16}}\n", drawn.stdout)


@pytest.fixture
def aged(tmp_path) -> str:
    """Three entries, sealed in a block each: two of eleven years ago, and one of nine."""
    address = f"sqlite:///{tmp_path}/plans.db"
    now = datetime.now(STOCKHOLM)

    async def fill() -> None:
        async with opened(address, clock := Clock()) as store:
            for years in (11, 11, 9):
                clock.now = int((now - timedelta(days=years * 365.25)).timestamp() * 1000)
                await store.commit(Commit(OPEN, entries=(replace(an_entry(), at=clock.now),)))

    asyncio.run(fill())
    return address


def test_what_is_past_its_retention_is_removed_and_the_rest_verified(aged):
    def prune(*options: str) -> str:
        done = run_here("audit", "prune", "--database", aged, *options, **SECRET)
        assert (0, "") == (done.returncode, done.stderr)
        return done.stdout

    assert prune("--dry-run").endswith("2 entries would go.\n")
    assert verify(aged).stdout.startswith("3 entries hold")
    assert re.fullmatch(r"2 entries, to block 2, sealed \S+  -\n2 entries removed\.\n", prune())
    assert verify(aged).stdout.startswith("2 entries hold, 0 of them")
    assert "0 entries removed.\n" == prune()
