"""What is stored of a discharge case: the EpisodeOfCare, its stays, and the messages, tasks and plans about these.

A case is an EpisodeOfCare with the stays (Encounters of inpatient care) that name it first; a stay that names none is a case of its
own. All of it is read under the system grant `process`: where a case stands is one thing, whoever asks.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from fhir_server.fhir.codec import decode
from fhir_server.interactions.call import Server
from fhir_server.interactions.pointing import place_of, stored_at
from fhir_server.process.discharge.read import is_stay
from fhir_server.search.query import Identity, Query
from fhir_server.storage.store import SYSTEM_GRANTS, Grant, Matches, Stored

GRANT = SYSTEM_GRANTS["process"]
ABOUT_A_STAY = ("Communication", "Task", "CarePlan")
TOGETHER = 500
"""So many are read at once."""
MOST_NAMED = 200
"""So many places are named in one question."""

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What is stored of a case by its place (`Type/id`), and that it is still so when something is written."""

    resources: Mapping[str, Json]
    conditions: tuple[Matches, ...]


async def look_up(case: str, server: Server, beside: Collection[str] = ()) -> Found:
    """All that is stored of a case (`EpisodeOfCare/[id]`, `Encounter/[id]`), and of the stays `beside`."""
    type, _, id = case.partition("/")
    queries = [Query(type, Identity(frozenset({id})))]
    if type == "EpisodeOfCare":
        queries.append(naming("Encounter", "episode-of-care", case, server))
    found = [(query, await all_found(query, server)) for query in queries]
    stays = {f"{one.type}/{one.id}" for _, items in found for one in items if one.type == "Encounter"}
    for stay in sorted(stays.union(beside)):
        about = (naming(kind, "encounter", stay, server) for kind in ABOUT_A_STAY)
        found += [(query, await all_found(query, server)) for query in about]
    return Found(
        {f"{one.type}/{one.id}": decode(one.text) for _, items in found for one in items},
        tuple(unchanged(query, items) for query, items in found),
    )


async def look_up_several(cases: Iterable[Stored], server: Server) -> Mapping[str, list[Json]]:
    """What is stored of each of several EpisodeOfCares, by their places: read together, and nothing where one has no stay."""
    episodes = {f"EpisodeOfCare/{one.id}": decode(one.text) for one in cases}
    stays: dict[str, str] = {}
    found: dict[str, list[Json]] = {case: [] for case in episodes}
    for stay in await all_naming("Encounter", "episode-of-care", episodes, server):
        case = case_of(stay, server)
        if is_stay(stay) and case in episodes:
            found[case] += [stay] if found[case] else [episodes[case], stay]
            stays[f"Encounter/{stay['id']}"] = case
    for kind in ABOUT_A_STAY:
        for one in await all_naming(kind, "encounter", stays, server):
            place = encounter_of(one, server)
            if place in stays:
                found[stays[place]].append(one)
    return found


async def all_naming(type: str, parameter: str, places: Iterable[str], server: Server) -> list[Json]:
    """The resources of a type that name by a parameter what stands at one of these places."""
    return [
        decode(one.text)
        for some in batched(places, MOST_NAMED)
        for one in await all_found(naming(type, parameter, ",".join(some), server), server)
    ]


def naming(type: str, parameter: str, place: str, server: Server) -> Query:
    """What of a type names by a search parameter what stands at a place, or at one of several with commas between."""
    return server.content.parser.parse(type, [(parameter, place)]).query


async def all_found(query: Query, server: Server, grant: Grant = GRANT) -> list[Stored]:
    """All that a query finds within a grant, however many."""
    page = await server.store.search(query, grant, count=TOGETHER, total=False)
    found = list(page.items)
    while page.next is not None:
        page = await server.store.search(query, grant, count=TOGETHER, after=page.next, total=False)
        found += page.items
    return found


def unchanged(query: Query, found: Collection[Stored]) -> Matches:
    """That those which were found are all that match, and stand as they did."""
    ids = frozenset(one.id for one in found)
    return Matches(query, ids, versions=frozenset((one.id, one.version) for one in found))


async def read_at(place: str, server: Server) -> Json | None:
    """The resource that stands at a place; None where there is none."""
    stored = await stored_at(place, GRANT, server)
    return None if stored is None else decode(stored.text)


def case_of(stay: Json, server: Server) -> str:
    """The case of a stay: where the EpisodeOfCare stands, or else the stay."""
    named = (place_of(one.get("reference", ""), server) for one in stay.get("episodeOfCare", ()))
    return next(filter(None, named), f"Encounter/{stay['id']}")


async def teams_about(resource: Json, server: Server) -> list[Stored]:
    """The teams of the parties of the case that a resource is about; none where it is about no stay of one."""
    stay = await read_at(encounter_of(resource, server), server)
    case = await read_at(case_of(stay, server), server) if stay is not None else None
    places = [place_of(one.get("reference", ""), server) for one in case.get("team", ())] if case is not None else []
    found = [await stored_at(place, GRANT, server) for place in places]
    return [one for one in found if one is not None]


def stays_of(case: str, resources: Mapping[str, Json], server: Server) -> set[str]:
    """Where the stays of a case stand, among resources by their places."""
    return {place for place, one in resources.items() if is_stay(one) and case_of(one, server) == case}


def of_case(case: str, stays: Collection[str], resources: Mapping[str, Json], server: Server) -> list[Json]:
    """Those of the resources (by place) that are of a case with these stays; none where it has no stay."""
    places = {case, *stays} if stays else set()
    return [one for place, one in resources.items() if place in places or encounter_of(one, server) in stays]


def encounter_of(resource: Json, server: Server) -> str:
    """Where the Encounter stands that a resource is about; "" where it names none."""
    return place_of(resource.get("encounter", {}).get("reference", ""), server)


def batched(places: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    """The places, so many at a time."""
    left = iter(places)
    while some := tuple(islice(left, size)):
        yield some
