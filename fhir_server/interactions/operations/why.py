"""$why: by which rules a request was permitted or refused, as its entries in the audit have it."""

from collections.abc import Iterator, Sequence
from typing import Any

from fhir_server.access.emergency import load_terms
from fhir_server.access.rules import load_rules
from fhir_server.audit.asked import of_rows
from fhir_server.audit.coding import outcome_of
from fhir_server.fhir.codec import encode
from fhir_server.fhir.identity import began
from fhir_server.fhir.instant import MINUTE, SECOND, instant
from fhir_server.fhir.outcome import BadParameter, NotFound, words_of
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.search.query import Criterion, Span, Token, every
from fhir_server.storage.store import Entry, Grant, Order

MOST = 1000
"""So many entries of a request are told."""
LONGEST = 10 * MINUTE
"""No request is answered for so long: its entries are looked for within it of its beginning."""


async def why(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the entries of a request; NotFound where it has none that the caller may know of. BadParameter."""
    entries = await _entries(_of_request(parameter(call, "request")), grant, server)
    if not entries:
        raise NotFound.because("not-found")
    told = [{"name": "entry", "part": list(_parts(one, call.language))} for _, one in entries]
    return Answer(200, encode({"resourceType": "Parameters", "parameter": told}))


async def _entries(where: Criterion, grant: Grant, server: Server) -> Sequence[tuple[int, Entry]]:
    """A grant that speaks of what rows do not tell reaches none of them."""
    try:
        reached = grant.over(of_rows(grant.query))
    except BadParameter:
        return ()
    return (await server.store.find_entries(where, reached, Order(), count=MOST))[0]


def _of_request(given: Any) -> Criterion:
    """The id tells when the request began: entries are found by their moment, and none has to be indexed by its request."""
    start = began(given) if isinstance(given, str) else None
    if start is None:
        key = "parameter-missing" if given is None else "parameter-value"
        raise BadParameter.because(
            key, "Parameters.parameter", name="request", expected="an X-Request-Id of this server"
        )
    return every(Span("at", "eq", start - SECOND, start + LONGEST), Token("request", None, given))


def _parts(entry: Entry, language: str) -> Iterator[dict[str, Any]]:
    told = (
        ("recorded", "valueInstant", instant(entry.at)),
        ("interaction", "valueString", entry.interaction),
        ("type", "valueCode", entry.type),
        ("outcome", "valueCode", outcome_of(entry.status)),
        ("purpose", "valueCode", entry.purpose),
        ("refusal", "valueCode", entry.reason),
        ("text", "valueString", words_of(entry.reason, language)),
    )
    yield from ({"name": name, value: text} for name, value, text in told if text)
    laws = _laws()
    for id in entry.rule.split():
        yield {"name": "rule", "part": list(_rule(id, *laws.get(id, ("", ""))))}


def _rule(id: str, reason: str, source: str) -> Iterator[dict[str, Any]]:
    """One that is no longer in `security/`, and one of the server itself, has its id alone."""
    told = (("id", id), ("reason", reason), ("source", source))
    yield from ({"name": name, "valueString": text} for name, text in told if text)


def _laws() -> dict[str, tuple[str, str]]:
    """Reason and source of each rule, by its id: those of the table, and the ways of emergency access."""
    modes = {mode.rule: (mode.reason, mode.source) for mode in load_terms().modes.values()}
    return modes | {rule.id: (rule.reason, rule.source) for rule in load_rules().rules}
