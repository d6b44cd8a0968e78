"""A case is a fold over its events: where they leave it, and whether one more may happen (lag (2017:612)).

Nothing is kept but the events. They count in the order of the moments that they were sent, each once; what takes back and what
corrects is judged by what stood when it was sent; from then on all is as if what it names had never been.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from fhir_server.fhir.outcome import Conflict
from fhir_server.process.definition import load_workflow
from fhir_server.process.discharge.course import Course, Moment
from fhir_server.process.discharge.event import Event
from fhir_server.process.discharge.flag import OUT_OF_ORDER, Flag
from fhir_server.process.discharge.standing import ordered, standing
from fhir_server.process.discharge.walk import Walk
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


@dataclass(frozen=True, slots=True)
class HomeCare:
    """What the home care of the person does (pause, resume, end), and since when."""

    does: str
    at: Moment


def fold(events: Iterable[Event], workflow: Workflow | None = None) -> Course:
    """Where the events leave the case, in whatever order and how often they come. What could not happen when it was sent, and
    was stored past the guards, moves nothing and is flagged.
    """
    case = _replayed(events, workflow or load_workflow())
    course = case.walk.course()
    strange = [Flag(OUT_OF_ORDER, id, illegal.event) for id, illegal in case.illegal.items()]
    return replace(course, flags=(*course.flags, *strange)) if strange else course


def what_stands(events: Iterable[Event], workflow: Workflow | None = None) -> tuple[Event, ...]:
    """Those that could happen when they were sent, without what was taken back, and replaced where corrected; in their order."""
    return tuple(_replayed(events, workflow or load_workflow()).stand.values())


def home_care(events: Iterable[Event], workflow: Workflow | None = None) -> HomeCare | None:
    """What home care is to do by what stands; None where nothing has told it. Where something is taken back, what was told before
    it holds again, and services that nothing stops any more resume.
    """
    case = _replayed(events, workflow or load_workflow())
    actions = case.workflow.actions
    told = [it for it in case.stand.values() if actions[it.code].home_care and not actions[it.code].takes_back]
    if told:
        return HomeCare(actions[told[-1].code].home_care, told[-1].at)
    undone = [it.at for it in case.accepted if actions[it.code].takes_back]
    spoke = any(actions[it.code].home_care for it in case.accepted)
    return HomeCare("resume", undone[-1]) if undone and spoke else None


def told_by(code: str, events: Iterable[Event], workflow: Workflow | None = None) -> frozenset[str]:
    """The units that have been told by messages of this code that stand."""
    stand = _replayed(events, workflow or load_workflow()).stand.values()
    return frozenset(unit for it in stand if it.code == code for unit in it.recipients)


def illegal(
    events: Iterable[Event], new: Event, parties: Collection[str] = (), workflow: Workflow | None = None
) -> Illegal | None:
    """Why the new event cannot happen beside the others; None where it can, and where it has come before. `parties` says as what
    its sender takes part in the case (CodeSystem/party; nobody asks where it is empty).
    """
    workflow, events = workflow or load_workflow(), tuple(events)
    if any(it.id == new.id for it in events):
        return None
    if why := made_illegal(events, (*events, new), workflow):
        return why
    senders = workflow.actions[new.code].senders
    if parties and senders and senders.isdisjoint(parties):
        state = _replayed((*events, new), workflow).walk.state
        return Illegal("case-sender", new.code, state, tuple(sorted(senders)))
    return None


def made_illegal(before: Iterable[Event], after: Iterable[Event], workflow: Workflow | None = None) -> Illegal | None:
    """Why a case cannot go from the events that it has to those that it would have: one that is new or another than it was cannot
    happen, or one that is as it was could no longer have happened. What could not happen before stands in nobody's way.
    """
    workflow, known = workflow or load_workflow(), frozenset(before)
    events = frozenset(after)
    if events == known:
        return None
    already = _replayed(known, workflow).illegal
    wrong = _replayed(events, workflow).illegal
    same = {it.id for it in events & known}
    if own := [why for id, why in wrong.items() if id not in same]:
        return own[0]
    broken = [why for id, why in wrong.items() if id not in already]
    return Illegal("case-breaks-later", broken[0].event, broken[0].state, broken[0].allowed) if broken else None


def refuse_made_illegal(before: Iterable[Event], after: Iterable[Event], workflow: Workflow | None = None) -> None:
    """Conflict where a case cannot go from these events to those (see `made_illegal`): what is wrong, and what is allowed now."""
    why = made_illegal(before, after, workflow)
    if why is not None:
        raise Conflict.because(why.key, event=why.event, state=why.state, allowed=", ".join(why.allowed))


# ------------------------------------------------------------------------------------------------ one after the other


@dataclass(slots=True)
class _Case:
    """The events that could happen when they were sent, in their order; those of them that stand, by their ids; those that could
    not, by their ids; and where it stands.
    """

    workflow: Workflow
    walk: Walk
    accepted: list[Event] = field(default_factory=list)
    stand: dict[str, Event] = field(default_factory=dict)
    illegal: dict[str, Illegal] = field(default_factory=dict)

    def take(self, event: Event) -> None:
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


def _replayed(events: Iterable[Event], workflow: Workflow) -> _Case:
    case = _Case(workflow, Walk(workflow))
    for event in ordered(events):
        case.take(event)
    return case


def _walked(events: Iterable[Event], workflow: Workflow) -> Walk:
    walk = Walk(workflow)
    for event in events:
        walk.take(event)
    return walk
