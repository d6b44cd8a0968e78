"""https://hl7.org/fhir/R4/fhirpatch.html#format"""

from typing import Any

import pytest

from fhir_server.fhir.outcome import Unreadable
from fhir_server.fhir.patch.operation import Operation, Parts, Value, operations

FIRST = "Parameters.parameter[0]"


def document(*parts: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": list(parts)}]}


TYPE, PATH = {"name": "type", "valueCode": "add"}, {"name": "path", "valueString": "Patient"}
NAME, VALUE = {"name": "name", "valueString": "birthDate"}, {"name": "value", "valueDate": "1930-01-01"}
PLACE = {"name": "source", "valueInteger": 1}, {"name": "destination", "valueInteger": 0}


def test_an_operation_is_read_out_of_its_parts_in_whatever_order():
    read = Operation(FIRST, "add", "Patient", "birthDate", Value("date", "1930-01-01"))

    assert [read] == operations(document(TYPE, PATH, NAME, VALUE))
    assert [read] == operations(document(VALUE, NAME, PATH, TYPE))


def test_a_move_tells_its_places():
    (read,) = operations(document({"name": "type", "valueCode": "move"}, PATH, *PLACE))

    assert (1, 0) == (read.source, read.destination)


@pytest.mark.parametrize("parameter", [None, []])
def test_a_patch_may_have_no_operations(parameter):
    given = {"resourceType": "Parameters"} if parameter is None else {"resourceType": "Parameters", "parameter": []}

    assert [] == operations(given)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (None, "patch-parameters"),
        ([], "patch-parameters"),
        ({"resourceType": "Patient"}, "patch-parameters"),
        ({"resourceType": "Parameters", "parameter": {}}, "patch-parameters"),
        ({"resourceType": "Parameters", "parameter": ["x"]}, "patch-parameters"),
        ({"resourceType": "Parameters", "parameter": [{"name": "operations", "part": []}]}, "patch-parameters"),
        ({"resourceType": "Parameters", "parameter": [{"name": "operation"}]}, "patch-parameters"),
        ({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": {}}]}, "patch-parameters"),
        ({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": ["x"]}]}, "patch-parameters"),
        (document(TYPE, PATH, NAME, VALUE, {"valueString": "x"}), "patch-parameters"),
        (document(PATH, NAME, VALUE), "patch-part"),
        (document({"name": "type", "valueInteger": 3}, PATH, NAME, VALUE), "patch-part"),
        (document({"name": "type", "valueCode": "append"}, PATH, NAME, VALUE), "patch-type"),
        (document(TYPE, PATH, NAME), "patch-parts"),
        (document(TYPE, PATH, NAME, VALUE, {"name": "index", "valueInteger": 0}), "patch-parts"),
        (document(TYPE, PATH, NAME, VALUE, {"name": "comment", "valueString": "x"}), "patch-parts"),
        (document(TYPE, PATH, NAME, VALUE, VALUE), "patch-part-twice"),
        (document(TYPE, {"name": "path", "valueInteger": 3}, NAME, VALUE), "patch-part"),
        (document(TYPE, {"name": "path", "part": [PATH]}, NAME, VALUE), "patch-part"),
        (document({"name": "type", "valueCode": "move"}, PATH, PLACE[0], PATH | {"name": "destination"}), "patch-part"),
        (
            document(
                {"name": "type", "valueCode": "move"}, PATH, PLACE[0], {"name": "destination", "valueInteger": -1}
            ),
            "patch-part",
        ),
        (
            document(
                {"name": "type", "valueCode": "move"}, PATH, PLACE[0], {"name": "destination", "valueInteger": True}
            ),
            "patch-value",
        ),
    ],
)
def test_what_is_no_operation_is_not_read(given, key):
    with pytest.raises(Unreadable) as refused:
        operations(given)
    (issue,) = refused.value.issues
    assert key == issue.key
    assert issue.expression in {"", "Parameters.parameter", FIRST}


def value_of(**content: Any) -> Any:
    (read,) = operations(document(TYPE, PATH, NAME, {"name": "value", **content}))
    return read.value


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ({"valueString": "x"}, Value("string", "x")),
        ({"valueString": "x", "_valueString": {"id": "1"}}, Value("string", "x", {"id": "1"})),
        ({"_valueString": {"id": "1"}}, Value("string", None, {"id": "1"})),
        ({"valueBase64Binary": "eA=="}, Value("base64Binary", "eA==")),
        ({"valueBoolean": False}, Value("boolean", False)),
        ({"valueDecimal": 1}, Value("decimal", 1)),
        ({"valueCodeableConcept": {"text": "x"}}, Value("CodeableConcept", {"text": "x"})),
        ({"resource": {"resourceType": "Basic"}}, Value("Basic", {"resourceType": "Basic"})),
        ({"part": [{"name": "a", "valueString": "x"}]}, Parts((("a", Value("string", "x")),))),
        (
            {"part": [{"name": "a", "part": [{"name": "b", "valueString": "x"}]}]},
            Parts((("a", Parts((("b", Value("string", "x")),))),)),
        ),
        ({"id": "1", "extension": [], "valueString": "x"}, Value("string", "x")),
    ],
)
def test_a_value_is_of_a_named_type_a_resource_or_of_parts(content, read):
    assert read == value_of(**content)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"valueString": 3},
        {"valueString": None},
        {"valueString": ["x"]},
        {"valueBoolean": 1},
        {"valueInteger": 1.5},
        {"valueInteger": True},
        {"valueCodeableConcept": "x"},
        {"valueString": "x", "valueCode": "x"},
        {"valueString": "x", "_valueCode": {"id": "1"}},
        {"valueString": "x", "_valueString": []},
        {"valueCodeableConcept": {"text": "x"}, "_valueCodeableConcept": {"id": "1"}},
        {"valueWhole": 3},
        {"value": "x"},
        {"part": []},
        {"part": ["x"]},
        {"part": [{"valueString": "x"}]},
        {"part": [{"name": "a"}]},
        {"part": {"name": "a", "valueString": "x"}},
        {"resource": {"resourceType": "Plan"}},
        {"resource": {}},
        {"resource": []},
        {"valueString": "x", "resource": {"resourceType": "Basic"}},
        {"valueString": "x", "modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]},
    ],
)
def test_what_is_no_value_is_not_read(content):
    with pytest.raises(Unreadable) as refused:
        value_of(**content)
    assert ("patch-value", FIRST) == (refused.value.issues[0].key, refused.value.issues[0].expression)


def test_an_operation_whose_meaning_an_extension_could_turn_round_is_not_read():
    given = document(TYPE, PATH, NAME, VALUE)
    given["parameter"][0]["modifierExtension"] = [{"url": "http://example.org/not", "valueBoolean": True}]

    with pytest.raises(Unreadable):
        operations(given)
