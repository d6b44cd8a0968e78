"""Notices of admission → those that a unit has not received."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_server.fhir.extension import extensions
from fhir_server.fhir.reference import own_reference
from fhir_server.process.definition import MESSAGE
from fhir_server.process.discharge.late import NAME as LATE
from fhir_server.process.event import Moment
from fhir_server.process.workflow import Workflow
from fhir_server.process.worklist.cases import Case
from fhir_server.process.worklist.row import Json, Row, Whose, begins, ends

WAITING = frozenset({"draft", "requested", "received", "ready", "on-hold"})
"""The statuses of an acknowledgement that nobody has taken, and nobody has turned down."""


def notices_of(workflow: Workflow) -> tuple[str, ...]:
    """The codes of the messages that planning begins with (2 kap. 6 §)."""
    return tuple(one.code for one in workflow.actions.values() if one.is_message and "notified" in one.clocks)


def not_received(
    notices: Iterable[Json], acknowledgements: Iterable[Json], cases: Iterable[Case], whose: Whose, at: Moment
) -> Iterator[Row]:
    """The notices that the unit has not received: as its own acknowledgement of each says, and where it has none as the message
    does. Not what was taken back, nor what belongs to a case that is over or a stay that has ended.
    """
    tasks = _by_message(acknowledgements, whose)
    of_case = {id: case for case in cases for id in case.happened}
    for notice in notices:
        place, sent = own_reference(notice), begins(notice.get("sent"))
        if (sent is not None and sent > at) or _is_past(place, of_case.get(place)):
            continue
        own = tasks.get(place, [])
        if any(it["status"] in WAITING for it in own) if own else "received" not in notice:
            yield _row(notice, own, sent, at)


def _by_message(tasks: Iterable[Json], whose: Whose) -> Mapping[str, list[Json]]:
    """The unit's own, by the place of what each is about."""
    found: dict[str, list[Json]] = {}
    for task in tasks:
        if whose.names(task.get("owner", {})) in whose.places:
            found.setdefault(whose.names(task.get("focus", {})), []).append(task)
    return found


def _is_past(place: str, case: Case | None) -> bool:
    return case is not None and (place in case.gone or case.over or case.course.discharged is not None)


def _row(notice: Json, tasks: Iterable[Json], sent: Moment | None, at: Moment) -> Row:
    until = min((end for it in tasks if (end := ends(_deadline(it))) is not None), default=None)
    codings = (it for concept in notice.get("category", ()) for it in concept.get("coding", ()))
    what = next(((MESSAGE, it["code"]) for it in codings if it.get("system") == MESSAGE and "code" in it), None)
    late = until is not None and until < at
    told_late = bool(extensions(notice, LATE))
    return Row(own_reference(notice), notice.get("subject", {}), what, "", sent, until, late, registered_late=told_late)


def _deadline(task: Json) -> Any:
    return task.get("restriction", {}).get("period", {}).get("end")
