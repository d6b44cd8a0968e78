"""Paths, types and what an expression may be about."""

import pytest

from fhir_server.fhir.path import PathError, compile_path, constraint, expand

PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Testsson", "given": ["Tolvan", "T"]}, {"family": "T"}],
    "deceasedDateTime": "2026-03-02",
    "extension": [{"url": "urn:a", "valueString": "x"}, {"url": "urn:b", "valueCode": "y"}],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Org"}, {"resourceType": "Patient", "id": "p"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "Organization/2"}],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name.given", ["Tolvan", "T"]),
        ("Patient.name.family", ["Testsson", "T"]),
        ("Resource.id", []),
        ("DomainResource.contained.id", ["o", "p"]),
        ("Observation.status", []),
        ("name[1].family", ["T"]),
        ("name[7].family", []),
        ("deceased", ["2026-03-02"]),
        ("deceased as dateTime", ["2026-03-02"]),
        ("deceased.as(boolean)", []),
        ("deceased.ofType(FHIR.dateTime)", ["2026-03-02"]),
        ("deceased is dateTime", [True]),
        ("deceased is boolean", [False]),
        ("active is boolean", []),
        ("extension('urn:a').value", ["x"]),
        ("hasExtension('urn:b')", [True]),
        ("hasExtension('urn:c')", [False]),
        ("extension.value.ofType(code)", ["y"]),
        ("contained.ofType(Organization).name", ["Org"]),
        ("contained.ofType(DomainResource).id", ["o", "p"]),
        ("contained.first() is Organization", [True]),
        ("generalPractitioner.where(resolve() is Organization).reference", ["Organization/2"]),
        ("managingOrganization.resolve() is Organization", [True]),
        ("%resource.name.first().family", ["Testsson"]),
        ("name.where(%context.deceased.exists()).family", ["Testsson", "T"]),
        ("%ucum", ["http://unitsofmeasure.org"]),
        ("name.period.start | name.given | name.family", ["Tolvan", "T", "Testsson"]),
        ("(name.family | name.given).count()", [3]),
        ("{}", []),
    ],
)
def test_a_path_leads_to_what_it_names(path, expected):
    assert expected == compile_path(path, "Patient")(PATIENT)


def test_a_search_expression_has_a_path_for_each_type_it_leads_to():
    paths = expand("(Observation.value as Quantity) | Observation.effective | Patient.name", "Observation")

    assert ["Quantity", "dateTime", "Period", "Timing", "instant"] == [path.type for path in paths]
    node = {"resourceType": "Observation", "effectivePeriod": {"start": "2026"}}
    assert [[], [], [{"start": "2026"}], [], []] == [list(path.values(node)) for path in paths]


def test_a_path_knows_what_its_references_may_name():
    (subject,) = expand("CarePlan.subject", "CarePlan")
    (patient,) = expand("CarePlan.subject.where(resolve() is Patient)", "CarePlan")

    assert {"Patient", "Group"} == set(subject.targets)
    assert ("Patient",) == patient.targets
    plan = {"resourceType": "CarePlan", "subject": {"reference": "Group/1"}}
    assert [plan["subject"]] == subject.values(plan)
    assert [] == patient.values(plan)


def test_a_path_knows_which_value_set_its_codes_come_from():
    (status,) = expand("CarePlan.status", "CarePlan")

    assert "http://hl7.org/fhir/ValueSet/request-status" == status.binding


def test_a_constraint_knows_the_resource_it_is_in():
    rule = constraint("%resource.status = 'active'", "CarePlan.activity")

    assert rule({}, {"status": "active"})
    assert rule({}, {"status": "draft"}) is False
    assert rule({}, None) is None


def test_a_constraint_of_a_primitive_is_applied_to_its_value():
    rule = constraint("startsWith('urn:')", "uri")

    assert rule("urn:x", {})
    assert rule("http://x", {}) is False
    assert rule({"not": "text"}, {}) is None
    assert [] == compile_path("%resource.id", "uri")("urn:x")


def test_json_that_is_nested_without_end_is_left_open():
    node: dict = {}
    for _ in range(5000):
        node = {"item": [node]}

    assert constraint("descendants().isDistinct()", "Questionnaire")(node, node) in {True, False, None}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("colour", "name"),
        ("Colour.name", "Patient.name"),
        ("deceasedBoolean", "deceased"),
        ("name as Colour", "name as HumanName"),
        ("birthDate.extension('urn:x')", "name.extension('urn:x')"),
        ("managingOrganization.resolve().name", "managingOrganization.resolve() is Organization"),
        ("name.resolve()", "link.other.resolve()"),
        ("descendants().as(canonical)", "descendants().as(Goal)"),
        ("%rootResource", "%resource"),
        ("%vs", "%sct"),
        ("name.where()", "name.where(use = 'x')"),
        ("name.first(1)", "name.first()"),
        ("name.foo()", "name.first()"),
        ("name[id]", "name[0]"),
        ("deceased.first()", "name.first()"),
        ("name ~ 'x'", "name = 'x'"),
        ("birthDate + 1", "1 + 1"),
        ("name.matches(family)", "name.family.matches('x')"),
        ("name.as(1)", "name.as(HumanName)"),
        ("extension(id)", "extension('id')"),
        ("now()", "@2026"),
        ("extension" + ".value.extension" * 12, "extension.value.extension"),
    ],
)
def test_what_is_outside_the_subset_is_refused_when_it_is_compiled(wrong, right):
    compile_path(right, "Patient")

    with pytest.raises(PathError):
        compile_path(wrong, "Patient")


def test_a_type_that_r4_does_not_have_is_refused():
    with pytest.raises(PathError):
        compile_path("id", "Colour")
