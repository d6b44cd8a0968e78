"""FHIR delete, and conditional delete: the resource answers 410 from then on, its history stays, and a PUT brings it back.

https://hl7.org/fhir/R4/http.html#delete
https://hl7.org/fhir/R4/http.html#cdelete
"""

from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import refuse_unversioned
from fhir_server.interactions.condition import Match, all_matches, only_match, searching
from fhir_server.storage.store import Delete, Grant, Stored

MOST = 1000
"""So many are deleted at once where a type declares conditionalDelete `multiple`: as many as a Bundle may hold."""


async def delete(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """204, for a resource that is deleted already too, and where nothing matches; NotFound for an id that never was.
    Unversioned.
    """
    await refuse_unversioned(call, grant, server)
    if call.id:
        return Proposal((Delete(call.type, call.id, call.preconditions.match),), _deleted)
    match = await _match(call, searching(call, server), server)
    if not match.found:
        return Answer(204)
    changes = tuple(Delete(call.type, stored.id, call.preconditions.match) for stored in match.found)
    return Proposal(changes, _deleted, conditions=(match.condition,))


async def _match(call: Call, grant: Grant, server: Server) -> Match:
    """What is to be deleted: several where the CapabilityStatement says so of the type, else one."""
    if _may_be_several(call.type, server):
        return await all_matches(call.type, call.parameters, grant, server, most=MOST)
    return await only_match(call.type, call.parameters, grant, server)


def _may_be_several(type: str, server: Server) -> bool:
    rows = server.statement["rest"][0]["resource"]
    return any(row["type"] == type and row.get("conditionalDelete") == "multiple" for row in rows)


def _deleted(stored: tuple[Stored, ...]) -> Answer:
    if len(stored) > 1:
        return Answer(204, seen=None)
    (gone,) = stored
    return Answer(204, version=gone.version, updated=gone.updated, seen=None)
