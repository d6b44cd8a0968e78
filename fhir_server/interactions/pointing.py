"""What a narrowed caller points at must be there for it to see: what is hidden and what is nowhere read alike.

Looked up before the Commit and not judged in it: what is deleted in between might as well have been deleted just after.
https://hl7.org/fhir/R4/references.html
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Gone, Invalid, Issue, NotFound
from fhir_server.fhir.reference import parse_reference, placed_references, redirected, references_in
from fhir_server.interactions.call import Call, Server
from fhir_server.search.query import Identity, Query
from fhir_server.storage.store import Change, Grant, Stored


async def refuse_unseen(
    resource: dict[str, Any], patients: Iterable[str], before: Stored | None, call: Call, server: Server
) -> None:
    """Raises Invalid with an issue for each reference that leads to nothing here that the caller may see. It does not look for
    the `patients` whose the resource is, which its Grant speaks of, nor for what the version before pointed at.
    """
    if call.caller.free:
        return
    known = {f"Patient/{id}" for id in patients} | call.beside
    if before is not None:
        known.update(place for text in references_in(decode(before.text)) if (place := place_of(text, server)))
    asked = [
        (where, place)
        for where, text in placed_references(resource, resource["resourceType"])
        if (place := place_of(text, server)) and place not in known
    ]
    seen = {f"{one.type}/{one.id}" for one in await seen_at({place for _, place in asked}, call, server)}
    if issues := [_issue(where) for where, place in asked if place not in seen]:
        raise Invalid(*issues)


def place_of(text: str, server: Server) -> str:
    """`Type/id` of what a reference (its text) means here; "" for what is contained, elsewhere, or named otherwise."""
    literal = parse_reference(text)
    if literal is None or literal.form not in {"relative", "absolute"} or literal.base not in {"", server.base}:
        return ""
    return f"{literal.type}/{literal.id}" if literal.type else ""


def placed(resource: dict[str, Any], server: Server) -> dict[str, Any]:
    """A resource whose references to what is kept here are all relative, so that one place has one name."""
    told: dict[str, Any] = redirected(resource, lambda text: place_of(text, server) or text)
    return told


async def stored_at(place: str, grant: Grant, server: Server) -> Stored | None:
    """What stands at a place (`Type/id`), as far as the grant reaches; None where nothing does."""
    type, _, id = place.partition("/")
    try:
        return await server.store.read(type, id, grant) if id else None
    except (NotFound, Gone):
        return None


async def replaced_by(change: Change, grant: Grant, server: Server) -> Stored | None:
    """What a change replaces, as far as its caller reaches it: of what is hidden no refusal tells."""
    reach = grant if change.reach is None else grant.over(change.reach)
    return await stored_at(f"{change.type}/{change.id}", reach, server)


async def seen_at(places: Iterable[str], call: Call, server: Server) -> list[Stored]:
    """What stands at these places (`Type/id`), as far as the caller may read it."""
    grant = server.access.decide(call.caller, "batch", "")
    return [
        stored
        for type, ids in _by_type(places, server)
        for stored in (await server.store.search(Query(type, Identity(ids)), grant, count=len(ids), total=False)).items
    ]


def _by_type(places: Iterable[str], server: Server) -> Iterator[tuple[str, frozenset[str]]]:
    """The ids by their type, of types that are kept here."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for place in places:
        type, _, id = place.partition("/")
        found[type].add(id)
    return ((type, frozenset(ids)) for type, ids in found.items() if type in server.types)


def _issue(where: str) -> Issue:
    return Issue("not-found", "reference-unseen", where, source="https://hl7.org/fhir/R4/references.html")
