"""Where its events leave a case: the state, and the moments that clocks run from."""

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_server.process.event import Event, Moment
from fhir_server.process.flag import Flag
from fhir_server.process.walk import Walk

_PLANS = {"planned": True, "not-planned": False}


@dataclass(frozen=True, slots=True)
class Course:
    """A moment is None where it has not come, or has been taken back. `admitted` is the stay's beginning, `assessed` when the
    physician judged that efforts may be needed (the admission, unless it was later); `notified` when the admission notice
    in force was sent, `ready` the discharge-ready notice in force, `contact` the appointment of the fixed contact. `calls` are
    the calls to planning in force, `readiness` what open care has said of its efforts and when, `leaves` the times on leave
    (None: still away), all in order; `since` is when the state began, `informed` when the units were told of the homecoming. `planned` says whether there is to
    be a SIP; None where nobody has said. `flags` are what was broken, late, or counted anew.
    """

    state: str = ""
    admitted: Moment | None = None
    assessed: Moment | None = None
    notified: Moment | None = None
    estimated: str = ""
    contact: Moment | None = None
    ready: Moment | None = None
    calls: tuple[Moment, ...] = ()
    planned: bool | None = None
    readiness: tuple[tuple[Moment, str], ...] = ()
    leaves: tuple[tuple[Moment, Moment | None], ...] = ()
    discharged: Moment | None = None
    died: Moment | None = None
    informed: Moment | None = None
    flags: tuple[Flag, ...] = ()
    since: Moment | None = None


def course_of(walk: Walk) -> Course:
    """What a walk through the events comes to. Of a moment that is told more than once the first counts, but of the judgements
    that may be made again (assessed, ready, the estimate) the last.
    """
    return Course(
        state=walk.state,
        since=walk.since,
        admitted=walk.first("admitted"),
        assessed=max(filter(None, (walk.first("admitted"), walk.last("assessed"))), default=None),
        notified=walk.first("notified"),
        estimated=next((it.value for it in reversed(walk.of("estimated")) if it.value), ""),
        contact=walk.first("contact"),
        ready=walk.last("ready"),
        calls=tuple(it.at for it in walk.of("called")),
        planned=_planned(walk),
        readiness=tuple((it.at, it.value) for it in walk.of("readiness")),
        leaves=_leaves(walk),
        discharged=_discharged(walk),
        died=walk.last("died"),
        informed=walk.first("informed"),
        flags=tuple(walk.flags),
    )


def _planned(walk: Walk) -> bool | None:
    """Whether there is to be a SIP, as was told last."""
    planned = None
    for event in walk.taken if _PLANS.keys() & walk.told.keys() else ():
        for clock in _clocks(event, walk):
            planned = _PLANS.get(clock, planned)
    return planned


def _leaves(walk: Walk) -> tuple[tuple[Moment, Moment | None], ...]:
    """The times on leave; one that has no end yet is ended by a discharge and by a death too."""
    leaves: list[tuple[Moment, Moment | None]] = []
    for event in walk.taken if "away" in walk.told else ():
        clocks = _clocks(event, walk)
        if "away" in clocks:
            leaves.append((event.at, None))
        elif leaves and leaves[-1][1] is None and {"back", "discharged", "died"} & {*clocks}:
            leaves[-1] = (leaves[-1][0], event.at)
    return tuple(leaves)


def _clocks(event: Event, walk: Walk) -> Sequence[str]:
    return walk.workflow.actions[event.code].clocks


def _discharged(walk: Walk) -> Moment | None:
    """When the stay ended, as the stay has it; else when it was told."""
    facts = [it.at for it in walk.of("discharged") if not walk.workflow.actions[it.code].is_message]
    return facts[-1] if facts else walk.first("discharged")
