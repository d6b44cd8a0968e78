"""FHIR delete: the resource answers 410 from then on, its history stays, and a PUT brings it back.

https://hl7.org/fhir/R4/http.html#delete
"""

from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.storage.store import Delete, Grant, Stored


async def delete(call: Call, grant: Grant, server: Server) -> Proposal:
    """204, for a resource that is deleted already too; NotFound for one that never was."""
    return Proposal((Delete(call.type, call.id, call.preconditions.match),), _deleted)


def _deleted(stored: tuple[Stored, ...]) -> Answer:
    (gone,) = stored
    return Answer(204, version=gone.version, updated=gone.updated, seen=None)
