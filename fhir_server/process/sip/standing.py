"""Where a plan stands at a moment: its state, what has happened, what it lacks, and what it waits for."""

from dataclasses import dataclass

from fhir_server.process.definition import SIP, load_workflow
from fhir_server.process.due import Due
from fhir_server.process.event import Event, Moment
from fhir_server.process.flag import Flag
from fhir_server.process.replay import replayed
from fhir_server.process.sip.due import due
from fhir_server.process.sip.event import plan_events
from fhir_server.process.sip.gap import gaps
from fhir_server.process.sip.kept import Kept
from fhir_server.process.standing import known_at
from fhir_server.process.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it at the moment `at`. `since` is when the state began; None where nothing has happened."""

    at: Moment
    state: str
    since: Moment | None
    events: tuple[Event, ...]
    flags: tuple[Flag, ...]
    due: tuple[Due, ...]


def stands(kept: Kept, now: Moment, workflow: Workflow | None = None) -> Standing:
    """Where what is kept leaves the plan, by what had happened by a moment as it is known now."""
    workflow = workflow or load_workflow(SIP)
    events = known_at(plan_events(kept, workflow), now)
    replay = replayed(events, workflow)
    flags = (*replay.flags, *dict.fromkeys(gaps(kept, now)))
    return Standing(now, replay.walk.state, replay.walk.since, events, flags, due(kept, now))
