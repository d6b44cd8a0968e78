"""Events replayed through a workflow: those that could happen when they were sent, those that stand, and where that leads.

They count in the order of the moments that they were sent, each once; what takes back and what corrects is judged by what stood when
it was sent; from then on all is as if what it names had never been.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fhir_server.process.event import Event
from fhir_server.process.flag import OUT_OF_ORDER, Flag
from fhir_server.process.standing import ordered, standing
from fhir_server.process.walk import Walk
from fhir_server.process.workflow import STANDS, Action, Workflow


@dataclass(frozen=True, slots=True)
class Illegal:
    """Why something cannot happen: a key of `wording.MESSAGES`, the code of what cannot, the state of the case then, and the codes
    that are allowed instead (of `case-correction-reason` reasons, of `case-sender` parties).
    """

    key: str
    event: str
    state: str
    allowed: tuple[str, ...]


@dataclass(slots=True)
class Replay:
    """The events that could happen when they were sent, in their order; those of them that stand, by their ids; those that could
    not, by their ids; and where it stands.
    """

    workflow: Workflow
    walk: Walk
    accepted: list[Event] = field(default_factory=list)
    stand: dict[str, Event] = field(default_factory=dict)
    illegal: dict[str, Illegal] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """One event further, in the order of their moments."""
        why = self._why_not(event)
        if why:
            self.illegal[event.id] = why
            return
        self.accepted.append(event)
        if event.corrects or self.workflow.actions[event.code].takes_back:
            self.stand = {it.id: it for it in standing(self.accepted, self.workflow)}
            self.walk = _walked(self.stand.values(), self.workflow)
        else:
            self.stand[event.id] = event
            self.walk.take(event)

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What was broken on the way, and what could not happen when it was sent."""
        return (*self.walk.flags, *(Flag(OUT_OF_ORDER, id, why.event) for id, why in self.illegal.items()))

    def _why_not(self, event: Event) -> Illegal | None:
        action = self.workflow.actions.get(event.code)
        if action is None:
            return self._no("case-unknown", event, tuple(self.workflow.actions))
        walk = self.walk
        if event.corrects:
            if why := self._wrong_correction(event):
                return why
            if self.workflow.corrections[event.reason][0] == STANDS:
                return self._wrong_cancellation(event, action)
            walk = _walked((it for it in self.stand.values() if it.id != event.corrects), self.workflow)
        if event.code not in self.workflow.allowed(walk.state, walk.going):
            return Illegal("case-not-now", event.code, walk.state, self.workflow.allowed(walk.state, walk.going))
        return self._wrong_cancellation(event, action)

    def _wrong_correction(self, event: Event) -> Illegal | None:
        if event.reason not in self.workflow.corrections:
            return self._no("case-correction-reason", event, tuple(self.workflow.corrections))
        if not self._stands(event.corrects, lambda it: it.code == event.code):
            return self._no("case-corrects-nothing", event, (event.code,))
        return None

    def _wrong_cancellation(self, event: Event, action: Action) -> Illegal | None:
        if action.takes_back:
            right = self._stands(event.cancels, lambda it: it.code in action.takes_back)
        else:
            right = not event.cancels
        return None if right else self._no("case-takes-nothing-back", event, tuple(sorted(action.takes_back)))

    def _stands(self, id: str, fits: Callable[[Event], bool]) -> bool:
        return id in self.stand and fits(self.stand[id])

    def _no(self, key: str, event: Event, allowed: tuple[str, ...]) -> Illegal:
        return Illegal(key, event.code, self.walk.state, allowed)


def replayed(events: Iterable[Event], workflow: Workflow) -> Replay:
    """All that the events make of a case, in whatever order and how often they come."""
    replay = Replay(workflow, Walk(workflow))
    for event in ordered(events):
        replay.take(event)
    return replay


def _walked(events: Iterable[Event], workflow: Workflow) -> Walk:
    walk = Walk(workflow)
    for event in events:
        walk.take(event)
    return walk
