"""FHIR capabilities: what this server promises, as `capability/` says it.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from fhir_server.fhir.codec import encode
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.storage.store import Grant


async def capabilities(call: Call, grant: Grant, server: Server) -> Answer:
    """The CapabilityStatement, for anyone: it says nothing of what is stored."""
    return Answer(200, encode(server.statement), seen=None)
