"""What must have happened before a municipality can be liable, and from which day at the soonest (5 kap. 3 § lagen (2017:612))."""

from dataclasses import dataclass
from datetime import date

from fhir_server.process.clock import day_of
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.deadline import CALL, NOTICE, Terms, call_of, is_to_be_called
from fhir_server.process.discharge.reasoning import Line, by_law, by_policy, clock_time
from fhir_server.process.event import Moment
from fhir_server.process.policy import Policy


@dataclass(frozen=True, slots=True)
class Footing:
    """Whether all of it has happened; `no_sooner` is the first day that a late call leaves."""

    met: bool
    lines: tuple[Line, ...]
    no_sooner: date = date.min


def footing(course: Course, policy: Policy, now: Moment, terms: Terms) -> Footing:
    """What liability rests on, as things stand at a moment; the first that is missing ends it."""
    steps = (_noticed(course, policy, terms), _ready(course), _called(course, policy, now, terms))
    lines: tuple[Line, ...] = ()
    for step in steps:
        lines += step.lines
        if not step.met:
            return Footing(met=False, lines=lines)
    return Footing(met=True, lines=lines, no_sooner=steps[-1].no_sooner)


def _met(one: Line, no_sooner: date = date.min) -> Footing:
    return Footing(met=True, lines=(one,), no_sooner=no_sooner)


def _missing(one: Line) -> Footing:
    return Footing(met=False, lines=(one,))


def _noticed(course: Course, policy: Policy, terms: Terms) -> Footing:
    """5:3 p. 1: an admission notice as 2:1 to 2:3 order it, and before the discharge-ready notice."""
    if course.notified is None:
        return _missing(by_law("liability-unnoticed", 5, 3))
    when = clock_time(course.notified, policy)
    if course.ready is not None and course.notified > course.ready:
        return _missing(by_law("liability-noticed-after", 5, 3, when=when))
    until = None if course.assessed is None else terms[NOTICE].end(course.assessed, policy.zone)
    if until is None or course.notified <= until:
        return _met(by_law("liability-noticed", 5, 3, when=when))
    said = {"when": when, "until": clock_time(until, policy)}
    if policy.late_notice == "strict":
        return _missing(by_policy("liability-noticed-late-strict", "late-notice", policy, **said))
    return _met(by_policy("liability-noticed-late", "late-notice", policy, **said))


def _ready(course: Course) -> Footing:
    """5:3 p. 2: a discharge-ready notice that has not been withdrawn. What its time leads to is told with the first liable day."""
    if course.ready is None:
        return _missing(by_law("liability-not-ready", 5, 3))
    return Footing(met=True, lines=())


def _called(course: Course, policy: Policy, now: Moment, terms: Terms) -> Footing:
    """5:3 p. 3: where there is to be a SIP, the call, as 4:3 orders it."""
    if course.ready is None or not is_to_be_called(course):
        return _met(by_law("liability-no-sip" if course.planned is False else "liability-sip-unsaid", 5, 3))
    called, until = call_of(course), terms[CALL].end(course.ready, policy.zone)
    last = clock_time(until, policy)
    if called is None:
        return _missing(by_law("liability-waits-for-call" if now <= until else "liability-uncalled", 5, 3, until=last))
    when = clock_time(called, policy)
    if called <= until:
        return _met(by_law("liability-called", 5, 3, when=when, until=last))
    if policy.late_call == "strict":
        return _missing(by_policy("liability-called-late", "late-call", policy, when=when, until=last))
    one = by_policy("liability-from-call", "late-call", policy, when=when, until=last)
    return _met(one, day_of(called, policy.zone))
