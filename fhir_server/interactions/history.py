"""FHIR history of one resource, newest first.

https://hl7.org/fhir/R4/http.html#history
"""

from fhir_server.fhir.subset import read_subset
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.listing import PAGE, count_in, given_in, happened, links, listing, position, since_in
from fhir_server.storage.store import Grant

DEFAULT_COUNT = 20


async def history(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the versions of one page, deletions too; NotFound where there never was one."""
    given = given_in(call, "_history", "_count", "_since")
    path = f"{call.type}/{call.id}/_history"
    pairs = [(name, value) for name, value in given.items() if name != PAGE]
    here = given.get(PAGE, "")
    page = await server.store.history(
        call.type,
        call.id,
        grant,
        count=count_in(given, DEFAULT_COUNT),
        before=_version(position(server, path, pairs, here)),
        since=since_in(given),
    )
    subset = read_subset(call.parameters, call.type)
    entries = [happened(stored, server, subset) for stored in page.items]
    text = listing("history", entries, links(server, path, pairs, page, here), page.total)
    return Answer(200, text, seen=page.items)


def _version(after: tuple[str | int | None, ...] | None) -> int | None:
    return after[0] if after and isinstance(after[0], int) else None
