"""Communication/[id]/$forward: a unit sends a message that came to it on to another unit of the same provider.

The other unit becomes a recipient, and a party of the case where the first is one; by that it is asked for its own acknowledgement,
by the same deadline: the message was sent when it was sent.
"""

from typing import Any

from msgspec.structs import replace

from fhir_server.fhir.codec import decode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Conflict, Forbidden, Invalid
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import put_unreached, written
from fhir_server.interactions.operations.parameters import ill_given, parameter, text
from fhir_server.interactions.parties import provider_of
from fhir_server.interactions.pointing import place_of, stored_at
from fhir_server.interactions.receipts import author_of
from fhir_server.interactions.shown import shown
from fhir_server.interactions.stays import all_naming, case_of, encounter_of, read_at
from fhir_server.process.discharge.notice import is_party, with_parties
from fhir_server.process.discharge.receipt import focused_by, forwarded, recipients_in, units_of, was_forwarded
from fhir_server.storage.store import SYSTEM_GRANTS, Grant, Put, Stored

OWN = SYSTEM_GRANTS["receipt"]
MOST = 1_000
"""So many characters may a reason have."""

Json = dict[str, Any]


async def forward(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """200 and the message, also where it was sent on so before. BadParameter for what is missing or malformed, NotFound for a message
    that the caller cannot see, Forbidden where it did not come to the caller's unit, Invalid for a unit of another provider, or none;
    Conflict for one that has the message already, and where somebody has taken it.
    """
    message = await server.store.read("Communication", call.id, grant)
    first, to, reason = _from(call, server), _unit(call, "to", server), text(call, "reason", MOST)
    told = decode(message.text)
    task = await _own(first, message, server)
    recipients = {place_of(it, server) for it in recipients_in(told)}
    if to in recipients and was_forwarded(decode(task.text)):
        (found,) = await shown((message,), call, server)
        return replace(written(found, found=True), status=200)
    if await _provider(to, server) != await _provider(first, server):
        raise Invalid.because("forward-elsewhere", "Parameters.parameter.where(name='to')")
    if to in recipients:
        raise Conflict.because("forward-told", "Communication.recipient")
    sent_on = forwarded(decode(task.text), server.clock(), author_of(call) or first, reason)
    more = {**told, "recipient": [*told["recipient"], {"reference": to}]}
    changes = [put_unreached(message, more, call, server), put_unreached(task, sent_on, call, server)]
    changes += await _party(told, first, to, call, server)
    return Proposal(tuple(changes), lambda made: replace(written(made[0]), status=200))


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
    stay = await read_at(encounter_of(message, server), server)
    case = await read_at(case_of(stay, server), server) if stay is not None else None
    for one in case.get("team", ()) if case is not None else ():
        team = await stored_at(place_of(one.get("reference", ""), server), OWN, server)
        if team is not None and is_party(decode(team.text), first):
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
