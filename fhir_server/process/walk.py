"""A case walked through event by event: its state, the moments that were told, and what was broken on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fhir_server.process.event import Event, Moment
from fhir_server.process.flag import CLOCK_RENEWED, CLOCK_STANDS, LATE, MISSING, PHONED, Flag
from fhir_server.process.workflow import STANDS, Action, Workflow


@dataclass(slots=True)
class Walk:
    """Where a case stands after the events that it was taken through, in the order that they count in. `taken` are these, `told` by
    each clock those that told it.
    """

    workflow: Workflow
    state: str = ""
    since: Moment | None = None
    going: set[str] = field(default_factory=set)
    flags: list[Flag] = field(default_factory=list)
    taken: list[Event] = field(default_factory=list)
    told: dict[str, list[Event]] = field(default_factory=dict)
    _seen: dict[str, Moment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begins where every case does."""
        self.state = self.workflow.initial

    def take(self, event: Event) -> None:
        """One event further. What cannot happen in this state any more, since what it rested on was taken back, tells its moments
        and moves nothing.
        """
        action = self.workflow.actions[event.code]
        self.flags.extend(self._flags(event, action))
        self._moves(event, action)
        self._lasts(action)
        self._seen[event.code] = event.at
        self.taken.append(event)
        for clock in action.clocks:
            self.told.setdefault(clock, []).append(event)

    def _moves(self, event: Event, action: Action) -> None:
        to = action.transitions.get(self.state, self.state)
        if to != self.state:
            self.state, self.since = to, event.at

    def _lasts(self, action: Action) -> None:
        self.going.discard(action.ends)
        if action.code in self.workflow.lasting:
            self.going.add(action.code)

    def _flags(self, event: Event, action: Action) -> Iterator[Flag]:
        if event.late:
            yield Flag(PHONED, event.id, event.code)
        if event.corrects:
            clock, reasoning = self.workflow.corrections[event.reason]
            yield Flag(CLOCK_STANDS if clock == STANDS else CLOCK_RENEWED, event.id, event.code, reasoning)
        yield from self._missing(event)
        if self._is_late(event):
            yield Flag(LATE, event.id, event.code, action.source)

    def _missing(self, event: Event) -> Iterator[Flag]:
        """Each thing that is to come before is missed once."""
        missed = {flag.about for flag in self.flags if flag.code == MISSING}
        for one in self.workflow.due_before(event.code):
            done = one.clocks[0] in self.told if one.clocks else one.code in self._seen
            if not done and one.code not in missed:
                yield Flag(MISSING, event.id, one.code, one.source)

    def _is_late(self, event: Event) -> bool:
        """Only the first of its kind: who tells another unit later has told in time."""
        if event.code in self._seen:
            return False
        due = [
            one.term.end(self._seen[one.after])
            for one in self.workflow.deadlines_of(event.code)
            if one.after in self._seen
        ]
        return bool(due) and event.at > max(due)

    def of(self, clock: str) -> Sequence[Event]:
        """The events that told a clock, in their order."""
        return self.told.get(clock, ())

    def first(self, clock: str) -> Moment | None:
        """When a clock was first told; None where it was not."""
        return next((it.at for it in self.of(clock)), None)

    def last(self, clock: str) -> Moment | None:
        """When a clock was last told; None where it was not."""
        return next((it.at for it in reversed(self.of(clock))), None)
