"""The worklists as their code system has them. Which Tasks are in a list of Tasks is data; what the others hold is Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.definitions import BadDefinition, by_canonical
from fhir_server.process.definition import SYSTEM

WORKLIST = f"{SYSTEM}worklist"
NOTICES, DUE, CALLS, UNTAKEN = "new-notices", "due-today", "calls", "untaken"
FOLLOW_UPS, INPATIENTS, HOMECOMINGS, STATES = "follow-up", "inpatients", "homecomings", "states"
WORKED_OUT = frozenset({NOTICES, FOLLOW_UPS, INPATIENTS, HOMECOMINGS, STATES})
"""The lists that hold no Tasks."""
NAMED = WORKED_OUT | {DUE, CALLS, UNTAKEN}
"""The lists that Python speaks of."""
UNIT, PERSON, STAFF = "unit", "person", "staff"
OPEN = ("requested", "received", "accepted", "ready", "in-progress", "on-hold")
"""The statuses of a Task that somebody is to do. https://hl7.org/fhir/R4/valueset-task-status.html"""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Worklist:
    """A list by its code. Of Tasks it holds those of the code `task` (empty: any), of the `statuses`, and of an `owner`: the UNIT
    itself, the PERSON who asks, or the unit and its STAFF.
    """

    code: str
    task: str = ""
    statuses: frozenset[str] = frozenset(OPEN)
    owner: str = STAFF

    @property
    def holds_tasks(self) -> bool:
        """Whether there are Tasks in it."""
        return self.code not in WORKED_OUT


@cache
def load_worklists() -> Mapping[str, Worklist]:
    """The lists by their codes, in their order, read once. BadDefinition."""
    return worklists_of(by_canonical()[WORKLIST])


def worklists_of(system: Json) -> Mapping[str, Worklist]:
    """Those of a code system. BadDefinition where one is missing that Python speaks of, or one says what nobody reads."""
    found = {one["code"]: _worklist(one) for one in system["concept"]}
    if missing := sorted(NAMED - found.keys()):
        raise BadDefinition(f"there is no list {', '.join(missing)}")
    return MappingProxyType(found)


def _worklist(concept: Json) -> Worklist:
    told: dict[str, list[str]] = {}
    for one in concept.get("property", ()):
        told.setdefault(one["code"], []).append(one.get("valueCode", ""))
    code = concept["code"]
    if told and code in WORKED_OUT:
        raise BadDefinition(f"{code} holds no Tasks: its properties are not read")
    task, owner = _only(code, told.pop("task", [""])), _only(code, told.pop("owner", [STAFF]))
    statuses = frozenset(told.pop("status", OPEN))
    if told or owner not in {UNIT, PERSON, STAFF} or not statuses.issubset(OPEN):
        raise BadDefinition(f"{code} has a property, an owner or a status that is not read")
    return Worklist(code, task, statuses, owner)


def _only(code: str, values: Iterable[str]) -> str:
    first, *others = values
    if others:
        raise BadDefinition(f"{code} says twice what is said once")
    return first
