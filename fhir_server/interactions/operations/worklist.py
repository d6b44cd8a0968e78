"""Organization/[id]/$worklist: what a unit's staff look at each morning, list by list. Nothing is changed.

Staff ask of the unit of their commission, and of those above it; each list holds what a search would show its caller, and no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import NotFound
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.parameters import ill_given, moment, named, number, parameters
from fhir_server.interactions.unit import units_from
from fhir_server.interactions.worklists import Filled, Reading, whose_lists
from fhir_server.process.concept import worded_coding
from fhir_server.process.definition import STATE
from fhir_server.process.worklist.definition import WORKLIST, Worklist, load_worklists
from fhir_server.process.worklist.row import Row
from fhir_server.storage.store import Grant

DEFAULT_COUNT, MOST_COUNT = 100, 1000
"""So many rows of a list are told."""

Json = dict[str, Any]


async def worklist(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and Parameters. NotFound for a unit that is not the caller's; BadParameter for what is no moment, no list or no number."""
    unit = f"Organization/{call.id}"
    kinds, asked, count = _kinds(call), moment(call, "at"), _count(call)
    at = server.clock() if asked is None else asked
    await server.store.read("Organization", call.id, grant)
    await _refuse_elsewhere(unit, call, server)
    reading = Reading(await whose_lists(unit, call, server), at, call, grant, server)
    lists = await reading.fill(kinds)
    told = [
        named("unit", valueReference={"reference": unit}),
        named("at", valueDateTime=instant(at)),
        *(named("list", part=list(_list(one, count, call.language))) for one in lists),
    ]
    places = dict.fromkeys(row.reference for one in lists for row in one.rows[:count])
    seen = tuple(reading.seen[place] for place in places)
    return Answer(200, encode({"resourceType": "Parameters", "parameter": told}), seen=seen)


async def _refuse_elsewhere(unit: str, call: Call, server: Server) -> None:
    """A system that the operator answers for may ask of any."""
    standing = call.caller.standing
    if standing.kind != "system" and unit not in await units_from(standing.unit, server):
        raise NotFound.because("not-found")


# ------------------------------------------------------------------------------------------------ what is asked


def _kinds(call: Call) -> Sequence[Worklist]:
    """The lists that are asked for, in the order of all."""
    known, asked = load_worklists(), parameters(call, "list")
    for one in asked:
        if not isinstance(one, str) or one not in known:
            raise ill_given("list", one, ", ".join(known))
    return [kind for code, kind in known.items() if not asked or code in asked]


def _count(call: Call) -> int:
    asked = number(call, "count")
    return DEFAULT_COUNT if asked is None else min(asked, MOST_COUNT)


# ------------------------------------------------------------------------------------------------ what is told


def _list(filled: Filled, count: int, language: str) -> Iterator[Json]:
    total = sum(filled.states.values()) or len(filled.rows)
    yield named("code", valueCode=filled.kind.code)
    yield named("title", valueString=worded_coding(WORKLIST, filled.kind.code, language)["display"])
    yield named("count", valueUnsignedInt=total)
    if len(filled.rows) > count:
        yield named("left", valueUnsignedInt=len(filled.rows) - count)
    for state, cases in filled.states.items():
        coding = worded_coding(STATE, state, language)
        yield named("state", part=[named("code", valueCoding=coding), named("count", valueUnsignedInt=cases)])
    for day, people in filled.days.items():
        when = named("date", valueDate=day.isoformat())
        yield named("day", part=[when, named("count", valueUnsignedInt=people)])
    for row in filled.rows[:count]:
        yield named("row", part=list(_row(row, language)))


def _row(row: Row, language: str) -> Iterator[Json]:
    yield named("reference", valueReference={"reference": row.reference})
    if person := _shortly(row.person):
        yield named("person", valueReference=person)
    if row.what:
        yield named("what", valueCoding=_coding(*row.what, language))
    if row.text:
        yield named("text", valueString=row.text)
    for name, when in (("since", row.since), ("until", row.until)):
        if when is not None:
            yield named(name, valueDateTime=instant(when))
    yield named("late", valueBoolean=row.late)
    if row.by:
        yield named("by", valueCode=row.by)
    if row.taken:
        yield named("taken", valueReference=_shortly(row.taken))
    if row.estimated:
        yield named("estimated", valueDateTime=row.estimated)
    if row.registered_late:
        yield named("registered-late", valueBoolean=True)


def _shortly(reference: Mapping[str, Any]) -> Json:
    """A Reference without what else stands in it: a notice has the person's number there."""
    return {name: reference[name] for name in ("reference", "display") if name in reference}


def _coding(system: str, code: str, language: str) -> Json:
    return worded_coding(system, code, language) if system else {"code": code}
