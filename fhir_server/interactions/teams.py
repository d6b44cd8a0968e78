"""The teams of SIPs follow from their actions: who takes one on joins the team, who has none left leaves it, in the Commit that
says so.

Nothing is followed but a step of an action that is there: what a system loads comes with the team that it had.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from fhir_server.access.moves import TAKEN
from fhir_server.access.relation import relations
from fhir_server.fhir.instant import instant
from fhir_server.interactions.afterwards import Afterwards, as_read
from fhir_server.interactions.call import Server
from fhir_server.interactions.draft import draft
from fhir_server.interactions.parties import place_at
from fhir_server.interactions.stays import Json, all_found, naming, unchanged
from fhir_server.process.sip.team import is_open_team, joined, left, may_be_action, takes_part
from fhir_server.search.query import Criterion, Everything, Query, every
from fhir_server.storage.store import Change, Matches, Put

MEMBERS = ("Practitioner/", "PractitionerRole/", "Organization/", "RelatedPerson/")
"""Who may be a member: the person is the subject of the team."""


@dataclass(slots=True)
class _Team:
    """A team as it was read, and as it is to be."""

    before: Json
    after: Json


class Following:
    """What becomes of the teams, step by step."""

    def __init__(self, afterwards: Afterwards, server: Server) -> None:
        self._afterwards, self._server = afterwards, server
        self._teams: dict[str, _Team] = {}
        self._conditions: list[Matches] = []

    async def take(self, place: str, before: Json | None, after: Json | None, plans: Mapping[str, Json]) -> None:
        """Follows a step of the action at a place, for each of its plans (by their places)."""
        had, has = self._holder(before), self._holder(after)
        if before is None or had == has:
            return
        for at, plan in plans.items():
            team = await self._team_of(plan)
            if team is not None and has and after is not None:
                self._join(team, after["owner"], has, place)
            if team is not None and had and not await self._holds_another(had, at):
                team.after = left(team.after, self._is(had), self._now)

    def _is(self, holder: str) -> Callable[[Json], bool]:
        return lambda member: place_at(member, self._server) == holder

    def over(self, changes: Sequence[Change]) -> tuple[tuple[Change, ...], tuple[Matches, ...]]:
        """The changes of the Commit with those of the teams, and that all stands as it was looked at: of a team that is changed too, so that
        of two steps that were thought through at once the one meets the other.
        """
        moved = {place: team for place, team in self._teams.items() if team.after != team.before}
        own = [self._over(one, moved.get(f"{one.type}/{one.id}")) for one in changes]
        more = [self._put(team) for place, team in moved.items() if not self._afterwards.writes(place)]
        stored = [team.before for place, team in self._teams.items() if not self._afterwards.writes(place)]
        return (*own, *more), (*self._conditions, *(as_read("CareTeam", team) for team in stored))

    @property
    def _now(self) -> str:
        return instant(self._server.clock())

    def _holder(self, action: Json | None) -> str:
        """Where who has taken an action on stands; "" where nobody has, or nobody who could be a member."""
        if action is None or action["status"] not in TAKEN:
            return ""
        owner = place_at(action.get("owner"), self._server)
        return owner if owner.startswith(MEMBERS) else ""

    async def _team_of(self, plan: Json) -> _Team | None:
        """The first team of a plan that is one of a SIP, and open."""
        for reference in plan.get("careTeam", ()):
            place = place_at(reference, self._server)
            if place in self._teams:
                return self._teams[place]
            team = await self._afterwards.at(place)
            if team is not None and is_open_team(team):
                return self._teams.setdefault(place, _Team(team, team))
        return None

    def _join(self, team: _Team, member: Json, holder: str, action: str) -> None:
        members = (one for one in team.after.get("participant", ()) if takes_part(one))
        if not any(place_at(one.get("member"), self._server) == holder for one in members):
            team.after = joined(team.after, member, holder.partition("/")[0], action, self._now)

    async def _holds_another(self, holder: str, plan: str) -> bool:
        """Whether somebody will have taken on another action of the plan; that it is so must still hold when this is written."""
        query = Query("Task", self._of(holder, plan))
        found = await all_found(query, self._server)
        self._conditions.append(unchanged(query, found))
        places = {f"Task/{one.id}" for one in found}.union(self._afterwards.places("Task"))
        return any([self._is_of(await self._afterwards.at(place), holder, plan) for place in sorted(places)])

    def _of(self, holder: str, plan: str) -> Criterion:
        return every(
            naming("Task", "based-on", plan, self._server).where, naming("Task", "owner", holder, self._server).where
        )

    def _is_of(self, task: Json | None, holder: str, plan: str) -> bool:
        based = task["basedOn"] if task is not None and may_be_action(task) else []
        return self._holder(task) == holder and plan in {place_at(one, self._server) for one in based}

    def _over(self, change: Change, team: _Team | None) -> Change:
        if team is None or not isinstance(change, Put):
            return change
        made = self._put(team)
        return replace(change, draft=made.draft, index=made.index, relations=made.relations)

    def _put(self, team: _Team) -> Put:
        """The change that the server itself makes of a team, whatever its caller may write."""
        resource, id, content = team.after, team.after["id"], self._server.content
        index = content.extractor.index(resource)
        patients = content.anchors.of("CareTeam", id, index)
        related = relations(resource, id, patients, self._server.base)
        version = int(resource["meta"]["versionId"])
        made = draft(resource, id)
        return Put(
            "CareTeam",
            id,
            made,
            index,
            patients,
            related,
            absent=False,
            version=version,
            rereads=True,
            reach=Everything(),
        )
