"""FHIR update, conditional update, and update as create.

https://hl7.org/fhir/R4/http.html#update
https://hl7.org/fhir/R4/http.html#cond-update
https://hl7.org/fhir/R4/http.html#upsert
"""

from collections.abc import Callable
from typing import Any

from fhir_server.fhir.outcome import NotFound, Stale, Unreadable
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import located, put, resource_of, written
from fhir_server.interactions.condition import id_to_make, match_of
from fhir_server.storage.store import Grant, Matches, Stored


async def update(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """A new version of the resource that the address names, by its id or by what it must match; the first version where the
    id is free and the access allows to choose ids, or where nothing matches.
    """
    resource = resource_of(call, server)
    if not call.id:
        return await _update_the_match(call, resource, grant, server)
    if "id" not in resource:
        raise Unreadable.because("id-missing", f"{call.type}.id")
    refuse_other_id(resource, call.id)
    return _proposal(call, server, resource, call.id, absent=server.access.may_choose_ids(call.bearer))


async def _update_the_match(call: Call, resource: dict[str, Any], grant: Grant, server: Server) -> Answer | Proposal:
    match = await match_of(call, call.parameters, grant, server)
    tell = located if match.blind else written
    if match.stored is None:
        id = id_to_make(call, server)
        return _proposal(call, server, resource, id, match.condition, present=False, tell=tell)
    if match.blind and not await _reaches(grant, match.stored, server):
        return _unseen(call, match.stored)
    refuse_other_id(resource, match.stored.id)
    return _proposal(call, server, resource, match.stored.id, match.condition, tell=tell)


def _unseen(call: Call, stored: Stored) -> Answer:
    """Nothing is written, and all is said as if the person had not been known."""
    if call.preconditions.match is not None:
        raise Stale.because("stale")
    return located(stored, found=True)


async def _reaches(grant: Grant, stored: Stored, server: Server) -> bool:
    try:
        await server.store.read(stored.type, stored.id, grant)
    except NotFound:
        return False
    return True


def refuse_other_id(resource: dict[str, Any], id: str) -> None:
    """A body that carries another id was meant for another place: it must not replace somebody else's."""
    if resource.get("id", id) != id:
        raise Unreadable.because("id-mismatch", f"{resource['resourceType']}.id")


def _proposal(
    call: Call,
    server: Server,
    resource: dict[str, Any],
    id: str,
    *conditions: Matches,
    absent: bool = True,
    present: bool = True,
    tell: Callable[[Stored], Answer] = written,
) -> Proposal:
    version = call.preconditions.match
    change = put(resource, id, server, method="PUT", absent=absent, present=present, version=version)
    return Proposal((change,), lambda stored: tell(stored[0]), conditions)
