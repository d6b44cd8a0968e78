"""Patient/$everything: what is anchored to the patient, and the people and organizations that it names.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace

from fhir_server.fhir.instant import END
from fhir_server.fhir.outcome import BadParameter
from fhir_server.fhir.subset import read_subset
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.listing import PAGE, count_in, given_in, links, listing, matched, position, since_in
from fhir_server.interactions.named import named
from fhir_server.interactions.shown import shown
from fhir_server.search.query import Criterion, OfPatient, Query, Span, every
from fhir_server.storage.store import Grant, Page, Stored

DEFAULT_COUNT = 200


async def everything(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and a page of it, the patient first; NotFound where there is no such patient. A part of each where `_summary` or
    `_elements` asks for one; elements without a type are about all that is the patient's, and not about those it names.
    """
    given = given_in(call, "$everything", "_since", "_type", "_count")
    subset = read_subset(call.parameters)
    await server.store.read("Patient", call.id, grant)
    path = f"Patient/{call.id}/$everything"
    pairs = [(name, value) for name, value in given.items() if name != PAGE]
    here = given.get(PAGE, "")
    after = position(server, path, pairs, here)
    count = count_in(given, DEFAULT_COUNT)
    if subset.counts:
        total = await _counted(call, given, grant, server)
        return Answer(200, listing("searchset", [], links(server, path, pairs, Page(()), here), total))
    found = [stored async for stored in _anchored(call, given, grant, server, after, count + 1)]
    page = Page(tuple(found[:count]), next=_place(found[count - 1]) if len(found) > count else None)
    own = await shown(page.items, call, server)
    others = await shown([stored async for stored in named(own, grant, server)], call, server)
    entries = [matched(stored, server, subset) for stored in own]
    beside = replace(subset, elements=frozenset(pair for pair in subset.elements if pair[0]))
    entries += [{**matched(stored, server, beside), "search": {"mode": "include"}} for stored in others]
    text = listing("searchset", entries, links(server, path, pairs, page, here), None)
    return Answer(200, text, seen=(*own, *others))


async def _counted(call: Call, given: Mapping[str, str], grant: Grant, server: Server) -> int | None:
    """How many resources are the patient's; None where one type has more than are counted."""
    where = _where(call, given)
    pages = [await server.store.search(Query(type, where), grant, count=0) for type in _types(given, server)]
    totals = [page.total for page in pages if page.total is not None]
    return sum(totals) if len(totals) == len(pages) else None


async def _anchored(
    call: Call,
    given: Mapping[str, str],
    grant: Grant,
    server: Server,
    after: tuple[str | int | float | None, ...] | None,
    count: int,
) -> AsyncIterator[Stored]:
    where = _where(call, given)
    left = count
    for type in _types(given, server):
        if after is not None and (type != after[0]) and _order(type) <= _order(str(after[0])):
            continue
        start = (after[1],) if after is not None and type == after[0] else None
        page = await server.store.search(Query(type, where), grant, count=left, after=start, total=False)
        for stored in page.items:
            yield stored
        left -= len(page.items)
        if left <= 0:
            return


def _types(given: Mapping[str, str], server: Server) -> list[str]:
    kept = {"Patient", *(type for type, parameters in server.content.anchors.parameters.items() if parameters)}
    asked = set(given["_type"].split(",")) if "_type" in given else kept
    if not asked <= kept:
        raise BadParameter.because("parameter-value", name="_type", expected=", ".join(sorted(kept)))
    return sorted(asked, key=_order)


def _order(type: str) -> tuple[bool, str]:
    return type != "Patient", type


def _place(stored: Stored) -> tuple[str, str]:
    return stored.type, stored.id


def _where(call: Call, given: Mapping[str, str]) -> Criterion:
    return every(OfPatient(frozenset({call.id})), *_since(given))


def _since(given: Mapping[str, str]) -> Iterator[Criterion]:
    moment = since_in(given)
    if moment is not None:
        yield Span("_lastUpdated", "ge", moment, END)
