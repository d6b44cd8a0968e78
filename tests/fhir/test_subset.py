"""https://hl7.org/fhir/R4/search.html#summary and #elements"""

from typing import Any

import pytest

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import BadParameter, Invalid
from fhir_server.fhir.subset import SUBSETTED, Subset, is_subsetted, read_subset, refuse_subset
from fhir_server.validation.validate import Validator
from tests.validation.made import bare, full
from tests.validation.seeds import NAMES, seed

TAG = dict(SUBSETTED)
TYPES = sorted(r4().resource_types)
VALIDATOR = Validator()
EVERYTHING_CHOSEN_APART = {"apr-1", "ipn-1", "org-1", "ppc-1", "prr-1"}
"""Constraints that want one of several elements, none of them mandatory: a part may have neither."""


def part_of(resource: dict[str, Any], *, summary: str = "false", elements: str = "") -> dict[str, Any]:
    asked = [("_summary", summary), ("_elements", elements)] if elements else [("_summary", summary)]
    return read_subset(asked, resource["resourceType"]).of(resource)


def new_issues(resource: dict[str, Any], part: dict[str, Any]) -> set[tuple[str, str]]:
    """What blocks the part, and did not block the whole."""
    before = {(issue.key, issue.expression) for issue in VALIDATOR.issues(resource)}
    return {
        (issue.key, str(issue.said.get("key", issue.expression)))
        for issue in VALIDATOR.issues(part)
        if issue.blocks and (issue.key, issue.expression) not in before
    }


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("variant", [0, 1])
def test_a_summary_of_any_type_is_as_valid_as_the_whole(kind, variant):
    resource = full(kind, variant=variant)

    for summary in ("true", "data"):
        assert set() == new_issues(resource, part_of(resource, summary=summary))
    assert new_issues(resource, part_of(resource, summary="text")) <= {
        ("constraint", key) for key in EVERYTHING_CHOSEN_APART
    }


@pytest.mark.parametrize("kind", TYPES)
def test_a_part_of_any_type_with_any_one_element_is_structurally_valid(kind):
    resource = full(kind)

    for name in r4().elements(kind):
        part = part_of(resource, elements=name)
        assert {name} <= {r4().members(kind)[member][0].name for member in part.keys() - {"resourceType"}}
        assert new_issues(resource, part) <= {("constraint", key) for key in EVERYTHING_CHOSEN_APART}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("asked", [{"summary": "true"}, {"summary": "text"}, {"summary": "data"}, {"elements": "id"}])
def test_what_a_type_demands_is_never_left_out(kind, asked):
    resource = bare(kind) | {"id": "x", "meta": {"versionId": "1"}}

    part = part_of(resource, **asked)

    assert resource | {"meta": {"versionId": "1", "tag": [TAG]}} == part


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("asked", [{"summary": "true"}, {"summary": "text"}, {"summary": "data"}, {"elements": "id"}])
def test_modifiers_and_whose_it_is_are_never_left_out_and_the_order_stays(kind, asked):
    resource = full(kind)
    never = {"resourceType", "id", "meta", "subject", "patient", "for"}
    never |= {name for name, element in r4().elements(kind).items() if element.modifier or element.min}

    part = part_of(resource, **asked)

    names = {"resourceType": "resourceType"} | {
        member: element.name for member, (element, _) in r4().members(kind).items()
    }
    assert {names[member] for member in resource} & never <= {names[member] for member in part}
    assert [member for member in resource if member in part] == [member for member in part if member in resource]


PLAN = {
    "resourceType": "CarePlan",
    "id": "sip",
    "meta": {"versionId": "3", "security": [{"code": "R"}], "tag": [{"code": "own"}]},
    "language": "sv",
    "_language": {"id": "l"},
    "text": {"status": "generated", "div": "<div>plan</div>"},
    "contained": [{"resourceType": "Goal", "id": "g"}],
    "extension": [{"url": "http://example.org/x", "valueString": "x"}],
    "modifierExtension": [{"url": "http://example.org/m", "valueString": "x"}],
    "status": "active",
    "_status": {"extension": [{"url": "http://example.org/y", "valueString": "y"}]},
    "intent": "plan",
    "title": "Samordnad plan",
    "_title": {"id": "t"},
    "subject": {"reference": "Patient/1", "display": "x", "extension": [{"url": "http://example.org/z"}]},
    "goal": [{"reference": "#g"}],
    "activity": [{"reference": {"reference": "Task/1"}}],
    "note": [{"text": "x"}],
}


def test_a_summary_has_what_the_definition_marks_so():
    part = part_of(PLAN, summary="true")

    left_out = {"language", "_language", "text", "contained", "extension", "goal", "activity", "note"}
    assert PLAN.keys() - left_out == part.keys()
    assert {"reference": "Patient/1", "display": "x"} == part["subject"]


def test_a_text_summary_is_the_narrative_and_what_must_be_there():
    wanted = {"resourceType", "id", "meta", "text", "modifierExtension", "status", "_status", "intent", "subject"}

    assert wanted == part_of(PLAN, summary="text").keys()


def test_data_is_all_but_the_narrative():
    assert PLAN.keys() - {"text"} == part_of(PLAN, summary="data").keys()


@pytest.mark.parametrize("summary", ["false", "count"])
def test_the_whole_is_not_touched(summary):
    assert part_of(PLAN, summary=summary) is PLAN


NEVER = {"resourceType", "id", "meta", "modifierExtension", "status", "_status", "intent", "subject"}


@pytest.mark.parametrize(
    ("elements", "more"),
    [
        ("id", set()),
        ("resourceType,id", set()),
        ("title", {"title", "_title"}),
        ("CarePlan.title,CarePlan.note", {"title", "_title", "note"}),
        (" title , note ,", {"title", "_title", "note"}),
        ("activity.detail.status", {"activity"}),
        ("CarePlan.activity.detail", {"activity"}),
        ("contained", {"contained"}),
        ("text,extension", {"text", "extension"}),
        ("title,Patient.name", {"title", "_title"}),
    ],
)
def test_elements_are_those_that_are_named(elements, more):
    assert NEVER | more == part_of(PLAN, elements=elements).keys()


def test_an_element_that_is_named_is_whole():
    assert PLAN["note"] == part_of(PLAN, elements="note")["note"]
    assert PLAN["subject"] == part_of(PLAN, elements="note")["subject"]


def test_names_of_another_type_say_nothing_of_this_one():
    assert part_of(PLAN, elements="Patient.name") is PLAN


def test_names_without_a_type_are_about_the_type_that_is_searched():
    asked = read_subset([("_elements", "title")], "CarePlan")
    patient = {"resourceType": "Patient", "id": "1", "meta": {}, "gender": "other"}

    assert asked.of(patient) is patient
    assert "gender" not in read_subset([("_elements", "title")]).of(patient)
    assert "gender" in read_subset([("_elements", "title,gender")]).of(patient)


@pytest.mark.parametrize("name", ["value", "value[x]", "valueQuantity", "valueString", "Observation.value"])
def test_a_choice_is_named_with_or_without_its_type(name):
    observation = {"resourceType": "Observation", "id": "o", "meta": {}, "valueQuantity": {"value": 1}, "note": []}

    assert {"value": 1} == part_of(observation, elements=name)["valueQuantity"]
    assert "note" not in part_of(observation, elements=name)


def test_elements_decide_where_both_are_asked_for():
    asked = read_subset([("_summary", "count"), ("_elements", "title")], "CarePlan")

    assert not asked.counts
    assert NEVER | {"title", "_title"} == asked.of(PLAN).keys()


@pytest.mark.parametrize(
    ("summary", "whole", "counts"),
    [
        ("false", True, False),
        ("count", True, True),
        ("true", False, False),
        ("text", False, False),
        ("data", False, False),
    ],
)
def test_what_is_asked_for_can_be_told_apart(summary, whole, counts):
    asked = read_subset([("_summary", summary), ("status", "active")])

    assert (whole, counts) == (asked.whole, asked.counts)


def test_nothing_asked_for_is_everything():
    assert Subset() == read_subset([("status", "active"), ("_elements", "")])


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ([("_summary", "yes")], "parameter-value"),
        ([("_summary", "")], "parameter-value"),
        ([("_summary", "true"), ("_summary", "true")], "parameter-repeated"),
        ([("_elements", "title"), ("_elements", "note")], "parameter-repeated"),
        ([("_elements", "$where")], "parameter-value"),
        ([("_elements", "title note")], "parameter-value"),
        ([("_elements", "__proto__")], "parameter-value"),
        ([("_elements", "Plan.title")], "parameter-value"),
        ([("_elements", "CarePlan.name")], "unknown-element"),
        ([("_elements", "name")], "unknown-element"),
        ([("_elements", ",".join(["title"] * 201))], "parameter-value"),
    ],
)
def test_what_cannot_be_understood_is_refused(parameters, key):
    read_subset([("_elements", "title")], "CarePlan")
    with pytest.raises(BadParameter) as refused:
        read_subset(parameters, "CarePlan")
    (issue,) = refused.value.issues
    assert key == issue.key
    assert "{" not in issue.text("en") + issue.text("sv")


# ------------------------------------------------------------------------------------------------ the tag


@pytest.mark.parametrize("asked", [{"summary": "true"}, {"summary": "data"}, {"elements": "id"}])
def test_a_part_says_that_it_is_one_beside_its_own_tags(asked):
    part = part_of(PLAN, **asked)

    assert [{"code": "own"}, TAG] == part["meta"]["tag"]
    assert ("3", [{"code": "R"}]) == (part["meta"]["versionId"], part["meta"]["security"])
    assert is_subsetted(part)
    assert not is_subsetted(PLAN)


def test_a_part_of_a_part_says_so_once():
    part = part_of(part_of(PLAN, summary="true"), elements="id")

    assert [{"code": "own"}, TAG] == part["meta"]["tag"]


@pytest.mark.parametrize(
    "resource",
    [
        None,
        [],
        "x",
        {},
        {"meta": None},
        {"meta": []},
        {"meta": {"tag": None}},
        {"meta": {"tag": {}}},
        {"meta": {"tag": [None, "x"]}},
        {"meta": {"tag": [{"code": "SUBSETTED"}]}},
        {"meta": {"tag": [{**TAG, "code": "OTHER"}]}},
        {"meta": {"security": [TAG]}},
    ],
)
def test_only_the_tag_makes_a_part(resource):
    assert not is_subsetted(resource)
    assert is_subsetted({"meta": {"tag": [None, {**TAG, "display": "x", "version": "1"}]}})


def test_a_part_is_refused_when_it_comes_back():
    refuse_subset(PLAN)
    with pytest.raises(Invalid) as refused:
        refuse_subset(part_of(PLAN, summary="data"))
    (issue,) = refused.value.issues
    assert ("subsetted", "CarePlan.meta.tag") == (issue.key, issue.expression)


# ------------------------------------------------------------------------------------------------ fidelity


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("asked", [{"summary": "true"}, {"summary": "text"}, {"summary": "data"}, {"elements": "id"}])
def test_what_is_handed_in_is_not_changed_and_what_stays_is_as_it_was(name, asked):
    resource = seed(name)
    before = encode(resource)

    part = part_of(resource, **asked)

    assert before == encode(resource)
    assert len(encode(part)) <= len(before) + len(encode({"meta": {"tag": [TAG]}}))
    if asked != {"summary": "true"}:
        for member, value in part.items():
            assert member == "meta" or encode(value) == encode(resource[member])


def test_large_content_is_no_part_of_a_summary_and_numbers_keep_their_digits():
    document = decode(
        b'{"resourceType":"DocumentReference","id":"d","meta":{},"status":"current",'
        b'"content":[{"attachment":{"contentType":"text/plain","data":"eA==","size":3,"title":"x"}}]}'
    )
    observation = decode(
        b'{"resourceType":"Observation","id":"o","meta":{},"status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00}}'
    )

    attachment = part_of(document, summary="true")["content"][0]["attachment"]
    assert {"contentType": "text/plain", "size": 3, "title": "x"} == attachment
    assert b'"valueQuantity":{"value":1.00}' in encode(part_of(observation, summary="true"))


def test_nothing_becomes_empty_by_being_summarized():
    code = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    observation = {"resourceType": "Observation", "id": "o", "meta": {}, "status": "final", "code": code}

    assert code == part_of(observation, summary="true")["code"]
