"""The resources that a condition means: conditional writes look here first, and the store judges again.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from fhir_server.fhir.outcome import Ambiguous, BadParameter, NotFound
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.commit import granted
from fhir_server.search.match import Candidate, matches
from fhir_server.search.query import Criterion, Everything, Query, settled_for
from fhir_server.storage.store import SYSTEM_GRANTS, Grant, Matches, Put, Stored


@dataclass(frozen=True, slots=True)
class Match:
    """What a condition's query found within a grant. `blind`: it was looked up beyond what the caller may see, who is told the same whether
    there was anything or not.
    """

    query: Query
    found: tuple[Stored, ...]
    within: Criterion
    blind: bool = False

    @property
    def stored(self) -> Stored | None:
        """The one resource that was found; None where there is none."""
        return self.found[0] if self.found else None

    @property
    def condition(self) -> Matches:
        """What must still hold when the write is judged: these match, and no others."""
        return Matches(self.query, frozenset(stored.id for stored in self.found), self.within)


def searching(call: Call, server: Server) -> Grant:
    """What a condition of a call is judged on: what a search would show its caller, whatever the call may change. Forbidden."""
    return granted(call, server, "search-type", call.type)


async def match_of(call: Call, criteria: Sequence[tuple[str, str]], server: Server) -> Match:
    """What a conditional create or update is about: `only_match`, but a Patient named by a national identifier is matched
    among all, so that one person is one Patient.
    """
    grant = searching(call, server)
    if isinstance(grant.query, Everything) or not server.content.persons.names_one(call.type, criteria):
        return await only_match(call.type, criteria, grant, server)
    return replace(await only_match(call.type, criteria, SYSTEM_GRANTS["identity"], server), blind=True)


def refuse_unreached(change: Put, grant: Grant, server: Server) -> None:
    """Raises NotFound for a new Patient that its maker could not make, and so does not ask whether the person is known. Nobody
    has to do with it yet, and nothing points at it.
    """
    made = Candidate(change.type, change.id, server.clock(), change.index, change.patients)
    if not matches(settled_for(grant.query, change.type), made):
        raise NotFound.because("not-found")


async def only_match(type: str, criteria: Sequence[tuple[str, str]], grant: Grant, server: Server) -> Match:
    """What the criteria, already decoded, match: one resource at the most. Ambiguous where there are several, BadParameter
    where nothing is asked: an empty condition would match everything.
    """
    match = await _matched(type, criteria, grant, server, most=1)
    if len(match.found) > 1:
        raise Ambiguous.because("several-match")
    return match


async def all_matches(
    type: str, criteria: Sequence[tuple[str, str]], grant: Grant, server: Server, *, most: int
) -> Match:
    """All that the criteria match. Ambiguous where there are more than `most`, BadParameter where nothing is asked."""
    match = await _matched(type, criteria, grant, server, most=most)
    if len(match.found) > most:
        raise Ambiguous.because("too-many-match", limit=most)
    return match


async def _matched(type: str, criteria: Sequence[tuple[str, str]], grant: Grant, server: Server, *, most: int) -> Match:
    """What the criteria match, counted to just past `most`. What the caller cannot see does not stand in the way."""
    asked = server.content.parser.parse(type, criteria).query
    if isinstance(asked.where, Everything):
        raise BadParameter.because("condition-missing")
    page = await server.store.search(asked, grant, count=most + 1, total=False)
    return Match(asked, page.items, grant.query)


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
    return chosen if isinstance(chosen, str) and call.caller.may_choose_ids(call.type) else server.new_id(call.type)
