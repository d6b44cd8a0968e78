"""Which events stand: each once, in the order of their moments, without what was taken back, and replaced where corrected."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from fhir_server.process.event import Event, Moment
from fhir_server.process.workflow import STANDS, Workflow

RECEIVED = "received"
"""The one code that hangs on another event, and falls with it: `value` is the id of the message that a unit has received."""


def ordered(events: Iterable[Event]) -> list[Event]:
    """Each event once, by its id, in the order of their moments, and of their ids where those are one."""
    found: dict[str, Event] = {}
    for event in sorted(set(events), key=_whole):
        found.setdefault(event.id, event)
    return list(found.values())


def _whole(event: Event) -> tuple[object, ...]:
    """All of an event, so that of two with one id the same is taken however they came."""
    names = event.cancels, event.corrects, event.reason, event.value, event.late
    return event.at, event.id, event.code, event.sender, sorted(event.recipients), *names


def known_at(events: Iterable[Event], now: Moment) -> tuple[Event, ...]:
    """What had happened by a moment, in its order, each once."""
    return tuple(event for event in ordered(events) if event.at <= now)


def standing(events: Sequence[Event], workflow: Workflow) -> list[Event]:
    """Those that stand of events in their order, in the order that they count in: a correction that leaves the clock alone counts
    from the moment of what it replaces.
    """
    by_id = {event.id: event for event in events}
    gone = _gone(events, by_id, workflow)
    counted = (_counted(event, by_id, workflow) for event in events if event.id not in gone)
    return sorted(counted, key=lambda event: (event.at, event.id))


def _gone(events: Sequence[Event], by_id: Mapping[str, Event], workflow: Workflow) -> set[str]:
    """From the last to the first: what was itself taken back takes nothing back."""
    gone: set[str] = set()
    receipts = _receipts(events)
    for place in range(len(events) - 1, -1, -1):
        event, codes = events[place], workflow.actions[events[place].code].takes_back
        if event.id in gone:
            continue
        gone.update(_replaced(event, by_id))
        if codes:
            gone.add(event.cancels)
            gone.update(id for at, id in receipts.get(event.cancels, ()) if at < place)
            gone.update(_same_facts(events[:place], codes, workflow))
    return gone


def _receipts(events: Sequence[Event]) -> Mapping[str, list[tuple[int, str]]]:
    """Of each message where it is told that a unit has received it, and by which event."""
    found: dict[str, list[tuple[int, str]]] = {}
    for place, event in enumerate(events):
        if event.code == RECEIVED:
            found.setdefault(event.value, []).append((place, event.id))
    return found


def _same_facts(earlier: Sequence[Event], codes: frozenset[str], workflow: Workflow) -> Iterator[str]:
    """What tells the same as what is taken back and is no message, so that nobody could name it: the end of the stay."""
    facts = {code for code in codes if not workflow.actions[code].is_message}
    return (one.id for one in earlier if one.code in facts) if facts else iter(())


def _replaced(event: Event, by_id: Mapping[str, Event]) -> Iterator[str]:
    """What a correction stands for, and what that was a correction of."""
    while event.corrects in by_id:
        yield event.corrects
        event = by_id[event.corrects]


def _counted(event: Event, by_id: Mapping[str, Event], workflow: Workflow) -> Event:
    """It, at the moment that it counts from."""
    first = event
    while first.corrects and workflow.corrections[first.reason][0] == STANDS:
        first = by_id[first.corrects]
    return event if first is event else replace(event, at=first.at)
