"""Meetings → the calls that a unit has not answered, and the follow-ups of plans."""

from collections.abc import Iterable, Iterator

from fhir_server.process.event import Moment
from fhir_server.process.worklist.row import Json, Row, Whose, begins, ends

AHEAD = ("proposed", "pending", "booked", "waitlist")
"""The statuses of a meeting that has not been held. https://hl7.org/fhir/R4/valueset-appointmentstatus.html"""
UNANSWERED = "needs-action"


def unanswered(meetings: Iterable[Json], whose: Whose, at: Moment) -> Iterator[Row]:
    """The meetings ahead to which the unit, by a member of its staff or a service, has given no answer."""
    for meeting in meetings:
        over = ends(meeting.get("end") or meeting.get("start"))
        if (over is None or over >= at) and any(_waits(one, whose) for one in meeting["participant"]):
            yield Row(
                reference=f"Appointment/{meeting['id']}",
                person=_person(meeting, whose),
                text=meeting.get("description", ""),
                since=begins(meeting.get("created")),
                until=begins(meeting.get("start")),
            )


def _waits(participant: Json, whose: Whose) -> bool:
    return participant["status"] == UNANSWERED and whose.names(participant.get("actor", {})) in whose.places


def _person(meeting: Json, whose: Whose) -> Json:
    actors = (one.get("actor", {}) for one in meeting["participant"])
    return next((one for one in actors if whose.names(one).startswith("Patient/")), {})


def follow_ups(plans: Iterable[Json], meetings: Iterable[Json], whose: Whose, at: Moment) -> Iterator[Row]:
    """A row for each plan, by the first of the meetings among its activities; late where that should have been held."""
    starts = {f"Appointment/{it['id']}": begins(it.get("start")) for it in meetings}
    for plan in plans:
        own = (starts.get(place) for place in activities(plan, whose))
        first = min((it for it in own if it is not None), default=None)
        if first is not None:
            yield Row(
                reference=f"CarePlan/{plan['id']}",
                person=plan.get("subject", {}),
                text=plan.get("title", ""),
                since=begins(plan.get("created")),
                until=first,
                late=first < at,
            )


def activities(plan: Json, whose: Whose) -> Iterator[str]:
    """The places of a plan's activities."""
    return (whose.names(it.get("reference", {})) for it in plan.get("activity", ()))
