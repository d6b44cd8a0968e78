"""The form of filters; what they mean is in the contract."""

from fhir_server.search.query import Every, Everything, OfPatient, Reference, Related, Some, Span, Token, Without
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


def test_a_value_is_an_equality_and_any_code_of_a_system_a_range_of_strings():
    assert {"keys": 'subject@["Patient","1"]'} == compiled(SUBJECT, {})
    assert {"keys": {"$elemMatch": {"$gte": 'status=["s",', "$lt": 'status=["s"-'}}} == compiled(
        Token("status", "s", None), {}
    )


def test_a_span_is_judged_on_one_value_at_a_time():
    assert {"spans": {"$elemMatch": {"code": "date", "low": {"$gt": 9}}}} == compiled(Span("date", "sa", 1, 9), {})


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
