"""A resource's JSON before it has a version: as it came, under its id, with two gaps.

https://hl7.org/fhir/R4/json.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.storage.store import Draft

_VERSION_GAP, _UPDATED_GAP = b'"\\u0000"', b'"\\u0001"'
"""No FHIR string holds these characters (https://hl7.org/fhir/R4/datatypes.html#string), so each stands once in the text."""


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
