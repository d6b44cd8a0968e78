"""`fhir-server load`: into a running server, or into a database that none holds."""

import json
from pathlib import Path

import httpx
import pytest

from tests.builders import a_bundle, a_care_plan, an_entry
from tests.servers import run, run_here, serving

STORIES = Path(__file__).parents[2] / "examples" / "stories"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/plans.db"


def serve(database: str):
    return serving("serve", "--access", "open", "--database", database)


def counts(base: str) -> dict[str, int]:
    kinds = (
        "Patient",
        "Organization",
        "Practitioner",
        "CarePlan",
        "CareTeam",
        "Task",
        "ServiceRequest",
        "Communication",
    )
    return {kind: httpx.get(f"{base}/{kind}?_count=0").json()["total"] for kind in kinds}


def test_a_story_loaded_twice_is_there_once(database):
    with serve(database) as server:
        first = run("load", str(STORIES), FHIR_SERVER_BASE_URL=server.base)
        once = counts(server.base)
        again = run("load", str(STORIES), FHIR_SERVER_BASE_URL=server.base)
        assert 0 == first.returncode, first.stderr
        assert 0 == again.returncode, again.stderr
        assert once == counts(server.base)
        assert once["CarePlan"] >= 2


def test_the_stories_load_in_any_order(database):
    files = sorted(STORIES.glob("*.json"), reverse=True)
    with serve(database) as server:
        ended = run_here("load", *map(str, files), FHIR_SERVER_BASE_URL=server.base)

        assert 0 == ended.returncode, ended.stderr


def test_a_database_that_no_server_holds_is_loaded_directly(database):
    ended = run_here("load", str(STORIES), "--database", database)

    assert 0 == ended.returncode, ended.stderr
    with serve(database) as server:
        assert counts(server.base)["CarePlan"] >= 2


def test_a_story_is_moved_to_another_day(database):
    run_here("load", str(STORIES / "sip-hemma.json"), "--database", database, "--day", "0=2027-07-05")

    with serve(database) as server:
        (plan,) = [entry["resource"] for entry in httpx.get(f"{server.base}/CarePlan?category=SIP").json()["entry"]]
        assert plan["created"].startswith("2027-0")


def test_a_refused_file_is_named_and_ends_with_an_error(database, tmp_path):
    (tmp_path / "bad.json").write_text(
        json.dumps(a_bundle(an_entry("PUT", "CarePlan/x", a_care_plan(id="x", status="y"))))
    )
    (tmp_path / "good.json").write_text(json.dumps(a_care_plan(id="good")))
    (tmp_path / "torn.json").write_text("{")

    ended = run_here("load", str(tmp_path), "--database", database)

    assert 1 == ended.returncode
    assert "bad.json" in ended.stderr
    assert "Bundle.entry[0].resource.status" in ended.stderr
    assert "torn.json" in ended.stderr
    assert "1 loaded, 2 refused." in ended.stderr


def test_no_server_to_load_into_is_said_in_a_line(tmp_path):
    ended = run_here("load", str(STORIES), FHIR_SERVER_BASE_URL="http://127.0.0.1:9/fhir")

    assert 1 == ended.returncode
    assert "FHIR_SERVER_BASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("day", ["1=today", "0=tomorrow", "today"])
def test_a_day_that_cannot_be_understood_is_refused(day, database):
    ended = run_here("load", str(STORIES), "--database", database, "--day", day)

    assert 1 == ended.returncode
    assert "--day" in ended.stderr
