"""FHIR read, and conditional read.

https://hl7.org/fhir/R4/http.html#read
https://hl7.org/fhir/R4/http.html#cread
"""

from fhir_server.fhir.subset import read_subset
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.commit import told
from fhir_server.interactions.preconditions import Preconditions
from fhir_server.interactions.shown import shown
from fhir_server.storage.store import Grant, Stored


async def read(call: Call, grant: Grant, server: Server) -> Answer:
    """The current version: 200, or 304 where the caller has it already; NotFound, Gone."""
    stored = await server.store.read(call.type, call.id, grant)
    status = 304 if is_unchanged(stored, call.preconditions) else 200
    (seen,) = await shown((stored,), call, server)
    return told(seen, status, read_subset(call.parameters, call.type))


def is_unchanged(stored: Stored, preconditions: Preconditions) -> bool:
    """Whether the caller's copy is this version. RFC 9110 §13.2.2: If-None-Match, where present, decides alone; a
    Last-Modified has whole seconds.
    """
    if preconditions.none_match:
        return not preconditions.none_match.isdisjoint({str(stored.version), "*"})
    since = preconditions.modified_since
    return since is not None and stored.updated // 1000 <= since // 1000
