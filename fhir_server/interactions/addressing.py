"""The addressing register as a caller may see it, and what its answers are worked out from."""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.fhir.codec import decode
from fhir_server.interactions.call import Server
from fhir_server.interactions.condition import all_matches
from fhir_server.interactions.pointing import placed
from fhir_server.process.addressing.recipients import Register
from fhir_server.storage.store import Grant, Stored

MOST = 5_000
"""So many rows, and so many places, a register may have."""
AREA = b'"area"'
"""Most places are wards, rooms and houses, and need not be looked into."""


async def register_of(grant: Grant, server: Server) -> Register:
    """The register, of what a grant reaches. Ambiguous where there is more of it than is read."""
    rows = await all_matches("HealthcareService", [("active", "true")], grant, server, most=MOST)
    places = await all_matches("Location", [("status", "active")], grant, server, most=MOST)
    areas = (one for one in places.found if AREA in one.text)
    return Register(_decoded(rows.found, server), _decoded(areas, server))


def _decoded(found: Iterable[Stored], server: Server) -> Iterator[dict[str, Any]]:
    return (placed(decode(one.text), server) for one in found)
