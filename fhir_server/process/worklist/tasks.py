"""Tasks → the rows of the lists that hold Tasks."""

from collections.abc import Iterable, Iterator

from fhir_server.process.clock import day_of, end_of
from fhir_server.process.event import Moment
from fhir_server.process.worklist.definition import PERSON, UNIT, Worklist
from fhir_server.process.worklist.row import Json, Row, Whose, begins, ends

PEOPLE = ("Practitioner/", "PractitionerRole/")


def tasks_of(kind: Worklist, tasks: Iterable[Json], whose: Whose, at: Moment) -> Iterator[Row]:
    """The rows of a list, out of Tasks that are valid R4."""
    owners = owners_of(kind, whose)
    for task in tasks:
        fitting = task["status"] in kind.statuses and (not kind.task or _code(task)[1] == kind.task)
        if fitting and whose.names(task.get("owner", {})) in owners:
            yield _row(task, whose, at)


def due_today(rows: Iterable[Row], at: Moment) -> Iterator[Row]:
    """Those whose time ends by the end of the day."""
    tonight = end_of(day_of(at))
    return (row for row in rows if row.until is not None and row.until <= tonight)


def owners_of(kind: Worklist, whose: Whose) -> frozenset[str]:
    """The places of those whose Tasks are in a list."""
    if kind.owner == PERSON:
        return whose.person
    return frozenset({whose.unit}) if kind.owner == UNIT else whose.places


def _row(task: Json, whose: Whose, at: Moment) -> Row:
    owner = task.get("owner", {})
    system, code = _code(task)
    until = ends(task.get("restriction", {}).get("period", {}).get("end"))
    return Row(
        reference=f"Task/{task['id']}",
        person=task.get("for", {}),
        what=(system, code) if code else None,
        text=task.get("description", ""),
        since=begins(task.get("authoredOn")),
        until=until,
        late=until is not None and until < at,
        taken=owner if whose.names(owner).startswith(PEOPLE) else None,
    )


def _code(task: Json) -> tuple[str, str]:
    first: Json = next(iter(task.get("code", {}).get("coding", ())), {})
    return first.get("system", ""), first.get("code", "")
