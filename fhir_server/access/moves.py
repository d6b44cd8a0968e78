"""Who may move an action of a SIP, a handover, or a report that is asked for, and write what in it: a table each
(`security/Parameters-action-moves.json`, `Parameters-handover-moves.json`, `Parameters-report-moves.json`).

Either is asked for by one side (`requester`) and answered by the other (`owner`). Every caller is held to the order of statuses;
a narrowed one to its side too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_server.fhir.definitions import BadDefinition, parts_of, r4, read
from fhir_server.fhir.outcome import Conflict, Forbidden, Invalid

ACTION, HANDOVER, REPORT = "action", "handover", "report"
KINDS = (ACTION, HANDOVER, REPORT)
"""What has a table: how the keys of its refusals begin."""
OWNER, REQUESTER, NOBODY = "owner", "requester", "nobody"
NEW, DELETED = "new", "deleted"
"""What an action is before it is there, and after it is gone: no statuses of FHIR's."""
TAKEN = frozenset({"accepted", "in-progress", "on-hold"})
"""Somebody has said yes, and it has not ended."""
BESIDE = frozenset({"resourceType", "id", "meta", "status"})
"""What the table of elements does not speak of: the statuses are moved, and of meta there are rules for all that is written."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """A row: from any of these statuses `to` another, `by` a side or nobody (a system alone); `demands` is the element that must
    say why, "" for none.
    """

    start: Sequence[str]
    to: str
    by: str
    demands: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Content:
    """A row: these elements are written by these sides while the action has one of the statuses `within` (none: whatever it has)."""

    elements: Sequence[str]
    by: Sequence[str]
    within: Sequence[str]
    reason: str
    source: str


class Moves:
    """The whole table of a kind of Task."""

    def __init__(self, kind: str, moves: Sequence[Move], contents: Sequence[Content]) -> None:
        self.kind, self.moves, self.contents = kind, moves, contents
        self._by_step = {(start, move.to): move for move in moves for start in move.start}

    def refuse_move(self, before: Json | None, after: Json | None, sides: Collection[str] | None) -> None:
        """Raises Conflict for a step that the table does not have, Invalid where it must say why and does not, Forbidden where it
        is not for these sides to take (None: for a system, which is free of that).
        """
        start, to = _status(before, NEW), _status(after, DELETED)
        if start == to:
            return
        move = self._by_step.get((start, to))
        if move is None:
            raise Conflict.because(
                f"{self.kind}-not-now", "Task.status", status=start, to=to, allowed=self.allowed(start)
            )
        if move.demands and not (after or {}).get(move.demands):
            raise Invalid.because(f"{self.kind}-reason", f"Task.{move.demands}", to=to)
        if sides is not None and move.by not in sides:
            raise Forbidden.because(
                f"{self.kind}-not-yours", "Task.status", to=to, by=move.by, allowed=self.allowed(start)
            )

    def refuse_content(self, before: Json, after: Json, sides: Collection[str]) -> None:
        """Raises Forbidden where an element is changed that is not for these sides to write now. Who moves the action says why."""
        status, moved = before["status"], before["status"] != after["status"]
        for element in _changed(before, after):
            by = self.writers(element, status)
            if by.isdisjoint(sides) and not (moved and element == "statusReason"):
                who = ", ".join(sorted(by)) or NOBODY
                raise Forbidden.because(
                    f"{self.kind}-content", f"Task.{element}", by=who, status=status, allowed=self.allowed(status)
                )

    def writers(self, element: str, status: str) -> frozenset[str]:
        """The sides that may write an element of an action while it has a status."""
        rows = (row for row in self.contents if element in row.elements and (not row.within or status in row.within))
        return frozenset(side for row in rows for side in row.by)

    def allowed(self, status: str) -> str:
        """What may come after a status, and by whom: `accepted (owner), cancelled (requester)`."""
        steps = (f"{move.to} ({move.by})" for move in self.moves if status in move.start and move.to != DELETED)
        return ", ".join(steps) or "-"


@cache
def statuses() -> frozenset[str]:
    """Those of a Task. https://hl7.org/fhir/R4/valueset-task-status.html"""
    return frozenset(code for _, code in r4().codes("http://hl7.org/fhir/ValueSet/task-status") or ())


def _status(action: Json | None, absent: str) -> str:
    return absent if action is None else str(action["status"])


def _changed(before: Json, after: Json) -> Iterator[str]:
    """The elements that are not as they were; what stands beside a primitive (`_description`) is part of it."""
    names = sorted(before.keys() | after.keys())
    return (name.lstrip("_") for name in names if name not in BESIDE and before.get(name) != after.get(name))


@cache
def load_moves(kind: str = ACTION) -> Moves:
    """The table of a kind in `security/`, read once. BadDefinition."""
    return moves_of(dict(read("security"))[file_of(kind)], kind)


def file_of(kind: str) -> str:
    """The name of the file that a table stands in."""
    return f"Parameters-{kind}-moves.json"


def moves_of(definition: Json, kind: str = ACTION) -> Moves:
    """The table of a definition. BadDefinition for a row that names what there is not, and for a step that stands twice."""
    try:
        return _table(definition, kind)
    except BadDefinition as error:
        raise BadDefinition(f"{file_of(kind)}: {error}") from error


def _table(definition: Json, kind: str) -> Moves:
    told = [(one["name"], parts_of(one)) for one in definition["parameter"]]
    moves = [_move(parts) for name, parts in told if name == "move"]
    contents = [_content(parts) for name, parts in told if name == "content"]
    steps = [(start, move.to) for move in moves for start in move.start]
    if twice := [step for step in steps if steps.count(step) > 1]:
        raise BadDefinition(f"two rows lead from {twice[0][0]} to {twice[0][1]}")
    return Moves(kind, moves, contents)


def _move(told: Mapping[str, list[Any]]) -> Move:
    demands = told.get("demands", [""])[0]
    move = Move(told["from"], told["to"][0], told["by"][0], demands, told["reason"][0], told["source"][0])
    _refuse_unknown(move.start, statuses() | {NEW})
    _refuse_unknown([move.to], statuses() | {DELETED})
    _refuse_unknown([move.by], {OWNER, REQUESTER, NOBODY})
    return move


def _content(told: Mapping[str, list[Any]]) -> Content:
    row = Content(told["element"], told["by"], told.get("in", []), told["reason"][0], told["source"][0])
    _refuse_unknown(row.by, {OWNER, REQUESTER})
    _refuse_unknown(row.within, statuses())
    return row


def _refuse_unknown(names: Collection[str], known: Collection[str]) -> None:
    if unknown := sorted(set(names) - set(known)):
        raise BadDefinition(f"a row names {unknown[0]}, which is no status and no side")
