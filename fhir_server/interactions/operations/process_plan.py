"""Where a coordinated individual plan stands, what has happened, what it lacks and waits for: the parts of CarePlan/[id]/$process.

All that is kept of the plan is computed with, under the system grant `process`: where it stands is one thing, whoever asks. What is due or
lacking in an action or a meeting is told to who may read that, by the caller's own Grant, and names whom the caller is shown there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import BadParameter
from fhir_server.fhir.reference import references_in
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.operations.parameters import named
from fhir_server.interactions.operations.process_parts import (
    due_parts,
    flag_parts,
    standing_parts,
)
from fhir_server.interactions.plans import kept_of
from fhir_server.interactions.pointing import place_of, seen_at
from fhir_server.interactions.shown import shown
from fhir_server.process.concept import worded_coding
from fhir_server.process.definition import SIP, load_workflow
from fhir_server.process.due import Due
from fhir_server.process.event import Moment
from fhir_server.process.flag import Flag
from fhir_server.process.sip.gap import GAPS
from fhir_server.process.sip.standing import Standing, stands
from fhir_server.process.sip.team import is_sip
from fhir_server.storage.store import Stored

Json = dict[str, Any]
Seen = Mapping[str, frozenset[str]]
"""What the caller is shown, by where it stands, and where what it refers to stands."""


async def plan_parts(stored: Stored, now: Moment, call: Call, server: Server) -> tuple[list[Json], tuple[Stored, ...]]:
    """The parts of the answer for a plan that the caller sees, at a moment, and that they show no more. BadParameter for a plan that is
    no SIP.
    """
    plan = decode(stored.text)
    if not is_sip(plan):
        raise BadParameter.because("process-no-sip", "CarePlan.category")
    found = stands(await kept_of(plan, server), now)
    place = f"CarePlan/{stored.id}"
    about = {one.about for one in found.due} | {one.about for one in found.flags}
    seen = await _seen(stored, about, call, server)
    return list(_parts(found, place, seen, call.language)), ()


async def _seen(known: Stored, places: Iterable[str], call: Call, server: Server) -> Seen:
    versions = [known, *await seen_at(filter(None, places), call, server)]
    told = await shown(versions, call, server)
    return {
        f"{one.type}/{one.id}": frozenset(place_of(text, server) for text in references_in(decode(left.text)))
        for one, left in zip(versions, told, strict=True)
    }


def _parts(found: Standing, place: str, seen: Seen, language: str) -> Iterator[Json]:
    yield named("plan", valueReference={"reference": place})
    state = worded_coding(load_workflow(SIP).state_system, found.state, language)
    yield from standing_parts(found.at, state, found.since, found.events)
    for flag in found.flags:
        if flag.code not in GAPS or not flag.about or flag.about in seen:
            yield named("flag", part=list(_flag(flag, language)))
    for one in found.due:
        if not one.about or one.about in seen:
            yield named("due", part=list(due_parts(one, found.at, *_whose(one, place, seen))))


def _flag(one: Flag, language: str) -> Iterator[Json]:
    """Of what is lacking, `focus` is where; of the others `about` is the event."""
    lacking = one.code in GAPS
    yield from flag_parts(one, language, about="" if lacking else one.about)
    if lacking and one.about:
        yield named("focus", valueReference={"reference": one.about})


def _whose(one: Due, plan: str, seen: Seen) -> Iterator[Json]:
    """By whom, as it stands in what it is about, or in the plan; and about what."""
    if one.by and (one.by in seen.get(one.about, ()) or one.by in seen[plan]):
        yield named("by", valueReference={"reference": one.by})
    if one.about:
        yield named("focus", valueReference={"reference": one.about})
