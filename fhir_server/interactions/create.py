"""FHIR create, and conditional create.

https://hl7.org/fhir/R4/http.html#create
https://hl7.org/fhir/R4/http.html#ccreate
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from fhir_server.interactions.call import Answer, Call, Proposal, Server, Shown
from fhir_server.interactions.commit import located, put, resource_of, written
from fhir_server.interactions.condition import Match, criteria_of, id_to_make, match_of, refuse_unreached
from fhir_server.interactions.pointing import refuse_unseen
from fhir_server.interactions.resent import sent_before
from fhir_server.interactions.shown import shown
from fhir_server.storage.store import Grant, Matches, Put


async def create(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """A new resource under an id of the server's own; with a condition, 200 and the one that matches already. So too for a message
    that has come before; Conflict where it says another thing now.

    The condition stands in If-None-Exist, or in the address as fhirpy sends it (`POST Patient?identifier=…`). An id in the
    body is passed over, as the paragraph has it.
    """
    resource = resource_of(call, server)
    criteria = criteria_of(call)
    if criteria is None:
        return await _made(call, resource, server)
    match = await match_of(call, criteria, server)
    if match.blind:
        return await _made_blind(call, resource, match, grant, server)
    if match.stored is not None:
        (found,) = await shown((match.stored,), call, server)
        return written(found, found=True)
    return await _made(call, resource, server, match.condition)


async def _made(call: Call, resource: dict[str, Any], server: Server, *conditions: Matches) -> Answer | Proposal:
    """What is new; a message that has come before is the one that is there."""
    before = await sent_before(resource, call, server)
    if before is not None:
        (found,) = await shown((before,), call, server)
        return written(found, found=True)
    return _proposal(await _change(call, resource, server), written, *conditions)


async def _made_blind(
    call: Call, resource: dict[str, Any], match: Match, grant: Grant, server: Server
) -> Answer | Proposal:
    """Whoever could not make this one is told so, whether or not it is there."""
    change = await _change(call, resource, server)
    refuse_unreached(change, grant, server)
    if match.stored is not None:
        return located(match.stored, found=True)
    return _proposal(change, located, match.condition)


async def _change(call: Call, resource: dict[str, Any], server: Server) -> Put:
    change = put(resource, id_to_make(call, server), call, server, method="POST")
    await refuse_unseen(resource, change.patients, None, call, server)
    return change


def _proposal(change: Put, tell: Callable[[Shown], Answer], *conditions: Matches) -> Proposal:
    return Proposal((replace(change, present=False),), lambda stored: tell(stored[0]), conditions)
