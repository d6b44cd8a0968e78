"""`fhir-server serve`: what it prints, what it refuses to start with, how it stops."""

import signal
import socket
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.builders import a_care_plan, issue_keys
from tests.servers import run, serving


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/plans.db"


def serve(database: str, **environment: str):
    return serving("serve", "--access", "open", "--database", database, **environment)


def test_what_was_written_is_there_after_a_restart(database):
    with serve(database) as server:
        httpx.put(f"{server.base}/CarePlan/sip", json=a_care_plan(id="sip"))
    with serve(database) as server:
        assert 200 == httpx.get(f"{server.base}/CarePlan/sip").status_code


def test_by_default_a_token_is_asked_for(database):
    with serving("serve", "--database", database) as server:
        assert 200 == httpx.get(f"{server.base}/metadata").status_code
        assert 401 == httpx.get(f"{server.base}/CarePlan").status_code
    with serve(database) as server:
        assert 200 == httpx.get(f"{server.base}/CarePlan").status_code


def test_a_server_told_to_stop_stops_with_success(database):
    with serve(database) as server:
        server.process.send_signal(signal.SIGTERM)
        assert 0 == server.process.wait(10)


@pytest.mark.parametrize(("held", "status"), [(False, 201), (True, 503)])
def test_what_is_not_answered_when_the_server_has_to_end_is_told_so(database, tmp_path, held, status):
    with (
        serve(database, FHIR_SERVER_STOP_SECONDS="1") as server,
        ThreadPoolExecutor() as callers,
        closing(sqlite3.connect(tmp_path / "plans.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE" if held else "BEGIN")
        asked = callers.submit(httpx.put, f"{server.base}/CarePlan/a", json=a_care_plan(id="a"))
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        answer = asked.result(10)

    assert status == answer.status_code
    assert answer.headers["x-request-id"]
    assert held == (answer.status_code == 503 and ["stopped"] == issue_keys(answer.json()))


def test_a_page_link_is_followed_after_a_restart(database):
    with serve(database) as server:
        for id in "ab":
            httpx.put(f"{server.base}/CarePlan/{id}", json=a_care_plan(id=id))
        link = httpx.get(f"{server.base}/CarePlan?_count=1").json()["link"][1]["url"]
        path = link.removeprefix(server.base)
    with serve(database) as server:
        assert "b" == httpx.get(f"{server.base}{path}").json()["entry"][0]["resource"]["id"]


def test_the_secret_beside_the_database_is_its_owners_alone(database, tmp_path):
    with serve(database):
        assert 0o600 == stat.S_IMODE((tmp_path / "plans.db.secret").stat().st_mode)


def test_a_busy_port_names_the_option_that_mends_it(database):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run("serve", "--access", "open", "--database", database, "--port", str(taken.getsockname()[1]))

    assert 1 == ended.returncode
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_server_on_one_file_is_refused(database):
    with serve(database):
        ended = run("serve", "--access", "open", "--database", database, "--port", "0")

    assert 1 == ended.returncode
    assert "Traceback" not in ended.stderr
    assert "another server" in ended.stderr.lower()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--access", "open", "--host", "0.0.0.0"), "loopback"),
        (("--access", "open", "--workers", "2"), "--workers 1"),
        (("--access", "open", "--database", "postgres://x"), "sqlite:///"),
        (("--access", "open", "--port", "70000"), "port"),
        (("--access", "open", "--database", "sqlite:////no/such/folder/plans.db"), "/no/such/folder"),
    ],
)
def test_what_it_cannot_start_with_is_said_in_one_line(arguments, says):
    ended = run("serve", "--database", "sqlite:///:memory:", "--port", "0", *arguments)

    assert 1 == ended.returncode
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert 1 == len(ended.stderr.strip().splitlines())


@pytest.mark.parametrize(
    ("arguments", "base"),
    [
        (("--access", "open"), "https://plans.example/fhir"),
        (("--access", "open"), "http://plans.example/fhir"),
        (("--access", "open"), "http://127.0.0.1:1/r4"),
        (("--access", "smart", "--host", "0.0.0.0"), "http://127.0.0.1:1/fhir"),
        (("--access", "smart"), "https://plans.example/fhir"),
    ],
)
def test_the_authorization_server_does_not_start_where_others_could_reach_it(arguments, base, database):
    told = {"FHIR_SERVER_AUTHORIZE": "true"}
    start = ("serve", "--database", database, "--port", "0")
    ended = run(*start, *arguments, **told, FHIR_SERVER_BASE_URL=base)

    assert 1 == ended.returncode
    assert "FHIR_SERVER_AUTHORIZE" in ended.stderr
    assert 1 == len(ended.stderr.strip().splitlines())
    with serving("serve", "--access", "open", "--database", database, **told) as server:
        assert 200 == httpx.get(f"{server.root}/auth/jwks").status_code
