"""FHIR search in one type.

https://hl7.org/fhir/R4/http.html#search
"""

from fhir_server.fhir.subset import read_subset
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.listing import links, listing, matched, noted, position
from fhir_server.storage.store import Grant


async def search(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the matches of one page; BadParameter for what is not understood."""
    asked = server.content.parser.parse(call.type, call.parameters, lenient=call.preference.lenient)
    after = position(server, call.type, asked.understood, asked.page)
    subset = read_subset(call.parameters, call.type)
    page = await server.store.search(
        asked.query,
        grant,
        count=0 if subset.counts else asked.count,
        after=after,
        total=subset.counts or asked.counts(first=after is None),
    )
    entries = [matched(stored, server, subset) for stored in page.items] + noted(asked.warnings, call.language)
    found = links(server, call.type, asked.understood, page, asked.page)
    return Answer(200, listing("searchset", entries, found, page.total), seen=page.items)
