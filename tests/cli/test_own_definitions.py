"""`FHIR_SERVER_DEFINITIONS`: a deployment's own definitions, over the shipped ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.discharge.house import agreement
from tests.servers import run

POLICY = "Parameters-discharge-policy-own.json"
LAID = """
import sys
from pathlib import Path
from fhir_server.fhir.definitions import BadDefinition, lay_over, read
from fhir_server.process.policy import load_policies
try:
    lay_over(Path(sys.argv[1]))
    lay_over(Path(sys.argv[1]))
except BadDefinition as why:
    sys.exit(str(why))
policies = load_policies()
print(len(read("profiles")), len(read("examples/stories")), policies.statute.days, *(one.id for one in policies.agreements))
"""


def own(folder: Path, *rows: dict) -> Path:
    """A deployment's folder with a file of agreements in it."""
    (folder / "profiles").mkdir(parents=True)
    told = [{"name": row["name"], "part": [of_kind(**part) for part in row["part"]]} for row in rows]
    content = {"resourceType": "Parameters", "id": "discharge-policy-own", "parameter": told}
    (folder / "profiles" / POLICY).write_text(json.dumps(content))
    return folder


def of_kind(name: str, valueX: object) -> dict:  # noqa: N803  # FHIR's name
    """A part with its value as FHIR has it."""
    kind = {dict: "Identifier", int: "UnsignedInt", str: "String"}[type(valueX)]
    return {"name": name, f"value{kind}": valueX}


def laid(folder: Path) -> subprocess.CompletedProcess[str]:
    """The folder laid over, in a process of its own: there it is done before anything is read."""
    return subprocess.run([sys.executable, "-c", LAID, str(folder)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> list[str]:
    """What stands where nothing is laid over: how many profiles, how many stories, the days of the statute."""
    (empty := tmp_path_factory.mktemp("empty") / "profiles").mkdir()
    return laid(empty.parent).stdout.split()


def test_a_file_of_its_own_is_read_beside_those_shipped(tmp_path, plain):
    folder = own(tmp_path / "own", agreement("fem", "2026-03-01", days_after_hour=5))

    assert [str(int(plain[0]) + 1), plain[1], "3", "fem"] == laid(folder).stdout.split()


def test_a_file_of_the_same_name_stands_in_the_place_of_the_shipped_one(tmp_path, plain):
    shipped = (Path(__file__).parents[2] / "profiles" / "Parameters-discharge-policy.json").read_text("utf-8")
    (tmp_path / "profiles").mkdir()
    changed = shipped.replace('"valueUnsignedInt": 3', '"valueUnsignedInt": 2')
    (tmp_path / "profiles" / "Parameters-discharge-policy.json").write_text(changed)

    assert [*plain[:2], "2"] == laid(tmp_path).stdout.split()


@pytest.mark.parametrize("stranger", ["examples", "profile", "search/indexes.json"])
def test_what_no_room_reads_is_refused(tmp_path, stranger):
    path = tmp_path / stranger
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}")

    ended = laid(tmp_path)

    assert 1 == ended.returncode
    assert stranger in ended.stderr


@pytest.mark.parametrize("text", ["{", "[1]", "{}"], ids=["no JSON", "a list", "no resource"])
def test_what_is_no_resource_is_refused(tmp_path, text):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "x.json").write_text(text)

    ended = laid(tmp_path)

    assert 1 == ended.returncode
    assert "x.json is no resource" in ended.stderr


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    assert "is no folder" in laid(tmp_path / "nowhere").stderr


def test_what_is_laid_over_too_late_is_a_fault_of_ours(tmp_path):
    script = 'from pathlib import Path\nfrom fhir_server.fhir.definitions import lay_over, read\nread("search")\n'
    done = subprocess.run(
        [sys.executable, "-c", f"{script}lay_over(Path({str(tmp_path)!r}))"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "RuntimeError: definitions were read before" in done.stderr


def test_the_command_line_lays_them_over_before_it_reads_any(tmp_path):
    good = own(tmp_path / "good", agreement("fem", "2026-03-01", days_after_hour=5))
    bad = own(tmp_path / "bad", agreement("fem", "2026-03-01", days=5))

    taken, refused = (run("check", FHIR_SERVER_DEFINITIONS=str(folder)) for folder in (good, bad))

    assert (0, 1) == (taken.returncode, refused.returncode), taken.stderr
    assert "profiles/Parameters-discharge-policy-own.json: agreement" in refused.stderr
