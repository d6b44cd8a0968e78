"""What becomes of an action of a SIP, and of a handover: each step is judged by the table of who may take it, whichever way the
write came, and the team follows in the same Commit.

An action is a Task with the code `fulfill`, or `call-sip`, that is based on a SIP; a handover one with the code `handover`, a report that
is asked for one with `report-status`. Their plans and teams are
read under the system grant `process`: whose it is does not hang on what its writer may see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from msgspec.structs import replace

from fhir_server.access.moves import ACTION, HANDOVER, OWNER, REPORT, REQUESTER, load_moves
from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Forbidden
from fhir_server.interactions.afterwards import Afterwards, as_read
from fhir_server.interactions.call import Call, Proposal, Server
from fhir_server.interactions.parties import is_within, place_at, sides_of
from fhir_server.interactions.pointing import replaced_by
from fhir_server.interactions.stays import Json, all_naming, read_at
from fhir_server.interactions.teams import Following
from fhir_server.process.discharge.report import is_report
from fhir_server.process.sip.handover import is_handover
from fhir_server.process.sip.team import coordinators, is_call, is_sip, may_be_action
from fhir_server.storage.store import Delete, Grant, Matches, Put

ASKING = ("author", "careTeam")
"""What of a plan says who asks for its actions."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a change makes of an action, or of a handover (its `kind`): as it was and as it would be (None: it is not there, or was none),
    and the plans that it is of, or where it was none would be, by their places; `conditions` that it is still so.
    """

    kind: str
    place: str
    before: Json | None
    after: Json | None
    plans: Mapping[str, Json]
    conditions: tuple[Matches, ...]


async def with_team(proposal: Proposal, afterwards: Afterwards, call: Call, grant: Grant, server: Server) -> Proposal:
    """The proposal with what follows from it for the teams of the plans, after its own changes. Conflict for a step that nobody can
    take, Forbidden for one that is another party's, Invalid for one that does not say why.
    """
    for change in proposal.changes:
        if isinstance(change, Put) and change.type == "CarePlan" and change.present:
            await _refuse_usurped(f"CarePlan/{change.id}", afterwards, call, server)
    tasks = [one for one in proposal.changes if isinstance(one, (Put, Delete)) and one.type == "Task"]
    if not tasks:
        return proposal
    following = Following(afterwards, server)
    conditions = list(proposal.conditions)
    for change in tasks:
        step = await _step(change, afterwards, call, grant, server)
        if step is not None:
            await _refuse_misstep(step, afterwards, call, server)
            await _follow(step, following, call)
            conditions += step.conditions
    changes, looked_at = following.over(proposal.changes)
    return replace(proposal, changes=changes, conditions=(*conditions, *looked_at))


async def _follow(step: Step, following: Following, call: Call) -> None:
    """Lets the teams follow a step. Conflict for a handover of what who leaves does not hold now."""
    if step.kind == ACTION:
        await following.take(step.place, step.before, step.after, step.plans, call)
    elif step.kind == HANDOVER and step.after is not None:
        if step.before is None:
            await following.refuse_unheld(step.after, step.plans, call.caller.standing.provider)
        elif _says_yes(step.before, step.after):
            await following.hand_over(step.after, step.plans, call)


def _says_yes(before: Json, after: Json) -> bool:
    return bool(before["status"] != after["status"] == "accepted")


async def _step(change: Put | Delete, afterwards: Afterwards, call: Call, grant: Grant, server: Server) -> Step | None:
    """What is to be judged; None for what is no action, for what a system makes as it likes, and for what the store will refuse, since
    its caller does not reach it, or it was made of another version. A citizen moves no tasks but actions, whatever plan they are of;
    which are made for one, the rules say.
    """
    place, is_new = f"Task/{change.id}", isinstance(change, Put) and not change.present
    only_actions = call.caller.standing.kind == "citizen" and not is_new
    found = None if is_new else await replaced_by(change, grant, server)
    if found is None and (call.caller.free or not is_new):
        return None
    stored: Json | None = None if found is None else decode(found.text)
    made = afterwards.made(place)
    was, becomes = await _nature(stored, afterwards, server), await _nature(made, afterwards, server)
    kind, plans = was or becomes or (ACTION if only_actions else "", {})
    if not kind or (stored is not None and _is_other(stored, change)):
        return None
    conditions = (as_read("Task", stored),) if stored is not None and change.version is None else ()
    return Step(kind, place, stored if was or only_actions else None, made, plans, conditions)


def _is_other(stored: Json, change: Put | Delete) -> bool:
    return change.version not in {None, int(stored["meta"]["versionId"])}


async def _nature(task: Json | None, afterwards: Afterwards, server: Server) -> tuple[str, dict[str, Json]] | None:
    """Whose table a Task is judged by, and the plans that it is of; None where by none."""
    if plans := await _plans(task, afterwards, server):
        return ACTION, plans
    if task is not None and is_handover(task):
        return HANDOVER, await _handed(place_at(task.get("focus"), server), afterwards, server)
    return (REPORT, {}) if task is not None and is_report(task) else None


async def _handed(focus: str, afterwards: Afterwards, server: Server) -> dict[str, Json]:
    """The SIPs that have the team which stands at a place, or a team of the plan that stands there; that plan too."""
    plan = await afterwards.known(focus) if focus.startswith("CarePlan/") else None
    teams = [focus] if plan is None else [place_at(one, server) for one in plan.get("careTeam", ())]
    named = [one for one in teams if one.startswith("CareTeam/")]
    plans = {f"CarePlan/{one['id']}": one for one in await all_naming("CarePlan", "care-team", named, server)}
    plans |= {focus: plan} if plan is not None else {}
    return {place: one for place, one in plans.items() if is_sip(one)}


async def _plans(task: Json | None, afterwards: Afterwards, server: Server) -> dict[str, Json]:
    """The SIPs that a Task is an action of, as they are: nobody becomes a party by what is written along with a step."""
    based = task["basedOn"] if task is not None and may_be_action(task) else []
    places = [place for one in based if (place := place_at(one, server)).startswith("CarePlan/")]
    found = [(place, await afterwards.known(place)) for place in places]
    return {place: plan for place, plan in found if plan is not None and is_sip(plan)}


async def _refuse_misstep(step: Step, afterwards: Afterwards, call: Call, server: Server) -> None:
    moves = load_moves(step.kind)
    if call.caller.free:
        if step.after is not None:
            moves.refuse_move(step.before, step.after, None)
        return
    sides = await _sides(step, afterwards, call, server)
    if step.before is not None and not sides:
        raise Forbidden.because(f"{step.kind}-no-party", "Task", allowed=moves.allowed(step.before["status"]))
    moves.refuse_move(step.before, step.after, sides)
    if step.before is not None and step.after is not None:
        moves.refuse_content(step.before, step.after, sides)
        await _refuse_carried_off(step.kind, step.before, step.after, call, server)


async def _sides(step: Step, afterwards: Afterwards, call: Call, server: Server) -> frozenset[str]:
    """The sides that the caller is on, by the action as it was; who makes a plan asks for what is in it. A plan that was asked for is the
    asked unit's own: it says yes or no, and does not ask along.
    """
    action = step.before or step.after or {}
    plans = () if is_call(action) else step.plans.values()
    asking = [await _asking(plan, afterwards, server) for plan in plans]
    if step.kind == HANDOVER:
        return await sides_of(call.caller.standing, action, step.after, _of_all(asking, server), server)
    sides = await sides_of(call.caller.standing, action, step.after, chain(*asking), server)
    new = [place for place in step.plans if afterwards.writes(place) and await read_at(place, server) is None]
    return sides | {REQUESTER} if new else sides


def _of_all(asking: Sequence[Sequence[Any]], server: Server) -> list[Any]:
    """The references that stand in each: nobody comes to a team by making a plan of the own that has it too."""
    places = [{place_at(one, server) for one in some} - {""} for some in asking]
    common = places[0].intersection(*places[1:]) if places else set()
    return [{"reference": place} for place in sorted(common)]


async def _asking(plan: Json, afterwards: Afterwards, server: Server) -> list[Any]:
    """The references to those who ask for the actions of a plan: its author, and the coordinators of its teams."""
    asking = [plan["author"]] if "author" in plan else []
    for reference in plan.get("careTeam", ()):
        asking += coordinators(await afterwards.known(place_at(reference, server)) or {})
    return asking


async def _refuse_usurped(place: str, afterwards: Afterwards, call: Call, server: Server) -> None:
    """Raises Forbidden where somebody else than those who ask for the actions of a SIP would change who they are: nobody comes to that
    side by writing so in the plan.
    """
    if call.caller.free:
        return
    plan, made = await read_at(place, server), afterwards.made(place) or {}
    if plan is None or not is_sip(plan) or all(plan.get(one) == made.get(one) for one in ASKING):
        return
    asking = await _asking(plan, afterwards, server)
    if asking and REQUESTER not in await sides_of(call.caller.standing, {}, None, asking, server):
        raise Forbidden.because("plan-not-yours", "CarePlan")


async def _refuse_carried_off(kind: str, before: Json, after: Json, call: Call, server: Server) -> None:
    """Raises Forbidden where who is asked hands it to somebody for whom its care provider does not answer."""
    if before.get("owner") == after.get("owner") or load_moves(kind).writers("owner", before["status"]) != {OWNER}:
        return
    if not await is_within(place_at(after.get("owner"), server), call.caller.standing.provider, server):
        raise Forbidden.because(f"{kind}-delegated", "Task.owner")
