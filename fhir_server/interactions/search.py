"""FHIR search in one type, or in a compartment's resources of one type.

https://hl7.org/fhir/R4/http.html#search https://hl7.org/fhir/R4/http.html#vsearch
"""

from msgspec.structs import replace

from fhir_server.fhir.subset import read_subset
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.include import included
from fhir_server.interactions.listing import links, listing, matched, noted, position
from fhir_server.interactions.queries import QUERIES
from fhir_server.interactions.shown import shown
from fhir_server.search.query import every
from fhir_server.storage.store import Grant


async def search(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the matches of one page; BadParameter for what is not understood, Forbidden for a named query that is not the caller's."""
    queries = QUERIES.get(call.type, {})
    asked = server.content.parser.parse(call.type, call.parameters, lenient=call.preference.lenient, queries=queries)
    named = [await queries[asked.named](call.caller.standing, server)] if asked.named else []
    path = call.address.path
    after = position(server, path, asked.understood, asked.page)
    subset = read_subset(call.parameters, call.type)
    page = await server.store.search(
        replace(asked.query, where=every(*server.content.within(call.address), *named, asked.query.where)),
        grant,
        count=0 if subset.counts else asked.count,
        after=after,
        total=subset.counts or asked.counts(first=after is None),
    )
    matches = await shown(page.items, call, server)
    along, issues = await included(matches, asked.includes, call, grant, server)
    entries = [matched(stored, server, subset) for stored in matches]
    entries += [matched(stored, server, subset, mode="include") for stored in along]
    entries += noted((*asked.warnings, *issues), call.language)
    found = links(server, path, asked.understood, page, asked.page)
    return Answer(200, listing("searchset", entries, found, page.total), seen=(*matches, *along))
