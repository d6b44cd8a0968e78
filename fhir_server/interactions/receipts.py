"""The acknowledgements of a message: where one is sent, each unit that it newly names gets a Task, in the same Commit; and another where
the message asks it for a report.

Whichever way a message comes it comes by here. None is made where somebody is said to have received the message already (it is told
of afterwards), and none for a unit whose acknowledgement is there, or is written with the message. The Tasks are the server's,
whatever the sender may write.
"""

from collections.abc import AsyncIterator, Sequence
from itertools import chain
from typing import Any

from fhir_server.access.guard import stamped
from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.ours import own_put
from fhir_server.interactions.pointing import place_of
from fhir_server.interactions.reports import asked_report
from fhir_server.interactions.stays import all_naming, read_at
from fhir_server.interactions.unit import unit_in
from fhir_server.process.discharge.receipt import (
    CLOSED,
    UNITS,
    UNKNOWN,
    Recipient,
    acknowledgement_of,
    focused_by,
    is_acknowledgement,
    is_sent,
    recipients_in,
    units_of,
)
from fhir_server.storage.store import Change, Put

Json = dict[str, Any]


async def asked_receipts(
    changes: Sequence[Change], afterwards: Afterwards, call: Call, server: Server
) -> tuple[Put, ...]:
    """The changes that ask for the receipts of the messages that are sent by these."""
    messages = [one for one in changes if isinstance(one, Put) and one.type == "Communication"]
    sent = [(one, made) for one in messages if (made := afterwards.made(_place(one))) and is_sent(made)]
    if not sent:
        return ()
    tasks = map(afterwards.made, afterwards.places("Task"))
    own = [it for it in tasks if it is not None and is_acknowledgement(it)]
    puts: list[Put] = []
    for change, message in sent:
        async for task in _tasks(change, message, own, afterwards, server):
            puts.append(own_put(_stamped(task, call), server))
            report = await asked_report(message, task, afterwards, call, server)
            puts += [own_put(report, server)] if report is not None else []
    return tuple(puts)


def _place(change: Put) -> str:
    return f"{change.type}/{change.id}"


def author_of(call: Call, owner: str = "") -> str:
    """Whom a note may name as who has said something: the person, or else the unit. R4 lets no commission write one."""
    known = sorted({*call.caller.standing.actors, owner})
    return next((one for one in known if one.startswith("Practitioner/")), call.caller.standing.unit)


async def _tasks(
    change: Put, message: Json, own: Sequence[Json], afterwards: Afterwards, server: Server
) -> AsyncIterator[Json]:
    place = _place(change)
    before = await read_at(place, server) if change.present else None
    was_sent = before is not None and is_sent(before)
    if "received" in message and not was_sent:
        return
    known = {place_of(it, server) for it in recipients_in(before)} if before is not None and was_sent else set()
    new = [at for it in recipients_in(message) if (at := place_of(it, server)) and at not in known]
    named = [at for at in dict.fromkeys(new) if at.partition("/")[0] in UNITS]
    if not named:
        return
    asked = await _asked(place, own, change, server)
    sender = await _unit(place_of(message["sender"].get("reference", ""), server), afterwards, server)
    found = [await _unit(at, afterwards, server) for at in named]
    units = {
        one.unit: one for one in sorted(found, key=lambda one: one.refusal, reverse=True)
    }  # it came if it came once
    for unit in units.values():
        if unit.unit not in asked:
            yield acknowledgement_of(message, place, unit, sender.unit if not sender.refusal else "")


async def _asked(place: str, own: Sequence[Json], change: Put, server: Server) -> set[str]:
    """The units that are asked already: by what is written with the message, or what is stored of one that was there."""
    stored = await all_naming("Task", "focus", [place], server) if change.method != "POST" else ()
    told = chain(focused_by(own, place), focused_by(stored, place))
    return {place_of(unit, server) for task in told for unit in units_of(task)}


async def _unit(place: str, afterwards: Afterwards, server: Server) -> Recipient:
    """The unit that a message is for: what is named, or whose service is named."""
    told = await _at(place, afterwards, server)
    if told is not None and told["resourceType"] == "HealthcareService":
        by = unit_in(told, server)
        if not by:
            return Recipient(place, UNKNOWN)
        closed, told, place = told.get("active") is False, await _at(by, afterwards, server), by
        if closed:
            return Recipient(place, CLOSED)
    if told is None:
        return Recipient(place, UNKNOWN)
    return Recipient(place, CLOSED if told.get("active") is False else "")


async def _at(place: str, afterwards: Afterwards, server: Server) -> Json | None:
    return await afterwards.at(place) if place.partition("/")[0] in server.types else None


def _stamped(task: Json, call: Call) -> Json:
    """As one that was written for the message's sender."""
    return task if call.caller.free else stamped(task, None, call.caller.standing)
