"""A message that comes again is known by its identifier, whichever way it comes: it is answered as the first time, and is there once.

One message has an identifier, and one identifier one message. It is looked for among all of them, under the system grant `receipt`.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Conflict, Forbidden
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.commit import granted
from fhir_server.interactions.pointing import stored_at
from fhir_server.interactions.threads import identifiers_of, with_identifiers
from fhir_server.process.discharge.receipt import is_message, is_sent
from fhir_server.process.discharge.thread import is_resent, is_same
from fhir_server.storage.store import Stored

Json = dict[str, Any]


async def sent_before(message: Json, call: Call, server: Server) -> Stored | None:
    """What is stored of a valid resource where that is a message that has come before, as it stands now; None where it is none, or
    is new. Conflict where it says another thing than the one that has the identifier, and where the caller may not see that.
    """
    found = await _first(message, server)
    if found is None:
        return None
    seen = await stored_at(f"{found.type}/{found.id}", granted(call, server, "read", found.type), server)
    if seen is None or not is_resent(message, decode(seen.text)):
        raise Conflict.because("message-identifier-taken", "Communication.identifier")
    return seen


async def put_before(message: Json, id: str, call: Call, server: Server) -> Stored | None:
    """What stands under an id where a valid resource is a message that was sent and says just what that says; None where anything is new."""
    named = call.preconditions.match is not None or call.provenance is not None
    if named or message["resourceType"] != "Communication" or not is_sent(message):
        return None
    seen = None
    with suppress(Forbidden):  # who may write and not read is answered as ever
        seen = await stored_at(f"Communication/{id}", granted(call, server, "read", "Communication"), server)
    return seen if seen is not None and is_same(message, decode(seen.text)) else None


async def _first(message: Json, server: Server) -> Stored | None:
    if message["resourceType"] != "Communication" or not is_message(message):
        return None
    _, found = await with_identifiers(identifiers_of(message), server)
    messages: Sequence[Stored] = [one for one in found if is_message(decode(one.text))]
    return messages[0] if messages else None
