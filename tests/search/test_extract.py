"""https://hl7.org/fhir/R4/search.html: what is found, and what is not, by each parameter that is defined."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.instant import span
from fhir_server.search.extract import Extractor
from fhir_server.search.index import Index
from fhir_server.search.match import Candidate, matches
from fhir_server.search.parameter import STORED, compiled, load_parameters
from fhir_server.search.parse import Parser

BASE = "http://127.0.0.1:8080/fhir"
PARAMETERS = load_parameters()
EXTRACTOR = Extractor(PARAMETERS, BASE)
PARSER = Parser(PARAMETERS, BASE)

VALUES = {
    "Identifier": ({"system": "urn:test", "value": "1"}, {"system": "urn:test", "value": "2"}, "urn:test|1"),
    "CodeableConcept": (
        {"coding": [{"system": "urn:test", "code": "a"}]},
        {"coding": [{"system": "urn:test", "code": "b"}], "text": "a"},
        "urn:test|a",
    ),
    "Coding": ({"system": "urn:test", "code": "a"}, {"system": "urn:test", "code": "b", "display": "a"}, "urn:test|a"),
    "uri": ("urn:test:a", "urn:test:a/b", "urn:test:a"),
    "code": ("active", "draft", "active"),
    "string": ("1.0", "1.0.1", "1.0"),
    "boolean": (True, False, "true"),
    "dateTime": ("2026-03-02", "2026-03-03", "2026-03-02"),
    "canonical": ("https://plans.example/a|1", "https://plans.example/b|1", "https://plans.example/a"),
    "Reference": ({"reference": "Patient/1"}, {"reference": "Patient/2"}, "Patient/1"),
}
"""For a value of each type: one that is found, one that is not, and what is asked."""

EXAMPLES = [
    (type, code)
    for type in sorted(PARAMETERS.types)
    for code in PARAMETERS.of(type)
    if code not in STORED
]  # fmt: skip
WHERE = {
    ("Appointment", "patient"): ("participant", "actor"),
    ("AppointmentResponse", "patient"): ("actor",),
    ("AuditEvent", "patient"): ("agent", "who"),
    ("Task", "subject"): ("for",),
    ("Task", "patient"): ("for",),
    ("EpisodeOfCare", "patient"): ("patient",),
    ("Provenance", "patient"): ("target",),
    ("CapabilityStatement", "resource"): ("rest", "resource", "type"),
    ("CodeSystem", "code"): ("concept", "code"),
    ("CompartmentDefinition", "resource"): ("resource", "code"),
    ("StructureDefinition", "base"): ("baseDefinition",),
    ("ValueSet", "code"): ("compose", "include", "concept", "code"),
}
"""Where a parameter's values stand, if not in an element of its own code (or, for `patient`, in `subject`)."""
LISTS = {
    *("identifier", "category", "participant", "agent", "target", "tag", "security", "profile"),
    *("base", "concept", "include", "resource", "rest"),
}


def a_resource(type: str, code: str, value: Any) -> dict[str, Any]:
    paths = PARAMETERS.of(type)[code].paths
    for place in (WHERE.get((type, code)), (code,), ("subject",), ("patient",), ("meta", code[1:])):
        for listed in (False, True):
            resource = {"resourceType": type, **_placed(place or (code,), value, listed=listed)}
            if any(path.values(resource) for path in paths):
                return resource
    raise AssertionError(f"no place is known for {type} {code}")


def _placed(place: tuple[str, ...], value: Any, *, listed: bool) -> dict[str, Any]:
    name, rest = place[0], place[1:]
    inner = _placed(rest, value, listed=listed) if rest else value
    return {name: [inner] if name in LISTS and (rest or listed) else inner}


@pytest.mark.parametrize(("type", "code"), EXAMPLES)
def test_each_parameter_finds_what_it_asks_for_and_nothing_else(type, code):
    found, other, asked = VALUES[PARAMETERS.of(type)[code].paths[0].type]
    criterion = PARSER.parse(type, [(code, asked)]).query.where

    for value, expected in ((found, True), (other, False)):
        index = EXTRACTOR.index(a_resource(type, code, value))
        assert expected == matches(criterion, Candidate(type, "1", 0, index))


PLAN = {
    "resourceType": "CarePlan",
    "id": "1",
    "identifier": [
        {"system": "urn:b", "value": "2"},
        {"system": "urn:a", "value": "1"},
        {"system": "urn:b", "value": "2"},
    ],
    "status": "active",
    "category": [{"coding": [{"system": "s", "code": "SIP"}]}, {"text": "other"}],
    "subject": {"reference": "Patient/p1", "identifier": {"system": "urn:a", "value": "9"}},
}


def test_a_plan_has_each_value_once_and_in_order():
    expected = Index(
        tokens={
            "category": [("s", "SIP")],
            "identifier": [("urn:a", "1"), ("urn:b", "2")],
            "status": [("", "active")],
            "patient:identifier": [("urn:a", "9")],
            "subject:identifier": [("urn:a", "9")],
        },
        references={"patient": [("Patient", "p1")], "subject": [("Patient", "p1")]},
    )

    assert expected == EXTRACTOR.index(PLAN)


def test_a_group_is_a_subject_and_no_patient():
    index = EXTRACTOR.index(PLAN | {"subject": {"reference": "Group/g"}})

    assert {"subject": [("Group", "g")]} == index.references


def test_a_patient_at_our_own_base_is_the_same_patient():
    index = EXTRACTOR.index(PLAN | {"subject": {"reference": f"{BASE}/Patient/p1/_history/3"}})

    assert EXTRACTOR.index(PLAN).references["patient"] == index.references["patient"]


def test_dates_are_indexed_as_spans():
    parameters = compiled(
        [
            (
                "SearchParameter-clinical-date.json",
                {
                    "resourceType": "SearchParameter",
                    "url": "urn:test:date",
                    "code": "date",
                    "base": ["CarePlan", "Observation"],
                    "type": "date",
                    "expression": "CarePlan.period | Observation.effective",
                },
            )
        ]
    )
    extractor = Extractor(parameters, BASE)
    low, high = span("2026-03-02")

    plan = extractor.index(PLAN | {"period": {"start": "2026-03-02", "end": "2026-03-02"}})
    observation = extractor.index({"resourceType": "Observation", "effectiveDateTime": "2026-03-02"})
    assert {"date": [(low, high)]} == plan.spans == observation.spans


def test_what_the_store_itself_knows_is_not_indexed():
    index = EXTRACTOR.index({"resourceType": "Binary", "id": "1", "meta": {"lastUpdated": "2026-03-02T10:00:00Z"}})

    assert Index() == index


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["Patient/1", "#", "urn:x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["reference", "coding", "code", "system", "value", "identifier", "text"]), inner
        )
    ),
    max_leaves=15,
)


@given(
    st.sampled_from(sorted({type for type, _ in EXAMPLES})),
    st.dictionaries(st.sampled_from(["identifier", "status", "category", "subject", "patient", "for", "agent"]), JSON),
)
def test_a_resource_of_any_shape_has_an_index(type, members):
    index = EXTRACTOR.index({"resourceType": type, **members})

    for values in (*index.tokens.values(), *index.references.values(), *index.spans.values()):
        assert values == sorted(set(values))
        assert values


@pytest.mark.parametrize(
    "resource", [{}, {"resourceType": None}, {"resourceType": ["CarePlan"]}, {"resourceType": "Colour"}]
)
def test_what_is_no_resource_of_r4_has_an_empty_index(resource):
    assert Index() == EXTRACTOR.index(resource)
