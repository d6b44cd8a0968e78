"""The team of a SIP, as its actions make it: who says yes to one joins it, and who has none left leaves it.

A membership that began so names the action (the extension `began-with`); one that began otherwise is left alone. A unit that says
yes to a plan that somebody asked for is the first of its team.
"""

from collections.abc import Callable, Iterable
from typing import Any

from fhir_server.fhir.canonical import structure
from fhir_server.process.definition import TASK
from fhir_server.process.sip.split import COORDINATOR, FULFILL, SIP, SIP_TEAM, Json, role_of

BEGAN_WITH = structure("began-with")
CALL: Json = {"coding": [{"system": TASK, "code": "call-sip"}], "text": "Kalla till SIP"}
"""What the unit is asked for by which a plan is asked for."""
OPEN = frozenset({"proposed", "active", "suspended"})
"""The statuses of a team that takes members."""


def is_coded(concepts: Iterable[Json], meant: Json) -> bool:
    """Whether one of some CodeableConcepts has the coding of the one that is meant."""
    (coding,) = meant["coding"]
    wanted = coding["system"], coding["code"]
    return any((it.get("system"), it.get("code")) == wanted for one in concepts for it in one.get("coding", ()))


def may_be_action(task: Json) -> bool:
    """Whether a Task says that somebody does what a plan decided, or calls to it; an action of a SIP is one whose plan is a SIP."""
    return (is_coded([task.get("code", {})], FULFILL) or is_call(task)) and bool(task.get("basedOn"))


def is_call(task: Json) -> bool:
    """Whether a Task asks a unit to call to a plan that somebody asked for, and to go on with it from there."""
    return is_coded([task.get("code", {})], CALL)


def is_sip(plan: Json) -> bool:
    """Whether a CarePlan is a SIP, whatever its status."""
    return is_coded(plan.get("category", ()), SIP)


def is_open_team(team: Json) -> bool:
    """Whether a CareTeam is that of a SIP, and takes members."""
    return team.get("status") in OPEN and is_coded(team.get("category", ()), SIP_TEAM)


def takes_part(participant: Json) -> bool:
    """Whether nobody has said yet when a membership ends."""
    return "end" not in participant.get("period", {})


def coordinators(team: Json) -> list[Any]:
    """The references to those who coordinate the plan now."""
    return [
        one.get("member")
        for one in team.get("participant", ())
        if takes_part(one) and is_coded(one.get("role", ()), COORDINATOR)
    ]


def first_team(plan: Json, provider: str) -> Json:
    """The team of a plan that has none yet: a care provider (`Organization/[id]`) answers for it, and nobody is on it."""
    return {
        "resourceType": "CareTeam",
        "meta": {"profile": [structure("sip-team")]},
        "language": plan.get("language", "sv"),
        "status": "active",
        "category": [SIP_TEAM],
        "subject": plan["subject"],
        "managingOrganization": [{"reference": provider}],
    }


def joined(team: Json, member: Json, type: str, action: str, at: str, *, calls: bool = False) -> Json:
    """The team with a member more (a Reference to a type), by an action (`Task/[id]`) and from a moment (a dateTime) on. Who calls to the
    plan coordinates it, unless somebody does.
    """
    participant = {
        "extension": [{"url": BEGAN_WITH, "valueReference": {"reference": action}}],
        "role": [COORDINATOR if calls and not coordinators(team) else {"text": role_of(type)}],
        "member": member,
        "period": {"start": at},
    }
    return {**team, "participant": [*team.get("participant", ()), participant]}


def left(team: Json, is_theirs: Callable[[Json], bool], at: str) -> Json:
    """The team with the memberships ended that began with an action, and whose member is theirs; the same where there is none."""

    def ended(one: Json) -> Json:
        began = any(it["url"] == BEGAN_WITH for it in one.get("extension", ()))
        if not (began and takes_part(one) and is_theirs(one.get("member", {}))):
            return one
        return {**one, "period": {**one.get("period", {}), "end": at}}

    before = team.get("participant", [])
    after = [ended(one) for one in before]
    return team if after == before else {**team, "participant": after}
