"""Named queries: what each adds to a search, for the caller who names it. They are criteria as any others: within the Grant, beside
all else that is asked, page by page.

https://hl7.org/fhir/R4/search.html#query
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from fhir_server.access.standing import Standing
from fhir_server.fhir.outcome import Forbidden
from fhir_server.interactions.call import Server
from fhir_server.interactions.unit import staff_of
from fhir_server.process.worklist.definition import UNTAKEN, load_worklists
from fhir_server.search.query import Criterion, Reference, Some, Token, every

Query: TypeAlias = Callable[[Standing, Server], Awaitable[Criterion]]
"""Forbidden for a caller of whom it cannot be asked."""


async def _mine(standing: Standing, _: Server) -> Criterion:
    """Owned by the person who asks."""
    person = person_of(standing)
    if not person:
        raise Forbidden.because("query-no-person", name="mine")
    return naming("owner", person)


async def _my_unit(standing: Standing, server: Server) -> Criterion:
    """Owned by the caller's unit, or by one of its staff."""
    unit = _unit(standing, "my-unit")
    return naming("owner", {unit, *await staff_of(unit, server)})


async def _untaken(standing: Standing, _: Server) -> Criterion:
    """Owned by the caller's unit itself, and taken by nobody."""
    return every(naming("owner", [_unit(standing, "untaken")]), having("status", load_worklists()[UNTAKEN].statuses))


def _unit(standing: Standing, name: str) -> str:
    if not standing.unit:
        raise Forbidden.because("query-no-unit", name=name)
    return standing.unit


def person_of(standing: Standing) -> frozenset[str]:
    """The places by which the person who calls is known: those of staff by name and by commission, or the Patient that a citizen is."""
    own = f"Patient/{standing.patient}" if standing.kind == "citizen" and standing.patient else ""
    return (standing.actors | {own}) - {standing.unit, ""}


def naming(parameter: str, places: Iterable[str]) -> Criterion:
    """That a reference parameter leads to one of these places."""
    parts = (place.partition("/") for place in sorted(places))
    return Some(tuple(Reference(parameter, type, id) for type, _, id in parts))


def having(parameter: str, codes: Iterable[str]) -> Criterion:
    """That a token parameter has one of these codes."""
    return Some(tuple(Token(parameter, None, code) for code in sorted(codes)))


QUERIES: Mapping[str, Mapping[str, Query]] = MappingProxyType(
    {"Task": MappingProxyType({"mine": _mine, "my-unit": _my_unit, "untaken": _untaken})}
)
"""By the type that is searched, and by name."""
