"""Where the official examples come from, and what a run says that goes without them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import npm as fetching
from tests.fidelity.official import LEFT_OUT, NAMED, examples

ROOT = Path(__file__).parents[2]


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Puts a program in npm's place, or nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}")
    monkeypatch.delenv(NAMED, raising=False)

    def does(script: str) -> None:
        (folder / "npm").write_text(f"#!{sys.executable}\nimport pathlib, sys\n{script}\n")
        (folder / "npm").chmod(0o755)

    return does


def test_where_npm_is_missing_the_test_is_skipped_and_says_why(npm, tmp_path):
    with pytest.raises(pytest.skip.Exception, match=f"{LEFT_OUT}: npm is not on this machine and {NAMED} names no"):
        examples(tmp_path)


def test_where_npm_cannot_fetch_the_package_the_test_is_skipped_and_says_why(npm, tmp_path):
    npm("sys.exit('npm error code ENOTFOUND\\nnpm error network')")

    with pytest.raises(pytest.skip.Exception, match=r"npm could not fetch hl7\.fhir\.r4\.examples \(ENOTFOUND\)"):
        examples(tmp_path)


def test_where_npm_does_not_answer_the_test_is_skipped_and_says_why(npm, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "FETCHED_WITHIN", 0.5)
    npm("import time; time.sleep(30)")

    with pytest.raises(pytest.skip.Exception, match=r"did not fetch hl7\.fhir\.r4\.examples within 0\.5 s"):
        examples(tmp_path)


def test_another_package_than_the_pinned_one_fails_and_is_not_kept(npm, tmp_path, monkeypatch):
    npm("pathlib.Path(sys.argv[sys.argv.index('--pack-destination') + 1], 'x.tgz').write_bytes(b'another')")

    with pytest.raises(AssertionError, match=r"is not hl7\.fhir\.r4\.examples 4\.0\.1"):
        examples(tmp_path)
    assert ["bin", "lock"] == sorted(path.name for path in tmp_path.iterdir())
    (tmp_path / "given.tgz").write_bytes(b"another")
    monkeypatch.setenv(NAMED, str(tmp_path / "given.tgz"))
    with pytest.raises(AssertionError, match=r"given\.tgz is not"):
        examples(tmp_path)


def test_the_closing_lines_of_a_run_name_what_it_went_without(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={tmp_path}/cache", "-k", "sqlite and Goal"]
    environment = {name: value for name, value in os.environ.items() if name != NAMED} | {"PATH": str(tmp_path)}
    done = subprocess.run(
        [*command, "tests/fidelity/test_official_examples.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert 0 == done.returncode, done.stdout
    (line,) = (line for line in done.stdout.splitlines() if line.startswith(LEFT_OUT))
    assert "npm is not on this machine" in line
    assert "1 skipped" in done.stdout
