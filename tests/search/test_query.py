"""Nobody learns by a chain what he may not see."""

from fhir_server.search.query import (
    Every,
    Everything,
    Linked,
    LinkedFrom,
    Some,
    Token,
    Without,
    every,
    narrowed,
)

GRANT, ACTIVE = Token("grant", None, "x"), Token("status", None, "active")


def test_what_is_no_chain_stays_as_it_is():
    for criterion in (Everything(), ACTIVE, Every((ACTIVE, ACTIVE)), Some((ACTIVE,)), Without(ACTIVE)):
        assert criterion == narrowed(criterion, GRANT)


def test_each_hop_is_within_the_grant():
    inner = Linked("organization", "Organization", ACTIVE)

    assert Linked(
        "subject", "Patient", Every((Linked("organization", "Organization", Every((ACTIVE, GRANT))), GRANT))
    ) == narrowed(Linked("subject", "Patient", inner), GRANT)
    assert LinkedFrom("Task", "focus", Every((ACTIVE, GRANT))) == narrowed(LinkedFrom("Task", "focus", ACTIVE), GRANT)


def test_a_chain_is_narrowed_wherever_it_stands():
    chain = LinkedFrom("Task", "focus", ACTIVE)
    expected = narrowed(chain, GRANT)

    for around in (lambda one: Every((ACTIVE, one)), lambda one: Some((one, ACTIVE)), Without):
        assert around(expected) == narrowed(around(chain), GRANT)


def test_an_open_grant_changes_nothing():
    chain = Linked("subject", "Patient", LinkedFrom("Task", "focus", ACTIVE))

    assert chain == narrowed(chain, every())
