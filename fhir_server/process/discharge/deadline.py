"""What is due in a case: by whom, until when, whether it is done, and whether it is late.

How long there is, who is to do it and by which paragraph is the workflow's to say; what each deadline begins with, and how it is done,
stands here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.process.clock import Term
from fhir_server.process.discharge.course import Course
from fhir_server.process.due import Due
from fhir_server.process.event import Moment
from fhir_server.process.workflow import Workflow

NOTICE, CONTACT, CALL, HOMECOMING = "inskrivning", "fast-vardkontakt", "kallelse-sip", "hemgang"
Terms = Mapping[str, Term]
"""How long there is for a message, by its code."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of deadline: from when it runs (None: it does not), and when it is done."""

    code: str
    begins: Callable[[Course], Moment | None]
    done: Callable[[Course], Moment | None]


def is_to_be_called(course: Course) -> bool:
    """Whether there is to be a SIP, as somebody has said, or as a call without a no says."""
    return course.planned is True or (course.planned is None and bool(course.calls))


def call_of(course: Course) -> Moment | None:
    """When the first of the calls in force was sent."""
    return min(course.calls, default=None)


_KINDS = (
    _Kind(NOTICE, lambda case: case.assessed, lambda case: case.notified),
    _Kind(CONTACT, lambda case: case.notified, lambda case: case.contact),
    _Kind(CALL, lambda case: case.ready if is_to_be_called(case) else None, call_of),
    _Kind(HOMECOMING, lambda case: case.discharged, lambda case: case.informed),
)


def deadlines(course: Course, workflow: Workflow, zone: tzinfo = STOCKHOLM) -> tuple[Due, ...]:
    """What is due, done or not, in the order of the process. Nothing is due any more to who has died; KeyError where the workflow has
    no term for it.
    """
    return tuple(_due(course, workflow, zone))


def _due(course: Course, workflow: Workflow, zone: tzinfo) -> Iterator[Due]:
    terms = workflow.terms
    for kind in _KINDS:
        begins, done = kind.begins(course), kind.done(course)
        if begins is None or (course.died is not None and done is None):
            continue
        until = course.discharged if kind.code == CONTACT else terms[kind.code].end(begins, zone)
        action = workflow.actions[kind.code]
        yield Due(kind.code, ", ".join(sorted(action.senders)), begins, until, done, action.source)
