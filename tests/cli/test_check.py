"""`fhir-server check`."""

import json

from tests.builders import a_care_plan
from tests.servers import run, run_here


def test_what_is_shipped_is_valid():
    ended = run("check")

    assert 0 == ended.returncode, ended.stderr
    assert "0 with issues" in ended.stdout


def test_what_is_named_is_checked(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(a_care_plan()))
    (tmp_path / "bad.json").write_text(json.dumps(a_care_plan(status="actve")))

    ended = run_here("check", str(tmp_path))

    assert 1 == ended.returncode
    assert "bad.json: CarePlan.status" in ended.stderr
    assert "1 valid, 1 with issues." in ended.stdout
