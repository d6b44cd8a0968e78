"""The house rules that a grep can keep; import-linter keeps the ladder."""

import ast
import re
from pathlib import Path

import pytest

from fhir_server.fhir.definitions import read

PACKAGE = Path(__file__).parents[2] / "fhir_server"
SOURCES = sorted(PACKAGE.rglob("*.py"))
OUTSIDE = {"cli", "assembly", "settings.py", "__main__.py"}
BELOW_ASSEMBLY = [path for path in SOURCES if path.relative_to(PACKAGE).parts[0] not in OUTSIDE]
CLOCKS_AND_CHANCE = {"time", "random", "secrets", "os"}
NOW = {"now", "today", "utcnow"}
BANNED = re.compile(r"(Manager|Helper|Util|Utils|Service|Processor|Factory|Impl|Common|Core|Misc)(?![a-z])")


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def imports(tree: ast.AST) -> set[str]:
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", BELOW_ASSEMBLY, ids=name_of)
def test_no_room_below_assembly_reads_a_clock_a_random_source_or_the_environment(path):
    tree = ast.parse(path.read_text())
    allowed = {"os"} if "storage" in path.parts else set()  # storage locks and names files

    assert set() == imports(tree) & CLOCKS_AND_CHANCE - allowed
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert set() == attributes & (NOW | {"environ", "getenv", "urandom"})


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_named_by_a_word_that_says_nothing(path):
    classes = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]

    assert [] == [name for name in classes if BANNED.search(name)]
    assert not BANNED.search(path.stem.title())


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_file_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("folder", ["profiles", "capability", "search", "security"])
def test_definitions_are_named_as_what_they_are_and_have_a_readme(folder):
    place = PACKAGE.parent / folder

    for name, resource in read(folder):
        assert f"{resource['resourceType']}-{resource['id']}.json" == name
    assert [] == [path.name for path in place.iterdir() if path.suffix not in {".json", ".md"}]
    text = (place / "README.md").read_text()
    for heading in ("What is here", "Who reads it", "How to add one", "What refuses a bad one"):
        assert heading in text
