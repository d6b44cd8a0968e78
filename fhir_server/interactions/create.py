"""FHIR create, and conditional create.

https://hl7.org/fhir/R4/http.html#create
https://hl7.org/fhir/R4/http.html#ccreate
"""

from collections.abc import Callable
from typing import Any

from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import located, put, resource_of, written
from fhir_server.interactions.condition import criteria_of, id_to_make, match_of
from fhir_server.storage.store import Grant, Matches, Stored


async def create(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """A new resource under an id of the server's own; with a condition, 200 and the one that matches already.

    The condition stands in If-None-Exist, or in the address as fhirpy sends it (`POST Patient?identifier=…`). An id in the
    body is passed over, as the paragraph has it.
    """
    resource = resource_of(call, server)
    criteria = criteria_of(call)
    if criteria is None:
        return _proposal(call, server, resource, written)
    match = await match_of(call, criteria, grant, server)
    tell = located if match.blind else written
    if match.stored is not None:
        return tell(match.stored, found=True)
    return _proposal(call, server, resource, tell, match.condition)


def _proposal(
    call: Call, server: Server, resource: dict[str, Any], tell: Callable[[Stored], Answer], *conditions: Matches
) -> Proposal:
    change = put(resource, id_to_make(call, server), server, method="POST", present=False)
    return Proposal((change,), lambda stored: tell(stored[0]), conditions)
