"""What an interaction leaves behind, written all or none: resource, version, index, relations, audit, outbox.

`perform` is the way through stops 3 to 6 for every call, whether it came over HTTP or as an entry of a Bundle.
"""

from contextlib import suppress
from typing import Any

from msgspec.structs import astuple, replace

from fhir_server.access.decide import NOBODY, Admitted
from fhir_server.access.guard import (
    refuse_adrift,
    refuse_crowded,
    refuse_lowered,
    refuse_modified,
    refuse_moved,
    refuse_skipped,
    refuse_strangers,
    stamped,
)
from fhir_server.access.relation import relations
from fhir_server.access.standing import Standing
from fhir_server.audit.agent import Agent
from fhir_server.audit.event import Occasion, entry
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.outcome import (
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    Refusal,
    Throttled,
    Unavailable,
    Unreadable,
    Unversioned,
)
from fhir_server.fhir.subset import WHOLE, Subset, refuse_subset
from fhir_server.interactions.actions import with_team
from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Answer, Call, Proposal, Server, Shown
from fhir_server.interactions.cases import judged
from fhir_server.interactions.draft import draft
from fhir_server.interactions.forms import refuse_misanswered
from fhir_server.interactions.origin import told_origins
from fhir_server.interactions.pointing import refuse_unseen
from fhir_server.interactions.receipts import asked_receipts
from fhir_server.interactions.recorded import refuse_unrecorded
from fhir_server.interactions.shown import Whole, eyes
from fhir_server.interactions.threads import threaded
from fhir_server.interactions.trail import leave_trail, occasion_of, tell_refusal
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.interactions.withdrawn import ended_tasks
from fhir_server.messaging.outbox import notice
from fhir_server.process.discharge.receipt import refuse_forged
from fhir_server.search.query import NOTHING, Everything
from fhir_server.storage.store import Change, Commit, Entry, Grant, Matches, Overtaken, Put, Stored

ATTEMPTS = 40
"""How often a write whose condition was overtaken by another writer is thought through again."""


async def perform(call: Call, server: Server) -> Answer:
    """The answer to a call: decided, done, and durable together with its audit when this returns. Raises a Refusal, which is
    audited too, and so is a fault of ours.
    """
    came = call.caller
    call = await _admitted_or_told(call, server)
    grant = await _granted_or_told(call, server, calls=_calls_in(call) if came is not call.caller else 0)
    try:
        return await _settle(call, grant, server)
    except Unavailable as away:
        with suppress(Unavailable):  # what is told stays what happened to the write, not what happened to its trail
            await leave_trail(call, grant, server, away.status, (), away.issues[0].key)
        raise
    except Refusal as refusal:
        if isinstance(refusal, NotFound) and call.id:
            server.rates.missed(call.caller, call.request_id)
        await tell_refusal(refusal, call, grant, server)
        raise
    except Exception:
        with suppress(Exception):  # what is told stays the fault that came first
            await leave_trail(call, grant, server, FAULT, (), "internal")
        raise


FAULT = 500
"""What the caller is answered where the fault is ours."""


def _calls_in(call: Call) -> int:
    """What a request counts as: each entry of a Bundle is a call."""
    if call.address.interaction not in {"batch", "transaction"}:
        return 1
    entries = call.body.get("entry") if isinstance(call.body, dict) else None
    return max(1, len(entries)) if isinstance(entries, list) else 1


PUBLIC = frozenset({"capabilities"})
"""What is told to everybody, without a token. https://hl7.org/fhir/R4/http.html#capabilities"""


async def admitted(call: Call, server: Server) -> Call:
    """The call with its caller. Unauthorized, Forbidden."""
    if call.caller is not NOBODY or call.address.interaction in PUBLIC:
        return call
    return replace(call, caller=await server.access.admit(call.bearer))


async def _admitted_or_told(call: Call, server: Server) -> Call:
    """The call with its caller. One whose token is good but who is turned away all the same is audited, as a stranger; who
    brings no good token is counted at the door (`audit/doorstep.py`).
    """
    try:
        return await admitted(call, server)
    except Forbidden as refusal:
        told = Grant(NOTHING, "", "refused")
        await leave_trail(replace(call, caller=STRANGER), told, server, refusal.status, (), refusal.issues[0].key)
        raise


STRANGER = Admitted(NOBODY.standing, Agent(who="not admitted").text())


def reached(proposal: Proposal, grant: Grant) -> Proposal:
    """The proposal with its changes held to this Grant, whatever else is written with them."""
    changes = (replace(it, reach=grant.query) if it.reach is None else it for it in proposal.changes)
    return replace(proposal, changes=tuple(changes))


def granted(call: Call, server: Server, interaction: str = "", type: str = "") -> Grant:
    """What the caller may see in this call, or in another interaction with another type that the call leads to. Forbidden."""
    if interaction:
        return server.access.decide(call.caller, interaction, type)
    conditional = not call.id and (bool(call.parameters) or call.preconditions.none_exist is not None)
    name = call.address.interaction
    makes = name == "update" and not call.id
    return server.access.decide(
        call.caller, name, call.type, conditional=conditional and name in _CONDITIONAL, makes=makes
    )


_CONDITIONAL = frozenset({"create", "update", "patch", "delete"})


async def _granted_or_told(call: Call, server: Server, *, calls: int) -> Grant:
    """The Grant of a call, which costs so many `calls`; a refusal is audited under one that reaches nothing. Throttled, Forbidden."""
    try:
        if calls:
            server.rates.spend(call.caller, calls)
        return granted(call, server)
    except (Forbidden, Throttled) as refusal:
        await tell_refusal(refusal, call, Grant(NOTHING, call.caller.purpose, "refused"), server)
        raise


async def _settle(call: Call, grant: Grant, server: Server) -> Answer:
    interaction = server.table[call.address.interaction]
    for _ in range(ATTEMPTS):
        try:
            result = await interaction(call, grant, server)
            if isinstance(result, Proposal):
                return result.tell(await write(result, call, grant, server))
        except Overtaken:
            continue
        if result.seen is not None:
            await leave_trail(call, grant, server, result.status, result.seen)
        return result
    raise Conflict.because("overtaken")


async def write(
    proposal: Proposal, call: Call, grant: Grant, server: Server, beside: tuple[Entry, ...] = ()
) -> tuple[Shown, ...]:
    """What the store made of a proposal as the caller is shown it, one version for each change; who made them, the entries `beside`,
    the teams that follow, what units are asked, and what they no longer are, are written with it; messages stand in their threads.
    Raises Overtaken, what the store refuses, Conflict for what cannot happen in a case, to an action or to a message that was sent,
    Forbidden for a step in an action that is another party's, and Invalid for an X-Provenance that cannot be kept, a reply that is of
    another thread, and a response that does not answer its questionnaire, or that nobody recorded. Who is protected is asked before:
    nothing may fail once it is written.
    """
    asked = len(proposal.changes)
    proposal = await threaded(proposal, call, grant, server)
    afterwards = Afterwards(proposal.changes, server)
    conditions = proposal.conditions + await judged(proposal.changes, afterwards, call, grant, server)
    await refuse_unrecorded(proposal.changes, afterwards, call, grant, server)
    await refuse_misanswered(proposal.changes, afterwards, server)
    proposal = await with_team(replace(proposal, conditions=conditions), afterwards, call, grant, server)
    speaks = server.content.protection.speaks_of
    written = (it for it in proposal.changes if isinstance(it, Put) and speaks(it.type, *astuple(it.draft)))
    looking = await eyes((id for it in written for id in it.patients), call, server)
    changes = proposal.changes + await asked_receipts(proposal.changes, afterwards, call, server)
    changes += await ended_tasks(proposal.changes, afterwards, server)
    origins = await told_origins(changes, call, grant, server)
    occasion = occasion_of(call, grant, server)
    made = await server.store.commit(_commit(changes, origins, proposal.conditions, occasion, call, grant, beside))
    if not DIRECTORY.isdisjoint(change.type for change in proposal.changes):
        server.access.directory_changed()
    return tuple(map(looking.on, made[:asked]))


DIRECTORY = frozenset({"Organization", "Practitioner", "PractitionerRole"})
"""What staff are known by: a commission that ends does so for the next request."""


def _commit(
    changes: tuple[Change, ...],
    origins: tuple[Put, ...],
    conditions: tuple[Matches, ...],
    occasion: Occasion,
    call: Call,
    grant: Grant,
    beside: tuple[Entry, ...],
) -> Commit:
    return Commit(
        grant,
        changes + origins,
        conditions,
        (*(_write_entry(occasion, change) for change in changes), *beside)
        or (entry(occasion, call.address.interaction, 200, type=call.type, id=call.id),),
        tuple(notice(change) for change in changes),
    )


def _write_entry(occasion: Occasion, change: Change) -> Entry:
    """An update that makes the resource is told apart by its version 1, which only the store knows."""
    patients = change.patients if isinstance(change, Put) else ()
    interaction, status = _WRITES[change.method if isinstance(change, Put) else "DELETE"]
    return entry(occasion, interaction, status, type=change.type, id=change.id, patient=" ".join(patients))


_WRITES = {"POST": ("create", 201), "PUT": ("update", 200), "PATCH": ("patch", 200), "DELETE": ("delete", 204)}


# ------------------------------------------------------------------------------------ what interactions build from


def resource_of(call: Call, server: Server) -> dict[str, Any]:
    """The call's body as a valid resource of the type that its address names. Unreadable, Invalid with every issue."""
    body = call.body
    if not isinstance(body, dict) or not isinstance(body.get("resourceType"), str):
        raise Unreadable.because("not-an-object")
    if body["resourceType"] != call.type:
        raise Unreadable.because("type-mismatch", "resourceType", expected=call.type)
    refuse_subset(body)
    refuse_invalid(server.content.validator.issues(body))
    return body


ORDINARY = frozenset({"create", "update", "patch"})
"""What says itself what it writes; an operation of the process has rules of its own."""


def put(
    resource: dict[str, Any],
    id: str,
    call: Call,
    server: Server,
    *,
    method: str,
    before: Stored | None = None,
    documenting: Standing | None = None,
) -> Put:
    """The change that stores a valid resource under an id, with all that is derived from it. A narrowed caller is held to what it
    may make of the version `before`: Invalid, Forbidden. `documenting` is for whom it is written, where that is not for the caller.
    """
    kind, narrowed = resource["resourceType"], not call.caller.free
    earlier = decode(before.text) if narrowed and before is not None else None
    server.channels.refuse_hostile(resource)
    if narrowed:
        refuse_crowded(resource)
    if narrowed or documenting is not None:
        resource = stamped(resource, earlier, documenting or call.caller.standing)
    index = server.content.extractor.index(resource)
    patients = server.content.anchors.of(kind, id, index)
    if narrowed:
        refuse_adrift(kind, patients, server.content.anchors)
        refuse_strangers(resource, patients, index)
        refuse_moved(kind, patients, before)
        refuse_skipped(resource, earlier)
        refuse_lowered(resource, earlier)
        refuse_modified(resource, earlier, server.content.validator.profiles.has)
        if call.address.interaction in ORDINARY:
            refuse_forged(resource, earlier)
    related = relations(resource, id, patients, server.base)
    return Put(kind, id, draft(resource, id), index, patients, related, method)


async def put_over(stored: Stored, resource: Whole, call: Call, server: Server, *, method: str) -> Put:
    """The change that replaces a version by what was made of it. Where another writer was faster it is Stale if the caller
    named the version in If-Match, else Overtaken, and so thought through again.
    """
    named = call.preconditions.match
    version = stored.version if named is None else named
    change = put(resource, stored.id, call, server, method=method, before=stored)
    await refuse_unseen(resource, change.patients, stored, call, server)
    return replace(change, version=version, rereads=named is None)


def put_unreached(stored: Stored, resource: dict[str, Any], call: Call, server: Server) -> Put:
    """The change that replaces a version by what the server itself makes of it, whatever its caller may write. Invalid."""
    refuse_invalid(server.content.validator.issues(resource))
    change = put(resource, stored.id, call, server, method="PUT", before=stored)
    return replace(change, version=stored.version, rereads=True, reach=Everything())


async def refuse_unversioned(call: Call, grant: Grant, server: Server) -> None:
    """Raises Unversioned where the server asks which version a write replaces, and the call, which names its resource by id, does
    not say. NotFound for what the caller may not see; what is not there, or deleted, has no version to name.
    """
    if not (server.asks_version and call.id) or call.preconditions.match is not None:
        return
    with suppress(NotFound, Gone):
        await server.store.read(call.type, call.id, grant)
        raise Unversioned.because("version-unnamed")


def told(stored: Shown, status: int, subset: Subset = WHOLE) -> Answer:
    """The answer that shows a version, or the part of it that is asked for."""
    return Answer(
        status,
        text_of(stored, subset),
        stored.version,
        stored.updated,
        f"{stored.type}/{stored.id}/_history/{stored.version}",
        seen=(stored,),
    )


def text_of(stored: Shown, subset: Subset) -> bytes:
    """The version's JSON byte for byte, or the part of it that is asked for."""
    return stored.text if subset.whole or stored.deleted else encode(subset.of(decode(stored.text)))


def written(stored: Shown, *, found: bool = False) -> Answer:
    """The answer to a write: 201 where it made the resource, 200 where it changed one or `found` the one asked for."""
    status = 201 if stored.version == 1 and not found else 200
    location = f"{stored.type}/{stored.id}/_history/{stored.version}"
    seen = (stored,) if found else None
    return Answer(status, stored.text, stored.version, stored.updated, location, seen=seen, preferable=True)


def located(stored: Stored, *, found: bool = False) -> Answer:
    """The answer to a write that was matched blind: where the resource is, and nothing that tells whether it was there before
    or what it holds. Audited as seen where it was `found`.
    """
    return Answer(200, location=f"{stored.type}/{stored.id}", seen=(stored,) if found else None, preferable=True)
