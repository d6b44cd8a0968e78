"""Encounter/[id]/$notify-admission: the notice of admission, made and sent, with the case that begins with it.

The sender is the unit that serves the stay, which for staff is the own unit of the token: that is what the Grant demands. The
case and its parties are the server's to write; nobody else may. What was first given by telephone, by fax or on paper is registered
late (`late`): it tells those who were told then, and counts from then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from fhir_server.fhir.codec import decode
from fhir_server.fhir.extension import extensions, value_of
from fhir_server.fhir.instant import span
from fhir_server.fhir.outcome import Conflict, Invalid
from fhir_server.fhir.reference import is_uuid
from fhir_server.interactions.addressing import register_of
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import put, put_over, put_unreached, written
from fhir_server.interactions.condition import Match, all_matches, only_match
from fhir_server.interactions.operations.parameters import ill_given, parameter, parameters, told_flag, told_parts
from fhir_server.interactions.parties import provider_of
from fhir_server.interactions.pointing import place_of, placed, refuse_unseen, stored_at
from fhir_server.interactions.shown import given, shown, whole
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.process.discharge.fold import refuse_made_illegal, told_by
from fhir_server.process.discharge.late import PARTS
from fhir_server.process.discharge.notice import NOTICE, URIS, Notice, case_of, message_of, parties_of, with_parties
from fhir_server.process.discharge.read import VOID, events_of
from fhir_server.process.event import Event
from fhir_server.process.sip.when import clock_reading
from fhir_server.process.telling import moment_of
from fhir_server.storage.store import SYSTEM_GRANTS, Grant, Put, Stored

MOST_MESSAGES = 2_000
"""So many messages may a stay have."""
OWN = SYSTEM_GRANTS["notice"]
UUID = "urn:uuid:"


@dataclass(frozen=True, slots=True)
class _Case:
    """Where a stay stands: the Encounter as it is stored, its messages, the case and its parties, None where there are none yet."""

    stay: Stored
    messages: Match
    case: Stored | None
    team: Stored | None

    @property
    def told(self) -> dict[str, Any]:
        """The Encounter."""
        resource: dict[str, Any] = decode(self.stay.text)
        return resource

    def events(self) -> tuple[Event, ...]:
        """What has happened. That somebody has received a message changes nothing of what may be sent here."""
        found = (self.stay, *self.messages.found, *([self.case] if self.case else []))
        return events_of(decode(one.text) for one in found)


async def notify_admission(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """201 and the Communication; 200 and the one that is there already where the identifier has come before. BadParameter for what is
    missing or malformed, NotFound for a stay that is not at the caller's unit, Invalid where nobody is found to tell, and for an
    admission that has no estimate; Conflict for a stay that is none, and for what cannot happen in the case now.
    """
    stay = await server.store.read("Encounter", call.id, grant)
    match = await _matched(call, server)
    if match.stored is not None:
        return await _told_before(match.stored, stay, call, server)
    case = await _case_of(stay, server)
    _refuse_no_stay(case.told)
    events, late = case.events(), _late(call)
    given_at = moment_of(late["given"]) if late else None
    refuse_made_illegal(events, (*events, Event(NOTICE, given_at or server.clock(), _identifier(call))))
    person = await server.store.read("Patient", _patient(case, server), OWN)
    units = await _recipients(case, person, call, grant, server)
    notice = _notice(case, person, units, call, server)
    changes = await _changes(notice, case, call, server)
    conditions = (match.condition, case.messages.condition)
    return Proposal(changes, lambda stored: replace(written(stored[0]), status=201), conditions)


async def _matched(call: Call, server: Server) -> Match:
    """The message of the identifier, whosever it is: one is sent once."""
    return await only_match("Communication", [("identifier", f"{URIS}|{_identifier(call)}")], OWN, server)


async def _told_before(message: Stored, stay: Stored, call: Call, server: Server) -> Answer:
    """The same answer again. Conflict where the identifier is that of another message."""
    told = decode(message.text)
    codes = {coding.get("code") for concept in told.get("category", ()) for coding in concept.get("coding", ())}
    if (
        place_of(told.get("encounter", {}).get("reference", ""), server) != f"Encounter/{stay.id}"
        or NOTICE not in codes
    ):
        raise Conflict.because("notice-identifier-taken")
    (found,) = await shown((message,), call, server)
    return replace(written(found, found=True), status=200)


# ------------------------------------------------------------------------------------------------ where the stay stands


async def _case_of(stay: Stored, server: Server) -> _Case:
    messages = await all_matches(
        "Communication", [("encounter", f"Encounter/{stay.id}")], OWN, server, most=MOST_MESSAGES
    )
    case = await _first(decode(stay.text).get("episodeOfCare", ()), server)
    team = await _first(decode(case.text).get("team", ()), server) if case is not None else None
    return _Case(stay, messages, case, team)


async def _first(references: Sequence[dict[str, Any]], server: Server) -> Stored | None:
    """The first that is there, and of which something has happened."""
    for reference in references:
        found = await stored_at(place_of(reference.get("reference", ""), server), OWN, server)
        if found is not None and decode(found.text).get("status") not in VOID:
            return found
    return None


def _refuse_no_stay(stay: dict[str, Any]) -> None:
    """Of what is planned, or was a visit, nobody is told that somebody was admitted."""
    admitted = stay.get("class", {}).get("code") == "IMP" and "start" in stay.get("period", {})
    if not admitted or stay["status"] in VOID:
        raise Conflict.because("notice-no-stay", "Encounter.status")


def _patient(case: _Case, server: Server) -> str:
    type, _, id = place_of(case.told.get("subject", {}).get("reference", ""), server).partition("/")
    if type != "Patient":
        raise Conflict.because("notice-no-stay", "Encounter.subject")
    return id


# ------------------------------------------------------------------------------------------------ what is sent, to whom


async def _recipients(case: _Case, person: Stored, call: Call, grant: Grant, server: Server) -> tuple[str, ...]:
    """The units that are named, else those of the register, without those who have been told. Invalid where nobody is found,
    Conflict where all have been told.
    """
    units = tuple(_named(call, server)) or await _worked_out(person, call, grant, server)
    if not units:
        raise Invalid.because("notice-nobody", "Parameters.parameter.where(name='recipient')")
    told = {place_of(unit, server) for unit in told_by(NOTICE, case.events())}
    if told.issuperset(units):
        raise Conflict.because("notice-told")
    return tuple(unit for unit in units if unit not in told)


def _named(call: Call, server: Server) -> Iterator[str]:
    for one in dict.fromkeys(_text(it) for it in parameters(call, "recipient")):
        place = place_of(one, server)
        if not place.startswith("Organization/"):
            raise ill_given("recipient", one, "Organization/[id]")
        yield place


async def _worked_out(person: Stored, call: Call, grant: Grant, server: Server) -> tuple[str, ...]:
    health_care = told_flag(call, "municipal-health-care")
    known = placed(await given(person, call, server), server)
    register = await register_of(grant, server)
    return register.addressed(known, NOTICE, server.clock(), health_care).units


def _notice(case: _Case, person: Stored, units: tuple[str, ...], call: Call, server: Server) -> Notice:
    own = call.caller.standing.unit
    sender = own or place_of(case.told.get("serviceProvider", {}).get("reference", ""), server)
    if not sender:
        raise Conflict.because("notice-no-stay", "Encounter.serviceProvider")
    return Notice(
        identifier=_identifier(call),
        stay=f"Encounter/{case.stay.id}",
        person=decode(person.text),
        sender=sender,
        recipients=units,
        sent=clock_reading(server.clock()).isoformat(),
        estimated=_estimated(case, call),
        late=_late(call),
    )


# ------------------------------------------------------------------------------------------------ what is written


async def _changes(notice: Notice, case: _Case, call: Call, server: Server) -> tuple[Put, ...]:
    """The message first; then what makes sender and recipients parties of the case."""
    message = _new(message_of(notice), server.new_id("Communication"), call, server)
    beside = frozenset({notice.stay, notice.sender})
    await refuse_unseen(message_of(notice), message.patients, None, replace(call, beside=beside), server)
    if case.case is None:
        return (message, *await _begun(notice, case, call, server))
    if case.team is None:
        raise Conflict.because("notice-no-parties", "EpisodeOfCare.team")
    parties = with_parties(decode(case.team.text), (notice.sender, *notice.recipients), notice.sent)
    return (message, put_unreached(case.team, parties, call, server))


async def _begun(notice: Notice, case: _Case, call: Call, server: Server) -> tuple[Put, ...]:
    """The case, its parties, and the stay that points at it."""
    provider = call.caller.standing.provider or await provider_of(notice.sender, server)
    team_id, case_id = server.new_id("CareTeam"), server.new_id("EpisodeOfCare")
    team = _new(parties_of(notice, provider), team_id, call, server)
    opened = _new(
        case_of(notice, _assessed(case, call, server), provider, f"CareTeam/{team_id}"), case_id, call, server
    )
    stay = await given(case.stay, call, server)
    stay = {**stay, "episodeOfCare": [*stay.get("episodeOfCare", ()), {"reference": f"EpisodeOfCare/{case_id}"}]}
    made = await whole(stay, case.stay, call, server)
    refuse_invalid(server.content.validator.issues(made))
    pointing = replace(call, beside=frozenset({f"EpisodeOfCare/{case_id}"}))
    linked = await put_over(case.stay, made, pointing, server, method="PUT")
    return replace(team, reach=OWN.query), replace(opened, reach=OWN.query), linked


def _new(resource: dict[str, Any], id: str, call: Call, server: Server) -> Put:
    refuse_invalid(server.content.validator.issues(resource))
    return replace(put(resource, id, call, server, method="POST"), present=False)


# ------------------------------------------------------------------------------------------------ what is asked


def _identifier(call: Call) -> str:
    told = parameter(call, "identifier")
    text = told if isinstance(told, str) else ""
    if not text.startswith(UUID) or not is_uuid(text.removeprefix(UUID)):
        raise ill_given("identifier", told, "urn:uuid:…")
    return text.lower()


def _estimated(case: _Case, call: Call) -> str:
    """When the person is thought to leave: as it is told here, else as the stay has it."""
    told = parameter(call, "estimated-discharge")
    own = map(value_of, extensions(case.told, "estimated-discharge"))
    text = next(own, None) if told is None else told
    if text is None:
        raise Invalid.because("notice-no-estimate", "Parameters.parameter.where(name='estimated-discharge')")
    if not isinstance(text, str) or span(text) is None:
        raise ill_given("estimated-discharge", told, "a dateTime")
    return text


def _assessed(case: _Case, call: Call, server: Server) -> str:
    """When the physician judged that efforts may be needed: the admission, unless it was later (2 kap. 2 §)."""
    admitted: str = case.told["period"]["start"]
    told = parameter(call, "assessed")
    if told is None:
        return admitted
    moment, start = span(told) if isinstance(told, str) else None, span(admitted)
    if moment is None:
        raise ill_given("assessed", told, "a dateTime")
    if (start is not None and moment[1] < start[0]) or moment[0] > server.clock():
        raise ill_given("assessed", told, "a dateTime, neither before the admission nor in the future")
    return str(told)


def _late(call: Call) -> Mapping[str, str] | None:
    """What was said of a notice that was given before it is sent here, to units that are named: who was told then stands in no register."""
    told = told_parts(call, "late", PARTS)
    if told is not None and moment_of(told["given"]) is None:
        raise ill_given("late.given", told["given"], "a dateTime")
    if told is not None and not parameters(call, "recipient"):
        raise ill_given("recipient", None, "Organization/[id], each that was told then")
    return told


def _text(told: Any) -> str:
    text = told.get("reference") if isinstance(told, dict) else told
    return text if isinstance(text, str) else ""
