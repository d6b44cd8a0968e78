"""What a client sends, as bytes, and the same bytes as they should come back."""

import json
import re
from collections.abc import Iterator
from typing import Any

from fhir_server.fhir.codec import encode

JSON = {"content-type": "application/fhir+json"}
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


Pairs = tuple[tuple[str, Any], ...]


def as_written(text: bytes, id: str | None = None) -> Pairs:
    """The JSON with its members in their order and its numbers digit by digit, read without any code of ours; under another
    id, if one is given, and without `versionId` and `lastUpdated`, which are the server's.
    """
    resource = json.loads(text, object_pairs_hook=tuple, parse_float=_digits, parse_int=_digits)
    return tuple(_ours(resource, id))


def _digits(number: str) -> tuple[str, str]:
    return "number", number


def _ours(resource: Pairs, id: str | None) -> Iterator[tuple[str, Any]]:
    for name, value in resource:
        if name == "meta":
            kept = tuple(pair for pair in value if pair[0] not in {"versionId", "lastUpdated"})
            if kept:
                yield name, kept
        else:
            yield name, id if name == "id" and id else value
