"""What an interaction leaves behind, written all or none: resource, version, index, relations, audit, outbox.

`perform` is the way through stops 3 to 6 for every call, whether it came over HTTP or as an entry of a Bundle.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fhir_server.access.relation import relations
from fhir_server.audit.event import Occasion, entry
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.outcome import Conflict, Invalid, Issue, Refusal, Unavailable, Unreadable
from fhir_server.fhir.subset import WHOLE, Subset, refuse_subset
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.messaging.outbox import notice
from fhir_server.storage.store import Change, Commit, Draft, Entry, Grant, Overtaken, Put, Stored

ATTEMPTS = 40
"""How often a write whose condition was overtaken by another writer is thought through again."""

_VERSION_GAP, _UPDATED_GAP = b'"\\u0000"', b'"\\u0001"'
"""No FHIR string holds these characters (https://hl7.org/fhir/R4/datatypes.html#string), so each stands once in the text."""


async def perform(call: Call, server: Server) -> Answer:
    """The answer to a call: decided, done, and durable together with its audit when this returns. Raises a Refusal, which is
    audited too.
    """
    grant = server.access.decide(call.bearer, call.address.interaction, call.type)
    try:
        return await _settle(call, grant, server)
    except Unavailable as away:
        with suppress(Unavailable):  # what is told stays what happened to the write, not what happened to its trail
            await _leave_trail(call, grant, server, away.status, ())
        raise
    except Refusal as refusal:
        await _leave_trail(call, grant, server, refusal.status, ())
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
            await _leave_trail(call, grant, server, result.status, result.seen)
        return result
    raise Conflict.because("overtaken")


async def write(proposal: Proposal, call: Call, grant: Grant, server: Server) -> tuple[Stored, ...]:
    """What the store made of a proposal, one version for each change. Raises Overtaken and what the store refuses."""
    return await server.store.commit(_commit(proposal, _occasion(call, grant, server), call, grant))


def _commit(proposal: Proposal, occasion: Occasion, call: Call, grant: Grant) -> Commit:
    return Commit(
        grant,
        proposal.changes,
        proposal.conditions,
        tuple(_write_entry(occasion, change) for change in proposal.changes)
        or (entry(occasion, call.address.interaction, 200, type=call.type, id=call.id),),
        tuple(notice(change) for change in proposal.changes),
    )


def _write_entry(occasion: Occasion, change: Change) -> Entry:
    """An update that makes the resource is told apart by its version 1, which only the store knows."""
    patients = change.patients if isinstance(change, Put) else ()
    interaction, status = _WRITES[change.method if isinstance(change, Put) else "DELETE"]
    return entry(occasion, interaction, status, type=change.type, id=change.id, patient=" ".join(patients))


_WRITES = {"POST": ("create", 201), "PUT": ("update", 200), "PATCH": ("patch", 200), "DELETE": ("delete", 204)}


async def _leave_trail(call: Call, grant: Grant, server: Server, status: int, seen: tuple[Stored, ...]) -> None:
    occasion = _occasion(call, grant, server)
    await server.store.commit(Commit(grant, entries=_read_entries(occasion, call, status, seen)))


def _read_entries(occasion: Occasion, call: Call, status: int, seen: tuple[Stored, ...]) -> tuple[Entry, ...]:
    """One entry for the one resource shown, else one for each patient among what is shown (BALP's rule for searches)."""
    name = call.address.interaction
    if len(seen) == 1:
        (it,) = seen
        return (
            entry(occasion, name, status, type=it.type, id=it.id, version=it.version, patient=" ".join(it.patients)),
        )
    patients = sorted({patient for it in seen for patient in it.patients}) or [""]
    about = entry(occasion, name, status, type=call.type, id=call.id)
    return tuple(replace(about, patient=patient) for patient in patients)


def _occasion(call: Call, grant: Grant, server: Server) -> Occasion:
    return Occasion(
        server.clock(), server.access.agent(call.bearer), grant.rule, grant.purpose, call.request_id, call.parameters
    )


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


def refuse_invalid(issues: tuple[Issue, ...]) -> None:
    """Raises Invalid with every issue that blocks; mere advice is for $validate."""
    if blocking := [issue for issue in issues if issue.blocks]:
        raise Invalid(*blocking)


def put(
    resource: dict[str, Any],
    id: str,
    server: Server,
    *,
    method: str,
    absent: bool = True,
    present: bool = True,
    version: int | None = None,
) -> Put:
    """The change that stores a valid resource under an id, with all that is derived from it."""
    kind = resource["resourceType"]
    index = server.content.extractor.index(resource)
    patients = server.content.anchors.of(kind, id, index)
    related = relations(resource, id, patients)
    return Put(kind, id, draft(resource, id), index, patients, related, method, absent, present, version)


def put_over(stored: Stored, resource: dict[str, Any], call: Call, server: Server, *, method: str) -> Put:
    """The change that replaces a version by what was made of it. Where another writer was faster it is Stale if the caller
    named the version in If-Match, else Overtaken, and so thought through again.
    """
    named = call.preconditions.match
    version = stored.version if named is None else named
    change = put(resource, stored.id, server, method=method, version=version)
    return replace(change, rereads=named is None)


def draft(resource: dict[str, Any], id: str) -> Draft:
    """The resource's JSON under an id, its members in the order they came, with gaps for versionId and lastUpdated.

    id and meta stay where the client put them; without a place of its own, id follows resourceType and meta follows id.
    """
    members = dict(_placed(resource))
    theirs = resource.get("meta", {})
    kept = {name: value for name, value in theirs.items() if name not in {"versionId", "lastUpdated"}}
    members |= {"id": id, "meta": {"versionId": "\x00", "lastUpdated": "\x01", **kept}}
    before, rest = encode(members).split(_VERSION_GAP, 1)
    between, after = rest.split(_UPDATED_GAP, 1)
    return Draft(before, between, after)


def _placed(resource: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in resource.items():
        yield name, value
        if name == "resourceType" and "id" not in resource:
            yield "id", None
        if name == ("id" if "id" in resource else "resourceType") and "meta" not in resource:
            yield "meta", None


def told(stored: Stored, status: int, subset: Subset = WHOLE) -> Answer:
    """The answer that shows a version, or the part of it that is asked for."""
    return Answer(
        status,
        text_of(stored, subset),
        stored.version,
        stored.updated,
        f"{stored.type}/{stored.id}/_history/{stored.version}",
        seen=(stored,),
    )


def text_of(stored: Stored, subset: Subset) -> bytes:
    """The version's JSON byte for byte, or the part of it that is asked for."""
    return stored.text if subset.whole or stored.deleted else encode(subset.of(decode(stored.text)))


def written(stored: Stored, *, found: bool = False) -> Answer:
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
