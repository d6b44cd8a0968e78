"""FHIR history of one resource, of a type, or of the whole server, newest first.

https://hl7.org/fhir/R4/http.html#history
"""

from fhir_server.fhir.subset import read_subset
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.listing import (
    PAGE,
    at_in,
    count_in,
    given_in,
    happened,
    links,
    listing,
    position,
    since_in,
)
from fhir_server.interactions.shown import shown
from fhir_server.storage.store import Grant

DEFAULT_COUNT = 20


async def history(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the versions of one page, deletions too; NotFound for one resource that never was."""
    given = given_in(call, "_history", "_count", "_since", "_at")
    path = "/".join(part for part in (call.type, call.id, "_history") if part)
    pairs = [(name, value) for name, value in given.items() if name != PAGE]
    here = given.get(PAGE, "")
    subset = read_subset(call.parameters, call.type)
    page = await server.store.history(
        call.type,
        call.id,
        grant,
        count=0 if subset.counts else count_in(given, DEFAULT_COUNT),
        after=position(server, path, pairs, here),
        since=since_in(given),
        at=at_in(given),
    )
    entries = [happened(stored, server, subset, call.language) for stored in await shown(page.items, call, server)]
    text = listing("history", entries, links(server, path, pairs, page, here), page.total)
    return Answer(200, text, seen=page.items)
