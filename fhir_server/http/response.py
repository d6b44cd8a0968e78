"""Stop 7: from an `Answer` to status, ETag, Last-Modified, Location and body."""

import msgspec

from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import http_date
from fhir_server.fhir.outcome import Issue, outcome
from fhir_server.http.negotiate import FHIR_JSON
from fhir_server.interactions.call import Answer, Call

Headers = list[tuple[bytes, bytes]]
CONTENT_TYPE = (b"content-type", f"{FHIR_JSON}; charset=utf-8".encode())
GUARDED: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
]
"""On every answer: no browser takes it for a page, runs what is in it, keeps it, or tells the next address where it came from."""
NO_BODY = frozenset({204, 304})


def headers_of(answer: Answer, base: str) -> Headers:
    """ETag, Last-Modified and Location, each where the answer has it."""
    headers: Headers = []
    if answer.version is not None:
        headers.append((b"etag", b'W/"%d"' % answer.version))
    if answer.updated is not None:
        headers.append((b"last-modified", http_date(answer.updated).encode()))
    if answer.location and answer.preferable:
        headers.append((b"location", f"{base}/{answer.location}".encode()))
    return headers


def body_of(answer: Answer, call: Call) -> bytes:
    """What the caller preferred to get: the representation, nothing, or an OperationOutcome."""
    if answer.status in NO_BODY:
        return b""
    if answer.preferable and call.preference.returns == "minimal":
        return b""
    if answer.preferable and call.preference.returns == "OperationOutcome":
        issues = answer.issues or (Issue("informational", "all-good", severity="information"),)
        return encode(outcome(issues, call.language))
    return prettily(answer.text) if _wants_pretty(call) else answer.text


def _wants_pretty(call: Call) -> bool:
    return bool(call.parameters) and ("_pretty", "true") in call.parameters


def prettily(text: bytes) -> bytes:
    """The same JSON, indented for a person."""
    return msgspec.json.format(text, indent=2)
