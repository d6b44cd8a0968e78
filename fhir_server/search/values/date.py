"""Dates: points and stretches of time, as spans of milliseconds since 1970 UTC.

https://hl7.org/fhir/R4/search.html#date
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.fhir.instant import BEGINNING, END, span
from fhir_server.search.query import Span

Ends: TypeAlias = tuple[int, int]
RELATIONS = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
EXPECTED = "[" + "|".join(RELATIONS) + "]YYYY-MM-DDThh:mm:ss+hh:mm"


def _of_date(text: str) -> Sequence[Ends]:
    found = span(text)
    return (found,) if found else ()


def _of_period(period: dict[str, Any]) -> Sequence[Ends]:
    """An end that is not given is open. https://hl7.org/fhir/R4/datatypes.html#Period"""
    start, end = _told(period.get("start")), _told(period.get("end"))
    if not (start or end):
        return ()
    return ((start[0] if start else BEGINNING, end[1] if end else END),)


def _told(value: Any) -> Ends | None:
    return span(value) if type(value) is str else None


def _of_timing(timing: dict[str, Any]) -> Sequence[Ends]:
    """The outer limits alone, of the events and of the bounds."""
    events, repeat = timing.get("event"), timing.get("repeat")
    spans = [found for event in events if (found := _told(event))] if type(events) is list else []
    bounds = repeat.get("boundsPeriod") if type(repeat) is dict else None
    spans += _of_period(bounds) if type(bounds) is dict else ()
    return ((min(low for low, _ in spans), max(high for _, high in spans)),) if spans else ()


SPANS: Mapping[str, Callable[[Any], Sequence[Ends]]] = {
    **dict.fromkeys(("date", "dateTime", "instant"), _of_date),
    "Period": _of_period,
    "Timing": _of_timing,
    "string": _of_date,  # Condition.onset may be told in words: those are no date
}
"""What a value of a type gives."""


def date(parameter: str, text: str) -> Span | None:
    """What a value asks of a date parameter; None for one that is malformed.

    `ap` asks for the span and as much again on either side: R4 leaves the choice to the server, and this one needs no clock.
    A blank before the zone is a plus sign that the client forgot to escape.
    """
    relation, told = (text[:2], text[2:]) if text[:2] in RELATIONS else ("eq", text)
    found = span(told.replace(" ", "+"))
    if found is None:
        return None
    low, high = found
    wider = high - low + 1 if relation == "ap" else 0
    return Span(parameter, relation, low - wider, high + wider)
