"""What is kept of a plan → what happened to it. Nothing of it is typed in."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.fhir.reference import parse_reference
from fhir_server.process.clock import last_of
from fhir_server.process.definition import SIP, load_workflow
from fhir_server.process.event import Event, Moment
from fhir_server.process.sip.approval import own_parties
from fhir_server.process.sip.kept import Kept, Version, held, is_follow_up
from fhir_server.process.telling import message_event, moment_of, place_in, told
from fhir_server.process.workflow import Workflow

Json = Mapping[str, Any]
VOID = frozenset({"entered-in-error"})
ANSWERED = frozenset({"completed", "amended"})
"""Those of an evaluation that somebody has answered."""


def plan_events(kept: Kept, workflow: Workflow | None = None) -> tuple[Event, ...]:
    """What happened to a plan, in no order. Of one that was entered in error nothing did."""
    if kept.plan["status"] in VOID:
        return ()
    return tuple(_events(kept, workflow or load_workflow(SIP)))


def _events(kept: Kept, workflow: Workflow) -> Iterator[Event]:
    yield from _of_offer(kept)
    yield from _of_versions(kept)
    if (over := kept.over_since()) is not None:
        yield Event("closed", over, f"{kept.place}#closed")
    yield from _of_approvals(kept)
    for one in kept.consents():
        yield from _of_consent(one)
    for one in kept.meetings():
        yield from _of_meeting(one, kept.in_force())
    for one in kept.of("QuestionnaireResponse"):
        if one["status"] in ANSWERED:
            yield from told(one, "evaluated", one.get("authored"))
    for one in kept.of("Communication"):
        event = message_event(one)
        if event is not None and event.code in workflow.actions:
            yield event


def _of_offer(kept: Kept) -> Iterator[Event]:
    offer = kept.offer()
    yield from told(kept.plan, "offered", offer.get("offered"))
    if offer.get("answer") in {"accepted", "declined"}:
        yield from told(kept.plan, f"sip-{offer['answer']}", offer.get("answered") or offer["offered"])


def _of_versions(kept: Kept) -> Iterator[Event]:
    first = kept.in_force()
    for version in kept.revisions():
        code = "established" if version == first else "revised"
        yield Event(code, version.made, f"{_version(kept, version.number)}#{code}")


def _of_consent(consent: Json) -> Iterator[Event]:
    yield from told(consent, "consented", consent.get("dateTime"))
    ended = last_of(consent.get("provision", {}).get("period", {}).get("end", ""))
    if ended is not None:
        yield Event("consent-ended", ended, f"Consent/{consent['id']}#consent-ended")


def _of_meeting(meeting: Json, first: Version | None) -> Iterator[Event]:
    at = held(meeting)
    if at is not None:
        code = "followed-up" if is_follow_up(meeting, first) else "met"
        yield Event(code, at, f"Appointment/{meeting['id']}#{code}")


# ------------------------------------------------------------------------------------------------ who approves


def parties(kept: Kept) -> tuple[str, ...]:
    """Whose approval counts, by where they stand: the person's and those of the contributors, each once."""
    return tuple(dict.fromkeys(filter(None, map(place_in, own_parties(dict(kept.plan))))))


def approved(kept: Kept, number: int) -> Mapping[str, Moment]:
    """When each party approved a version, not before that was made; whoever approves for a unit approves as the unit."""
    made = {it.number: it.made for it in (*kept.versions, *kept.revisions())}
    found: dict[str, Moment] = {}
    for one in kept.of("Provenance"):
        at = moment_of(one.get("occurredDateTime")) or moment_of(one.get("recorded"))
        if at is None or number not in made or _version(kept, number) not in _targets(one):
            continue
        for who in attesters(one):
            party = kept.behalf.get(who, who) if who not in parties(kept) else who
            found[party] = min(found.get(party, max(at, made[number])), max(at, made[number]))
    return found


def _of_approvals(kept: Kept) -> Iterator[Event]:
    """Their ids come after that of the version, which is approved no earlier than it is made."""
    wanted = set(parties(kept))
    for version in kept.versions:
        given, name = approved(kept, version.number), _version(kept, version.number)
        for party, at in given.items():
            yield Event("approved", at, f"{name}#~approved-{party}", sender=party)
        if wanted and wanted <= given.keys():
            yield Event("all-approved", max(given[party] for party in wanted), f"{name}#~~all-approved")


def _version(kept: Kept, number: int) -> str:
    return f"{kept.place}/_history/{number}"


def _targets(provenance: Json) -> set[str]:
    found = (parse_reference(it.get("reference", "")) for it in provenance["target"])
    return {f"{it.type}/{it.id}/_history/{it.version}" for it in found if it is not None}


def attesters(provenance: Json) -> Iterator[str]:
    """Who approved, by where they stand."""
    for agent in provenance["agent"]:
        if any(it.get("code") == "attester" for it in agent.get("type", {}).get("coding", ())):
            yield place_in(agent["who"])
