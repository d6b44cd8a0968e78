"""How far an issuer is trusted."""

import pytest

from fhir_server.access.issuer import BadIssuer
from tests.tokens import MUNICIPALITY, REGION, an_issuer


@pytest.mark.parametrize(
    "members",
    [
        {"algorithms": frozenset()},
        {"algorithms": frozenset({"HS256"})},
        {"algorithms": frozenset({"RS256", "none"})},
        {"algorithms": frozenset({"RS256", "HS512"})},
        {"algorithms": frozenset({"EdDSA"})},
        {"kinds": frozenset()},
        {"kinds": frozenset({"staff", "admin"})},
        {"types": frozenset()},
        {"lifetime": 0},
        {"lifetime": -1},
        {"url": ""},
    ],
)
def test_an_issuer_that_bounds_nothing_is_refused(members):
    with pytest.raises(BadIssuer):
        an_issuer(**members)
    assert an_issuer()


@pytest.mark.parametrize(
    ("organizations", "expected"),
    [
        (set(), (False, False)),
        ({REGION}, (True, False)),
        ({MUNICIPALITY}, (False, True)),
        ({REGION, MUNICIPALITY}, (True, True)),
        ({"*"}, (True, True)),
        ({"SE2321000016-"}, (False, False)),
        ({REGION.lower()}, (False, False)),
        ({"SE2321000016"}, (False, False)),
    ],
)
def test_a_17_an_issuer_speaks_for_the_providers_that_are_listed(organizations, expected):
    issuer = an_issuer(organizations=frozenset(organizations))

    assert expected == (issuer.speaks_for(REGION), issuer.speaks_for(MUNICIPALITY))


@pytest.mark.parametrize(
    ("organizations", "hsa_id", "expected"),
    [
        ({REGION}, "SE2321000016-1003", True),
        ({REGION}, "SE2120000001-1003", False),
        ({REGION}, "SE2321000016", False),
        ({REGION}, "SE23210000161-1", False),
        ({REGION, "SE5560001111-"}, "SE5560001111-9", True),
        ({"*"}, "anything", True),
        (set(), "SE2321000016-1003", False),
    ],
)
def test_a_17_an_issuer_names_units_and_persons_of_its_organizations(organizations, hsa_id, expected):
    assert expected == an_issuer(organizations=frozenset(organizations)).may_name(hsa_id)


def test_what_is_written_of_an_issuer_has_no_keys_in_it():
    assert "keys" not in repr(an_issuer())
