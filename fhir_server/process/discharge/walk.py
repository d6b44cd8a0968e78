"""A case walked through event by event: its state, the moments that were told, and what was broken on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fhir_server.process.discharge.course import Course, Moment
from fhir_server.process.discharge.event import Event
from fhir_server.process.discharge.flag import CLOCK_RENEWED, CLOCK_STANDS, LATE, MISSING, PHONED, Flag
from fhir_server.process.workflow import STANDS, Action, Workflow

_PLANS = {"planned": True, "not-planned": False}


@dataclass(slots=True)
class Walk:
    """Where a case stands after the events that it was taken through, in the order that they count in."""

    workflow: Workflow
    state: str = ""
    since: Moment | None = None
    going: set[str] = field(default_factory=set)
    flags: list[Flag] = field(default_factory=list)
    _seen: dict[str, Moment] = field(default_factory=dict)
    _told: dict[str, list[Event]] = field(default_factory=dict)
    _leaves: list[tuple[Moment, Moment | None]] = field(default_factory=list)
    _planned: bool | None = None

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
        for clock in action.clocks:
            self._told.setdefault(clock, []).append(event)
            self._planned = _PLANS.get(clock, self._planned)
        self._goes(event, action)

    def _moves(self, event: Event, action: Action) -> None:
        to = action.transitions.get(self.state, self.state)
        if to != self.state:
            self.state, self.since = to, event.at

    def _lasts(self, action: Action) -> None:
        self.going.discard(action.ends)
        if action.code in self.workflow.lasting:
            self.going.add(action.code)

    def _goes(self, event: Event, action: Action) -> None:
        if "away" in action.clocks:
            self._leaves.append((event.at, None))
        elif self._leaves and self._leaves[-1][1] is None and {"back", "discharged", "died"} & {*action.clocks}:
            self._leaves[-1] = (self._leaves[-1][0], event.at)

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
            done = one.clocks[0] in self._told if one.clocks else one.code in self._seen
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

    def course(self) -> Course:
        """What it comes to. Of a moment that is told more than once the first counts, but of the judgements that may be made
        again (assessed, ready, the estimate) the last.
        """
        return Course(
            state=self.state,
            since=self.since,
            admitted=self._first("admitted"),
            assessed=max(filter(None, (self._first("admitted"), self._last("assessed"))), default=None),
            notified=self._first("notified"),
            estimated=next((it.value for it in reversed(self._of("estimated")) if it.value), ""),
            contact=self._first("contact"),
            ready=self._last("ready"),
            calls=tuple(it.at for it in self._of("called")),
            planned=self._planned,
            readiness=tuple((it.at, it.value) for it in self._of("readiness")),
            leaves=tuple(self._leaves),
            discharged=self._discharged(),
            died=self._last("died"),
            informed=self._first("informed"),
            flags=tuple(self.flags),
        )

    def _discharged(self) -> Moment | None:
        """When the stay ended, as the stay has it; else when it was told."""
        told = self._of("discharged")
        facts = [it.at for it in told if not self.workflow.actions[it.code].is_message]
        return facts[-1] if facts else self._first("discharged")

    def _of(self, clock: str) -> Sequence[Event]:
        return self._told.get(clock, ())

    def _first(self, clock: str) -> Moment | None:
        return next((it.at for it in self._of(clock)), None)

    def _last(self, clock: str) -> Moment | None:
        return next((it.at for it in reversed(self._of(clock))), None)
