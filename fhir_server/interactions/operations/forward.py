"""Communication/[id]/$forward: a unit sends a message that came to it on to another unit of the same provider.

A message of a case goes on as it is: the other unit becomes a recipient, and by that is asked for its own acknowledgement by the same
deadline, since the message was sent when it was sent. A free message is sent on as a new one, in a thread of its own, with the parts that
are chosen and what they were first sent in. The other unit becomes a party of the case where the first is one.
"""

from typing import Any

from msgspec.structs import replace

from fhir_server.fhir.codec import decode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Conflict, Forbidden, Invalid
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import put, put_unreached, written
from fhir_server.interactions.operations.parameters import ill_given, parameter, parameters, text
from fhir_server.interactions.parties import provider_of
from fhir_server.interactions.pointing import place_of, stored_at
from fhir_server.interactions.receipts import author_of
from fhir_server.interactions.shown import shown
from fhir_server.interactions.stays import all_naming, read_at, teams_about
from fhir_server.interactions.threads import with_identifiers
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.process.discharge.notice import URIS, is_party, with_parties
from fhir_server.process.discharge.receipt import focused_by, forwarded, recipients_in, units_of, was_forwarded
from fhir_server.process.discharge.thread import Onward, is_free, onward_name, sent_on
from fhir_server.search.query import Everything
from fhir_server.storage.store import SYSTEM_GRANTS, Grant, Put, Stored

OWN = SYSTEM_GRANTS["receipt"]
MOST = 1_000
"""So many characters may a reason have."""

Json = dict[str, Any]


async def forward(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """200 and the message, also where it was sent on so before; of a free one 201 and the new message. BadParameter for what is missing
    or malformed, NotFound for a message that the caller cannot see, Forbidden where it did not come to the caller's unit, Invalid for a
    unit of another provider, or none; Conflict for one that has the message already, and where somebody has taken it.
    """
    message = await server.store.read("Communication", call.id, grant)
    first, to, reason = _from(call, server), _unit(call, "to", server), text(call, "reason", MOST)
    told = decode(message.text)
    onward = Onward(first, to, instant(server.clock()), reason, _parts(told, call))
    task = await _own(first, message, server)
    if was_forwarded(decode(task.text)) and (before := await _before(message, onward, grant, server)) is not None:
        (found,) = await shown((before,), call, server)
        return replace(written(found, found=True), status=200)
    if await _provider(to, server) != await _provider(first, server):
        raise Invalid.because("forward-elsewhere", "Parameters.parameter.where(name='to')")
    if to in {place_of(it, server) for it in recipients_in(told)}:
        raise Conflict.because("forward-told", "Communication.recipient")
    gone = forwarded(decode(task.text), server.clock(), author_of(call) or first, reason)
    changes = [_message(message, onward, call, server), put_unreached(task, gone, call, server)]
    changes += await _party(told, first, to, call, server)
    return Proposal(tuple(changes), lambda made: replace(written(made[0]), status=201 if is_free(told) else 200))


async def _before(message: Stored, onward: Onward, grant: Grant, server: Server) -> Stored | None:
    """What it was sent on as to the same unit; None where it was not."""
    told = decode(message.text)
    if not is_free(told):
        return message if onward.to in {place_of(it, server) for it in recipients_in(told)} else None
    name = onward_name(told, onward.sender, onward.to)
    _, found = await with_identifiers(frozenset({(URIS, name)}), server)
    return await stored_at(f"Communication/{found[0].id}", grant, server) if found else None


def _message(message: Stored, onward: Onward, call: Call, server: Server) -> Put:
    """A message of a case is the same one with one more recipient; of a free one what is sent on is another."""
    told = decode(message.text)
    if not is_free(told):
        return put_unreached(
            message, {**told, "recipient": [*told["recipient"], {"reference": onward.to}]}, call, server
        )
    made = sent_on(told, onward)
    refuse_invalid(server.content.validator.issues(made))
    change = put(made, server.new_id("Communication"), call, server, method="POST")
    return replace(change, present=False, reach=Everything())


async def _own(unit: str, message: Stored, server: Server) -> Stored:
    """The acknowledgement by which a unit answers for the message. Forbidden where there is none."""
    place = f"Communication/{message.id}"
    for task in focused_by(await all_naming("Task", "focus", [place], server), place):
        if unit in {place_of(it, server) for it in units_of(task)}:
            return await server.store.read("Task", task["id"], OWN)
    raise Forbidden.because("receipt-not-yours")


async def _provider(unit: str, server: Server) -> str:
    """Who answers for a unit; "" where there is no such unit, or it is closed."""
    own = await read_at(unit, server)
    return "" if own is None or own.get("active") is False else await provider_of(unit, server)


async def _party(message: Json, first: str, to: str, call: Call, server: Server) -> tuple[Put, ...]:
    """The team of the case's parties with the other unit, where the first is one of them."""
    for team in await teams_about(message, server):
        if is_party(decode(team.text), first):
            now = instant(server.clock())
            return (put_unreached(team, with_parties(decode(team.text), [to], now), call, server),)
    return ()


# ------------------------------------------------------------------------------------------------ what is asked


def _from(call: Call, server: Server) -> str:
    """The unit that it came to: of staff their own."""
    own = call.caller.standing.unit
    if call.caller.standing.kind != "staff":
        return _unit(call, "from", server)
    if parameter(call, "from") is not None and _unit(call, "from", server) != own:
        raise Forbidden.because("receipt-not-yours")
    return own


def _unit(call: Call, name: str, server: Server) -> str:
    told = parameter(call, name)
    named = told.get("reference") if isinstance(told, dict) else None
    place = place_of(named, server) if isinstance(named, str) else ""
    if not place.startswith("Organization/"):
        raise ill_given(name, told, "Organization/[id]")
    return place


def _parts(message: Json, call: Call) -> tuple[int, ...]:
    """Which parts of a free message are sent on, counted from one; what is of a case is sent on whole."""
    count = len(message.get("payload", ())) if is_free(message) else 0
    asked = parameters(call, "payload")
    for one in asked:
        if not (type(one) in {str, int} and str(one) in map(str, range(1, count + 1))):
            raise ill_given("payload", one, f"1 to {count}" if count else "-")
    return tuple(map(int, asked))
