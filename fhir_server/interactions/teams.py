"""The teams of SIPs follow from their actions: who takes one on joins the team, who has none left leaves it, in the Commit that
says so; and from handovers: who says yes to one is what the other was. A plan that was asked for has its first team when a unit
says yes to it.

Nothing is followed but a step of an action that is there: what a system loads comes with the team that it had.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from fhir_server.access.guard import stamped
from fhir_server.access.moves import TAKEN
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Conflict, Invalid
from fhir_server.fhir.reference import own_reference
from fhir_server.interactions.afterwards import Afterwards, as_read
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.ours import own_put
from fhir_server.interactions.parties import is_within, place_at, provider_of
from fhir_server.interactions.stays import Json, all_found, naming, unchanged
from fhir_server.process.sip.handover import begun, ended, holds_contact, is_fixed_contact, succeeding
from fhir_server.process.sip.team import (
    first_team,
    is_call,
    is_open_team,
    joined,
    left,
    may_be_action,
    takes_part,
)
from fhir_server.search.query import Criterion, Query, every
from fhir_server.storage.store import Change, Matches, Put

MEMBERS = ("Practitioner/", "PractitionerRole/", "Organization/", "RelatedPerson/")
"""Who may be a member: the person is the subject of the team."""
ASKED = ("PractitionerRole/", "Organization/")
"""Who may be asked to take over; the yes names the commission."""
CALLED = TAKEN | {"completed"}
"""The statuses of a Task by which a unit has said yes to calling to a plan."""


@dataclass(slots=True)
class _Kept:
    """A team, or a plan whose team begins, as it was read, and as it is to be."""

    before: Json
    after: Json


class Following:
    """What becomes of the teams, step by step."""

    def __init__(self, afterwards: Afterwards, server: Server) -> None:
        self._afterwards, self._server = afterwards, server
        self._kept: dict[str, _Kept] = {}
        self._conditions: list[Matches] = []

    async def take(
        self, place: str, before: Json | None, after: Json | None, plans: Mapping[str, Json], call: Call
    ) -> None:
        """Follows a step of the action at a place, for each of its plans (by their places)."""
        had, has = self._holder(before), self._holder(after)
        if before is None or had == has:
            return
        for at, plan in plans.items():
            team = await self._team_of(plan)
            if has and after is not None and is_call(after) and team is None:
                team = await self._first(at, has, call)
            if team is not None and has and after is not None:
                self._join(team, after, has, place)
            if team is not None and had and await self._another(had, at) is None:
                team.after = left(team.after, self._is(had), self._now)

    async def refuse_unheld(self, task: Json, plans: Mapping[str, Json], provider: str) -> None:
        """Raises Conflict where who leaves is not the contact that a Task would hand over, or, of a case, no unit of the care provider
        takes part in it; Invalid where it could be taken over by nobody.
        """
        if not place_at(task.get("owner"), self._server).startswith(ASKED):
            raise Invalid.because("handover-whom", "Task.owner")
        if not place_at(task.get("focus"), self._server).startswith("EpisodeOfCare/"):
            await self._held(task, plans)
        elif not await self._takes_part(task, provider):
            raise Conflict.because("handover-not-held", "Task.requester")

    async def hand_over(self, task: Json, plans: Mapping[str, Json], call: Call) -> None:
        """Lets the owner of a Task be, from now on, the contact that its requester is; nothing follows for a case. Conflict where that
        is so no more, Invalid where nobody is named who could be it.
        """
        if place_at(task.get("focus"), self._server).startswith("EpisodeOfCare/"):
            return
        if not place_at(task.get("owner"), self._server).startswith("PractitionerRole/"):
            raise Invalid.because("handover-whom", "Task.owner")
        team = await self._held(task, plans)
        leaver, before, now = place_at(task.get("requester"), self._server), team.after, self._now
        contact = begun(before, self._is(leaver), task["owner"], now)
        team.after = ended(before, self._is(leaver), now)
        if is_fixed_contact(before):
            await self._successor(before, contact, call)
        else:
            team.after = {**team.after, "participant": [*team.after["participant"], contact]}
            await self._keep(leaver, task["requester"], team, plans)

    async def _held(self, task: Json, plans: Mapping[str, Json]) -> _Kept:
        """The team by which who leaves is the contact that a Task hands over."""
        leaver = place_at(task.get("requester"), self._server)
        team = await self._focused(task, plans)
        if team is None or not leaver or not holds_contact(team.after, self._is(leaver)):
            raise Conflict.because("handover-not-held", "Task.requester")
        if place_at(team.after.get("subject"), self._server) != place_at(task.get("for"), self._server):
            raise Conflict.because("handover-not-held", "Task.for")
        return team

    async def _focused(self, task: Json, plans: Mapping[str, Json]) -> _Kept | None:
        place = place_at(task.get("focus"), self._server)
        if not place.startswith("CareTeam/"):
            return await self._team_of(plans[place]) if place in plans else None
        team = await self._afterwards.at(place)
        return None if team is None else self._kept.setdefault(place, _Kept(team, team))

    async def _takes_part(self, task: Json, provider: str) -> bool:
        """Whether a unit or a commission of a care provider takes part now in the case that a Task hands over."""
        case = await self._afterwards.known(place_at(task.get("focus"), self._server)) or {}
        if place_at(case.get("patient"), self._server) != place_at(task.get("for"), self._server):
            return False
        teams = [await self._afterwards.known(place_at(one, self._server)) or {} for one in case.get("team", ())]
        members = [it.get("member") for one in teams for it in one.get("participant", ()) if takes_part(it)]
        return any([await is_within(place_at(one, self._server), provider, self._server) for one in members])

    async def _successor(self, team: Json, contact: Json, call: Call) -> _Kept:
        """The team of the fixed contact who takes over, of the same huvudman where that is theirs too."""
        made = succeeding(team, contact)
        huvudman = [
            one
            for one in team.get("managingOrganization", ())
            if await is_within(place_at(contact["member"], self._server), place_at(one, self._server), self._server)
        ]
        made = {**made, **({"managingOrganization": huvudman} if huvudman else {})}
        return self._made(made, call)

    def _made(self, team: Json, call: Call) -> _Kept:
        """A team that there was not."""
        made = team if call.caller.free else stamped(team, None, call.caller.standing)
        id = self._server.new_id("CareTeam")
        return self._kept.setdefault(f"CareTeam/{id}", _Kept({}, {"resourceType": "CareTeam", "id": id, **made}))

    async def _first(self, at: str, holder: str, call: Call) -> _Kept | None:
        """The team of a plan that has none, which names it from now on: the care provider of who calls to it answers for it. None where
        the plan goes with this Commit.
        """
        plan = await self._afterwards.at(at)
        if plan is None:
            return None
        provider = call.caller.standing.provider or await provider_of(holder, self._server)
        team = self._made(first_team(plan, provider), call)
        named = [*plan.get("careTeam", ()), {"reference": f"CareTeam/{team.after['id']}"}]
        self._kept[at] = _Kept(plan, {**plan, "careTeam": named})
        return team

    async def _keep(self, leaver: str, member: Json, team: _Kept, plans: Mapping[str, Json]) -> None:
        """Keeps who has handed a plan over on its team by the action of it that they have taken on, if there is one."""
        for plan in plans:
            if (action := await self._another(leaver, plan)) is not None:
                self._join(team, {"owner": member}, leaver, action)

    def _is(self, holder: str) -> Callable[[Json], bool]:
        return lambda member: place_at(member, self._server) == holder

    def over(self, changes: Sequence[Change]) -> tuple[tuple[Change, ...], tuple[Matches, ...]]:
        """The changes of the Commit with those of the teams, and that all stands as it was looked at: of a team that is changed too, so that
        of two steps that were thought through at once the one meets the other.
        """
        moved = {place: kept for place, kept in self._kept.items() if kept.after != kept.before}
        own = [self._over(one, moved.get(f"{one.type}/{one.id}")) for one in changes]
        beside = {place: kept for place, kept in self._kept.items() if not self._afterwards.writes(place)}
        more = [own_put(kept.after, self._server) for place, kept in beside.items() if place in moved]
        looked_at = [as_read(it.before["resourceType"], it.before) for it in beside.values() if it.before]
        return (*own, *more), (*self._conditions, *looked_at)

    @property
    def _now(self) -> str:
        return instant(self._server.clock())

    def _holder(self, action: Json | None) -> str:
        """Where who has taken an action on stands; "" where nobody has, or nobody who could be a member. Who has called to a plan goes on
        with it.
        """
        if action is None or action["status"] not in (CALLED if is_call(action) else TAKEN):
            return ""
        owner = place_at(action.get("owner"), self._server)
        return owner if owner.startswith(MEMBERS) else ""

    async def _team_of(self, plan: Json) -> _Kept | None:
        """The first team of a plan that is one of a SIP, and open."""
        kept = self._kept.get(own_reference(plan))
        for reference in (plan if kept is None else kept.after).get("careTeam", ()):
            place = place_at(reference, self._server)
            known = self._kept.get(place)
            team = await self._afterwards.at(place) if known is None else known.after
            if team is not None and is_open_team(team):
                return self._kept.setdefault(place, _Kept(team, team))
        return None

    def _join(self, team: _Kept, action: Json, holder: str, place: str) -> None:
        """Puts the owner of the action at a place on a team."""
        members = (one for one in team.after.get("participant", ()) if takes_part(one))
        if not any(place_at(one.get("member"), self._server) == holder for one in members):
            type = holder.partition("/")[0]
            team.after = joined(team.after, action["owner"], type, place, self._now, calls=is_call(action))

    async def _another(self, holder: str, plan: str) -> str | None:
        """An action of the plan that somebody will have taken on, by its place; that it is so must still hold when this is written."""
        query = Query("Task", self._of(holder, plan))
        found = await all_found(query, self._server)
        self._conditions.append(unchanged(query, found))
        places = {f"Task/{one.id}" for one in found}.union(self._afterwards.places("Task"))
        for place in sorted(places):
            if self._is_of(await self._afterwards.at(place), holder, plan):
                return place
        return None

    def _of(self, holder: str, plan: str) -> Criterion:
        return every(
            naming("Task", "based-on", plan, self._server).where, naming("Task", "owner", holder, self._server).where
        )

    def _is_of(self, task: Json | None, holder: str, plan: str) -> bool:
        based = task["basedOn"] if task is not None and may_be_action(task) else []
        return self._holder(task) == holder and plan in {place_at(one, self._server) for one in based}

    def _over(self, change: Change, team: _Kept | None) -> Change:
        if team is None or not isinstance(change, Put):
            return change
        made = own_put(team.after, self._server)
        return replace(change, draft=made.draft, index=made.index, relations=made.relations)
