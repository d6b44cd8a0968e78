"""The one place that turns a refusal into a response: no other file writes an error's status to the wire."""

from fhir_server.fhir.codec import encode
from fhir_server.fhir.outcome import Issue, Refusal, outcome
from fhir_server.http.response import CONTENT_TYPE, Headers

INTERNAL = Issue("exception", "internal", severity="fatal")


def refused(refusal: Refusal, language: str) -> tuple[int, Headers, bytes]:
    """Status, headers and OperationOutcome of a refusal."""
    own = [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
    return refusal.status, [CONTENT_TYPE, *own], encode(outcome(refusal.issues, language))


def failed(language: str) -> tuple[int, Headers, bytes]:
    """What the caller is told of a fault of ours: nothing of its inside."""
    return 500, [CONTENT_TYPE], encode(outcome([INTERNAL], language))
