"""The one resource that a condition means: conditional create and update look here first, and the store judges again.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from fhir_server.fhir.outcome import Ambiguous, BadParameter
from fhir_server.interactions.call import Server
from fhir_server.search.query import Query
from fhir_server.storage.store import Grant, Stored


@dataclass(frozen=True, slots=True)
class Match:
    """What a condition's query found: nothing, or the one resource."""

    query: Query
    stored: Stored | None


async def only_match(type: str, criteria: str, grant: Grant, server: Server) -> Match:
    """What the criteria (`identifier=system|value`, encoded as in a URL) match. Ambiguous where there are several,
    BadParameter where nothing is asked: an empty condition would match everything.
    """
    pairs = parse_qsl(criteria.partition("?")[2] or criteria, keep_blank_values=True)
    if not pairs:
        raise BadParameter.because("parameter-value", name="If-None-Exist", expected="identifier=system|value")
    query = server.content.parser.parse(type, pairs).query
    page = await server.store.search(query, grant, count=2, total=False)
    if len(page.items) > 1:
        raise Ambiguous.because("several-match")
    return Match(query, page.items[0] if page.items else None)
