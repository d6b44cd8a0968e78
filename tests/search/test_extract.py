"""https://hl7.org/fhir/R4/search.html: what is found, and what is not, by each parameter that is promised."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.definitions import r4, read
from fhir_server.fhir.instant import span
from fhir_server.search.extract import Extractor
from fhir_server.search.index import Index
from fhir_server.search.match import Candidate, matches
from fhir_server.search.parameter import COMPOSITE, KINDS, STORED, WORDED, load_parameters, parameters_of
from fhir_server.search.parse import Parser
from tests.search.placing import Place, places
from tools.take_parameters import types

BASE = "http://127.0.0.1:8080/fhir"
PARAMETERS = load_parameters()
EXTRACTOR = Extractor(PARAMETERS, BASE)
PARSER = Parser(PARAMETERS, BASE)
DEFINITIONS = {one["url"]: one for name, one in read("search") if name.startswith("SearchParameter-")}

CODED = [{"coding": [{"system": "urn:test", "code": code}]} for code in ("a", "b")]
MEASURED = [{"value": value, "unit": "kg", "system": "urn:units", "code": "kg"} for value in (7, 8)]
VALUES = {
    "Address": ({"city": "Åmål"}, {"city": "Mora"}, "amal"),
    "CodeableConcept": (CODED[0], CODED[1] | {"text": "a"}, "urn:test|a"),
    "Coding": (CODED[0]["coding"][0], CODED[1]["coding"][0] | {"display": "a"}, "urn:test|a"),
    "ContactPoint": ({"value": "070-1"}, {"value": "070-2"}, "070-1"),
    "HumanName": ({"family": "Öberg Lind"}, {"family": "Ek"}, "lind"),
    "Identifier": ({"system": "urn:test", "value": "1"}, {"system": "urn:test", "value": "2"}, "urn:test|1"),
    "Period": ({"start": "2026-03-02", "end": "2026-03-02"}, {"start": "2026-03-02", "end": "2026-03-03"}, "2026-03-02"),
    "Range": ({"low": MEASURED[0], "high": MEASURED[0]}, {"low": MEASURED[0]}, "7|urn:units|kg"),
    "SampledData": ({"origin": MEASURED[0]}, {"origin": MEASURED[1]}, "7"),
    "Timing": ({"event": ["2026-03-02"]}, {"event": ["2026-03-03"]}, "2026-03-02"),
    "boolean": (True, False, "true"),
    "canonical": ("https://plans.example/a|1", "https://plans.example/b|1", "https://plans.example/a"),
    "date": ("2026-03-02", "2026-03-03", "2026-03-02"),
    "dateTime": ("2026-03-02T10:00:00+01:00", "2026-03-03", "2026-03-02"),
    "decimal": (7, 8, "7"),
    "instant": ("2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z", "2026-03-02"),
    "integer": (7, 8, "7"),
    "markdown": ("En lång plan", "En annan", "EN LÅNG"),
    "string": ("2026-03-02", "2026-03-03", "2026-03-02"),
    **dict.fromkeys(("Age", "Count", "Distance", "Duration", "Quantity"), (*MEASURED, "7|urn:units|kg")),
    **dict.fromkeys(("oid", "uri", "url", "uuid"), ("https://plans.example/a", "https://plans.example/a/b", "https://plans.example/a")),
}  # fmt: skip
"""For a value of each type: one that is found, one that is not, and what is asked."""

PROMISED = [(type, code) for type in sorted(types()) for code in PARAMETERS.of(type)]
INDEXED = [
    (type, code)
    for type, code in PROMISED
    if code not in STORED | WORDED and not PARAMETERS.of(type)[code].chain and (type, code) != ("Patient", "deceased")
]
SIMPLE = [pair for pair in INDEXED if PARAMETERS.of(pair[0])[pair[1]].kind != COMPOSITE]
COMPOSED = [pair for pair in INDEXED if PARAMETERS.of(pair[0])[pair[1]].kind == COMPOSITE]


def example(place: Place) -> tuple[Any, Any, str]:
    """A value at a place that is found, one that is not, and what is asked."""
    if place.type == "Reference":
        target = (*place.targets, "Patient")[0]
        return {"reference": f"{target}/1"}, {"reference": f"{target}/2"}, f"{target}/1"
    if place.type == "code":
        one, other, *_ = (*sorted(code for _, code in r4().codes(place.binding) or ()), "a-code", "b-code")
        return one, other, one
    return VALUES[place.type]


def found_by(type: str, code: str, asked: str, resource: dict[str, Any]) -> bool:
    criterion = PARSER.parse(type, [(code, asked)]).query.where
    return matches(criterion, Candidate(type, "1", 0, EXTRACTOR.index({"resourceType": type, **resource})))


@pytest.mark.parametrize(("type", "code"), SIMPLE)
def test_each_parameter_finds_what_it_asks_for_and_nothing_else(type, code):
    parameter = PARAMETERS.of(type)[code]
    left = list(parameter.paths)
    for place in places(DEFINITIONS[parameter.url]["expression"], type):
        if place.type not in KINDS[parameter.kind]:
            continue
        right, wrong, asked = example(place)

        assert found_by(type, code, asked, place.made(right))
        assert not found_by(type, code, asked, place.made(wrong))
        left = [path for path in left if not path.values(place.made(right))]
    assert not found_by(type, code, asked, {})
    assert ([], True) == (left, bool(parameter.paths))


@pytest.mark.parametrize(("type", "code"), SIMPLE)
def test_each_parameter_knows_whether_there_is_a_value(type, code):
    parameter = PARAMETERS.of(type)[code]
    place = next(
        place for place in places(DEFINITIONS[parameter.url]["expression"], type) if place.type in KINDS[parameter.kind]
    )

    for resource, missing in (({}, "true"), (place.made(example(place)[0]), "false")):
        assert found_by(type, f"{code}:missing", missing, resource)
        assert not found_by(type, f"{code}:missing", {"true": "false", "false": "true"}[missing], resource)


def together(element: Place, parts: list[tuple[Place, Any]]) -> dict[str, Any]:
    """One element with all components."""
    return element.made({name: value for place, one in parts for name, value in place.made(one).items()})


@pytest.mark.parametrize(("type", "code"), COMPOSED)
def test_each_composite_finds_its_components_in_one_element_and_nothing_else(type, code):
    parameter = PARAMETERS.of(type)[code]
    definition = DEFINITIONS[parameter.url]
    for element in places(definition["expression"], type):
        one, other = (
            next(
                place
                for place in places(given["expression"], element.type)
                if place.type in KINDS[known.parameter.kind]
            )
            for given, known in zip(definition["component"], parameter.components, strict=True)
        )
        (right, wrong, asked), (right_too, wrong_too, asked_too) = example(one), example(other)
        value = f"{asked}${asked_too}"

        assert found_by(type, code, value, together(element, [(one, right), (other, right_too)]))
        for pair in ((wrong, right_too), (right, wrong_too)):
            assert not found_by(type, code, value, together(element, list(zip((one, other), pair, strict=True))))
        assert not found_by(type, code, value, together(element, [(one, right)]))
        assert not found_by(type, code, value, {})


def test_the_components_of_a_composite_are_found_in_one_element():
    def measured(*components):
        return {"component": [{"code": CODED[code], "valueQuantity": MEASURED[value]} for code, value in components]}

    found = "component-code-value-quantity"
    assert found_by("Observation", found, "urn:test|a$7", measured((0, 0), (1, 1)))
    assert not found_by("Observation", found, "urn:test|a$7", measured((0, 1), (1, 0)))


def test_an_element_without_one_of_its_components_is_no_value_of_the_composite():
    finding = {"resourceType": "Observation", "code": CODED[0]}

    assert {} == EXTRACTOR.index(finding).elements
    both = EXTRACTOR.index(finding | {"valueQuantity": MEASURED[0]}).elements
    assert {"code-value-quantity", "combo-code-value-quantity"} == both.keys()


@pytest.mark.parametrize("type", sorted(types()))
def test_each_type_is_found_by_what_the_store_knows_and_by_its_words(type):
    narrative = {"resourceType": type, "text": {"status": "generated", "div": "<div><p>En vårdplan</p></div>"}}
    day, _ = span("2026-03-02")
    candidate = Candidate(type, "1", day, EXTRACTOR.index(narrative))

    asked = [("_id", "1", "2"), ("_lastUpdated", "2026-03-02", "2026-03-03")]
    asked += [(code, "VARDPLAN en", "plan") for code in WORDED if code in PARAMETERS.of(type)]
    for code, right, wrong in asked:
        for value, expected in ((right, True), (wrong, False)):
            assert expected == matches(PARSER.parse(type, [(code, value)]).query.where, candidate)


@pytest.mark.parametrize(
    ("members", "dead"), [({"deceasedBoolean": True}, True), ({"deceasedDateTime": "2026"}, True), ({"deceasedBoolean": False}, False), ({}, False)]
)  # fmt: skip
def test_a_patient_is_dead_by_a_flag_or_by_a_date(members, dead):
    assert dead == found_by("Patient", "deceased", "true", members)
    assert dead != found_by("Patient", "deceased", "false", members)


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
    "period": {"start": "2026-03-02"},
}


def test_a_plan_has_each_value_once_and_in_order():
    low, high = span("2026-03-02")[0], 2**62
    expected = Index(
        tokens={
            "category": [("s", "SIP")],
            "identifier": [("urn:a", "1"), ("urn:b", "2")],
            "status": [("", "active")],
            "patient:identifier": [("urn:a", "9")],
            "subject:identifier": [("urn:a", "9")],
        },
        references={"patient": [("Patient", "p1")], "subject": [("Patient", "p1")]},
        spans={"date": [(low, high)]},
        strings={"category:text": [("other", "other", "other")]},
        words={"_content": ["1", "2", "9", "active", "other", "sip"]},
    )

    assert expected == EXTRACTOR.index(PLAN)


def test_a_group_is_a_subject_and_no_patient():
    index = EXTRACTOR.index(PLAN | {"subject": {"reference": "Group/g"}})

    assert {"subject": [("Group", "g")]} == index.references


def test_a_patient_at_our_own_base_is_the_same_patient():
    index = EXTRACTOR.index(PLAN | {"subject": {"reference": f"{BASE}/Patient/p1/_history/3"}})

    assert EXTRACTOR.index(PLAN).references["patient"] == index.references["patient"]


def test_a_name_is_found_at_each_of_its_words_and_sorted_as_a_whole():
    index = EXTRACTOR.index({"resourceType": "Patient", "name": [{"family": "von Öberg Lind", "given": ["Eva"]}]})

    entries = [
        ("von }berg lind", *rest) for rest in (("lind", ""), ("oberg lind", ""), ("von oberg lind", "von Öberg Lind"))
    ]
    assert entries == index.strings["family"]
    assert [("eva", "eva", "Eva"), *entries] == index.strings["name"]


def test_what_a_modifier_alone_asks_of_stands_beside():
    person = {
        "type": {"coding": [{"system": "s", "code": "NI"}], "text": "Personnummer"},
        "system": "urn:a",
        "value": "1",
    }
    index = EXTRACTOR.index({"resourceType": "Patient", "identifier": [person]})

    assert [("s", "NI|1")] == index.tokens["identifier:of-type"]
    assert [("personnummer", "personnummer", "Personnummer")] == index.strings["identifier:text"]


def test_a_date_and_a_period_are_found_by_one_parameter():
    definition = {
        "resourceType": "SearchParameter",
        "url": "urn:test:date",
        "code": "date",
        "base": ["CarePlan", "Observation"],
        "type": "date",
        "expression": "CarePlan.period | Observation.effective",
    }
    extractor = Extractor(parameters_of([("SearchParameter-clinical-date.json", definition)]), BASE)
    low, high = span("2026-03-02")

    plan = extractor.index(PLAN | {"period": {"start": "2026-03-02", "end": "2026-03-02"}})
    observation = extractor.index({"resourceType": "Observation", "effectiveDateTime": "2026-03-02"})
    assert {"date": [(low, high)]} == plan.spans == observation.spans


def test_a_number_is_found_though_no_parameter_of_the_types_kept_is_one():
    definition = {
        "resourceType": "SearchParameter",
        "url": "urn:test:minutes",
        "code": "minutes",
        "base": ["Appointment"],
        "type": "number",
        "expression": "Appointment.minutesDuration",
    }
    parameters = parameters_of([("SearchParameter-minutes.json", definition)])
    index = Extractor(parameters, BASE).index({"resourceType": "Appointment", "minutesDuration": 45})

    assert {"minutes": [(45, 45, "", "")]} == index.amounts
    for asked, expected in (("45", True), ("44", False), ("gt44", True), ("4.5e1", True)):
        criterion = Parser(parameters, BASE).parse("Appointment", [("minutes", asked)]).query.where
        assert expected == matches(criterion, Candidate("Appointment", "1", 0, index))


def test_what_the_store_itself_knows_is_not_indexed():
    index = EXTRACTOR.index({"resourceType": "Binary", "id": "1", "meta": {"lastUpdated": "2026-03-02T10:00:00Z"}})

    assert Index() == index


INSIDE = "reference coding code system value identifier text div start end family low high comparator event repeat type display"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers().map(lambda number: number * 10**400)
    | st.text(max_size=5)
    | st.sampled_from(["Patient/1", "#", "urn:x", "2026-03-02", "a|b", "<div>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INSIDE.split()), inner),
    max_leaves=15,
)
MEMBERS = ["identifier", "status", "category", "subject", "patient", "for", "agent", "name", "period", "code", "text"]
MEMBERS += ["valueQuantity", "valueRange", "component", "restriction", "address", "telecom", "meta", "onsetAge"]


@given(st.sampled_from(sorted(types())), st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_a_resource_of_any_shape_has_an_index(type, members):
    index = EXTRACTOR.index({"resourceType": type, **members})

    kinds = (index.tokens, index.references, index.spans, index.strings, index.amounts, index.words)
    for values in (values for kind in kinds for values in kind.values()):
        assert values == sorted(set(values))
        assert values


@pytest.mark.parametrize(
    "resource", [{}, {"resourceType": None}, {"resourceType": ["CarePlan"]}, {"resourceType": "Colour"}]
)
def test_what_is_no_resource_of_r4_has_an_empty_index(resource):
    assert Index() == EXTRACTOR.index(resource)
