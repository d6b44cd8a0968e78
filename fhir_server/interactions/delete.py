"""FHIR delete, and conditional delete: the resource answers 410 from then on, its history stays, and a PUT brings it back.

https://hl7.org/fhir/R4/http.html#delete
https://hl7.org/fhir/R4/http.html#cdelete
"""

from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.condition import only_match
from fhir_server.storage.store import Delete, Grant, OnlyMatches, Stored


async def delete(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """204, for a resource that is deleted already too, and where nothing matches; NotFound for an id that never was."""
    if call.id:
        return Proposal((Delete(call.type, call.id, call.preconditions.match),), _deleted)
    found = await only_match(call.type, call.parameters, grant, server)
    if found.stored is None:
        return Answer(204)
    id = found.stored.id
    return Proposal(
        (Delete(call.type, id, call.preconditions.match),), _deleted, conditions=(OnlyMatches(found.query, id),)
    )


def _deleted(stored: tuple[Stored, ...]) -> Answer:
    (gone,) = stored
    return Answer(204, version=gone.version, updated=gone.updated, seen=None)
