"""Where each version comes from: a Provenance beside what is written, in the same Commit.

It says nothing that its targets do not: it is about the same patient, with their labels, and for the same provider. What of
one Commit is alike in that shares one. https://hl7.org/fhir/R4/provenance.html#header
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from fhir_server.access.guard import DOCUMENTED_BY, refuse_strangers
from fhir_server.audit.agent import agent_of
from fhir_server.audit.provenance import ANONYMOUS, provenance
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Gone, NotFound
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.draft import draft
from fhir_server.interactions.pointing import refuse_unseen
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.search.query import Everything
from fhir_server.storage.store import Change, Grant, Put

UNTOLD = frozenset({"Provenance", "AuditEvent"})
"""What tells of others needs nobody to tell of it."""


@dataclass(slots=True)
class Origin:
    """What shares a Provenance."""

    activity: str
    patients: tuple[str, ...]
    meta: dict[str, Any]
    targets: list[str] = field(default_factory=list)


async def told_origins(changes: Sequence[Change], call: Call, grant: Grant, server: Server) -> tuple[Put, ...]:
    """The changes that store where the others come from. Invalid for an X-Provenance that cannot be kept."""
    found = await _origins(changes, call, grant, server)
    return tuple([await _put(_told(origin, call, server), call, server) for origin in found])


async def _origins(changes: Sequence[Change], call: Call, grant: Grant, server: Server) -> list[Origin]:
    """The changes, by what they may share; nothing where nobody knows who calls, and nothing was said of it."""
    if call.provenance is None and agent_of(call.caller.agent).who == ANONYMOUS:
        return []
    found: dict[bytes, Origin] = {}
    for change in changes:
        if change.type not in UNTOLD:
            origin = await _origin(change, grant, server)
            alike = encode([origin.activity, origin.patients, origin.meta])
            found.setdefault(alike, origin).targets.append(_target(change))
    return list(found.values())


async def _origin(change: Change, grant: Grant, server: Server) -> Origin:
    if isinstance(change, Put):
        activity = "CREATE" if change.method == "POST" else "UPDATE"
        return Origin(activity, change.patients, _kept(decode(change.draft.text(0, ""))))
    with suppress(NotFound, Gone):
        stored = await server.store.read(change.type, change.id, grant)
        return Origin("DELETE", stored.patients, _kept(decode(stored.text)))
    return Origin("DELETE", (), {})


def _kept(resource: dict[str, Any]) -> dict[str, Any]:
    """What says who may see it."""
    meta = resource.get("meta", {})
    marks = [it for it in meta.get("extension", ()) if it.get("url") == DOCUMENTED_BY]
    labels = meta.get("security", ())
    return {**({"extension": marks} if marks else {}), **({"security": labels} if labels else {})}


def _target(change: Change) -> str:
    """The version that will be there, where it is known before."""
    place = f"{change.type}/{change.id}"
    if isinstance(change, Put) and not change.present:
        return f"{place}/_history/1"
    return place if change.version is None else f"{place}/_history/{change.version + 1}"


def _told(origin: Origin, call: Call, server: Server) -> dict[str, Any]:
    """The Provenance of an origin. A patient whom the targets are about is one of them: by that it is the patient's too."""
    patients = [f"Patient/{patient}" for patient in origin.patients]
    others = [it for it in patients if not any(f"{own}/".startswith(f"{it}/") for own in origin.targets)]
    targets, recorded = [*origin.targets, *others], instant(server.clock())
    told = provenance(targets, origin.activity, agent_of(call.caller.agent), recorded, call.provenance)
    return {**told, "meta": origin.meta} if origin.meta else told


async def _put(resource: dict[str, Any], call: Call, server: Server) -> Put:
    """The change that stores a Provenance of the server's own, whatever its caller may write; what the caller said in it is held
    to what holds for all that the caller says.
    """
    id = server.new_id("Provenance")
    index = server.content.extractor.index(resource)
    patients = server.content.anchors.of("Provenance", id, index)
    if call.provenance is not None:
        refuse_invalid(server.content.validator.issues(resource))
        if not call.caller.free:
            refuse_strangers(resource, patients, index)
            await refuse_unseen(resource, patients, None, _beside(resource, call), server)
    made = draft(resource, id)
    return Put("Provenance", id, made, index, patients, method="POST", present=False, reach=Everything())


def _beside(resource: dict[str, Any], call: Call) -> Call:
    """The targets are what is being written."""
    own = {"/".join(target["reference"].split("/")[:2]) for target in resource["target"]}
    return replace(call, beside=call.beside | own)
