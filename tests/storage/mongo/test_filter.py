"""The form of filters; what they mean is in the contract."""

import re

import pytest

from fhir_server.search.query import (
    Amount,
    Every,
    Everything,
    Linked,
    OfPatient,
    Reference,
    Related,
    Some,
    Span,
    Text,
    Together,
    Token,
    Under,
    Without,
    Words,
)
from fhir_server.storage.mongo.document import START
from fhir_server.storage.mongo.filter import ALWAYS, NEVER, all_of, any_of, compiled, inside

STATUS, SUBJECT = Token("status", None, "active"), Reference("subject", "Patient", "1")


def test_filters_stand_side_by_side_and_apart_where_they_speak_of_the_same_member():
    assert ALWAYS == all_of([]) == all_of([ALWAYS, ALWAYS])
    assert {"a": 1, "b": 2} == all_of([{"a": 1}, ALWAYS, {"b": 2}])
    assert {"a": 1, "b": 2, "$and": [{"a": 3}]} == all_of([{"a": 1}, {"a": 3}, {"b": 2}])
    assert {"a": 1, "$and": [{"a": 2}, {"b": 1}, {"b": 2}]} == all_of(
        [{"a": 1, "$and": [{"b": 1}, {"b": 2}]}, {"a": 2}]
    )


def test_of_no_alternatives_none_holds():
    assert NEVER == any_of([])
    assert {"a": 1} == any_of([{"a": 1}])


def test_values_of_one_or_are_looked_up_together_and_not_those_of_an_and():
    other = Token("status", "s", "draft")

    assert {"keys": {"$in": ['status=["s","draft"]', "status~active"]}} == compiled(Some((STATUS, Some((other,)))), {})
    assert {"keys": "status~active", "$and": [{"keys": 'status=["s","draft"]'}]} == compiled(
        Every((STATUS, Everything(), Every((other,)))), {}
    )


def test_what_leads_to_listed_resources_is_looked_up_with_the_other_values_of_an_or():
    chain = Linked("subject", "Patient", Everything())
    bonds = {chain: {"keys": {"$in": ["b", "a"]}}}

    assert {"keys": {"$in": ["a", "b", "status~active"]}} == compiled(Some((STATUS, chain)), bonds)
    assert {"$or": [{"hop0": {"$ne": []}}, {"keys": {"$in": ["status~active"]}}]} == compiled(
        Some((STATUS, chain)), {chain: {"hop0": {"$ne": []}}}
    )


def test_a_value_is_an_equality_and_any_code_of_a_system_a_range_of_strings():
    assert {"keys": 'subject@["Patient","1"]'} == compiled(SUBJECT, {})
    assert {"keys": {"$elemMatch": {"$gte": 'status=["s",', "$lt": 'status=["s"-'}}} == compiled(
        Token("status", "s", None), {}
    )


def test_a_span_is_judged_on_one_value_at_a_time():
    assert {"spans": {"$elemMatch": {"code": "date", "low": {"$gt": 9}}}} == compiled(Span("date", "sa", 1, 9), {})


def test_an_amount_is_judged_on_one_value_at_a_time_with_its_unit_where_one_is_asked_for():
    more = {"high": {"$gt": 5.0}}

    assert {"amounts": {"$elemMatch": {"code": "value", **more}}} == compiled(Amount("value", "gt", 5, 5, "s"), {})
    assert {"amounts": {"$elemMatch": {"code": "value", "unit": "mg", "system": "s", **more}}} == compiled(
        Amount("value", "gt", 5, 5, "s", "mg"), {}
    )
    assert {"amounts": {"$elemMatch": {"code": "value", "unit": "", **more}}} == compiled(
        Amount("value", "gt", 5, 5, None, ""), {}
    )


def test_what_begins_with_a_text_is_a_range_of_strings():
    assert {"keys": {"$elemMatch": {"$gte": "url~urn:x", "$lt": "url~urn:y"}}} == compiled(Under("url", "urn:x"), {})
    assert {"strings": {"$elemMatch": {"code": "name", "start": {"$gte": "asa", "$lt": "asb"}}}} == compiled(
        Text("name", "starts", "asa"), {}
    )


@pytest.mark.parametrize("how", ["starts", "equals"])
def test_a_text_longer_than_what_is_indexed_of_one_is_compared_whole_too(how):
    long = "a" * START
    wanted = compiled(Text("title", how, long + "b"), {})["strings"]["$elemMatch"]

    assert long == wanted["start"]
    assert "folded" in wanted


def test_a_text_letter_for_letter_is_looked_for_where_its_folded_form_stands():
    assert {"strings": {"$elemMatch": {"code": "name", "start": "asa", "exact": "Åsa"}}} == compiled(
        Text("name", "exact", "Åsa"), {}
    )


@pytest.mark.parametrize("text", [".*.*(a+)+$", "åsa 日本", "a\\b\0\n[^x]{2}|#", "^a"])
def test_a_text_in_the_middle_is_a_pattern_that_means_nothing_but_itself(text):
    within, at_end = (
        compiled(Text("name", how, text), {})["strings"]["$elemMatch"]["folded"]["$regex"]
        for how in ("contains", "ends")
    )

    assert text == re.search(within, f"x{text}y")[0] == re.search(at_end, f"x{text}")[0]
    assert re.search(within, "aaaa") is re.search(at_end, f"{text}\n") is None
    assert set() == set(within.encode()) & set(b".*+?()[]{}|^$\n\0#")


def test_all_words_are_looked_up():
    assert {"words": {"$all": ["_text~asa", "_text~sip"]}} == compiled(Words("_text", frozenset({"sip", "asa"})), {})
    assert ALWAYS == compiled(Words("_text", frozenset()), {})


def test_the_components_of_a_composite_are_judged_on_one_element_at_a_time():
    criterion = Together("pair", (Some((Token("0", "s", "x"), Token("0", None, "y"))), Span("1", "sa", 1, 9)))

    assert {
        "elements": {
            "$elemMatch": {
                "code": "pair",
                "keys": {"$in": ['0=["s","x"]', "0~y"]},
                "spans": {"$elemMatch": {"code": "1", "low": {"$gt": 9}}},
            }
        }
    } == compiled(criterion, {})


def test_what_does_not_hold_is_asked_as_such():
    assert {"$nor": [{"keys": "status~active"}]} == compiled(Without(STATUS), {})


def test_a_filter_is_put_inside_a_member_but_for_what_stands_beside_it():
    related = Related(frozenset({"Organization/1"}), frozenset({"consent"}), 0)
    criterion = Some((OfPatient(frozenset({"1"})), Without(STATUS), related))
    filter = compiled(criterion, {related: {"relations0": {"$ne": []}}})

    assert {
        "$or": [
            {"patients": {"$in": ["1"]}},
            {"$nor": [{"current.keys": "status~active"}]},
            {"relations0": {"$ne": []}},
        ]
    } == inside("current", filter, {"patients", "relations0"})
    assert {"current.patients": {"$in": ["1"]}} == inside("current", compiled(criterion.parts[0], {}))
    assert ALWAYS == inside("current", ALWAYS)
