"""Whoever writes an identity and whoever asks for it meet at one claim."""

import pytest

from fhir_server.search.index import Index
from fhir_server.search.query import (
    Amount,
    Every,
    Everything,
    Linked,
    LinkedFrom,
    Missing,
    OfPatient,
    Query,
    Reference,
    Related,
    Some,
    Text,
    Together,
    Token,
    Under,
    Without,
    Words,
)
from fhir_server.storage.mongo.claim import claims_of, claims_of_condition
from fhir_server.storage.store import Matches

CARRIED = claims_of("Patient", Index({"identifier": [("urn:oid:1", "7"), ("urn:oid:2", "8")], "name": [("", "9")]}))
STATUS = Token("status", None, "active")


def asked(criterion, type="Patient"):
    return claims_of_condition(Matches(Query(type, criterion)))


@pytest.mark.parametrize(
    "criterion",
    [
        Token("identifier", "urn:oid:1", "7"),
        Token("identifier", None, "7"),
        Token("identifier", "", "7"),
        Every((STATUS, Token("identifier", "urn:oid:1", "7"))),
        Some((Token("identifier", "urn:oid:9", "99"), Token("identifier", "urn:oid:2", "8"))),
    ],
)
def test_a_condition_on_an_identifier_meets_the_resource_that_carries_it(criterion):
    assert asked(criterion) & CARRIED
    assert asked(criterion) & claims_of_condition(Matches(Query("Patient", criterion), frozenset({"a"})))


@pytest.mark.parametrize(
    "criterion",
    [
        Token("identifier", "urn:oid:1", "70"),
        Token("identifier", "urn:oid:1", None),
        Token("name", "", "9"),
        Without(Token("identifier", "urn:oid:1", "7")),
        Some((Token("identifier", "urn:oid:1", "7"), STATUS)),
        Under("identifier", "7"),
        Linked("link", "Patient", Token("identifier", "urn:oid:1", "7")),
        Every(()),
    ],
)
def test_a_condition_on_something_else_claims_its_query(criterion):
    assert 1 == len(asked(criterion))
    assert not asked(criterion) & CARRIED


def test_a_claim_is_of_one_type():
    identifier = Token("identifier", "urn:oid:1", "7")

    assert asked(identifier) & asked(identifier)
    assert not asked(identifier) & asked(identifier, "Practitioner")


def test_two_conditions_of_one_meaning_meet_whatever_the_order_of_their_parts():
    subject = Reference("subject", "Patient", "1")

    assert asked(Every((STATUS, subject))) == asked(Every((subject, STATUS)))
    assert asked(OfPatient(frozenset("ab"))) == asked(OfPatient(frozenset("ba")))
    assert asked(Every((STATUS, subject))) != asked(Some((subject, STATUS)))
    assert asked(Missing("a")) != asked(Missing("b"))


HALF = Amount("value", "eq", 0.5, 1.5, "s", "mg")
A, B = Token("0", None, "a"), Text("1", "starts", "b")


@pytest.mark.parametrize(
    ("one", "same", "another"),
    [
        (Words("_text", frozenset("ab")), Words("_text", frozenset("ba")), Words("_content", frozenset("ab"))),
        (Amount("v", "eq", 0, 5), Amount("v", "eq", -0.0, 5.0), Amount("v", "eq", 0, 5.1)),
        (HALF, Amount("value", "eq", 0.5, 1.5, "s", "mg"), Amount("value", "eq", 0.5, 1.5, None, "mg")),
        (Together("p", (A, B)), Together("p", (B, A)), Together("p", (A, A))),
        (Linked("s", "T", Every((A, B))), Linked("s", "T", Every((B, A))), LinkedFrom("T", "s", Every((A, B)))),
        (LinkedFrom("T", "s", Some((A, B))), LinkedFrom("T", "s", Some((B, A))), LinkedFrom("T", "s", Every((A, B)))),
        (Text("n", "starts", "a"), Text("n", "starts", "a"), Text("n", "exact", "a")),
        (Under("u", "a"), Under("u", "a"), Token("u", None, "a")),
        (
            Related(frozenset("ab"), frozenset("cd"), 1),
            Related(frozenset("ba"), frozenset("dc"), 1),
            Related(frozenset("ab"), frozenset("cd"), 2),
        ),
        (Without(Every((A, B))), Without(Every((B, A))), Without(Some((A, B)))),
    ],
)  # fmt: skip
def test_criteria_that_are_equal_make_one_claim_and_others_another(one, same, another):
    assert asked(one) == asked(same)
    assert asked(one) != asked(another)


def test_a_claim_does_not_tell_what_is_claimed():
    assert {64} == {len(claim) for claim in claims_of("Patient", Index({"identifier": [("s", "191212121212")]}))}


def test_who_asks_makes_no_other_claim_of_a_question():
    plans = Query("CarePlan", Token("category", "s", "x"))
    related = [Related(frozenset({"Organization/1"}), frozenset({"care-team"}), at) for at in (1, 2)]

    claims = [claims_of_condition(Matches(plans, within=within)) for within in (Everything(), *related)]

    assert claims[0] == claims[1] == claims[2]
    assert claims[0] != claims_of_condition(Matches(Query("CarePlan", Token("category", "s", "y"))))
