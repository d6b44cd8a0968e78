"""FHIR update, conditional update, and update as create.

https://hl7.org/fhir/R4/http.html#update
https://hl7.org/fhir/R4/http.html#cond-update
https://hl7.org/fhir/R4/http.html#upsert
"""

from typing import Any

from fhir_server.fhir.outcome import Unreadable
from fhir_server.interactions.call import Call, Proposal, Server
from fhir_server.interactions.commit import put, resource_of, written
from fhir_server.storage.store import Grant


async def update(call: Call, grant: Grant, server: Server) -> Proposal:
    """A new version of the resource; the first one where the id is free and the access allows to choose ids."""
    resource = resource_of(call, server)
    refuse_other_id(resource, call.id)
    change = put(
        resource,
        call.id,
        server,
        method="PUT",
        absent=server.access.may_choose_ids(call.bearer),
        version=call.preconditions.match,
    )
    return Proposal((change,), lambda stored: written(stored[0]))


def refuse_other_id(resource: dict[str, Any], id: str) -> None:
    """A PUT's body carries the id of its address: a copy sent to the wrong place must not replace somebody else's."""
    if "id" not in resource:
        raise Unreadable.because("id-missing", f"{resource['resourceType']}.id")
    if resource["id"] != id:
        raise Unreadable.because("id-mismatch", f"{resource['resourceType']}.id")
