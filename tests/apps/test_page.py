"""What a run says that has no browser app to try."""

import os
import subprocess
import sys
from pathlib import Path

from tests.apps.page import FHIRCLIENT, LEFT_OUT

ROOT = Path(__file__).parents[2]


def test_the_closing_lines_of_a_run_name_what_it_went_without(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={tmp_path}/cache", "-k", "citizen_starts"]
    environment = {name: value for name, value in os.environ.items() if name != FHIRCLIENT.named}
    done = subprocess.run(
        [*command, "tests/apps/test_browser.py"],
        cwd=ROOT,
        env=environment | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert 0 == done.returncode, done.stdout
    (line,) = (line for line in done.stdout.splitlines() if line.startswith(LEFT_OUT))
    assert "npm is not on this machine" in line
    assert "1 skipped" in done.stdout
