"""https://hl7.org/fhir/R4/references.html#literal"""

import pytest

from fhir_server.fhir.path.resolve import type_named

PLAN = {"resourceType": "CarePlan", "contained": [{"resourceType": "Goal", "id": "g"}, "noise", {"id": "x"}]}


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "Patient/1"}, "Patient"),
        ({"reference": "Patient/1/_history/2"}, "Patient"),
        ({"reference": "https://example.org/fhir/Patient/1"}, "Patient"),
        ({"reference": "https://example.org/fhir/Patient/1/_history/2"}, "Patient"),
        ({"reference": "Patient?identifier=urn:x|1"}, "Patient"),
        ({"reference": "#g"}, "Goal"),
        ({"reference": "#"}, "CarePlan"),
        ({"reference": "#other"}, None),
        ({"reference": "#x"}, None),
        ({"reference": "urn:uuid:7f2c6b0e-0d0a-4a0e-9a53-0d6a0a5ad5a1", "type": "Patient"}, "Patient"),
        ({"identifier": {"value": "1"}, "type": "Organization"}, "Organization"),
        ({"identifier": {"value": "1"}}, None),
        ({"reference": "Person/1", "type": "Patient"}, "Person"),
        ({"reference": "Colour/1"}, None),
        ({"reference": "nonsense", "type": 7}, None),
        ({"reference": ["Patient/1"]}, None),
        ("Patient/1", None),
    ],
)
def test_a_reference_says_what_type_it_names(reference, expected):
    assert expected == type_named(reference, (PLAN, PLAN))


@pytest.mark.parametrize("resource", [None, "x", {"contained": "x"}, {"contained": [None]}])
def test_a_resource_of_any_shape_may_be_asked(resource):
    assert type_named({"reference": "#g"}, (resource, None)) is None
