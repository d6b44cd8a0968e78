"""`fhir-server package`."""

import json
import tarfile

import pytest

from fhir_server.cli.load import EXAMPLES
from fhir_server.cli.package import contents, packed
from fhir_server.fhir.definitions import read
from tests.servers import run


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    target = tmp_path_factory.mktemp("package") / "package.tgz"
    ended = run("package", str(target))
    assert 0 == ended.returncode, ended.stderr
    with tarfile.open(target) as tar:
        return {member.name: json.load(tar.extractfile(member)) for member in tar}


def test_a_package_says_what_it_is_and_what_it_rests_on(files):
    manifest = files["package/package.json"]

    assert ["4.0.1"] == manifest["fhirVersions"]
    assert {"hl7.fhir.r4.core": "4.0.1"} == manifest["dependencies"]
    assert "example.fhir-care-plan-server" == manifest["name"]


def test_its_index_names_every_definition_in_it(files):
    there = {name for name in files if name.count("/") == 1} - {"package/package.json", "package/.index.json"}
    rows = files["package/.index.json"]["files"]

    assert there == {f"package/{row['filename']}" for row in rows}
    for row in rows:
        own = files[f"package/{row['filename']}"]
        assert {name: own[name] for name in row if name != "filename"} == {
            name: value for name, value in row.items() if name != "filename"
        }


def test_every_profile_is_in_it_and_nothing_that_hl7_defined(files):
    profiles = {f"package/{name}" for name, _ in read("profiles")}

    assert profiles <= files.keys()
    assert not [name for name, one in files.items() if str(one.get("url", "")).startswith("http://hl7.org/")]


def test_what_is_shipped_to_be_loaded_are_its_examples(files):
    assert {f"package/example/Bundle-{name}" for folder in EXAMPLES for name, _ in read(folder)} == {
        name for name in files if name.startswith("package/example/")
    }


def test_the_same_definitions_are_the_same_bytes():
    assert packed(dict(contents())) == packed(dict(contents()))


def test_a_place_that_cannot_be_written_to_is_told(tmp_path):
    ended = run("package", str(tmp_path))

    assert 1 == ended.returncode
    assert "cannot be written" in ended.stderr
