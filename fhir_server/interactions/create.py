"""FHIR create, and conditional create.

https://hl7.org/fhir/R4/http.html#create
https://hl7.org/fhir/R4/http.html#ccreate
"""

from typing import Any

from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import put, resource_of, written
from fhir_server.interactions.condition import criteria_of, id_to_make, only_match
from fhir_server.storage.store import Grant, Matches


async def create(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """A new resource under an id of the server's own; with a condition, 200 and the one that matches already.

    The condition stands in If-None-Exist, or in the address as fhirpy sends it (`POST Patient?identifier=…`). An id in the
    body is passed over, as the paragraph has it.
    """
    resource = resource_of(call, server)
    criteria = criteria_of(call)
    if criteria is None:
        return _proposal(call, server, resource)
    found = await only_match(call.type, criteria, grant, server)
    if found.stored is not None:
        return written(found.stored, found=True)
    return _proposal(call, server, resource, found.condition)


def _proposal(call: Call, server: Server, resource: dict[str, Any], *conditions: Matches) -> Proposal:
    change = put(resource, id_to_make(call, server), server, method="POST", present=False)
    return Proposal((change,), lambda stored: written(stored[0]), conditions)
