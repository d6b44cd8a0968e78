"""Discharge cases → who is in hospital, who comes home when, what is due, and how many cases stand where."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from fhir_server.process.clock import day_of, end_of
from fhir_server.process.definition import MESSAGE, STATE
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.deadline import deadlines
from fhir_server.process.discharge.fold import course_after
from fhir_server.process.discharge.read import events_of
from fhir_server.process.event import Moment
from fhir_server.process.replay import replayed
from fhir_server.process.standing import known_at
from fhir_server.process.workflow import Workflow
from fhir_server.process.worklist.row import Json, Row, ends

AHEAD = 14
"""So many days are looked ahead, the day itself among them."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case at a moment: its place, whom it is about (a Reference as the caller is shown it), where its events leave it, and the ids
    of its messages that have been sent and, of these, of those that were taken back or replaced (`gone`). `over`: nobody waits for anything in it.
    """

    place: str
    person: Json
    course: Course
    happened: frozenset[str]
    gone: frozenset[str]
    over: bool

    @property
    def is_inpatient(self) -> bool:
        """Whether the person is in hospital."""
        return self.course.admitted is not None and self.course.discharged is None and not self.over


def case_at(place: str, person: Json, resources: Iterable[Json], at: Moment, workflow: Workflow) -> Case:
    """The case that resources tell of, as it was at a moment."""
    events = known_at(events_of(resources, workflow), at)
    case = replayed(events, workflow)
    course = course_after(case)
    over = course.state in workflow.terminal or course.died is not None
    happened = frozenset(it.id for it in events)
    gone = frozenset(it.id for it in case.accepted) - case.stand.keys()
    return Case(place, person, course, happened, gone, over)


def due_in(cases: Iterable[Case], at: Moment, workflow: Workflow) -> Iterator[Row]:
    """The messages that are due by the end of the day."""
    tonight = end_of(day_of(at))
    for case in cases:
        for one in deadlines(case.course, workflow) if not case.over else ():
            if one.done is None and one.until is not None and one.until <= tonight:
                what = (MESSAGE, one.code)
                late = one.is_late(at)
                yield Row(case.place, case.person, what, "", one.since, one.until, late, one.by)


def inpatients_in(cases: Iterable[Case], at: Moment) -> Iterator[Row]:
    """Those who are in hospital, each with the state of the case; late where the estimated discharge is past."""
    for case in cases:
        if case.is_inpatient:
            told = case.course.estimated
            until = ends(told)
            late = until is not None and until < at
            what = (STATE, case.course.state)
            yield Row(case.place, case.person, what, "", case.course.admitted, until, late, estimated=told)


def homecomings_in(cases: Iterable[Case], at: Moment) -> Iterator[Row]:
    """Those of them who are thought to come home within the days ahead, or should have."""
    last = end_of(days_ahead(at)[-1])
    return (row for row in inpatients_in(cases, at) if row.until is not None and row.until <= last)


def by_day(rows: Iterable[Row], at: Moment) -> Mapping[date, int]:
    """How many are thought to come home on each of the days ahead."""
    found = Counter(day_of(row.until) for row in rows if row.until is not None)
    return {day: found[day] for day in days_ahead(at)}


def by_state(cases: Iterable[Case], workflow: Workflow) -> Mapping[str, int]:
    """How many cases stand in each state that one of them stands in, in the order of the states."""
    found = Counter(case.course.state for case in cases)
    return {state: found[state] for state in workflow.states if found[state]}


def days_ahead(at: Moment) -> list[date]:
    """The days that are looked ahead, the day of the moment first."""
    return [day_of(at) + timedelta(days=number) for number in range(AHEAD)]
