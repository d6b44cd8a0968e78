"""Which party of a discharge a unit is, by the services that the addressing register has of it (lag (2017:612)).

A unit with several services is a party by each of them. A unit of which no service says anything is of no known party: nobody can
say that it may not send a message.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.definitions import BadDefinition, by_canonical
from fhir_server.process.addressing.row import SERVICE, Row
from fhir_server.process.concept import properties, properties_in
from fhir_server.process.definition import PARTY

Json = Mapping[str, Any]


def parties_by(rows: Iterable[Row], at: int) -> frozenset[str]:
    """The parties (CodeSystem/party) that a unit with these rows is at a moment (ms since 1970)."""
    known = load_parties()
    return frozenset(party for row in rows if row.holds(at) for party in known.get(row.service, ()))


def parties_of_a_stay() -> frozenset[str]:
    """The parties that the unit is which serves a stay of the case."""
    return frozenset(code for code, told in properties(PARTY, "stay").items() if True in told)


@cache
def load_parties() -> Mapping[str, frozenset[str]]:
    """The parties of each service (CodeSystem/service), read once. BadDefinition."""
    return parties_in(by_canonical()[SERVICE], by_canonical()[PARTY])


def parties_in(services: Json, parties: Json) -> Mapping[str, frozenset[str]]:
    """Those that a code system of services names. BadDefinition for one that there is not, and for one that is no unit."""
    staff, named_by = properties_in(parties, "staff"), properties_in(services, "party")
    units = {one["code"] for one in parties["concept"] if True not in staff.get(one["code"], ())}
    found = {one["code"]: frozenset(named_by.get(one["code"], ())) for one in services["concept"]}
    if unknown := sorted(code for code, named in found.items() if not named <= units):
        raise BadDefinition(f"{', '.join(unknown)}: a service names a party that is a unit: {', '.join(sorted(units))}")
    return MappingProxyType(found)
