"""What the answers of $process have in common: where a case or a plan stands, and since when, its events, flags and what is due."""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.fhir.instant import instant
from fhir_server.fhir.wording import worded
from fhir_server.interactions.operations.parameters import named
from fhir_server.process.due import Due
from fhir_server.process.event import Event, Moment
from fhir_server.process.flag import Flag

Json = dict[str, Any]


def standing_parts(at: Moment, state: Json, since: Moment | None, events: Iterable[Event]) -> Iterator[Json]:
    """The moment told of, the state and since when, and what had happened by then."""
    yield named("at", valueDateTime=instant(at))
    yield named("state", valueCoding=state)
    yield from moments(("since", since))
    for event in events:
        code, late = named("code", valueCode=event.code), named("late", valueBoolean=event.late)
        yield named("event", part=[code, *moments(("at", event.at)), late])


def flag_parts(one: Flag, language: str, about: str = "") -> Iterator[Json]:
    """A flag in code and in words; `about` is the code of the event that is meant."""
    text = worded(f"flag-{one.code}", language, about=about)
    yield from said(("code", "valueCode", one.code), ("about", "valueCode", about))
    yield from said(("text", "valueString", text), ("source", "valueString", one.source))


def due_parts(one: Due, now: Moment, *told: Json) -> Iterator[Json]:
    """What is due; `told` are the parts that say by whom, and about what."""
    yield named("code", valueCode=one.code)
    yield from told
    yield from moments(("since", one.since), ("until", one.until), ("done", one.done))
    yield named("late", valueBoolean=one.is_late(now))
    yield from said(("source", "valueString", one.paragraph))


def moments(*told: tuple[str, Moment | None]) -> Iterator[Json]:
    """Parts with a moment, of those that have come."""
    return (named(name, valueDateTime=instant(at)) for name, at in told if at is not None)


def said(*told: tuple[str, str, str]) -> Iterator[Json]:
    """Parts with a text (name, value[x], text), of those that have one."""
    return ({"name": name, value: text} for name, value, text in told if text)
