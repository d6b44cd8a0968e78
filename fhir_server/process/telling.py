"""What a resource tells, as an event: a message when it was sent, another what its dates say."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_server.fhir.extension import extensions, parts_in
from fhir_server.fhir.instant import span
from fhir_server.fhir.reference import own_reference, parse_reference
from fhir_server.process.definition import MESSAGE, SYSTEM
from fhir_server.process.event import Event, Moment

PLAN_TYPES = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"
READINESS = f"{SYSTEM}open-care-readiness"
UNSENT = frozenset({"preparation", "not-done", "entered-in-error"})
"""The statuses of a Communication that was not sent. https://hl7.org/fhir/R4/valueset-event-status.html"""

Json = Mapping[str, Any]


def message_event(message: Json) -> Event | None:
    """What a Communication tells; None where it was not sent, or is no message of ours. One that was registered late counts from
    when it was given.
    """
    code = code_in(message.get("category", ()), MESSAGE)
    late = parts_of(message, "late-registration")
    at = moment_of(late.get("given") or message.get("sent"))
    if message["status"] in UNSENT or not code or at is None:
        return None
    return Event(
        code=code,
        at=at,
        id=own_reference(message),
        sender=message.get("sender", {}).get("reference", ""),
        recipients=frozenset(it["reference"] for it in message.get("recipient", ()) if "reference" in it),
        cancels=named_by(message, "cancels"),
        corrects=named_by(message, "corrects"),
        reason=next((it["valueCode"] for it in extensions(message, "correction-reason")), ""),
        value=_value(message),
        late=bool(late),
    )


def _value(message: Json) -> str:
    """The estimated discharge that it tells, or open care's readiness."""
    told = [it for part in message.get("payload", ()) for it in extensions(part, "estimated-discharge")]
    return told[0]["valueDateTime"] if told else code_in([message.get("topic", {})], READINESS)


def told(resource: Json, code: str, when: str | None, value: str = "") -> Iterator[Event]:
    """What a resource tells beside messages; its id is the resource's, and the code."""
    at = moment_of(when)
    if at is not None:
        yield Event(code=code, at=at, id=f"{own_reference(resource)}#{code}", value=value)


def moment_of(text: str | None) -> Moment | None:
    """The first moment of a dateTime; None where there is none."""
    found = span(text) if text else None
    return found[0] if found else None


def code_in(concepts: Iterable[Json], system: str) -> str:
    """The first code that concepts have of a system; "" where they have none."""
    codings = (coding for concept in concepts for coding in concept.get("coding", ()))
    return next((it["code"] for it in codings if it.get("system") == system and "code" in it), "")


def named_by(resource: Json, extension: str) -> str:
    """The id of the event that an extension of a resource names; "" where it names none."""
    return next((place_in(it["valueReference"]) for it in extensions(resource, extension)), "")


def place_in(reference: Json) -> str:
    """The id of the event that a reference names: without its base, and the version."""
    text: str = reference.get("reference", "")
    found = parse_reference(text)
    return f"{found.type}/{found.id}" if found and found.type else text


def parts_of(resource: Json, extension: str) -> dict[str, Any]:
    """The values of the parts of an extension, by their names."""
    return {name: value for it in extensions(resource, extension) for name, value in parts_in(it).items()}
