"""Whose a resource is: by its subject element alone."""

import pytest

from fhir_server.access.anchor import load_anchors
from fhir_server.fhir.definitions import read
from fhir_server.search.extract import Extractor
from fhir_server.search.parameter import load_parameters
from tests.builders import a_care_plan, a_patient

ANCHORS, EXTRACTOR = load_anchors(), Extractor(load_parameters(), "http://127.0.0.1:8080/fhir")
PLAN = {"reference": "CarePlan/c1/_history/3"}
P1, P2, STAFF = ({"reference": f"{place}"} for place in ("Patient/p1", "Patient/p2", "Practitioner/s1"))


def anchors(resource: dict, id: str = "x") -> tuple[str, ...]:
    return ANCHORS.of(resource["resourceType"], id, EXTRACTOR.index(resource))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (a_patient(), ("x",)),
        (a_care_plan(), ("p1",)),
        (a_care_plan(author=P2, contributor=[P2]), ("p1",)),
        ({"resourceType": "Task", "for": P1, "owner": P2, "focus": P2}, ("p1",)),
        ({"resourceType": "Task", "owner": P1}, ()),
        ({"resourceType": "Goal", "subject": P1, "expressedBy": P2}, ("p1",)),
        ({"resourceType": "CareTeam", "subject": P1, "participant": [{"member": P2}]}, ("p1",)),
        ({"resourceType": "Communication", "subject": P1, "sender": P2, "recipient": [P2]}, ("p1",)),
        ({"resourceType": "Encounter", "subject": P1, "participant": [{"individual": STAFF}]}, ("p1",)),
        ({"resourceType": "EpisodeOfCare", "patient": P1}, ("p1",)),
        ({"resourceType": "Appointment", "participant": [{"actor": STAFF}, {"actor": P1}]}, ("p1",)),
        ({"resourceType": "Appointment", "participant": [{"actor": P2}, {"actor": P1}]}, ("p1", "p2")),
        ({"resourceType": "QuestionnaireResponse", "subject": P1, "source": P2, "author": P2}, ("p1",)),
        ({"resourceType": "Consent", "patient": P1, "performer": [P2]}, ("p1",)),
        ({"resourceType": "RelatedPerson", "patient": P1}, ("p1",)),
        ({"resourceType": "Goal", "subject": {"reference": "Group/g"}}, ()),
        ({"resourceType": "Practitioner"}, ()),
        (
            {"resourceType": "Provenance", "target": [PLAN, P1], "agent": [{"who": P2}], "entity": [{"what": P2}]},
            ("p1",),
        ),
        ({"resourceType": "Provenance", "target": [PLAN], "agent": [{"who": P1, "onBehalfOf": P2}]}, ()),
    ],
)
def test_the_subject_anchors_and_nobody_else_does(resource, expected):
    assert expected == anchors(resource)


def test_every_type_that_is_kept_is_in_the_table_and_every_anchor_is_a_search_parameter():
    statement = dict(read("capability"))["CapabilityStatement-care-plan-server.json"]
    table = dict(read("security"))["CompartmentDefinition-patient-anchor.json"]

    kept = {kind["type"] for kind in statement["rest"][0]["resource"]}
    assert kept == {row["code"] for row in table["resource"]}
    for row in table["resource"]:
        for parameter in row.get("param", ()):
            assert parameter == "{def}" or parameter in load_parameters().of(row["code"])
