"""What a client sends, as bytes, and the same bytes as they should come back."""

import re
from typing import Any

from fhir_server.fhir.codec import encode

OWNED = re.compile(rb'("meta":\{"versionId":"1","lastUpdated":")[^"]*"')


def text_of(resource: dict[str, Any], id: str) -> bytes:
    """The resource's JSON under an id, with the version that a first write makes where the server puts it."""
    kept = {name: value for name, value in resource.get("meta", {}).items() if name not in {"versionId", "lastUpdated"}}
    meta = {"versionId": "1", "lastUpdated": "2020-01-01T00:00:00Z", **kept}
    return encode(
        {"resourceType": resource["resourceType"], "id": id, "meta": meta} | resource | {"id": id, "meta": meta}
    )


def timeless(text: bytes) -> bytes:
    """The JSON without its lastUpdated, which is the server's; there must be one."""
    without, found = OWNED.subn(rb'\1"', text, count=1)
    assert 1 == found, "no meta with versionId 1 and lastUpdated"
    return without
