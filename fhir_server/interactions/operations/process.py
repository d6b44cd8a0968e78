"""EpisodeOfCare/[id]/$process: where a discharge case stands, what is done and due, and who is liable, line by line.

The caller has to see the case; what follows from it is computed from all of it, under the system grant `process`, and tells codes
and moments and no content.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.access.organization import provider_above, target_of
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.instant import instant, span
from fhir_server.fhir.naming import folded
from fhir_server.fhir.wording import worded
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.parameters import ill_given, parameter
from fhir_server.interactions.pointing import place_of
from fhir_server.interactions.shown import eyes
from fhir_server.interactions.stays import Json, look_up, of_case, read_at, stays_of
from fhir_server.process.clock import last_of
from fhir_server.process.concept import worded_coding
from fhir_server.process.definition import STATE, load_workflow
from fhir_server.process.discharge.flag import Flag
from fhir_server.process.discharge.progress import Parties, Party, Progress, known_at, progress, told_of
from fhir_server.process.discharge.read import events_of, is_stay, placements_of
from fhir_server.process.discharge.reasoning import Line
from fhir_server.process.policy import load_policies
from fhir_server.process.policy_row import CURRENCY
from fhir_server.storage.store import Grant, Stored

WHERE = frozenset({"payer-registered", "payer-placing", "policy-agreement"})
"""The lines that tell where the person lives."""


async def process(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and Parameters. NotFound for a case that the caller cannot see; BadParameter for an `at` that is no dateTime."""
    stored = await server.store.read("EpisodeOfCare", call.id, grant)
    now = _moment(call, server)
    case = f"EpisodeOfCare/{stored.id}"
    kept = (await look_up(case, server)).resources
    resources = of_case(case, stays_of(case, kept, server), kept, server)
    workflow, episode = load_workflow(), decode(stored.text)
    events = known_at(events_of(resources, workflow), now)
    parties = await _parties(resources, told_of(events, workflow), episode, server)
    found = progress(events, now, parties, workflow, load_policies())
    place = found.municipality if await _may_know_where(stored, call, server) else None
    told = list(_parts(found, episode, place, call.language))
    return Answer(200, encode({"resourceType": "Parameters", "parameter": told}), seen=(stored,))


def _moment(call: Call, server: Server) -> int:
    """The moment that is asked about; of a day by Stockholm's calendar, and of a longer time, its end."""
    asked = parameter(call, "at")
    if asked is None:
        return server.clock()
    told = last_of(asked) if isinstance(asked, str) else None
    if told is None:
        raise ill_given("at", asked, "a dateTime")
    return told


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
    ward = await target_of(stays[-1], "serviceProvider", _reading(server)) if stays else None
    return _party(await provider_above(ward, _reading(server))) if ward else Party()


def _began(stay: Json) -> int:
    found = span(stay.get("period", {}).get("start", ""))
    return found[0] if found else 0


async def _municipality(units: Iterable[str], region: Party, server: Server) -> Party:
    """The huvudman, other than the region, above the units that the notice was sent to; unknown where that is several."""
    found = {}
    for place in sorted(filter(None, (place_of(unit, server) for unit in units))):
        unit = await read_at(place, server) if place.startswith("Organization/") else None
        above = _party(await provider_above(unit, _reading(server))) if unit else region
        if above.place != region.place:
            found[above.place] = above
    return next(iter(found.values())) if len(found) == 1 else Party()


async def _at(place: str, server: Server) -> Party:
    organization = await read_at(place, server) if place.startswith("Organization/") else None
    return _party(organization) if organization else Party()


def _reading(server: Server) -> Any:
    async def read(type: str, id: str) -> Json | None:
        return await read_at(f"{type}/{id}", server)

    return read


def _party(organization: Mapping[str, Any]) -> Party:
    named = (it for it in organization.get("identifier", ()) if "system" in it and "value" in it)
    identifiers = frozenset(f"{folded(it['system'])}|{it['value']}" for it in named)
    return Party(f"Organization/{organization['id']}", organization.get("name", ""), identifiers)


# ------------------------------------------------------------------------------------------------ what is told


def _parts(found: Progress, case: Json, place: Party | None, language: str) -> Iterator[Json]:
    course = found.course
    yield _named("case", valueReference={"reference": f"EpisodeOfCare/{case['id']}"})
    yield _named("at", valueDateTime=instant(found.at))
    yield _named("state", valueCoding=_state(course.state, language))
    yield from _moments(("since", course.since))
    for event in found.events:
        code, late = _named("code", valueCode=event.code), _named("late", valueBoolean=event.late)
        yield _named("event", part=[code, *_moments(("at", event.at)), late])
    yield from (_named("flag", part=list(_flag(one, language))) for one in course.flags)
    yield from _due(found)
    if found.home_care:
        does = _named("does", valueCode=found.home_care.does)
        yield _named("homeCare", part=[does, *_moments(("since", found.home_care.at))])
    yield _named("liability", part=list(_liability(found, place, language)))


def _flag(one: Flag, language: str) -> Iterator[Json]:
    text = worded(f"flag-{one.code}", language, about=one.about)
    yield from _said(("code", "valueCode", one.code), ("about", "valueCode", one.about))
    yield from _said(("text", "valueString", text), ("source", "valueString", one.source))


def _due(found: Progress) -> Iterator[Json]:
    for one in found.due:
        moments = _moments(("since", one.since), ("until", one.until), ("done", one.done))
        late = _named("late", valueBoolean=one.is_late(found.at))
        who = _said(("code", "valueCode", one.code), ("by", "valueCode", one.by))
        yield _named("due", part=[*who, *moments, late, _named("source", valueString=one.paragraph)])


def _liability(found: Progress, place: Party | None, language: str) -> Iterator[Json]:
    owed = found.liability
    yield _named("liable", valueCode=found.liable)
    if owed.begins:
        yield _named("from", valueDate=owed.begins.isoformat())
    yield _named("days", valueUnsignedInt=owed.days)
    if owed.begins and (rate := found.policy.rate_of(owed.begins.year)) is not None:
        yield _named("rate", valueMoney={"value": rate, "currency": CURRENCY})
    if owed.amount is not None:
        yield _named("amount", valueMoney={"value": owed.amount, "currency": CURRENCY})
    if place and place.place:
        yield _named("municipality", valueReference={"reference": place.place, **_display(place.name)})
    if place and found.policy.agreement:
        yield _named("agreement", valueString=found.policy.agreement)
    known = place is not None and bool(place.place)
    for line in (*owed.reasoning, *([found.payer.reasoning] if known else [])):
        if place is not None or line.key not in WHERE:
            yield _named("reasoning", part=list(_line(line, language)))


def _line(line: Line, language: str) -> Iterator[Json]:
    yield _named("text", valueString=line.text(language))
    yield _named("paragraph", valueString=line.paragraph)
    if line.unverified:
        yield _named("unverified", valueBoolean=True)


def _state(code: str, language: str) -> Json:
    return worded_coding(STATE, code, language)


def _display(name: str) -> Json:
    return {"display": name} if name else {}


def _moments(*told: tuple[str, int | None]) -> Iterator[Json]:
    return (_named(name, valueDateTime=instant(at)) for name, at in told if at is not None)


def _said(*told: tuple[str, str, str]) -> Iterator[Json]:
    return ({"name": name, value: text} for name, value, text in told if text)


def _named(name: str, **value: Any) -> Json:
    return {"name": name, **value}
