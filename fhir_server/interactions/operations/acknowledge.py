"""Task/[id]/$acknowledge: a unit says that it has read a message, that somebody has taken it, or that it was not for the unit.

The unit that the Task names says it, and no other; what its staff say leaves the Tasks of the other recipients as they are.
"""

from typing import Any

from msgspec.structs import replace

from fhir_server.fhir.codec import decode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Conflict, Forbidden, Stale
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import put_over, put_unreached, written
from fhir_server.interactions.operations.parameters import ill_given, parameter, text
from fhir_server.interactions.pointing import place_of, stored_at
from fhir_server.interactions.receipts import author_of
from fhir_server.interactions.shown import given, shown, whole
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.process.discharge.receipt import (
    READ,
    SENT,
    TAKEN,
    WRONG_RECIPIENT,
    Move,
    is_acknowledgement,
    moved,
    units_of,
)
from fhir_server.storage.store import SYSTEM_GRANTS, Grant, Put

OWN = SYSTEM_GRANTS["receipt"]
MOVES = (READ, TAKEN, WRONG_RECIPIENT)
STAFF = ("PractitionerRole", "Practitioner")
MOST = 1_000
"""So many characters may a reason have."""


async def acknowledge(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """200 and the Task, also where it was said before. BadParameter for what is missing or malformed, NotFound for a Task that the
    caller cannot see, Forbidden for staff of another unit, Stale where If-Match names another version, Conflict for a Task that is no
    acknowledgement, for what cannot be said of it now, and for what somebody else has taken, unless If-Match says that this is known.
    """
    stored = await server.store.read("Task", call.id, grant)
    task = await given(stored, call, server)
    if not is_acknowledgement(task):
        raise Conflict.because("receipt-no-acknowledgement", "Task.code")
    _refuse_others(task, call, server)
    said = _move(call, server)
    if call.preconditions.match not in {None, stored.version}:
        raise Stale.because("stale")
    answered = moved(task, said)
    if answered is None:
        (found,) = await shown((stored,), call, server)
        return replace(written(found, found=True), status=200)
    refuse_invalid(server.content.validator.issues(answered))
    change = await put_over(
        stored, await whole(answered, stored, call, server), _naming(call, said), server, method="PUT"
    )
    changes = (change, *await _received(task, said, call, server))
    return Proposal(changes, lambda made: replace(written(made[0]), status=200))


def _refuse_others(task: dict[str, Any], call: Call, server: Server) -> None:
    """Whoever sent the message sees the Task too, and does not answer it."""
    units = {place_of(one, server) for one in units_of(task)}
    if not call.caller.free and units.isdisjoint(call.caller.standing.actors):
        raise Forbidden.because("receipt-not-yours")


def _naming(call: Call, said: Move) -> Call:
    """Staff who take it are who calls, and so need not be looked for."""
    own = {said.owner, said.author} if call.caller.standing.kind == "staff" else set()
    return replace(call, beside=call.beside | own)


# ------------------------------------------------------------------------------------------------ the message


async def _received(task: dict[str, Any], said: Move, call: Call, server: Server) -> tuple[Put, ...]:
    """The message, received at the first receipt of a person; a case tells it from there (2 kap. 6 § lagen (2017:612))."""
    message = await stored_at(place_of(task.get("focus", {}).get("reference", ""), server), OWN, server)
    if message is None or said.said == WRONG_RECIPIENT or message.type != "Communication":
        return ()
    told = decode(message.text)
    if "received" in told or told["status"] != SENT:
        return ()
    return (put_unreached(message, {**told, "received": instant(said.at)}, call, server),)


# ------------------------------------------------------------------------------------------------ what is asked


def _move(call: Call, server: Server) -> Move:
    said, reason = parameter(call, "as"), text(call, "reason", MOST)
    if said not in MOVES:
        raise ill_given("as", said, ", ".join(MOVES))
    if said == WRONG_RECIPIENT and not reason:
        raise ill_given("reason", None, "a text")
    owner = _person(call, server)
    if said == TAKEN and not owner:
        raise ill_given("by", None, " or ".join(f"{type}/[id]" for type in STAFF))
    over = call.preconditions.match is not None
    return Move(said, server.clock(), owner, author_of(call, owner), reason, over)


def _person(call: Call, server: Server) -> str:
    """Who says it: of staff the caller, by the commission if that is kept here; a system says for whom. "" where nobody is known."""
    asked = parameter(call, "by")
    named = asked.get("reference") if isinstance(asked, dict) else None
    place = place_of(named, server) if isinstance(named, str) else ""
    if asked is not None and place.partition("/")[0] not in STAFF:
        raise ill_given("by", asked, " or ".join(f"{type}/[id]" for type in STAFF))
    own = call.caller.standing.actors
    if call.caller.standing.kind != "staff":
        return place
    if place and place not in own:
        raise Forbidden.because("receipt-not-yours")
    return place or next((one for type in STAFF for one in sorted(own) if one.startswith(f"{type}/")), "")
