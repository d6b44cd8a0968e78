"""The people, units and places that resources name, as far as the caller may see them."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Gone, NotFound
from fhir_server.fhir.reference import parse_reference, references_in
from fhir_server.interactions.call import Server, Shown
from fhir_server.storage.store import Grant, Stored

NAMED = frozenset({"Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Endpoint"})
"""What belongs to no patient, and is shown beside what names it."""


async def named(
    items: Iterable[Shown], grant: Grant, server: Server, types: frozenset[str] = NAMED
) -> AsyncIterator[Stored]:
    """What the items refer to of these types, each once, by type and id; what cannot be seen is passed over."""
    places = {place for stored in items for place in _references(decode(stored.text), types)}
    for type, id in sorted(places):
        try:
            yield await server.store.read(type, id, grant)
        except (NotFound, Gone):
            continue


def _references(resource: Any, types: frozenset[str]) -> Iterator[tuple[str, str]]:
    for found in map(parse_reference, references_in(resource)):
        if found is not None and found.form == "relative" and found.type in types:
            yield found.type, found.id
