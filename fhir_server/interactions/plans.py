"""What is kept of a coordinated individual plan: its versions, what it refers to, and what refers to it.

All of it is read under the system grant `process`: where a plan stands is one thing, whoever asks.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from fhir_server.fhir.codec import decode
from fhir_server.fhir.reference import own_reference, references_in
from fhir_server.interactions.call import Server
from fhir_server.interactions.pointing import place_of
from fhir_server.interactions.stays import GRANT, TOGETHER, Json, all_found, naming, read_at
from fhir_server.process.definition import MESSAGE, SIP, load_workflow
from fhir_server.process.sip.event import attesters
from fhir_server.process.sip.kept import Kept, Version
from fhir_server.process.telling import named_by
from fhir_server.search.query import Identity, Query
from fhir_server.storage.store import Stored

REFERRED = frozenset({"Appointment", "CareTeam", "Consent", "ServiceRequest", "Task"})
"""What a plan refers to that tells of its course."""
REFERRING = (
    ("Consent", "data"),
    ("Provenance", "target"),
    ("QuestionnaireResponse", "based-on"),
    ("ServiceRequest", "based-on"),
    ("Task", "based-on"),
)
"""What refers to a plan, and by which search parameter that is found."""


async def kept_of(plan: Json, server: Server) -> Kept:
    """All that is kept of a plan."""
    place = own_reference(plan)
    queries = [*_referred(plan, server), *(naming(type, name, place, server) for type, name in REFERRING)]
    found = {one["resourceType"] + one["id"]: one for query in queries for one in await _resources(query, server)}
    messages = await _messages(plan, found.values(), server)
    versions = [one async for one in _versions(plan["id"], server)]
    beside = (*found.values(), *messages)
    return Kept(plan, versions, beside, await _behalf(found.values(), server))


def _referred(plan: Json, server: Server) -> Iterator[Query]:
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for place in (place_of(text, server) for text in references_in(plan)):
        type, _, id = place.partition("/")
        if type in REFERRED:
            ids[type].add(id)
    return (Query(type, Identity(frozenset(those))) for type, those in ids.items())


async def _resources(query: Query, server: Server) -> list[Json]:
    return [decode(one.text) for one in await all_found(query, server)]


async def _versions(id: str, server: Server) -> AsyncIterator[Version]:
    """The versions of a plan, the oldest first, without deletions."""
    found: list[Stored] = []
    page = await server.store.history("CarePlan", id, GRANT, count=TOGETHER)
    found += page.items
    while page.next is not None:
        page = await server.store.history("CarePlan", id, GRANT, count=TOGETHER, after=page.next)
        found += page.items
    for one in reversed(found):
        if one.text:
            yield Version(one.version, one.updated, decode(one.text)["status"])


async def _messages(plan: Json, beside: Iterable[Json], server: Server) -> list[Json]:
    """The calls to the plan's meetings, and what takes them back."""
    person = place_of(plan["subject"].get("reference", ""), server)
    if not person:
        return []
    codes = ",".join(f"{MESSAGE}|{code}" for code, one in load_workflow(SIP).actions.items() if one.is_message)
    query = server.content.parser.parse("Communication", [("subject", person), ("category", codes)]).query
    found = {own_reference(one): one for one in await _resources(query, server)}
    about = {own_reference(plan), *(own_reference(one) for one in beside if one["resourceType"] == "Appointment")}
    calls = {place for place, one in found.items() if not about.isdisjoint(_about(one, server))}
    back = {place for place, one in found.items() if named_by(one, "cancels") in calls}
    return [found[place] for place in sorted(calls | back)]


def _about(message: Json, server: Server) -> Iterator[str]:
    for one in (*message.get("about", ()), *message.get("basedOn", ())):
        yield place_of(one.get("reference", ""), server)


async def _behalf(beside: Iterable[Json], server: Server) -> Mapping[str, str]:
    """The unit of each role that has approved."""
    told = {who for one in beside if one["resourceType"] == "Provenance" for who in attesters(one)}
    roles = [await read_at(who, server) for who in sorted(told) if who.startswith("PractitionerRole/")]
    units = {own_reference(it): it.get("organization", {}).get("reference", "") for it in roles if it is not None}
    return {role: place for role, unit in units.items() if (place := place_of(unit, server))}
