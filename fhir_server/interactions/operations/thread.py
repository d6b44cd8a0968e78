"""Communication/[id]/$thread: the thread that a message is of, in the order in which it was sent, and what of it a unit has not read.

Told are the messages that a search would show the caller. What is unread is the own unit's: of another's receipts nothing is told.
Nothing is changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Forbidden
from fhir_server.interactions.call import Answer, Call, Server, Shown
from fhir_server.interactions.operations.parameters import ill_given, named, number, parameter
from fhir_server.interactions.pointing import place_of
from fhir_server.interactions.shown import shown
from fhir_server.interactions.stays import all_found, all_naming
from fhir_server.process.concept import worded_coding
from fhir_server.process.definition import MESSAGE
from fhir_server.process.discharge.receipt import UNREAD, is_acknowledgement, units_of
from fhir_server.process.discharge.thread import in_time_order, opened_by, replied_to, thread_of
from fhir_server.process.telling import UNSENT, code_in, moment_of
from fhir_server.search.query import Query, Token, Without, every, some
from fhir_server.storage.store import Grant, Stored

DEFAULT_COUNT, MOST_COUNT = 100, 1000
"""So many of the last messages are told."""

Json = dict[str, Any]


async def thread(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and Parameters. NotFound for a message that the caller cannot see, BadParameter for what is no unit or no number, Forbidden
    for staff who ask for another unit.
    """
    asked = await server.store.read("Communication", call.id, grant)
    unit, count = _unit(call, server), _count(call)
    name = thread_of(decode(asked.text)) or opened_by(decode(asked.text), f"Communication/{asked.id}")
    found = await shown(await _messages(asked, name, grant, server), call, server)
    messages = {f"Communication/{one.id}": (one, decode(one.text)) for one in found}
    order = in_time_order({place: it for place, (_, it) in messages.items()})
    receipts = await _receipts(order, unit, server) if unit else {}
    told = [
        named("thread", valueUri=name),
        *([named("unit", valueReference={"reference": unit})] if unit else []),
        named("count", valueUnsignedInt=len(order)),
        *([named("unread", valueUnsignedInt=list(receipts.values()).count(UNREAD))] if unit else []),
        *([named("left", valueUnsignedInt=len(order) - count)] if len(order) > count else []),
        *(_message(place, messages[place][1], receipts.get(place), call) for place in _last(order, count)),
    ]
    seen: tuple[Shown, ...] = tuple(messages[place][0] for place in _last(order, count))
    return Answer(200, encode({"resourceType": "Parameters", "parameter": told}), seen=seen)


async def _messages(asked: Stored, name: str, grant: Grant, server: Server) -> list[Stored]:
    """What was sent in it about the same persons; what was stored before there were threads is found by itself."""
    unsent = some(*(Token("status", None, code) for code in sorted(UNSENT)))
    query = Query("Communication", every(Token("thread", None, name), Without(unsent)))
    found = {one.id: one for one in await all_found(query, server, grant)}
    if decode(asked.text)["status"] not in UNSENT:
        found.setdefault(asked.id, asked)
    return [one for one in found.values() if one.patients == asked.patients]


async def _receipts(places: Sequence[str], unit: str, server: Server) -> Mapping[str, str]:
    """The status of the unit's own acknowledgement, by the message; nothing of what the unit is not asked about."""
    tasks = await all_naming("Task", "focus", places, server)
    own = (one for one in tasks if unit in {place_of(it, server) for it in units_of(one)})
    return {place_of(one["focus"]["reference"], server): one["status"] for one in own if is_acknowledgement(one)}


def _last(order: Sequence[str], count: int) -> Sequence[str]:
    return order[max(0, len(order) - count) :]


# ------------------------------------------------------------------------------------------------ what is asked


def _unit(call: Call, server: Server) -> str:
    """The unit whose receipts are told: of staff their own, of a system the one that it names; "" for none."""
    told, own = parameter(call, "unit"), call.caller.standing.unit
    text = told.get("reference") if isinstance(told, dict) else told
    place = place_of(text, server) if isinstance(text, str) else ""
    if told is not None and not place.startswith("Organization/"):
        raise ill_given("unit", told, "Organization/[id]")
    if place and place != own and call.caller.standing.kind != "system":
        raise Forbidden.because("receipt-not-yours")
    return place or own


def _count(call: Call) -> int:
    asked = number(call, "count")
    return DEFAULT_COUNT if asked is None else min(asked, MOST_COUNT)


# ------------------------------------------------------------------------------------------------ what is told


def _message(place: str, message: Json, receipt: str | None, call: Call) -> Json:
    return named("message", part=list(_parts(place, message, receipt, call.language)))


def _parts(place: str, message: Json, receipt: str | None, language: str) -> Iterator[Json]:
    yield named("reference", valueReference={"reference": place})
    if (sent := moment_of(message.get("sent"))) is not None:
        yield named("sent", valueDateTime=instant(sent))
    sender = {name: it for name, it in message.get("sender", {}).items() if name in {"reference", "display"}}
    if sender:
        yield named("sender", valueReference=sender)
    if code := code_in(message.get("category", ()), MESSAGE):
        yield named("what", valueCoding=worded_coding(MESSAGE, code, language))
    for one in replied_to(message):
        yield named("reply-to", valueReference={"reference": one})
    yield named("unread", valueBoolean=receipt == UNREAD)
