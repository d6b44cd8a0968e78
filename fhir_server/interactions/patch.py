"""FHIR patch, and conditional patch: the current version, changed and judged like an update.

https://hl7.org/fhir/R4/http.html#patch
https://hl7.org/fhir/R4/http.html#cond-patch
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import HTTP, Invalid, Issue, NotFound, Stale, Unreadable, UnsupportedMedia
from fhir_server.fhir.patch import apply_json_patch, apply_merge_patch, apply_path_patch, without_stale_narrative
from fhir_server.fhir.subset import refuse_subset
from fhir_server.interactions.call import Call, Proposal, Server
from fhir_server.interactions.commit import put_over, refuse_unversioned, written
from fhir_server.interactions.condition import only_match, searching
from fhir_server.interactions.shown import given, whole
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.storage.store import Grant, Matches, Stored

Apply: TypeAlias = Callable[[dict[str, Any], Any], Any]

FORMATS: Mapping[str, Apply] = MappingProxyType(
    {
        "application/json-patch+json": apply_json_patch,
        "application/merge-patch+json": apply_merge_patch,
        "application/fhir+json": apply_path_patch,
        "application/json": apply_merge_patch,
    }
)
"""By the media type of the body. Plain JSON is merged, as fhirpy means it, unless it is a FHIRPath Patch."""
FHIR_JSON = frozenset({"application/fhir+json", "application/json"})


async def patch(call: Call, grant: Grant, server: Server) -> Proposal:
    """A new version of the resource that the address names, by its id or by what it must match. NotFound, Gone, Stale,
    Unversioned; Invalid where the patch cannot be applied, or where what it makes is not valid.

    It is applied to what the caller is shown: of what is masked for it no patch tells whether it is there, or what it is.
    Without If-Match a patch that another writer overtakes is applied again, to what that one wrote.
    """
    await refuse_unversioned(call, grant, server)
    stored, conditions = await _current(call, grant, server)
    if call.preconditions.match not in {None, stored.version}:
        raise Stale.because("stale")
    made = patched(await given(stored, call, server), call)
    resource = await whole(made, stored, call, server)
    refuse_invalid(server.content.validator.issues(resource))
    change = await put_over(stored, resource, call, server, method="PATCH")
    return Proposal((change,), lambda after: written(after[0]), conditions)


async def _current(call: Call, grant: Grant, server: Server) -> tuple[Stored, tuple[Matches, ...]]:
    """The version to be patched, and what must still hold of it when the new one is written."""
    if call.id:
        return await server.store.read(call.type, call.id, grant), ()
    found = await only_match(call.type, call.parameters, searching(call, server), server)
    if found.stored is None:
        raise NotFound.because("not-found")
    return found.stored, (found.condition,)


def patched(resource: dict[str, Any], call: Call) -> dict[str, Any]:
    """The resource with the call's patch applied, not yet validated."""
    apply, document = _read(call)
    after = apply(resource, document)
    _refuse_another(resource, after)
    refuse_subset(after)
    return without_stale_narrative(resource, after)


def _read(call: Call) -> tuple[Apply, Any]:
    """How the body is applied, and what of it. In a Bundle, whose entries are resources, a Binary holds the other formats."""
    body = call.body
    kind = body.get("resourceType") if isinstance(body, dict) and call.media_type in FHIR_JSON else None
    if kind == "Parameters":
        return apply_path_patch, body
    if kind == "Binary" and call.type != "Binary":
        return _unwrapped(body)
    return _format(call.media_type), body


def _unwrapped(binary: dict[str, Any]) -> tuple[Apply, Any]:
    content_type, data = binary.get("contentType"), binary.get("data")
    if not isinstance(content_type, str) or not isinstance(data, str):
        raise Unreadable.because("patch-binary")
    apply = _format(content_type.partition(";")[0].strip().lower())
    try:
        return apply, decode(b64decode(data, validate=True))
    except ValueError:
        raise Unreadable.because("patch-binary") from None


def _format(media_type: str) -> Apply:
    if media_type not in FORMATS:
        raise UnsupportedMedia.because("media-type", allowed=", ".join(FORMATS))
    return FORMATS[media_type]


def _refuse_another(before: dict[str, Any], after: Any) -> None:
    """What a patch makes is another version of the same resource."""
    for name in ("resourceType", "id"):
        if not isinstance(after, dict) or after.get(name) != before[name]:
            where = f"{before['resourceType']}.{name}"
            raise Invalid(Issue("business-rule", "patch-identity", where, source=f"{HTTP}#patch"))
