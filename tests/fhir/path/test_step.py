"""https://hl7.org/fhir/R4/json.html#primitive"""

import pytest

from fhir_server.fhir.path import compile_path, constraint


@pytest.mark.parametrize(
    "node",
    [
        None,
        [],
        "text",
        {},
        {"name": "x", "deceasedDateTime": 3, "contained": {}, "extension": [1, None, {"url": 7}]},
        {"name": [{"given": "Tolvan", "family": ["T"]}, "x", None, {"given": [None, 1]}]},
    ],
)
def test_what_has_the_wrong_shape_is_as_good_as_absent(node):
    for path in ("name.given", "name.family", "deceased", "contained.id", "extension('urn:a').value"):
        assert [] == compile_path(path, "Patient")(node)


def test_a_boolean_is_no_number_and_a_number_no_boolean():
    assert [] == compile_path("multipleBirth as integer", "Patient")({"multipleBirthInteger": True})
    assert [2] == compile_path("multipleBirth as integer", "Patient")({"multipleBirthInteger": 2})
    assert [] == compile_path("active", "Patient")({"active": 1})
    assert [True] == compile_path("active", "Patient")({"active": True})


def test_only_a_constraint_sees_an_element_without_a_value():
    unknown = {"_family": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}}

    assert constraint("family.exists()", "HumanName")(unknown, {})
    assert constraint("family.hasValue()", "HumanName")(unknown, {}) is False
    assert constraint("family = 'T'", "HumanName")(unknown, {}) is None
    assert constraint("family.startsWith('T')", "HumanName")(unknown, {}) is None
    assert constraint("given.count() = 2", "HumanName")({"given": ["T", None], "_given": [None, {"id": "a"}]}, {})
    assert constraint("given.count() = 1", "HumanName")({"_given": [{"id": "a"}]}, {})
    assert [] == compile_path("family", "HumanName")(unknown)
