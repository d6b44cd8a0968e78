"""Where the person is on a day of the stay, and what open care has said of its efforts by then."""

from datetime import date, timedelta

from fhir_server.process.clock import days_between, end_of, start_of
from fhir_server.process.discharge.course import Course
from fhir_server.process.event import Moment
from fhir_server.process.policy import Policy
from fhir_server.process.workday import is_workday, workdays_after

AVAILABLE = "available"
"""The one of CodeSystem/open-care-readiness that permits liability."""


def ended(course: Course) -> Moment | None:
    """When the stay ended, by discharge or by death."""
    return min((one for one in (course.discharged, course.died) if one is not None), default=None)


def counted_after(day: date, days: int, policy: Policy) -> date:
    """The date so many days after another, as the policy counts days."""
    return workdays_after(day, days) if policy.counted == "workdays" else day + timedelta(days=days)


def is_paused(course: Course, day: date, until: Moment, policy: Policy) -> bool:
    """Whether the person is on leave at a day's end, or at the moment that is looked at if that comes sooner, and the policy lets
    such a day go.
    """
    at = min(end_of(day, policy.zone), until)
    return policy.leave == "pauses" and any(out <= at and (back is None or at < back) for out, back in course.leaves)


def is_open_care_ready(course: Course, day: date, until: Moment, policy: Policy) -> bool:
    """Whether open care's efforts were available the whole day, or as much of it as there was until a moment. What nobody has
    said is not clarified (5 kap. 5 §).
    """
    begins, ends = start_of(day, policy.zone), min(end_of(day, policy.zone), until)
    before = [said for at, said in course.readiness if at <= begins]
    within = [said for at, said in course.readiness if begins < at <= ends]
    return before[-1:] == [AVAILABLE] and all(said == AVAILABLE for said in within)


def days_waited(course: Course, first: date, last: date, policy: Policy) -> int:
    """The days from one to another as the policy counts them, the first not among them; those after a night on leave are left out
    where leave pauses.
    """
    nights = days_between(first, last)
    return sum(
        (policy.counted == "calendar" or is_workday(night + timedelta(days=1)))
        and not is_paused(course, night, end_of(night, policy.zone), policy)
        for night in nights
    )
