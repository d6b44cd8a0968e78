"""The one resource that a condition means: conditional create and update look here first, and the store judges again.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from fhir_server.fhir.outcome import Ambiguous, BadParameter
from fhir_server.interactions.call import Call, Server
from fhir_server.search.query import Everything, Query, every
from fhir_server.storage.store import Grant, Stored


@dataclass(frozen=True, slots=True)
class Match:
    """What a condition's query found: nothing, or the one resource."""

    query: Query
    stored: Stored | None


async def only_match(type: str, criteria: Sequence[tuple[str, str]], grant: Grant, server: Server) -> Match:
    """What the criteria, already decoded, match. Ambiguous where there are several, BadParameter where nothing is asked: an
    empty condition would match everything.
    """
    asked = server.content.parser.parse(type, criteria).query
    if isinstance(asked.where, Everything):
        raise BadParameter.because("condition-missing")
    page = await server.store.search(asked, grant, count=2, total=False)
    if len(page.items) > 1:
        raise Ambiguous.because("several-match")
    asked = replace(
        asked, where=every(asked.where, grant.query)
    )  # what the caller cannot see does not stand in the way
    return Match(asked, page.items[0] if page.items else None)


def criteria_of(call: Call) -> Sequence[tuple[str, str]] | None:
    """What a write must match, decoded; None where it names its resource by id, or makes a new one without a condition.

    A create has its condition in If-None-Exist (`identifier=system|value`, with or without what stands before a question
    mark), or in the address as fhirpy sends it; every other write in the address.
    """
    if call.id:
        return None
    if call.preconditions.none_exist is not None:
        return criteria_in(call.preconditions.none_exist)
    return call.parameters or (None if call.address.interaction == "create" else ())


def criteria_in(text: str) -> list[tuple[str, str]]:
    """The criteria of a condition, encoded as in a URL, with or without what stands before its question mark."""
    return parse_qsl(text.partition("?")[2] if "?" in text else text, keep_blank_values=True)


def id_to_make(call: Call, server: Server) -> str:
    """The id of the resource that a write makes: what a transaction assigned, what an update's body chooses where the access
    allows it, else a new one.
    """
    if call.assigned:
        return call.assigned
    chosen = call.body.get("id") if call.address.interaction == "update" and isinstance(call.body, dict) else None
    return chosen if isinstance(chosen, str) and server.access.may_choose_ids(call.bearer) else server.new_id()
