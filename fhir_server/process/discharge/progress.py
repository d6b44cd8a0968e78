"""Where a case stands at a moment, with all that follows: what has happened, what is due, who is liable, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from fhir_server.process.clock import day_of
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.deadline import deadlines
from fhir_server.process.discharge.fold import HomeCare, fold, home_care, what_stands
from fhir_server.process.discharge.liability import Liability, liability
from fhir_server.process.discharge.payer import Payer, Placement, payer_of
from fhir_server.process.due import Due
from fhir_server.process.event import Event, Moment
from fhir_server.process.policy import Policies, Policy
from fhir_server.process.workflow import Workflow

COMPULSORY = frozenset({"lpt-underrattelse", "compulsory-plan"})
"""What tells that care is compulsory, and so psychiatric (LPT, LRV). Nothing in a stay tells of other psychiatric care."""
YES, NO, NOT_YET = "yes", "no", "not-yet"


@dataclass(frozen=True, slots=True)
class Party:
    """A region or a municipality: where it is kept (`Organization/[id]`), its name, and its identifiers (`system|value`)."""

    place: str = ""
    name: str = ""
    identifiers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parties:
    """Between whom a case is settled: the region, the municipality where the person is registered (empty where nobody knows), and what others
    have decided, with those who did by their places.
    """

    region: Party
    registered: Party
    placements: Sequence[Placement] = ()
    placing: Mapping[str, Party] = field(default_factory=dict)

    def payer(self, on: date, policy: Policy) -> Payer:
        """Who pays for a day, and why."""
        return payer_of(self.registered.place, self.placements, on, policy)

    def at(self, place: str) -> Party:
        """The municipality at a place."""
        return self.registered if place == self.registered.place else self.placing.get(place, Party())


@dataclass(frozen=True, slots=True)
class Progress:
    """All of it at the moment `at`. `liable` is YES, NO, or NOT_YET where it may still come to that."""

    at: Moment
    events: tuple[Event, ...]
    course: Course
    due: tuple[Due, ...]
    home_care: HomeCare | None
    policy: Policy
    liability: Liability
    liable: str
    payer: Payer
    municipality: Party


def told_of(events: Iterable[Event], workflow: Workflow) -> frozenset[str]:
    """Whom the latest notice of admission that stands was sent to: references to units."""
    stand = what_stands(events, workflow)
    notices = [it for it in stand if "notified" in workflow.actions[it.code].clocks]
    return notices[-1].recipients if notices else frozenset()


def progress(
    events: tuple[Event, ...],
    now: Moment,
    parties: Parties,
    workflow: Workflow,
    policies: Policies,
) -> Progress:
    """Where the events that are known at a moment leave the case, by the rules of the day on which the notice of discharge-ready
    was sent, or of this moment where there is none: those of the region and the municipality that is liable.
    """
    course, terms = fold(events, workflow), workflow.terms
    care = "psychiatric" if any(it.code in COMPULSORY for it in what_stands(events, workflow)) else "somatic"
    ruled = now if course.ready is None else course.ready
    day = day_of(ruled, policies.statute.zone)
    liable = parties.at(parties.payer(day, policies.statute).municipality)
    policy = policies.policy_of(parties.region.identifiers, liable.identifiers, care, ruled)
    owed = liability(course, policy, now, terms)
    payer = parties.payer(owed.begins or day, policy)
    return Progress(
        now,
        events,
        course,
        deadlines(course, workflow, policy.zone),
        home_care(events, workflow),
        policy,
        owed,
        _liable(owed, course, policy, workflow),
        payer,
        parties.at(payer.municipality),
    )


def _liable(owed: Liability, course: Course, policy: Policy, workflow: Workflow) -> str:
    if owed.liable:
        return YES
    over = course.discharged is not None or course.died is not None or course.state in workflow.terminal
    return NO if over or policy.model == "average" else NOT_YET
