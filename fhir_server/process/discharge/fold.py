"""A case is a fold over its events: where they leave it, and whether one more may happen (lag (2017:612)).

Nothing is kept but the events. They count in the order of the moments that they were sent, each once; what takes back and what
corrects is judged by what stood when it was sent; from then on all is as if what it names had never been.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from fhir_server.fhir.outcome import Conflict, Issue
from fhir_server.process.definition import load_workflow
from fhir_server.process.discharge.course import Course, course_of
from fhir_server.process.event import Event, Moment
from fhir_server.process.replay import Illegal, Replay, replayed
from fhir_server.process.workflow import Workflow


@dataclass(frozen=True, slots=True)
class HomeCare:
    """What the home care of the person does (pause, resume, end), and since when."""

    does: str
    at: Moment


def fold(events: Iterable[Event], workflow: Workflow | None = None) -> Course:
    """Where the events leave the case, in whatever order and how often they come. What could not happen when it was sent, and
    was stored past the guards, moves nothing and is flagged.
    """
    return course_after(replayed(events, workflow or load_workflow()))


def course_after(case: Replay) -> Course:
    """Where events that have been replayed leave the case."""
    course = course_of(case.walk)
    return replace(course, flags=case.flags) if case.illegal else course


def what_stands(events: Iterable[Event], workflow: Workflow | None = None) -> tuple[Event, ...]:
    """Those that could happen when they were sent, without what was taken back, and replaced where corrected; in their order."""
    return tuple(replayed(events, workflow or load_workflow()).stand.values())


def home_care(events: Iterable[Event], workflow: Workflow | None = None) -> HomeCare | None:
    """What home care is to do by what stands; None where nothing has told it. Where something is taken back, what was told before
    it holds again, and services that nothing stops any more resume.
    """
    case = replayed(events, workflow or load_workflow())
    actions = case.workflow.actions
    told = [it for it in case.stand.values() if actions[it.code].home_care and not actions[it.code].takes_back]
    if told:
        return HomeCare(actions[told[-1].code].home_care, told[-1].at)
    undone = [it.at for it in case.accepted if actions[it.code].takes_back]
    spoke = any(actions[it.code].home_care for it in case.accepted)
    return HomeCare("resume", undone[-1]) if undone and spoke else None


def told_by(code: str, events: Iterable[Event], workflow: Workflow | None = None) -> frozenset[str]:
    """The units that have been told by messages of this code that stand."""
    stand = replayed(events, workflow or load_workflow()).stand.values()
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
    if is_sent_by(new.code, parties, workflow):
        return None
    state = replayed((*events, new), workflow).walk.state
    return Illegal("case-sender", new.code, state, tuple(sorted(workflow.actions[new.code].senders)))


def is_sent_by(code: str, parties: Collection[str], workflow: Workflow | None = None) -> bool:
    """Whether these parties may send a message of this code; where nobody has said which party it is, nothing stands against it."""
    senders = (workflow or load_workflow()).actions[code].senders
    return not parties or not senders or not senders.isdisjoint(parties)


def refuse_sender(new: Event, parties: Collection[str], workflow: Workflow | None = None) -> None:
    """Conflict where a message is not for these parties to send: what they are, whose it is, and by which paragraph."""
    if not is_sent_by(new.code, parties, workflow):
        action = (workflow or load_workflow()).actions[new.code]
        said = {"event": new.code, "allowed": ", ".join(sorted(action.senders)), "parties": ", ".join(sorted(parties))}
        source = action.source or Conflict.spec
        raise Conflict(Issue(Conflict.code, "case-sender", "Communication.sender", said, source=source))


def made_illegal(before: Iterable[Event], after: Iterable[Event], workflow: Workflow | None = None) -> Illegal | None:
    """Why a case cannot go from the events that it has to those that it would have: one that is new or another than it was cannot
    happen, or one that is as it was could no longer have happened. What could not happen before stands in nobody's way.
    """
    workflow, known = workflow or load_workflow(), frozenset(before)
    events = frozenset(after)
    if events == known:
        return None
    already = replayed(known, workflow).illegal
    wrong = replayed(events, workflow).illegal
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
