from typing import Any

import pytest

from fhir_server.validation.codes import Codes, ValueSets
from tests.validation.profiled import SETS, SYSTEM, value_set

COLOURS = {
    "resourceType": "CodeSystem",
    "url": SYSTEM,
    "content": "complete",
    "concept": [
        {"code": "warm", "concept": [{"code": "red", "concept": [{"code": "crimson"}]}, {"code": "orange"}]},
        {"code": "cold", "concept": [{"code": "blue"}]},
    ],
}
OTHER = "http://snomed.info/sct"


def codes(**compose: Any) -> Codes | None:
    reds = value_set("reds", include=[{"system": SYSTEM, "concept": [{"code": "red"}, {"code": "crimson"}]}])
    return ValueSets([COLOURS, reds, value_set("it", **compose)]).find(f"{SETS}it")


def by(op: str, value: str) -> dict[str, Any]:
    return {"system": SYSTEM, "filter": [{"property": "concept", "op": op, "value": value}]}


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ({"include": [{"system": SYSTEM}]}, {"warm", "red", "crimson", "orange", "cold", "blue"}),
        ({"include": [{"system": SYSTEM, "concept": [{"code": "red"}]}]}, {"red"}),
        ({"include": [by("is-a", "red")]}, {"red", "crimson"}),
        ({"include": [by("descendent-of", "warm")]}, {"red", "crimson", "orange"}),
        ({"include": [by("is-a", "green")]}, set()),
        ({"include": [{"valueSet": [f"{SETS}reds"]}]}, {"red", "crimson"}),
        ({"include": [{**by("is-a", "warm"), "valueSet": [f"{SETS}reds"]}]}, {"red", "crimson"}),
        ({"include": [by("is-a", "warm")], "exclude": [{"valueSet": [f"{SETS}reds"]}]}, {"warm", "orange"}),
        (
            {"include": [by("is-a", "red"), {"system": SYSTEM, "concept": [{"code": "blue"}]}]},
            {"red", "crimson", "blue"},
        ),
    ],
)
def test_a_value_set_is_what_its_composition_comes_to(compose: Any, expected: set[str]) -> None:
    assert Codes(frozenset((SYSTEM, code) for code in expected)) == codes(**compose)


@pytest.mark.parametrize(
    "include",
    [
        {"system": OTHER},
        {"system": OTHER, "filter": [{"property": "concept", "op": "is-a", "value": "1"}]},
        by("in", "red"),
    ],
)
def test_of_a_system_that_is_not_here_any_code_may_be_one(include: dict[str, Any]) -> None:
    found = codes(include=[include])
    assert found is not None
    assert found.has(include["system"], "anything")
    assert found.has_code("anything")
    assert not found.has("urn:x:third", "anything")


def test_an_expansion_is_read_where_nothing_else_is_said() -> None:
    contains = [{"system": SYSTEM, "code": "warm", "abstract": True, "contains": [{"system": SYSTEM, "code": "red"}]}]
    expanded = {"resourceType": "ValueSet", "url": f"{SETS}it", "expansion": {"contains": contains}}
    assert Codes(frozenset({(SYSTEM, "red")})) == ValueSets([expanded]).find(f"{SETS}it")


def test_a_value_set_that_includes_itself_tells_nothing() -> None:
    assert codes(include=[{"valueSet": [f"{SETS}it"]}]) is None
    assert codes(include=[{"valueSet": [f"{SETS}nowhere"]}]) is None


def test_r4s_required_value_sets_are_behind_those_that_are_brought() -> None:
    found = ValueSets([]).find("http://hl7.org/fhir/ValueSet/task-status|4.0.1")
    assert found is not None
    assert found.has("http://hl7.org/fhir/task-status", "completed")
    assert not found.has("http://hl7.org/fhir/task-status", "finished")
