"""Where a discharge case stands, what is done and due, and who is liable, line by line: the parts of EpisodeOfCare/[id]/$process.

What follows from a case is computed from all of it, under the system grant `process`, and tells codes and moments and no content.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.fhir.codec import decode
from fhir_server.fhir.instant import span
from fhir_server.fhir.naming import folded
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.commit import granted
from fhir_server.interactions.operations.parameters import named
from fhir_server.interactions.operations.process_parts import (
    due_parts,
    flag_parts,
    moments,
    standing_parts,
)
from fhir_server.interactions.parties import place_at
from fhir_server.interactions.pointing import place_of, stored_at
from fhir_server.interactions.shown import eyes
from fhir_server.interactions.stays import (
    Json,
    all_found,
    look_up,
    look_up_several,
    naming,
    of_case,
    read_at,
    stays_of,
)
from fhir_server.interactions.unit import organizations_of
from fhir_server.process.concept import worded_coding
from fhir_server.process.definition import STATE, load_workflow
from fhir_server.process.discharge.fold import fold
from fhir_server.process.discharge.progress import Parties, Party, Progress, progress, told_of
from fhir_server.process.discharge.read import events_of, is_stay, placements_of
from fhir_server.process.discharge.readmission import is_transferred, readmission_of
from fhir_server.process.discharge.reasoning import Line
from fhir_server.process.event import Moment
from fhir_server.process.policy import load_policies
from fhir_server.process.policy_row import CURRENCY
from fhir_server.process.standing import known_at
from fhir_server.storage.store import Stored

WHERE = frozenset({"payer-registered", "payer-placing", "policy-agreement"})
"""The lines that tell where the person lives."""


async def case_parts(stored: Stored, now: Moment, call: Call, server: Server) -> tuple[list[Json], tuple[Stored, ...]]:
    """The parts of the answer for a case that the caller sees, at a moment, and what else they show."""
    case = f"EpisodeOfCare/{stored.id}"
    kept = (await look_up(case, server)).resources
    resources = of_case(case, stays_of(case, kept, server), kept, server)
    workflow, episode = load_workflow(), decode(stored.text)
    events = known_at(events_of(resources, workflow), now)
    parties = await _parties(resources, told_of(events, workflow), episode, server)
    found = progress(events, now, parties, workflow, load_policies())
    place = found.municipality if await _may_know_where(stored, call, server) else None
    again, earlier = await _readmission(stored, resources, found, call, server)
    return [*_parts(found, episode, place, call.language), *again], earlier


async def _readmission(
    stored: Stored, resources: Iterable[Json], found: Progress, call: Call, server: Server
) -> tuple[list[Json], tuple[Stored, ...]]:
    """That the person has come back, and from which case; told to who may read that one."""
    begun = sorted((it for it in resources if is_stay(it)), key=_began)
    if found.course.admitted is None or (begun and is_transferred(begun[0])):
        return [], ()
    others = [
        one
        for patient in stored.patients
        for one in await all_found(naming("EpisodeOfCare", "patient", f"Patient/{patient}", server), server)
        if one.id != stored.id
    ]
    told = await look_up_several(others, server)
    ended = [(case, fold(known_at(events_of(some), found.at)).discharged) for case, some in told.items()]
    again = readmission_of(found.course.admitted, ended, found.policy)
    seen = None if again is None else await stored_at(again.of, granted(call, server, "read", "EpisodeOfCare"), server)
    if again is None or seen is None:
        return [], ()
    part = [named("of", valueReference={"reference": again.of}), named("days", valueUnsignedInt=again.days)]
    return [named("readmission", part=part)], (seen,)


async def _may_know_where(stored: Stored, call: Call, server: Server) -> bool:
    """In which municipality somebody lives is not told of whose identity is protected."""
    sight = (await eyes(stored.patients, call, server)).sight
    return sight.masked.isdisjoint(stored.patients)


# ------------------------------------------------------------------------------------------------ whose case it is


async def _parties(resources: Iterable[Json], told: Iterable[str], episode: Json, server: Server) -> Parties:
    region = await _region(resources, server)
    registered = await _municipality(told, region, server)
    placed = [replace(it, municipality=place_of(it.municipality, server)) for it in placements_of(episode)]
    return Parties(region, registered, placed, {it.municipality: await _at(it.municipality, server) for it in placed})


async def _region(resources: Iterable[Json], server: Server) -> Party:
    """The huvudman above the ward of the latest stay."""
    stays = sorted((it for it in resources if is_stay(it)), key=_began)
    found = await organizations_of(place_at(stays[-1].get("serviceProvider"), server), server) if stays else []
    return _party(found[-1]) if found else Party()


def _began(stay: Json) -> int:
    found = span(stay.get("period", {}).get("start", ""))
    return found[0] if found else 0


async def _municipality(units: Iterable[str], region: Party, server: Server) -> Party:
    """The huvudman, other than the region, above the units that the notice was sent to; unknown where that is several."""
    found = {}
    for place in sorted(filter(None, (place_of(unit, server) for unit in units))):
        organizations = await organizations_of(place, server)
        above = _party(organizations[-1]) if organizations else region
        if above.place != region.place:
            found[above.place] = above
    return next(iter(found.values())) if len(found) == 1 else Party()


async def _at(place: str, server: Server) -> Party:
    organization = await read_at(place, server) if place.startswith("Organization/") else None
    return _party(organization) if organization else Party()


def _party(organization: Mapping[str, Any]) -> Party:
    named = (it for it in organization.get("identifier", ()) if "system" in it and "value" in it)
    identifiers = frozenset(f"{folded(it['system'])}|{it['value']}" for it in named)
    return Party(f"Organization/{organization['id']}", organization.get("name", ""), identifiers)


# ------------------------------------------------------------------------------------------------ what is told


def _parts(found: Progress, case: Json, place: Party | None, language: str) -> Iterator[Json]:
    course = found.course
    yield named("case", valueReference={"reference": f"EpisodeOfCare/{case['id']}"})
    yield from standing_parts(found.at, worded_coding(STATE, course.state, language), course.since, found.events)
    yield from (named("flag", part=list(flag_parts(one, language, about=one.about))) for one in course.flags)
    for one in found.due:
        yield named("due", part=list(due_parts(one, found.at, named("by", valueCode=one.by))))
    if found.home_care:
        does = named("does", valueCode=found.home_care.does)
        yield named("homeCare", part=[does, *moments(("since", found.home_care.at))])
    yield named("liability", part=list(_liability(found, place, language)))


def _liability(found: Progress, place: Party | None, language: str) -> Iterator[Json]:
    owed = found.liability
    yield named("liable", valueCode=found.liable)
    if owed.begins:
        yield named("from", valueDate=owed.begins.isoformat())
    yield named("days", valueUnsignedInt=owed.days)
    if owed.begins and (rate := found.policy.rate_of(owed.begins.year)) is not None:
        yield named("rate", valueMoney={"value": rate, "currency": CURRENCY})
    if owed.amount is not None:
        yield named("amount", valueMoney={"value": owed.amount, "currency": CURRENCY})
    if place and place.place:
        yield named("municipality", valueReference={"reference": place.place, **_display(place.name)})
    if place and found.policy.agreement:
        yield named("agreement", valueString=found.policy.agreement)
    known = place is not None and bool(place.place)
    for line in (*owed.reasoning, *([found.payer.reasoning] if known else [])):
        if place is not None or line.key not in WHERE:
            yield named("reasoning", part=list(_line(line, language)))


def _line(line: Line, language: str) -> Iterator[Json]:
    yield named("text", valueString=line.text(language))
    yield named("paragraph", valueString=line.paragraph)
    if line.unverified:
        yield named("unverified", valueBoolean=True)


def _display(name: str) -> Json:
    return {"display": name} if name else {}
