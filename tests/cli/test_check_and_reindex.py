"""`fhir-server check` and `fhir-server reindex`."""

import json
import sqlite3

import httpx

from tests.builders import a_care_plan
from tests.servers import run, serving


def test_what_is_shipped_is_valid():
    ended = run("check")

    assert 0 == ended.returncode, ended.stderr
    assert "0 with issues" in ended.stdout


def test_what_is_named_is_checked(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(a_care_plan()))
    (tmp_path / "bad.json").write_text(json.dumps(a_care_plan(status="actve")))

    ended = run("check", str(tmp_path))

    assert 1 == ended.returncode
    assert "bad.json: CarePlan.status" in ended.stderr
    assert "1 valid, 1 with issues." in ended.stdout


def test_an_index_of_other_definitions_stops_the_start_until_it_is_made_anew(tmp_path):
    database = f"sqlite:///{tmp_path}/plans.db"
    serve = ("serve", "--access", "open", "--database", database)
    with serving(*serve) as server:
        httpx.put(f"{server.base}/CarePlan/sip", json=a_care_plan(id="sip"))
    with sqlite3.connect(tmp_path / "plans.db") as file:
        file.execute("DELETE FROM tokens")
        file.execute("UPDATE meta SET value = 'other' WHERE name = 'index'")

    refused = run(*serve, "--port", "0")
    done = run("reindex", "--database", database)

    assert 1 == refused.returncode
    assert f"fhir-server reindex --database {database}" in refused.stderr
    assert 0 == done.returncode, done.stderr
    assert "1 resources indexed." in done.stdout
    with serving(*serve) as server:
        assert 1 == httpx.get(f"{server.base}/CarePlan?patient=p1&category=SIP").json()["total"]
