"""Which party of a discharge a unit is, by its services."""

import pytest

from fhir_server.fhir.definitions import BadDefinition, by_canonical
from fhir_server.process.addressing.party import parties_by, parties_in, parties_of_a_stay
from fhir_server.process.addressing.row import row_of
from fhir_server.process.definition import PARTY
from tests.discharge import ms
from tests.register import a_row

AT = ms("2026-03-02 10:00")


def parties(*services: str) -> set[str]:
    return set(parties_by([row_of(a_row(it, it)) for it in services], AT))


def test_a_unit_is_a_party_by_each_of_its_services():
    assert {"municipality"} == parties("sol", "hsl", "home-care", "ifo", "catch-all")
    assert {"open-care", "inpatient"} == parties("psychiatry", "inpatient")
    assert set() == parties("school", "rehab")
    assert {"inpatient"} == parties_of_a_stay()


@pytest.mark.parametrize(("party", "is_known"), [("municipality", True), ("state", False), ("physician", False)])
def test_a_service_names_a_party_that_is_a_unit(party, is_known):
    services = {"concept": [{"code": "x", "property": [{"code": "party", "valueCode": party}]}]}
    if is_known:
        assert {"x": {party}} == parties_in(services, by_canonical()[PARTY])
        return
    with pytest.raises(BadDefinition, match="x: a service names a party that is a unit: inpatient"):
        parties_in(services, by_canonical()[PARTY])
