"""FHIR update, conditional update, and update as create.

https://hl7.org/fhir/R4/http.html#update
https://hl7.org/fhir/R4/http.html#cond-update
https://hl7.org/fhir/R4/http.html#upsert
"""

from typing import Any

from fhir_server.fhir.outcome import Unreadable
from fhir_server.interactions.call import Call, Proposal, Server
from fhir_server.interactions.commit import put, resource_of, written
from fhir_server.interactions.condition import id_to_make, only_match
from fhir_server.storage.store import Grant, Matches


async def update(call: Call, grant: Grant, server: Server) -> Proposal:
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


async def _update_the_match(call: Call, resource: dict[str, Any], grant: Grant, server: Server) -> Proposal:
    found = await only_match(call.type, call.parameters, grant, server)
    if found.stored is not None:
        refuse_other_id(resource, found.stored.id)
        return _proposal(call, server, resource, found.stored.id, found.condition, absent=False)
    return _proposal(call, server, resource, id_to_make(call, server), found.condition, present=False)


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
) -> Proposal:
    version = call.preconditions.match
    change = put(resource, id, server, method="PUT", absent=absent, present=present, version=version)
    return Proposal((change,), lambda stored: written(stored[0]), conditions)
