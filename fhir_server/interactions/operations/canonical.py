"""Which definition an operation is about: that of its address, or the one whose canonical it is given."""

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import BadParameter, NotFound
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.storage.store import Grant


async def named(type: str, call: Call, grant: Grant, server: Server) -> str:
    """The canonical of a value set or a concept map that the server knows. NotFound for any other, BadParameter where none is
    named.
    """
    if call.id:
        stored = await server.store.read(type, call.id, grant)
        return str(decode(stored.text)["url"])
    url = parameter(call, "url")
    if not isinstance(url, str):
        raise BadParameter.because("parameter-missing", name="url", expected=f"the canonical of a {type}")
    terminology = server.content.terminology
    known = terminology.maps(url) if type == "ConceptMap" else terminology.codes(url)
    if known is None or known == []:
        raise NotFound.because("unknown-definition", type=type)
    return url
