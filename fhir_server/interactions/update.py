"""FHIR update, conditional update, and update as create.

https://hl7.org/fhir/R4/http.html#update
https://hl7.org/fhir/R4/http.html#cond-update
https://hl7.org/fhir/R4/http.html#upsert
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from fhir_server.fhir.outcome import NotFound, Stale, Unreadable
from fhir_server.interactions.call import Answer, Call, Proposal, Server, Shown
from fhir_server.interactions.commit import (
    granted,
    located,
    put,
    put_over,
    refuse_unversioned,
    resource_of,
    written,
)
from fhir_server.interactions.condition import Match, id_to_make, match_of, refuse_unreached
from fhir_server.interactions.pointing import refuse_unseen
from fhir_server.interactions.resent import put_before
from fhir_server.interactions.shown import shown, whole
from fhir_server.storage.store import Grant, Matches, Put, Stored


async def update(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """A new version of the resource that the address names, by its id or by what it must match; the first version where the
    id is free and the access allows to choose ids, or where nothing matches; a message that comes again as it stands is that version.
    Unversioned.
    """
    resource = resource_of(call, server)
    if not call.id:
        return await _update_the_match(call, resource, grant, server)
    if "id" not in resource:
        raise Unreadable.because("id-missing", f"{call.type}.id")
    refuse_other_id(resource, call.id)
    await refuse_unversioned(call, grant, server)
    if again := await _as_it_stands(resource, call.id, call, server):
        return again
    if not call.caller.free:
        return await _over_what_is_there(call, resource, grant, server)
    change = put(resource, call.id, call, server, method="PUT")
    # where a version is asked for and none is named, there was nothing to replace
    replaces = not server.asks_version or call.preconditions.match is not None
    return _proposal(call, change, absent=call.caller.may_choose_ids(call.type), present=replaces)


async def _over_what_is_there(call: Call, resource: dict[str, Any], grant: Grant, server: Server) -> Proposal:
    """A narrowed caller replaces what it may see, and keeps what is not its to change. NotFound, Gone."""
    stored = await server.store.read(call.type, call.id, grant)
    if call.preconditions.match not in {None, stored.version}:
        raise Stale.because("stale")
    change = await put_over(stored, await whole(resource, stored, call, server), call, server, method="PUT")
    return Proposal((change,), lambda after: written(after[0]))


async def _as_it_stands(resource: dict[str, Any], id: str, call: Call, server: Server) -> Answer | None:
    """A message that comes again is there once, in the version that it has."""
    before = await put_before(resource, id, call, server)
    if before is None:
        return None
    (found,) = await shown((before,), call, server)
    return replace(written(found, found=True), status=200)


async def _update_the_match(call: Call, resource: dict[str, Any], grant: Grant, server: Server) -> Answer | Proposal:
    match = await match_of(call, call.parameters, server)
    tell = located if match.blind else written
    if match.stored is None or (match.blind and not await _reaches(grant, match.stored, server)):
        return await _make_the_match(call, resource, match, server)
    refuse_other_id(resource, match.stored.id)
    if not match.blind and (again := await _as_it_stands(resource, match.stored.id, call, server)):
        return again
    if not call.caller.free:
        made = await whole(resource, match.stored, call, server)
        change = await put_over(match.stored, made, call, server, method="PUT")
        return Proposal((change,), lambda stored: tell(stored[0]), (match.condition,))
    change = put(resource, match.stored.id, call, server, method="PUT")
    return _proposal(call, change, match.condition, tell=tell)


async def _make_the_match(call: Call, resource: dict[str, Any], match: Match, server: Server) -> Answer | Proposal:
    """What matches is made, which is a create; of a person who is known, and not to the caller, nothing is written, and all is
    said as if the person had not been known.
    """
    making = granted(call, server, "create", call.type)
    change = put(resource, id_to_make(call, server), call, server, method="PUT")
    await refuse_unseen(resource, change.patients, None, call, server)
    if match.blind:
        refuse_unreached(change, making, server)
    if match.stored is None:
        tell = located if match.blind else written
        return _proposal(call, replace(change, reach=making.query), match.condition, present=False, tell=tell)
    if call.preconditions.match is not None:
        raise Stale.because("stale")
    return located(match.stored, found=True)


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
    change: Put,
    *conditions: Matches,
    absent: bool = True,
    present: bool = True,
    tell: Callable[[Shown], Answer] = written,
) -> Proposal:
    change = replace(change, absent=absent, present=present, version=call.preconditions.match)
    return Proposal((change,), lambda stored: tell(stored[0]), conditions)
