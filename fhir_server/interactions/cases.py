"""What a write tells of a discharge case must be able to happen in it: judged with all that is stored of the case and all else that
is written with it, whichever way the write came (2 to 5 kap. lagen (2017:612)).

What practice breaks is let through, and flagged where the case is looked at; what cannot have happened is refused.
"""

from collections.abc import Iterable, Mapping, Sequence

from fhir_server.fhir.reference import own_reference
from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.pointing import replaced_by
from fhir_server.interactions.senders import refuse_wrong_senders, says_otherwise
from fhir_server.interactions.stays import (
    ABOUT_A_STAY,
    Json,
    case_of,
    encounter_of,
    look_up,
    of_case,
    read_at,
    stays_of,
)
from fhir_server.process.discharge.fold import refuse_made_illegal
from fhir_server.process.discharge.late import refuse_told_late
from fhir_server.process.discharge.read import events_of, is_stay, may_tell
from fhir_server.storage.store import Change, Delete, Destroy, Grant, Matches, Put

TELLING = frozenset({"Communication", "Encounter", "EpisodeOfCare", "Task", "CarePlan"})
"""A change of any other type tells nothing of a case."""

_Written = Mapping[str, Json | None]
"""What would stand at each place (`Type/id`) that is written to; None: nothing."""


async def judged(
    changes: Sequence[Change], afterwards: Afterwards, call: Call, grant: Grant, server: Server
) -> tuple[Matches, ...]:
    """That the cases which the changes tell of are still what they were judged by. Conflict for what cannot happen in them, and for a
    message that is another party's to send; Invalid for one that cannot have been given when it is said to have been; Forbidden for one
    that is sent in the name of another care provider. A destruction is not judged: what two persons have destroyed goes, whatever it
    told. Nor is a deletion of what the caller does not reach: the store refuses it, and no other refusal tells that it is there.
    """
    if TELLING.isdisjoint(change.type for change in changes):
        return ()
    telling = [one for one in changes if one.type in TELLING and _is_looked_into(one)]
    telling = [
        one for one in telling if not isinstance(one, Delete) or await replaced_by(one, grant, server) is not None
    ]
    written = {place: afterwards.made(place) for place in (f"{one.type}/{one.id}" for one in telling)}
    conditions: tuple[Matches, ...] = ()
    for case in sorted(await _cases(telling, written, server)):
        conditions += await _judge(case, written, afterwards, call, server)
    return conditions


def _is_looked_into(change: Change) -> bool:
    """Not what is new and names no stay; of what replaces another, that may have told something."""
    if isinstance(change, Put) and not change.present and change.type in ABOUT_A_STAY:
        return bool(change.index.references.get("encounter"))
    return not isinstance(change, Destroy)


async def _cases(changes: Iterable[Change], written: _Written, server: Server) -> set[str]:
    """The cases that the changes tell of, or that were told of by what they replace."""
    found: set[str] = set()
    for change in changes:
        place = f"{change.type}/{change.id}"
        replaces = not isinstance(change, Put) or change.present
        for one in (written[place], await read_at(place, server) if replaces else None):
            if one is not None and may_tell(one):
                found.add(await _told_of(one, written, server))
    return found - {""}


async def _told_of(resource: Json, written: _Written, server: Server) -> str:
    """The case that a resource tells of; "" where that is about no stay."""
    if resource["resourceType"] == "EpisodeOfCare":
        return f"EpisodeOfCare/{resource['id']}"
    if is_stay(resource):
        return case_of(resource, server)
    place = encounter_of(resource, server)
    stay = written[place] if place in written else await read_at(place, server) if place else None
    return case_of(stay, server) if stay is not None and is_stay(stay) else ""


async def _judge(
    case: str, written: _Written, afterwards: Afterwards, call: Call, server: Server
) -> tuple[Matches, ...]:
    """What is about a stay that comes with the write was told before it, and is not told by it."""
    coming = stays_of(case, _there(written), server)
    stored = await look_up(case, server, coming)
    after = _there({**stored.resources, **written})
    had, has = stays_of(case, stored.resources, server), stays_of(case, after, server)
    refuse_made_illegal(
        events_of(of_case(case, had | coming, stored.resources, server)), events_of(of_case(case, has, after, server))
    )
    stays = [after[place] for place in has]
    messages = [it for it in of_case(case, has, _there(written), server) if it["resourceType"] == "Communication"]
    known = {own_reference(it): stored.resources.get(own_reference(it)) for it in messages}
    told = [event for it in messages if (event := says_otherwise(it, known[own_reference(it)]))]
    await refuse_wrong_senders(told, stays, afterwards, call, server)
    for message in messages:
        refuse_told_late(message, known[own_reference(message)], stays, server.clock())
    return stored.conditions


def _there(written: _Written) -> dict[str, Json]:
    return {place: one for place, one in written.items() if one is not None}
