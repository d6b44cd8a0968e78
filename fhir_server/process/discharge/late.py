"""A message that was first given by telephone, by fax or on paper, and registered afterwards: what cannot be true of it.

It counts from when it was given (`telling.py`). Its extension `late-registration` demands the way, the reason and the two names; what
hangs on the clock and on the stay stands here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.extension import extensions
from fhir_server.fhir.outcome import Conflict, Invalid
from fhir_server.process.definition import load_workflow
from fhir_server.process.event import Event, Moment
from fhir_server.process.telling import message_event, moment_of, parts_of

NAME = "late-registration"
EXPRESSION = "Communication.extension.extension.value"

PARTS = {
    "given": "valueDateTime",
    "way": "valueCode",
    "reason": "valueString",
    "by": "valueString",
    "to": "valueString",
}
"""What the extension says, and in which value[x]."""

Json = Mapping[str, Any]


def late_registration(told: Mapping[str, str]) -> dict[str, Any]:
    """The extension, of what is told by the names of its parts."""
    return {
        "url": structure(NAME),
        "extension": [{"url": part, member: told[part]} for part, member in PARTS.items()],
    }


def refuse_told_late(message: Json, before: Json | None, stays: Iterable[Json], now: Moment) -> None:
    """Raises Invalid where a message of a case that was registered late, and not so `before`, was given at no reading of a clock, in the
    future, or after it was sent; Conflict where that was before the first of these stays began, and it is none of those that may come
    before an admission.
    """
    event = message_event(message)
    known = None if before is None or message_event(before) is None else extensions(before, NAME)
    if event is not None and event.late and known != extensions(message, NAME):
        _refuse_untrue(event, message, stays, now)


def _refuse_untrue(event: Event, message: Json, stays: Iterable[Json], now: Moment) -> None:
    given = str(parts_of(message, NAME).get("given"))
    sent = moment_of(message.get("sent"))
    if "T" not in given:
        raise Invalid.because("late-no-clock", EXPRESSION)
    if event.at > now:
        raise Invalid.because("late-future", EXPRESSION)
    if sent is not None and sent < event.at:
        raise Invalid.because("late-after-sent", EXPRESSION)
    begun = [at for it in stays if (at := moment_of(it.get("period", {}).get("start"))) is not None]
    if begun and event.at < min(begun) and not _may_come_before(event.code):
        raise Conflict.because("late-before-stay", EXPRESSION)


def _may_come_before(code: str) -> bool:
    """Whether it may happen where nothing has begun, and begins nothing and tells no clock: a request for care, a visit."""
    workflow = load_workflow()
    action = workflow.actions[code]
    return action.transitions.get(workflow.initial) == workflow.initial and not action.clocks
