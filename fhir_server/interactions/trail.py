"""What a call leaves in the trail when it writes nothing else: whom it showed what, or why it was refused."""

from contextlib import suppress

from msgspec.structs import replace

from fhir_server.audit.event import Occasion, entry, in_emergency, seen_entries
from fhir_server.fhir.outcome import Gone, NotFound, Refusal
from fhir_server.interactions.call import Call, Server
from fhir_server.storage.store import SYSTEM_GRANTS, Commit, Entry, Grant, Stored


async def leave_trail(
    call: Call, grant: Grant, server: Server, status: int, seen: tuple[Stored, ...], reason: str = ""
) -> None:
    """Writes the entries of a call that writes nothing else; they are durable when this returns. Unavailable."""
    await server.store.commit(Commit(grant, entries=trail_of(call, grant, server, status, seen, reason)))


def trail_of(
    call: Call, grant: Grant, server: Server, status: int, seen: tuple[Stored, ...], reason: str = ""
) -> tuple[Entry, ...]:
    """The entries that tell of a call that writes nothing, by what it showed: an update that met what it wanted has read it."""
    occasion = occasion_of(call, grant, server)
    name = "read" if seen and call.address.interaction == "update" else call.address.interaction
    about = entry(occasion, name, status, type=call.type, id=call.id)
    entries = seen_entries(replace(about, reason=reason) if reason else about, seen)
    return tuple(in_emergency(it, grant.emergencies) for it in entries) if grant.emergencies else entries


def occasion_of(call: Call, grant: Grant, server: Server) -> Occasion:
    """Who calls, and under what: the same for all entries of a call."""
    return Occasion(server.clock(), call.caller.agent, grant.rule, grant.purpose, call.request_id, call.parameters)


async def tell_refusal(refusal: Refusal, call: Call, grant: Grant, server: Server) -> None:
    """The trail says whom a refused call concerned, where it named something that is there: the caller is not told."""
    entries = trail_of(call, grant, server, refusal.status, (), refusal.issues[0].key)
    patient = await _concerned(call, server)
    await server.store.commit(Commit(grant, entries=tuple(replace(it, patient=patient) for it in entries)))


async def _concerned(call: Call, server: Server) -> str:
    if not (call.type and call.id) or call.type == "AuditEvent":
        return ""
    with suppress(NotFound, Gone):
        return " ".join((await server.store.read(call.type, call.id, SYSTEM_GRANTS["anchor"])).patients)
    return ""
