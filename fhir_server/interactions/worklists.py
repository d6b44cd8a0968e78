"""A unit's worklists, read out of the store: what is shown is found within the caller's Grant, and masked as in a search; where a
case stands is computed from all of it, under the system grant `process`.

So many questions are asked however many cases there are, but for their pages.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from fhir_server.fhir.codec import decode
from fhir_server.interactions.call import Call, Server, Shown
from fhir_server.interactions.pointing import place_of
from fhir_server.interactions.queries import having, naming, person_of
from fhir_server.interactions.shown import shown
from fhir_server.interactions.stays import MOST_NAMED, Json, all_found, batched, look_up_several
from fhir_server.interactions.unit import services_of, staff_of
from fhir_server.process.clock import end_of
from fhir_server.process.definition import MESSAGE, TASK, load_workflow
from fhir_server.process.discharge.read import ACKNOWLEDGE
from fhir_server.process.telling import PLAN_TYPES, UNSENT
from fhir_server.process.worklist.cases import (
    Case,
    by_day,
    by_state,
    case_at,
    days_ahead,
    due_in,
    homecomings_in,
    inpatients_in,
)
from fhir_server.process.worklist.definition import (
    CALLS,
    DUE,
    FOLLOW_UPS,
    HOMECOMINGS,
    INPATIENTS,
    NOTICES,
    STATES,
    Worklist,
)
from fhir_server.process.worklist.meetings import AHEAD, activities, follow_ups, unanswered
from fhir_server.process.worklist.messages import not_received, notices_of
from fhir_server.process.worklist.row import Row, Whose, in_order
from fhir_server.process.worklist.tasks import due_today, owners_of, tasks_of
from fhir_server.search.query import Criterion, Identity, Linked, Query, Span, Token, Without, every, some
from fhir_server.storage.store import Grant

SIP = "SIP"
OPEN_CASES = ("planned", "waitlist", "active", "onhold")
OF_CASES = frozenset({NOTICES, DUE, INPATIENTS, HOMECOMINGS, STATES})
"""The lists that cases are read for."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A list with all its rows, in their order; `states` and `days` count cases and homecomings."""

    kind: Worklist
    rows: Sequence[Row]
    states: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[date, int] = field(default_factory=dict)


async def whose_lists(unit: str, call: Call, server: Server) -> Whose:
    """Those whose lists a unit's are (`Organization/[id]`), and who asks for them."""
    staff, services = await staff_of(unit, server), await services_of(unit, server)
    return Whose(unit, staff, services, person_of(call.caller.standing), lambda text: place_of(text, server))


class Reading:
    """One reading of a unit's lists at a moment. `seen` is what has been found and may be shown, by its place."""

    def __init__(self, whose: Whose, at: int, call: Call, grant: Grant, server: Server) -> None:
        self._whose, self._at = whose, at
        self._call, self._grant, self._server = call, grant, server
        self._workflow = load_workflow()
        self.seen: dict[str, Shown] = {}

    async def fill(self, kinds: Collection[Worklist]) -> list[Filled]:
        """These lists, whole. Unavailable."""
        codes = {kind.code for kind in kinds}
        tasks = await self._tasks([kind for kind in kinds if kind.holds_tasks])
        cases = await self._cases() if codes & OF_CASES else []
        more = {
            NOTICES: await self._notices(cases) if NOTICES in codes else [],
            CALLS: await self._unanswered() if CALLS in codes else [],
            FOLLOW_UPS: await self._follow_ups() if FOLLOW_UPS in codes else [],
        }
        return [self._filled(kind, tasks, cases, more.get(kind.code, ())) for kind in kinds]

    def _filled(self, kind: Worklist, tasks: Sequence[Json], cases: Sequence[Case], more: Iterable[Row]) -> Filled:
        if kind.code == STATES:
            return Filled(kind, [], states=by_state(cases, self._workflow))
        if kind.code == HOMECOMINGS:
            rows = in_order(homecomings_in(cases, self._at))
            return Filled(kind, rows, days=by_day(rows, self._at))
        if kind.code == INPATIENTS:
            return Filled(kind, in_order(inpatients_in(cases, self._at)))
        own = tasks_of(kind, tasks, self._whose, self._at) if kind.holds_tasks else ()
        if kind.code == DUE:
            return Filled(kind, in_order(chain(due_today(own, self._at), due_in(cases, self._at, self._workflow))))
        return Filled(kind, in_order(chain(own, more)))

    # -------------------------------------------------------------------------------------------- what is found

    async def _tasks(self, kinds: Collection[Worklist]) -> list[Json]:
        owners = frozenset().union(*(owners_of(kind, self._whose) for kind in kinds))
        statuses = frozenset().union(*(kind.statuses for kind in kinds))
        return await self._shown("Task", every(naming("owner", owners), having("status", statuses))) if owners else []

    async def _notices(self, cases: Sequence[Case]) -> list[Row]:
        """Those of stays that have not ended, as far as the caller knows."""
        ended = Linked("encounter", "Encounter", Token("status", None, "finished"))
        where = every(
            some(*(Token("category", MESSAGE, code) for code in notices_of(self._workflow))),
            naming("recipient", self._whose.places),
            Without(having("status", UNSENT)),
            Without(ended),
        )
        notices = await self._shown("Communication", where)
        acknowledged = await self._acknowledgements([f"Communication/{it['id']}" for it in notices])
        return list(not_received(notices, acknowledged, cases, self._whose, self._at))

    async def _acknowledgements(self, messages: Sequence[str]) -> list[Json]:
        """Whether the unit has received a message is told by whoever of its staff took it."""
        code = Token("code", TASK, ACKNOWLEDGE)
        queries = (Query("Task", every(code, naming("focus", some_))) for some_ in batched(messages, MOST_NAMED))
        return [decode(one.text) for query in queries for one in await all_found(query, self._server)]

    async def _cases(self) -> list[Case]:
        """The open cases that the unit, or one of its staff, is a party of."""
        party = Linked("team", "CareTeam", naming("participant", self._whose.staff | {self._whose.unit}))
        where = every(having("status", OPEN_CASES), party)
        episodes = await all_found(Query("EpisodeOfCare", where), self._server, self._grant)
        told = await shown(episodes, self._call, self._server)
        self.seen.update((f"{one.type}/{one.id}", one) for one in told)
        known = await look_up_several(episodes, self._server)
        cases = []
        for one in told:
            place = f"EpisodeOfCare/{one.id}"
            person = decode(one.text).get("patient", {})
            cases.append(case_at(place, person, known[place], self._at, self._workflow))
            await asyncio.sleep(0)  # there may be hundreds: let the reads beside it through
        return cases

    async def _unanswered(self) -> list[Row]:
        """Asked of staff and of services apart: nobody who is protected is found by a place, nor by a question that names one."""
        found: dict[str, Json] = {}
        for actors in (self._whose.staff, self._whose.services):
            if actors:
                where = every(having("status", AHEAD), naming("actor", actors))
                found.update((one["id"], one) for one in await self._shown("Appointment", where))
        return list(unanswered(found.values(), self._whose, self._at))

    async def _follow_ups(self) -> list[Row]:
        """Of the plans that the unit takes part in, or answers for."""
        end = end_of(days_ahead(self._at)[-1])
        soon = every(having("status", AHEAD), Span("date", "le", end, end))
        own = some(
            naming("participant", self._whose.staff | {self._whose.unit}),
            naming("managing-organization", [self._whose.unit]),
        )
        plans = await self._shown(
            "CarePlan",
            every(
                Token("category", PLAN_TYPES, SIP),
                Token("status", None, "active"),
                Linked("care-team", "CareTeam", own),
                Linked("activity-reference", "Appointment", soon),
            ),
        )
        ids = {place.partition("/")[2] for plan in plans for place in activities(plan, self._whose)}
        meetings = [
            one
            for some_ in batched(sorted(ids), MOST_NAMED)
            for one in await self._shown("Appointment", every(soon, Identity(frozenset(some_))))
        ]
        return list(follow_ups(plans, meetings, self._whose, self._at))

    async def _shown(self, type: str, where: Criterion) -> list[Json]:
        """What a search would show the caller."""
        found = await shown(await all_found(Query(type, where), self._server, self._grant), self._call, self._server)
        self.seen.update((f"{one.type}/{one.id}", one) for one in found)
        return [decode(one.text) for one in found]
