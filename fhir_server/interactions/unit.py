"""Who and what belongs to a unit, by the directory: its staff, its services, the units above it, and which party of a discharge it is.
Read under the system grant `standing`: who works where hangs on nobody's scopes.
"""

from typing import Any

from fhir_server.access.organization import organizations_from
from fhir_server.fhir.codec import decode
from fhir_server.fhir.reference import own_reference
from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Server
from fhir_server.interactions.pointing import place_of, placed, stored_at
from fhir_server.interactions.stays import all_found
from fhir_server.process.addressing.party import parties_by
from fhir_server.process.addressing.row import row_of
from fhir_server.search.query import Query, Reference
from fhir_server.storage.store import SYSTEM_GRANTS

GRANT = SYSTEM_GRANTS["standing"]
UNIT_IN = {"PractitionerRole": "organization", "HealthcareService": "providedBy"}
"""By which member a commission and a service name their unit."""


def unit_in(resource: dict[str, Any] | None, server: Server) -> str:
    """The place of the unit that a commission or a service names; "" for none, and for what is neither."""
    member = UNIT_IN.get(resource["resourceType"]) if resource is not None else None
    return place_of(resource.get(member, {}).get("reference", ""), server) if resource and member else ""


async def staff_of(unit: str, server: Server) -> frozenset[str]:
    """The places of the commissions at a unit (`Organization/[id]`), and of the people who have one; also of those whose commission has
    ended, since what they had taken is still the unit's.
    """
    found = set()
    for role in await _of_unit("PractitionerRole", unit, server):
        found |= {f"PractitionerRole/{role['id']}", place_of(role.get("practitioner", {}).get("reference", ""), server)}
    return frozenset(found - {""})


async def services_of(unit: str, server: Server) -> frozenset[str]:
    """The places of the HealthcareServices that a unit provides."""
    return frozenset(f"HealthcareService/{one['id']}" for one in await _of_unit("HealthcareService", unit, server))


async def parties_of(unit: str, at: int, afterwards: Afterwards, server: Server) -> frozenset[str]:
    """The parties of a discharge that a unit (`Organization/id`) is at a moment (ms since 1970), by the register as it will stand; none
    where it says nothing of the unit.
    """
    stored = await _of_unit("HealthcareService", unit, server)
    written = [it for place in afterwards.places("HealthcareService") if (it := afterwards.made(place)) is not None]
    known = [it for it in stored if not afterwards.writes(f"HealthcareService/{it['id']}")]
    rows = (row_of(placed(it, server)) for it in (*known, *written))
    return parties_by((row for row in rows if row.unit == unit), at)


async def units_from(owner: str, server: Server) -> list[str]:
    """The places of a unit, or of that of a commission (`Type/id`), and of all that it is part of, itself first; none where it is not
    there.
    """
    return list(map(own_reference, await organizations_of(owner, server)))


async def organizations_of(owner: str, server: Server) -> list[dict[str, Any]]:
    """A unit, or that of a commission (`Type/id`), and all that it is part of, itself first, with their references relative; none where
    it is not there.
    """

    async def read(type: str, id: str) -> dict[str, Any] | None:
        stored = await stored_at(f"{type}/{id}", GRANT, server)
        return None if stored is None else placed(decode(stored.text), server)

    type, _, id = owner.partition("/")
    if type == "PractitionerRole":
        type, _, id = unit_in(await read(type, id), server).partition("/")
    found = await read(type, id) if type == "Organization" else None
    return await organizations_from(found, read) if found is not None else []


async def _of_unit(type: str, unit: str, server: Server) -> list[dict[str, Any]]:
    where = Reference("organization", "Organization", unit.partition("/")[2])
    return [decode(one.text) for one in await all_found(Query(type, where), server, GRANT)]
