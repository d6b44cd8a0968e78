"""Patient/$access-log: who has seen, or tried to see, what concerns a person, in words; page by page, the latest first.

A citizen is told of the own person, under the system grant `access-log`; who reviews the log of a provider is told of what
happened there, as a search for AuditEvents tells it.
8 kap. 5 § patientdatalagen (2008:355)
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_server.audit.account import Register, organizations_in, row_of, staff_in
from fhir_server.audit.asked import of_rows
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.instant import END
from fhir_server.fhir.naming import system_of
from fhir_server.fhir.outcome import Forbidden
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.commit import granted
from fhir_server.interactions.listing import PAGE, count_in, given_in, links, position, since_in
from fhir_server.search.query import Criterion, Query, Reference, Span, Token, every, some
from fhir_server.storage.store import SYSTEM_GRANTS, Entry, Grant, Order, Page

DEFAULT_COUNT = 100
LATEST_FIRST = Order("at", descending=True)


async def access_log(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and Parameters with an `access` for each entry. Forbidden for who may be told of nobody; NotFound for a citizen who asks
    about somebody else.
    """
    given = given_in(call, "$access-log", "_since", "_count")
    reached = await _reached(call, server)
    path, pairs = f"Patient/{call.id}/$access-log", [(name, value) for name, value in given.items() if name != PAGE]
    here, count = given.get(PAGE, ""), count_in(given, DEFAULT_COUNT)
    after = position(server, path, pairs, here)
    past = None if after is None else tuple(int(it or 0) for it in after)
    where = of_rows(every(Reference("patient", "Patient", call.id), *_since(given)))
    rows, _ = await server.store.find_entries(where, reached, LATEST_FIRST, count=count + 1, after=past)
    page = Page((), next=(rows[count - 1][1].at, rows[count - 1][0]) if len(rows) > count else None)
    shown = [entry for _, entry in rows[:count]]
    register = await _register(shown, server)
    told = [row_of(entry, call.id, register, call.language) for entry in shown]
    pages = [
        {"name": link["relation"], "valueUri": link["url"]}
        for link in links(server, path, pairs, page, here)
        if link["relation"] == "next"
    ]
    return Answer(200, encode(_parameters([*told, *pages])))


def _parameters(members: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Parameters", **({"parameter": members} if members else {})}


def _since(given: Mapping[str, str]) -> Iterator[Criterion]:
    moment = since_in(given)
    if moment is not None:
        yield Span("date", "ge", moment, END)


async def _reached(call: Call, server: Server) -> Grant:
    """What of the trail the caller is told. Forbidden, NotFound."""
    if call.caller.standing.kind != "citizen":
        found = granted(call, server, "search-type", "AuditEvent")
        return found.over(of_rows(found.query))
    if not call.caller.scopes.allows("AuditEvent", "r"):
        raise Forbidden.because("scope-missing", letters="r", type="AuditEvent")
    await server.store.read("Patient", call.id, granted(call, server, "read", "Patient"))
    return SYSTEM_GRANTS["access-log"]


async def _register(entries: Iterable[Entry], server: Server) -> Register:
    """What the register calls those who stand in entries."""
    shown = list(entries)
    units = await _called("Organization", organizations_in(shown), server)
    return Register(units, await _called("Practitioner", staff_in(shown), server))


async def _called(type: str, ids: Iterable[str], server: Server) -> dict[str, str]:
    hsa = system_of("hsa-id")
    asked = sorted(set(ids))
    if not asked:
        return {}
    where = some(*(Token("identifier", hsa, id) for id in asked))
    page = await server.store.search(Query(type, where), SYSTEM_GRANTS["access-log"], count=1000, total=False)
    found = [decode(stored.text) for stored in page.items]
    return {id: name for one in found if (name := _name(one)) for id in _values(one) if id in asked}


def _values(resource: Mapping[str, Any]) -> Iterator[str]:
    return (one.get("value", "") for one in resource.get("identifier", ()))


def _name(resource: Mapping[str, Any]) -> str:
    """An organization's name, or the first of a person's."""
    own = resource.get("name", "")
    if isinstance(own, str):
        return own
    first = own[0]
    return str(first.get("text") or " ".join([*first.get("given", ()), first.get("family", "")]).strip())
