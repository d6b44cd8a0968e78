"""The documents say what is so."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from fhir_server.settings import Settings
from tests.servers import command, serving

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(path for path in ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
HERE = "http://127.0.0.1:8080"


def test_every_setting_has_a_heading_and_every_heading_a_setting():
    headings = re.findall(r"^## FHIR_SERVER_(\w+)$", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)

    assert sorted(name.upper() for name in Settings.model_fields) == sorted(headings)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())

    assert [] == [link for link in links if not (document.parent / link).exists()]


def test_the_commands_of_the_readme_do_what_it_says(tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine: the README's commands were not run")
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    with serving("demo") as server:
        script = "\n".join(block for block in blocks if "curl" in block).replace(f"{HERE}/fhir", server.base)
        script = script.replace("curl ", "curl -sS -w '\\n%{http_code}\\n' ")
        script = script.replace(".venv/bin/fhir-server", shlex.join(command()))
        here = {**os.environ, "FHIR_SERVER_BASE_URL": server.base}
        done = subprocess.run(
            ["bash", "-euc", script], capture_output=True, text=True, check=True, timeout=60, env=here
        )

    statuses = re.findall(r"^(\d{3})$", done.stdout, re.MULTILINE)
    assert ["200", "201", "201", "200", "200", "422", "201"] == statuses
    assert "CarePlan.status" in done.stdout


def test_every_page_of_a_decision_weighs_its_options():
    pages = list((ROOT / "docs" / "decisions").glob("0*.md"))

    assert pages
    for page in pages:
        text = page.read_text().lower()
        for word in ("context", "option", "decision", "consequence", "wrong"):
            assert word in text, page.name
        assert page.name in (ROOT / "docs" / "decisions" / "README.md").read_text()
