"""FHIR vread: a version as it was.

https://hl7.org/fhir/R4/http.html#vread
"""

from fhir_server.fhir.outcome import NotFound
from fhir_server.fhir.subset import read_subset
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.commit import told
from fhir_server.interactions.shown import shown
from fhir_server.storage.store import Grant


async def vread(call: Call, grant: Grant, server: Server) -> Answer:
    """One version of a resource; NotFound for a version that never was, Gone for the one that a deletion made."""
    version = call.address.version
    if not (version.isascii() and version.isdigit() and len(version) < 10):  # noqa: PLR2004  # versions are counted
        raise NotFound.because("no-such-version")
    stored = await server.store.vread(call.type, call.id, int(version), grant)
    (seen,) = await shown((stored,), call, server)
    return told(seen, 200, read_subset(call.parameters, call.type))
