"""That one who keeps a plan together, or is somebody's fixed contact, hands that on to another: what becomes of the team.

A SIP's team keeps both memberships, with their days. The team of a fixed contact has one member for good (the profile `fixed-contact`):
it ends, and another begins.
"""

from collections.abc import Callable
from typing import Any

from fhir_server.fhir.canonical import OURS
from fhir_server.process.definition import TASK
from fhir_server.process.sip.split import COORDINATOR, Json
from fhir_server.process.sip.team import OPEN, is_coded, takes_part

HANDOVER: Json = {"coding": [{"system": TASK, "code": "handover"}]}
FIXED_CONTACT: Json = {"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "fast-kontakt"}]}
CONTACTS = COORDINATOR["coding"][0]["system"]
"""Inera's kinds of fast kontakt; the coordinator is one of them."""
FOCUS = ("CareTeam/", "CarePlan/", "EpisodeOfCare/")
"""What is handed over: a fixed contact or a plan's coordination, a plan (its coordination), a case (the municipality)."""


def is_handover(task: Json) -> bool:
    """Whether a Task says that somebody takes over from another."""
    return is_coded([task.get("code", {})], HANDOVER)


def is_fixed_contact(team: Json) -> bool:
    """Whether a CareTeam is that of one fixed contact."""
    return is_coded(team.get("category", ()), FIXED_CONTACT)


def holds_contact(team: Json, is_theirs: Callable[[Any], bool]) -> bool:
    """Whether they are a contact now, by an open team."""
    return team.get("status") in OPEN and any(_holds(one, is_theirs) for one in team.get("participant", ()))


def ended(team: Json, is_theirs: Callable[[Any], bool], at: str) -> Json:
    """The team in which they are a contact until a moment (a dateTime). What else they are there goes on; the team of a fixed contact
    ends with it.
    """
    members = [it for one in team["participant"] for it in (_ended(one, at) if _holds(one, is_theirs) else [one])]
    closed = {"status": "inactive", "period": {**team.get("period", {}), "end": at}} if is_fixed_contact(team) else {}
    return {**team, "participant": members, **closed}


def begun(team: Json, is_theirs: Callable[[Any], bool], member: Json, at: str) -> Json:
    """The participant that another (a Reference) is from a moment on, as the contact that they are by the team."""
    held = (one for one in team["participant"] if _holds(one, is_theirs))
    roles = [role for one in held for role in one["role"] if _is_contact(role)]
    return {"role": roles, "member": member, "period": {"start": at}}


def succeeding(team: Json, participant: Json) -> Json:
    """The team of the fixed contact who comes after the one of this team."""
    told = ("resourceType", "language", "category", "name", "subject", "encounter", "reasonCode", "reasonReference")
    meta = {name: it for name, it in team.get("meta", {}).items() if name in ("profile", "security", "tag")}
    kept = {name: team[name] for name in told if name in team}
    return {**kept, "meta": meta, "status": "active", "period": participant["period"], "participant": [participant]}


def _holds(participant: Json, is_theirs: Callable[[Any], bool]) -> bool:
    contact = any(_is_contact(role) for role in participant.get("role", ()))
    return contact and takes_part(participant) and is_theirs(participant.get("member"))


def _is_contact(role: Json) -> bool:
    return any(it.get("system") == CONTACTS for it in role.get("coding", ()))


def _ended(participant: Json, at: str) -> list[Json]:
    """The membership as it ends, and what is left of it where it was more than a contact's."""
    contact = [role for role in participant["role"] if _is_contact(role)]
    others = [role for role in participant["role"] if not _is_contact(role)]
    over = {**participant, "role": contact, "period": {**participant.get("period", {}), "end": at}}
    return [over, {**participant, "role": others}] if others else [over]
