"""`fhir-server reindex`."""

import json
import os
import pty
import sqlite3
import subprocess
from contextlib import closing

import httpx
import pytest

from tests.builders import a_care_plan
from tests.servers import command, environment_with, run, run_here, serving


@pytest.fixture
def database(tmp_path) -> str:
    """A database of one plan, of whose index nothing is left."""
    address = f"sqlite:///{tmp_path}/plans.db"
    (tmp_path / "plan.json").write_text(json.dumps(a_care_plan(id="sip")))
    assert 0 == run_here("load", str(tmp_path / "plan.json"), "--database", address).returncode
    with closing(sqlite3.connect(tmp_path / "plans.db")) as file, file:
        file.execute("DELETE FROM tokens")
        file.execute("UPDATE meta SET value = 'other' WHERE name = 'index'")
    return address


def serve(database: str):
    return ("serve", "--access", "open", "--database", database)


def test_an_index_of_other_definitions_stops_the_start_until_it_is_made_anew(database):
    refused = run(*serve(database), "--port", "0")
    done = run_here("reindex", "--database", database)

    assert 1 == refused.returncode
    assert f"fhir-server reindex --database {database}" in refused.stderr
    assert (0, "") == (done.returncode, done.stderr)
    assert "1 resources indexed.\n" == done.stdout
    with serving(*serve(database)) as server:
        assert 1 == httpx.get(f"{server.base}/CarePlan?patient=p1&category=SIP").json()["total"]


def test_a_file_that_a_server_holds_is_refused_and_its_index_left_alone(database):
    assert 0 == run_here("reindex", "--database", database).returncode
    with serving(*serve(database)) as server:
        refused = run_here("reindex", "--database", database)

        assert 1 == refused.returncode
        assert "Another server holds the database file" in refused.stderr
        assert 1 == httpx.get(f"{server.base}/CarePlan?category=SIP").json()["total"]


def test_on_a_terminal_there_is_a_bar(database):
    shown = on_a_terminal("reindex", "--database", database)

    assert "Indexing" in shown
    assert "100%" in shown
    assert "1 resources indexed." in shown


def on_a_terminal(*arguments: str) -> str:
    """What a command shows to somebody who looks at it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*arguments),
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        env=environment_with({"TERM": "xterm", "COLUMNS": "80"}),
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # how a terminal says that its other end was closed
    os.close(ours)
    assert 0 == process.wait(30)
    return shown.decode()
