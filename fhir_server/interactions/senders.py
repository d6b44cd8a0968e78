"""Whose a message of a discharge case is to send: judged where every write passes (2 to 5 kap. lagen (2017:612)).

A message is sent by the parties that the workflow names. Which party a unit is follows from its rows in the addressing register and
from the stays that it serves; what nobody has said is not judged, so that a gap in the register stops no notice. Staff send for their
own care provider, citizens send no message of the parties.
"""

from collections.abc import Collection, Iterable

from fhir_server.fhir.outcome import Forbidden
from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.parties import CITIZENS, is_within
from fhir_server.interactions.pointing import place_of
from fhir_server.interactions.stays import Json, all_naming
from fhir_server.interactions.unit import UNIT_IN, parties_of, unit_in
from fhir_server.process.addressing.party import parties_of_a_stay
from fhir_server.process.definition import load_workflow
from fhir_server.process.discharge.fold import refuse_sender
from fhir_server.process.event import Event
from fhir_server.process.telling import message_event

PERSON = "person"
"""Who is no party of CodeSystem/party: the person, or who acts for the person."""


def says_otherwise(message: Json, before: Json | None) -> Event | None:
    """What a message tells, where it was not told before by the same sender."""
    told = message_event(message) if message["resourceType"] == "Communication" else None
    known = message_event(before) if told is not None and before is not None else None
    same = known is not None and told is not None and (known.code, known.sender) == (told.code, told.sender)
    return None if same else told


async def refuse_wrong_senders(
    told: Iterable[Event], stays: Iterable[Json], afterwards: Afterwards, call: Call, server: Server
) -> None:
    """Conflict where a message of a case with these stays is another party's to send; Forbidden where it is sent for another care
    provider than the caller's.
    """
    wards = {place_of(it.get("serviceProvider", {}).get("reference", ""), server) for it in stays} - {""}
    actions = load_workflow().actions
    for event in told:
        if actions[event.code].senders:
            parties = await _parties(event, wards, afterwards, call, server)
            refuse_sender(event, parties)


async def _parties(
    event: Event, wards: Collection[str], afterwards: Afterwards, call: Call, server: Server
) -> frozenset[str]:
    """The parties that the sender of a message is; none where nobody has said."""
    standing = call.caller.standing
    sender = place_of(event.sender, server)
    if standing.kind == "citizen" or sender.startswith(CITIZENS):
        return frozenset({PERSON})
    is_staff = standing.kind == "staff"
    units = await _units(sender or (standing.unit if is_staff else ""), afterwards, server)
    if is_staff and sender not in {"", *standing.actors}:
        await _refuse_elsewhere(units, standing.provider, server)
    by_stay = parties_of_a_stay() if not units.isdisjoint(wards) else frozenset()
    return by_stay.union(*[await parties_of(unit, event.at, afterwards, server) for unit in units])


async def _refuse_elsewhere(units: Iterable[str], provider: str, server: Server) -> None:
    for unit in units:
        if await is_within(unit, provider, server):
            return
    raise Forbidden.because("case-not-yours", "Communication.sender")


async def _units(sender: str, afterwards: Afterwards, server: Server) -> frozenset[str]:
    """The units that a sender (`Type/id`) speaks for: itself, that of the commission or the service, those of all commissions of a person."""
    type = sender.partition("/")[0]
    if type == "Organization":
        return frozenset({sender})
    if type == "Practitioner":
        roles = await all_naming("PractitionerRole", "practitioner", [sender], server)
    else:
        found = await afterwards.at(sender) if type in UNIT_IN else None
        roles = [found] if found is not None else []
    return frozenset(unit_in(one, server) for one in roles) - {""}
