"""Threads of messages: every message that is sent is of one, in the Commit that sends it and whichever way it comes.

What is asked of a thread is judged here too: that a reply is of the thread of what it replies to and about the same person, to whom a
free one goes, that a free message stays as it was sent, and that an identifier is one message's.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import chain

from msgspec.structs import replace

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Conflict, Invalid
from fhir_server.interactions.afterwards import Afterwards, as_read
from fhir_server.interactions.call import Call, Proposal, Server
from fhir_server.interactions.draft import draft
from fhir_server.interactions.pointing import place_of, replaced_by
from fhir_server.interactions.stays import Json, all_found, teams_about
from fhir_server.interactions.unit import UNIT_IN, unit_in
from fhir_server.process.discharge.notice import is_party
from fhir_server.process.discharge.receipt import is_message, is_sent, recipients_in
from fhir_server.process.discharge.thread import (
    in_thread,
    is_free,
    is_kept,
    lending,
    opened_by,
    refuse_edited,
    replied_to,
    thread_of,
)
from fhir_server.search.query import Query, Some, Token
from fhir_server.storage.store import SYSTEM_GRANTS, Change, Delete, Destroy, Grant, Matches, Put, Stored

OWN = SYSTEM_GRANTS["receipt"]
KIND = "Communication"

Names = frozenset[tuple[str, str]]
"""Identifiers: of each its system and its value."""


async def threaded(proposal: Proposal, call: Call, grant: Grant, server: Server) -> Proposal:
    """The proposal with each message that it sends in its thread. Conflict for a free message that would not stay as it was sent, and
    for an identifier that is another message's; Invalid for a reply that does not belong where it says.
    """
    if all(one.type != KIND for one in proposal.changes):
        return proposal
    corrects = call.caller.standing.kind == "system" and call.bearer != ""  # without a token nobody answers for it
    writing = _Writing(proposal.changes, grant, server, corrects=corrects)
    changes = tuple([await writing.judged(one) if one.type == KIND else one for one in proposal.changes])
    writing.refuse_twins()
    return replace(proposal, changes=changes, conditions=(*proposal.conditions, *writing.conditions))


class _Writing:
    """The messages of one Commit, over what is stored."""

    def __init__(self, changes: Sequence[Change], grant: Grant, server: Server, *, corrects: bool) -> None:
        self._afterwards = Afterwards(changes, server)
        self._grant, self._server, self._corrects = grant, server, corrects
        self._names: Counter[tuple[str, str]] = Counter()
        self.conditions: list[Matches] = []

    async def judged(self, change: Change) -> Change:
        """The change, in its thread where it sends a message."""
        if isinstance(change, Destroy):
            return change
        made = self._afterwards.made(_place(change))
        before = await self._before(change)
        if before is not None and is_message(before):
            self.conditions.append(as_read(KIND, before))
        if before is not None and is_kept(before) and not self._corrects:
            if made is None:
                raise Conflict.because("thread-free-kept", KIND)
            refuse_edited(before, made)
        if made is None or not isinstance(change, Put) or not is_message(made):
            return change
        await self._refuse_taken(change.id, made, before)
        return await self._in_thread(change, made, before) if is_sent(made) else change

    def refuse_twins(self) -> None:
        """Raises Conflict where two of the messages have the same identifier."""
        if any(count > 1 for count in self._names.values()):
            raise Conflict.because("message-identifier-taken", f"{KIND}.identifier")

    async def _before(self, change: Put | Delete) -> Json | None:
        if isinstance(change, Put) and not change.present:
            return None
        stored = await replaced_by(change, self._grant, self._server)
        return None if stored is None else decode(stored.text)

    async def _refuse_taken(self, id: str, made: Json, before: Json | None) -> None:
        """Raises Conflict where another message has one of the identifiers that this one did not have before."""
        names = identifiers_of(made)
        self._names.update(names)
        new = names - identifiers_of(before) if before is not None else names
        if not new:
            return
        condition, found = await with_identifiers(new, self._server)
        self.conditions += [condition]
        if any(one.id != id and is_message(decode(one.text)) for one in found):
            raise Conflict.because("message-identifier-taken", f"{KIND}.identifier")

    # -------------------------------------------------------------------------------------------- in its thread

    async def _in_thread(self, change: Put, made: Json, before: Json | None) -> Put:
        replied = [one async for one in self._messages(replied_to(made))]
        if any(self._person(one) != self._person(made) for one in replied):
            raise Invalid.because("thread-other-person", f"{KIND}.subject")
        thread = await self._thread(made, before, replied)
        if before is None or not is_sent(before):
            await self._refuse_taken_back(made)
            await self._refuse_strangers(made, replied)
        if thread == thread_of(made):
            return change
        resource = in_thread(made, thread)
        return replace(change, draft=draft(resource, change.id), index=self._server.content.extractor.index(resource))

    async def _thread(self, made: Json, before: Json | None, replied: Iterable[Json]) -> str:
        """The one that it says, or that it had; of a reply that of what it replies to. Invalid where these are not one."""
        had = thread_of(before) if before is not None and is_sent(before) else ""
        told = {had, thread_of(made), *[await self._thread_at(one) for one in replied]} - {""}
        if len(told) > 1:
            raise Invalid.because("thread-other", f"{KIND}.extension")
        return next(iter(told), "") or await self._thread_at(made)

    async def _thread_at(self, message: Json, seen: frozenset[str] = frozenset()) -> str:
        """That of a message as it will stand: one that is written beside another may reply to a third."""
        place = f"{KIND}/{message['id']}"
        if thread_of(message) or place in seen:
            return thread_of(message) or opened_by(message, place)
        async for one in self._messages(chain(replied_to(message), lending(message))):
            if self._person(one) == self._person(message):
                return await self._thread_at(one, seen | {place})
        return opened_by(message, place)

    async def _messages(self, references: Iterable[str]) -> AsyncIterator[Json]:
        """The messages that are named, where they are here."""
        for place in dict.fromkeys(place_of(it, self._server) for it in references):
            found = await self._afterwards.known(place) if place.startswith(f"{KIND}/") else None
            if found is not None and is_message(found):
                yield found

    def _person(self, message: Json) -> str:
        return place_of(message.get("subject", {}).get("reference", ""), self._server)

    # -------------------------------------------------------------------------------------------- what a free one may

    async def _refuse_taken_back(self, made: Json) -> None:
        """Raises Conflict where it corrects or takes back a free message."""
        async for one in self._messages(lending(made)):
            if is_kept(one):
                raise Conflict.because("thread-free-kept", f"{KIND}.extension")

    async def _refuse_strangers(self, made: Json, replied: Sequence[Json]) -> None:
        """Raises Invalid where a free reply goes to others than who sent what it replies to, and the parties of its case or plan; who
        goes on in its own words writes to those it wrote to.
        """
        if not replied or not is_free(made):
            return
        own, allowed = await self._around(made.get("sender", {}).get("reference", "")), set[str]()
        for one in replied:
            sender = await self._around(one.get("sender", {}).get("reference", ""))
            allowed |= sender
            if own & sender:
                allowed |= {place_of(it, self._server) for it in recipients_in(one)}
        asked = {place_of(it, self._server) or it for it in recipients_in(made)} - allowed
        teams = [one async for one in self._teams(made)] if asked else []
        if any(not any(is_party(team, it) for team in teams) for it in asked):
            raise Invalid.because("thread-reply-to", f"{KIND}.recipient")

    async def _teams(self, made: Json) -> AsyncIterator[Json]:
        """Those of the parties of its case, and of the plans that it is based on or about."""
        for one in await teams_about(made, self._server):
            yield decode(one.text)
        named = (*made.get("basedOn", ()), *made.get("about", ()))
        for plan in (place_of(it.get("reference", ""), self._server) for it in named):
            told = await self._afterwards.known(plan) if plan.startswith("CarePlan/") else None
            for one in told.get("careTeam", ()) if told is not None else ():
                place = place_of(one.get("reference", ""), self._server)
                team = await self._afterwards.known(place) if place.startswith("CareTeam/") else None
                if team is not None:
                    yield team

    async def _around(self, reference: str) -> set[str]:
        """Who sends, and the unit of that commission or service; nothing of what is not here."""
        place = place_of(reference, self._server)
        told = await self._afterwards.known(place) if place.startswith(tuple(UNIT_IN)) else None
        unit = unit_in(told, self._server)
        return {place, unit} - {""}


# ------------------------------------------------------------------------------------------------ identifiers


def identifiers_of(message: Json) -> Names:
    """The identifiers of a valid message that have a value."""
    named = (one for one in message.get("identifier", ()) if "value" in one)
    return frozenset((one.get("system", ""), one["value"]) for one in named)


async def with_identifiers(names: Names, server: Server) -> tuple[Matches, list[Stored]]:
    """The Communications that have one of these identifiers, and that no others have."""
    query = Query(KIND, Some(tuple(Token("identifier", system, value) for system, value in sorted(names))))
    found = await all_found(query, server, OWN) if names else []
    return Matches(query, frozenset(one.id for one in found)), found


def _place(change: Change) -> str:
    return f"{change.type}/{change.id}"
