"""What each criterion means: the sentences of `search/query.py`, one by one."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from fhir_server.search.index import Index
from fhir_server.search.match import Candidate, answer, matches
from fhir_server.search.query import (
    Amount,
    BlockedBy,
    Every,
    Everything,
    Identity,
    Linked,
    LinkedFrom,
    Missing,
    OfPatient,
    Query,
    Reference,
    Related,
    Some,
    Sort,
    Span,
    Text,
    Together,
    Token,
    Under,
    Without,
    Words,
    every,
    some,
)


class Bond(NamedTuple):
    patient: str = "p1"
    actor: str = "Practitioner/1"
    kind: str = "care-team"
    start: int = 10
    end: int = 20


ONE = Candidate(
    "CarePlan",
    "a",
    100,
    Index(
        tokens={"category": [("", "x"), ("s", "y")], "subject:identifier": [("s", "9")]},
        references={"subject": [("Patient", "p1")], "about": [("", "https://x.example/1")]},
        spans={"date": [(10, 19), (40, 49)]},
        strings={"title": [("plan b", "plan b", "Plan B"), ("}vrigt", "ovrigt", "Övrigt")]},
        amounts={"dose": [(1.0, 1.0, "u", "mg"), (1.0, 1.0, "", "milligram"), (5.0, 9.0, "u", "g")]},
        words={"_text": ["fall", "hoft"]},
        elements={"pair": [Index(tokens={"0": [("s", "a")]}, amounts={"1": [(1.0, 1.0, "", "")]}), Index(tokens={"0": [("s", "b")]}, amounts={"1": [(2.0, 2.0, "", "")]})]},
    ),
    ("p1",),
    (Bond(),),
)  # fmt: skip
YES, NO = Everything(), Some(())


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (Everything(), True),
        (Every(()), True),
        (Every((YES, YES)), True),
        (Every((YES, NO)), False),
        (Some(()), False),
        (Some((NO, YES)), True),
        (Without(YES), False),
        (Without(NO), True),
        (Without(Token("status", None, "x")), True),
        (Identity(frozenset({"a", "b"})), True),
        (Identity(frozenset({"b"})), False),
        (Identity(frozenset()), False),
        (Token("category", None, "x"), True),
        (Token("category", None, "y"), True),
        (Token("category", None, "Y"), False),
        (Token("category", "", "x"), True),
        (Token("category", "", "y"), False),
        (Token("category", "s", "y"), True),
        (Token("category", "s", "x"), False),
        (Token("category", "s", None), True),
        (Token("category", "t", None), False),
        (Token("category", "", None), True),
        (Token("category", None, None), True),
        (Token("status", None, None), False),
        (Token("subject", "s", "9"), False),
        (Token("subject:identifier", "s", "9"), True),
        (Reference("subject", "Patient", "p1"), True),
        (Reference("subject", "Group", "p1"), False),
        (Reference("subject", None, "p1"), True),
        (Reference("subject", None, "p2"), False),
        (Reference("subject", "", "p1"), False),
        (Reference("about", "", "https://x.example/1"), True),
        (Reference("about", None, "https://x.example/1"), False),
        (Under("category", ""), True),
        (Under("category", "x"), True),
        (Under("category", "xy"), False),
        (Under("status", ""), False),
        (Text("title", "starts", "plan"), True),
        (Text("title", "starts", "b"), False),
        (Text("title", "starts", "ovr"), True),
        (Text("title", "ends", "b"), True),
        (Text("title", "ends", "plan"), False),
        (Text("title", "contains", "n b"), True),
        (Text("title", "contains", "bn"), False),
        (Text("title", "equals", "plan b"), True),
        (Text("title", "equals", "plan"), False),
        (Text("title", "exact", "Plan B"), True),
        (Text("title", "exact", "plan b"), False),
        (Text("title", "exact", "Plan"), False),
        (Text("name", "starts", ""), False),
        (Words("_text", frozenset({"fall"})), True),
        (Words("_text", frozenset({"fall", "hoft"})), True),
        (Words("_text", frozenset({"fall", "hand"})), False),
        (Words("_text", frozenset({"hof"})), False),
        (Words("_content", frozenset({"fall"})), False),
        (Amount("dose", "eq", 0.5, 1.5), True),
        (Amount("dose", "eq", 1.5, 2.5), False),
        (Amount("dose", "eq", 0.5, 1.5, "u", "mg"), True),
        (Amount("dose", "eq", 0.5, 1.5, None, "mg"), True),
        (Amount("dose", "eq", 0.5, 1.5, None, "milligram"), True),
        (Amount("dose", "eq", 0.5, 1.5, "u", "milligram"), False),
        (Amount("dose", "eq", 0.5, 1.5, "u", "g"), False),
        (Amount("dose", "gt", 8, 8, "u", "g"), True),
        (Amount("dose", "gt", 8, 8, "u", "mg"), False),
        (Amount("dose", "sa", 4, 4), True),
        (Amount("dose", "sa", 5, 5), False),
        (Amount("dose", "ap", 8, 20), True),
        (Amount("dose", "ne", 0, 9), False),
        (Amount("dose", "ne", 0, 8), True),
        (Amount("weight", "ne", 0, 8), False),
        (Together("pair", (Token("0", "s", "a"), Amount("1", "eq", 0.5, 1.5))), True),
        (Together("pair", (Token("0", "s", "a"), Amount("1", "eq", 1.5, 2.5))), False),
        (Together("pair", (Token("0", "s", "b"), Amount("1", "eq", 1.5, 2.5))), True),
        (Together("pair", ()), True),
        (Together("other", ()), False),
        (Missing("title"), False),
        (Missing("dose"), False),
        (Missing("pair"), False),
        (Missing("status"), True),
        (Missing("category"), False),
        (Missing("subject"), False),
        (Missing("date"), False),
        (Missing("_id"), False),
        (Missing("_lastUpdated"), False),
        (OfPatient(frozenset({"p1", "p2"})), True),
        (OfPatient(frozenset({"p2"})), False),
        (OfPatient(frozenset()), False),
    ],
)
def test_a_criterion_holds_as_it_says(criterion, expected):
    assert expected == matches(criterion, ONE)


def resource(type: str, id: str, **references) -> Candidate:
    tokens = {"id": [("", id)]}
    return Candidate(type, id, 0, Index(tokens=tokens, references={code: [to] for code, to in references.items()}))


PATIENT, GROUP = resource("Patient", "p1", organization=("Organization", "o")), resource("Group", "p1")
UNIT, OTHER = resource("Organization", "o"), resource("Patient", "p2")
TASK = resource("Task", "t", focus=("CarePlan", "a"), owner=("Organization", "o"))
AMONG = replace(ONE, others=(PATIENT, GROUP, UNIT, OTHER, TASK))


def named(id: str) -> Token:
    return Token("id", None, id)


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (Linked("subject", "Patient", Everything()), True),
        (Linked("subject", "Patient", named("p1")), True),
        (Linked("subject", "Patient", named("p2")), False),
        (Linked("subject", "Group", Everything()), False),
        (Linked("patient", "Patient", Everything()), False),
        (Linked("about", "", Everything()), False),
        (Without(Linked("subject", "Patient", named("p2"))), True),
        (Linked("subject", "Patient", Without(named("p2"))), True),
        (Linked("subject", "Patient", Linked("organization", "Organization", named("o"))), True),
        (Linked("subject", "Patient", Linked("organization", "Organization", named("x"))), False),
        (LinkedFrom("Task", "focus", Everything()), True),
        (LinkedFrom("Task", "focus", named("t")), True),
        (LinkedFrom("Task", "focus", named("x")), False),
        (LinkedFrom("Task", "owner", Everything()), False),
        (LinkedFrom("Patient", "focus", Everything()), False),
        (LinkedFrom("Task", "focus", Linked("owner", "Organization", named("o"))), True),
        (Linked("subject", "Patient", LinkedFrom("Task", "focus", Everything())), False),
        (Linked("subject", "Patient", Linked("organization", "Organization", LinkedFrom("Task", "owner", named("t")))), True),
    ],
)  # fmt: skip
def test_a_chain_holds_for_what_is_linked(criterion, expected):
    assert expected == matches(criterion, AMONG)


def test_a_resource_that_is_alone_is_linked_with_nothing():
    assert not matches(Linked("subject", "Patient", Everything()), ONE)
    assert not matches(LinkedFrom("Task", "focus", Everything()), ONE)


@pytest.mark.parametrize(
    ("relation", "span", "expected"),
    [
        ("eq", (10, 19), True),
        ("eq", (5, 25), True),
        ("eq", (11, 19), False),
        ("ne", (10, 19), True),
        ("ne", (0, 99), False),
        ("gt", (0, 48), True),
        ("gt", (0, 49), False),
        ("lt", (11, 99), True),
        ("lt", (10, 99), False),
        ("ge", (45, 60), False),
        ("ge", (40, 49), True),
        ("ge", (0, 48), True),
        ("le", (0, 19), True),
        ("le", (11, 12), True),
        ("le", (5, 9), False),
        ("sa", (0, 39), True),
        ("sa", (0, 40), False),
        ("eb", (20, 99), True),
        ("eb", (19, 99), False),
        ("ap", (19, 30), True),
        ("ap", (20, 39), False),
    ],
)
def test_a_span_stands_to_another_as_its_relation_says(relation, span, expected):
    assert expected == matches(Span("date", relation, *span), ONE)


@pytest.mark.parametrize("relation", ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
def test_every_relation_wants_a_value(relation):
    assert not matches(Span("none", relation, 0, 0), ONE)


def test_the_last_update_is_a_span_of_one_millisecond():
    assert matches(Span("_lastUpdated", "eq", 100, 100), ONE)
    assert matches(Span("_lastUpdated", "gt", 0, 99), ONE)
    assert not matches(Span("_lastUpdated", "gt", 0, 100), ONE)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"at": 20}, True),
        ({"at": 21}, False),
        ({"at": 9}, False),
        ({"actors": frozenset({"Practitioner/2"})}, False),
        ({"actors": frozenset({"Practitioner/2", "Practitioner/1"})}, True),
        ({"kinds": frozenset({"consent"})}, False),
        ({"kinds": frozenset()}, False),
    ],
)
def test_a_relation_is_of_an_actor_of_a_kind_at_a_moment(change, expected):
    asked = {"actors": frozenset({"Practitioner/1"}), "kinds": frozenset({"care-team"}), "at": 10} | change

    assert expected == matches(Related(**asked), ONE)


def test_a_relation_to_another_patient_does_not_count():
    other = Candidate("CarePlan", "a", 0, Index(), ("p2",), (Bond(),))

    assert not matches(Related(frozenset({"Practitioner/1"}), frozenset({"care-team"}), 10), other)


BLOCK = {"parameter": "documented-by", "kinds": frozenset({"inner-block"}), "apart": frozenset(), "at": 10}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"at": 20}, True),
        ({"at": 21}, False),
        ({"kinds": frozenset({"outer-block"})}, False),
        ({"kinds": frozenset()}, False),
        ({"parameter": "author"}, False),
        ({"apart": frozenset({"Organization/1"})}, False),
        ({"apart": frozenset({"Organization/2", "Practitioner/1"})}, True),
    ],
)
def test_a_block_is_of_what_an_organization_documented_of_a_patient_at_a_moment(change, expected):
    index = Index(references={"documented-by": [("Organization", "1"), ("Organization", "3"), ("", "Organization/4")]})
    bonds = tuple(Bond(actor=f"Organization/{number}", kind="inner-block") for number in (1, 2, 4))
    one = Candidate("CarePlan", "a", 0, index, ("p1",), bonds)

    assert expected == matches(BlockedBy(**BLOCK | change), one)
    assert not matches(BlockedBy(**BLOCK | change), replace(one, patients=("p2",)))
    assert not matches(BlockedBy(**BLOCK | change), replace(one, bonds=bonds[1:]))
    assert not matches(BlockedBy(**BLOCK | change), replace(one, bonds=()))


def test_criteria_are_joined_as_flat_as_may_be():
    one, two = Missing("a"), Missing("b")

    assert (Everything(), one, Every((one, two))) == (every(), every(Everything(), one), every(one, two))
    assert (Some(()), one, Some((one, two))) == (some(), some(one), some(one, two))


def plan(id: str, updated: int = 0, **values) -> Candidate:
    tokens = {"status": values.pop("status")} if "status" in values else {}
    return Candidate("CarePlan", id, updated, Index(tokens=tokens, **values))


PLANS = [
    plan("d", 3, status=[("z", "a")], strings={"title": [("{", "a", "Å"), ("m", "m", "M")]}),
    plan("b", 1, status=[("", "b"), ("", "c")], spans={"date": [(1, 50)]}, amounts={"dose": [(3, 3, "", ""), (9, 9, "", "")]}),
    plan("c", 2, status=[("a", "b")], spans={"date": [(5, 6), (2, 90)]}, strings={"title": [("z", "z", "Z")]}, amounts={"dose": [(4, 5, "u", "mg")]}),
    plan("a", 2),
    Candidate("Task", "t", 0, Index()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        ([], "abcd"),
        ([Sort("_id")], "abcd"),
        ([Sort("_id", descending=True)], "dcba"),
        ([Sort("_lastUpdated")], "bacd"),
        ([Sort("_lastUpdated", descending=True)], "dacb"),
        ([Sort("_lastUpdated"), Sort("_id", descending=True)], "bcad"),
        ([Sort("status")], "dbca"),
        ([Sort("status", descending=True)], "bcda"),
        ([Sort("date")], "bcad"),
        ([Sort("date", descending=True)], "cbad"),
        ([Sort("title")], "dcab"),
        ([Sort("title", descending=True)], "dcab"),
        ([Sort("dose")], "bcad"),
        ([Sort("dose", descending=True)], "bcad"),
    ],
)
def test_an_answer_is_in_the_order_asked_for(keys, order):
    found = answer(Query("CarePlan", Everything(), tuple(keys)), PLANS)

    assert list(order) == [one.id for one in found]
