"""What was asked for by a message that holds no longer is asked for no longer: the Tasks end in the Commit that takes it back.

A message is taken back by the one that names it, by its deletion, or as entered in error. Others end what was asked about their stay
(`ends-asked` of CodeSystem/message). What somebody has taken, read or answered stays as it is.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Server
from fhir_server.interactions.ours import own_put
from fhir_server.interactions.stays import Json, all_naming, encounter_of
from fhir_server.process.discharge.receipt import UNREAD, ended, is_acknowledgement, is_sent
from fhir_server.process.discharge.report import OPEN, ends_asked, is_report
from fhir_server.process.telling import message_event
from fhir_server.storage.store import Change, Delete, Put


async def ended_tasks(changes: Sequence[Change], afterwards: Afterwards, server: Server) -> tuple[Put, ...]:
    """The changes by which the Tasks end that nobody need do once these are written."""
    messages = [one for one in changes if isinstance(one, (Put, Delete)) and one.type == "Communication"]
    if not messages:
        return ()
    gone, stays = set(_taken_back(messages, afterwards)), set(_ended(messages, afterwards, server)) - {""}
    asked = await all_naming("Task", "focus", sorted(gone), server)
    about = [it for it in await all_naming("Task", "encounter", sorted(stays), server) if is_report(it)]
    found = {it["id"]: it for it in chain(asked, about) if _is_open(it) and not afterwards.writes(f"Task/{it['id']}")}
    return tuple(own_put(ended(it, server.clock()), server) for it in found.values())


def _taken_back(messages: Sequence[Put | Delete], afterwards: Afterwards) -> Iterator[str]:
    for one in messages:
        place = f"Communication/{one.id}"
        made = afterwards.made(place)
        if made is None or made["status"] == "entered-in-error":
            yield place
        elif (event := message_event(made)) is not None and event.cancels:
            yield event.cancels


def _ended(messages: Sequence[Put | Delete], afterwards: Afterwards, server: Server) -> Iterator[str]:
    for one in messages:
        made = afterwards.made(f"Communication/{one.id}")
        if made is not None and is_sent(made) and ends_asked(made):
            yield encounter_of(made, server)


def _is_open(task: Json) -> bool:
    return task["status"] in OPEN if is_report(task) else is_acknowledgement(task) and task["status"] == UNREAD
