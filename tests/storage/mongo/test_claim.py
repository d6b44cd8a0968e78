"""Whoever writes an identity and whoever asks for it meet at one claim."""

import pytest

from fhir_server.search.index import Index
from fhir_server.search.query import Every, Missing, OfPatient, Query, Reference, Some, Token, Without
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


def test_a_claim_does_not_tell_what_is_claimed():
    assert {64} == {len(claim) for claim in claims_of("Patient", Index({"identifier": [("s", "191212121212")]}))}
