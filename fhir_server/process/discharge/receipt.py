"""What becomes of a message at each of its recipients: an acknowledgement (a Task of that profile), with two receipts kept apart.

The system's is `businessStatus`: delivered, refused, forwarded. A person's is `status`: received (read), accepted (taken), rejected
(the wrong recipient). Neither is in the statute, and no clock waits for them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.definitions import by_canonical
from fhir_server.fhir.instant import instant, span
from fhir_server.fhir.outcome import Conflict, Forbidden
from fhir_server.process.clock import Term
from fhir_server.process.concept import properties
from fhir_server.process.definition import MESSAGE, SYSTEM, TASK
from fhir_server.process.discharge.read import ACKNOWLEDGE
from fhir_server.process.telling import code_in

RECEIPT = f"{SYSTEM}receipt"
DELIVERED, REFUSED, FORWARDED = "delivered", "refused", "forwarded"
UNKNOWN, CLOSED = "unit-unknown", "unit-closed"
TAKEN_BACK = "taken-back"
"""Why nobody is to do any longer what a message asked for."""
READ, TAKEN, WRONG_RECIPIENT = "read", "taken", "wrong-recipient"
WITHIN = "read-within"
"""The property of CodeSystem/message that says within how many hours somebody is to have read it."""
UNREAD = "requested"
"""The status of an acknowledgement that nobody at the unit has said anything of."""
SENT = "completed"
UNITS = frozenset({"Organization", "HealthcareService"})
"""The types of recipients that acknowledge: persons have the message itself."""

_LEADS_TO = {READ: "received", TAKEN: "accepted", WRONG_RECIPIENT: "rejected"}
_FROM = {
    READ: frozenset({"requested"}),
    TAKEN: frozenset({"requested", "received"}),
    WRONG_RECIPIENT: frozenset({"requested", "received", "accepted"}),
}
_SAID = {
    READ: frozenset({"received", "accepted", "in-progress", "completed"}),
    TAKEN: frozenset({"accepted", "in-progress", "completed"}),
    WRONG_RECIPIENT: frozenset({"rejected"}),
}
"""In these it has been said already."""
_FORWARDS = frozenset({"requested", "received", "rejected"})

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A unit that a message names (`Organization/id`; of a service that no unit provides, the service), and why it could not be delivered
    there, "" where it could.
    """

    unit: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """What a person at the unit says of a message (READ, TAKEN, WRONG_RECIPIENT) at a moment (ms since 1970): `owner` is who takes it,
    `author` who says it (references, "" where nobody is known), `reason` why it is not for the unit. `over`: it may be taken from
    somebody who has taken it.
    """

    said: str
    at: int
    owner: str = ""
    author: str = ""
    reason: str = ""
    over: bool = False


# ------------------------------------------------------------------------------------------------ what is sent


def is_message(resource: Json) -> bool:
    """Whether it is a message of the process: of the profile message, or one based on it."""
    claimed = {it.partition("|")[0] for it in resource.get("meta", {}).get("profile", ()) if it}
    return resource["resourceType"] == "Communication" and not claimed.isdisjoint(_profiles())


def is_sent(resource: Json) -> bool:
    """Whether it is a message of the process that has been sent."""
    return is_message(resource) and resource["status"] == SENT


def is_acknowledgement(resource: Json) -> bool:
    """Whether it is a Task by which a message is acknowledged."""
    return resource["resourceType"] == "Task" and code_in([resource.get("code", {})], TASK) == ACKNOWLEDGE


def due_by(message: Json) -> int | None:
    """Until when somebody is to have read a message that was sent, ms since 1970; None where nobody waits."""
    hours = properties(MESSAGE, WITHIN).get(code_in(message["category"], MESSAGE))
    return None if hours is None else within(hours[0], message["sent"])


def within(hours: int, sent: str) -> int | None:
    """The end of so many hours after a message was sent (a dateTime), ms since 1970."""
    found = span(sent)
    return None if found is None else Term(hours=hours).end(found[0])


@cache
def _profiles() -> frozenset[str]:
    found = {structure("message")}
    based = {it["url"]: it.get("baseDefinition", "").partition("|")[0] for it in by_canonical().values()}
    while more := {url for url, base in based.items() if base in found} - found:
        found |= more
    return frozenset(found)


def refuse_forged(resource: Json, before: Json | None) -> None:
    """Raises Forbidden where an ordinary write makes or moves an acknowledgement, or says of a message that was sent that it has been
    received: the receiving unit says so itself.
    """
    if is_acknowledgement(resource) or (before is not None and is_acknowledgement(before)):
        raise Forbidden.because("receipt-by-operation", "Task")
    if before is not None and is_sent(before) and resource.get("received") != before.get("received"):
        raise Forbidden.because("receipt-by-operation", "Communication.received")


# ------------------------------------------------------------------------------------------------ what is made of it


def acknowledgement_of(message: Json, place: str, recipient: Recipient, sender: str = "") -> dict[str, Any]:
    """The Task of one recipient of a sent message (`Communication/id`), which `sender` asks for where that is known here. What says who
    may see the message says it of the Task.
    """
    until = due_by(message)
    labels = message.get("meta", {}).get("security")
    is_unit = recipient.unit.startswith("Organization/")  # R4 lets no service answer for a task
    restriction = {
        **({"period": {"end": instant(until)}} if until is not None else {}),
        **({"recipient": [{"reference": recipient.unit}]} if is_unit else {}),
    }
    return {
        "resourceType": "Task",
        "meta": {"profile": [structure("acknowledgement")], **({"security": labels} if labels else {})},
        "status": "failed" if recipient.refusal else "requested",
        **({"statusReason": _concept(recipient.refusal)} if recipient.refusal else {}),
        "businessStatus": _concept(REFUSED if recipient.refusal else DELIVERED),
        "intent": "order",
        "code": {"coding": [{"system": TASK, "code": ACKNOWLEDGE}]},
        "focus": {"reference": place},
        "for": bare(message["subject"]),
        **({"encounter": bare(message["encounter"])} if "encounter" in message else {}),
        "authoredOn": message["sent"],
        **({"requester": {"reference": sender}} if sender else {}),
        "owner": {"reference": recipient.unit},
        **({"restriction": restriction} if restriction else {}),
    }


def units_of(task: Json) -> tuple[str, ...]:
    """The references of who answers for an acknowledgement: its units, or its owner where it names none."""
    units = task.get("restriction", {}).get("recipient", ()) or [task.get("owner", {})]
    return tuple(one["reference"] for one in units if "reference" in one)


def moved(task: Json, move: Move) -> dict[str, Any] | None:
    """The acknowledgement as it is once a person has said so; None where that was said before. Conflict for what cannot be said of it
    any more, and for what somebody else has taken.
    """
    status = task["status"]
    is_others = (move.said, status) == (TAKEN, "accepted") and _reference(task, "owner") != move.owner
    if is_others and not move.over:
        raise Conflict.because("receipt-taken", "Task.owner")
    if status in _SAID[move.said] and not is_others:
        return None
    if status not in _FROM[move.said] and not is_others:
        allowed = ", ".join(said for said, states in _FROM.items() if status in states)
        raise Conflict.because("receipt-over", "Task.status", status=status, allowed=allowed or "-")
    return {**_noted(task, move), "status": _LEADS_TO[move.said], **_told(task, move)}


def ended(task: Json, at: int) -> dict[str, Any]:
    """A Task that nobody need do any longer, from a moment (ms since 1970), since what asked for it was taken back."""
    return {**task, "status": "cancelled", "statusReason": _concept(TAKEN_BACK), "lastModified": instant(at)}


def forwarded(task: Json, at: int, author: str, reason: str) -> dict[str, Any]:
    """The acknowledgement of a unit that has sent the message on, at a moment (ms since 1970). Conflict where it never came, or where
    somebody has taken it.
    """
    if task["status"] not in _FORWARDS or not _was_delivered(task):
        raise Conflict.because("receipt-over", "Task.status", status=task["status"], allowed="-")
    why = {"statusReason": {"text": reason}} if reason else {}
    sent_on = {**_noted(task, Move(FORWARDED, at, author=author)), "status": "cancelled", **why}
    return {**sent_on, "businessStatus": _concept(FORWARDED)}


def _was_delivered(task: Json) -> bool:
    """Whether the message came to the unit, and has not been sent on."""
    return code_in([task.get("businessStatus", {})], RECEIPT) == DELIVERED


def was_forwarded(task: Json) -> bool:
    """Whether the unit has sent the message on."""
    return code_in([task.get("businessStatus", {})], RECEIPT) == FORWARDED


def _told(task: Json, move: Move) -> dict[str, Any]:
    """What else a move changes."""
    if move.said == TAKEN:
        period = {"start": instant(move.at), **task.get("executionPeriod", {})}
        return {"owner": {"reference": move.owner}, "executionPeriod": period}
    if move.said == WRONG_RECIPIENT:
        return {"statusReason": {**_concept(WRONG_RECIPIENT), "text": move.reason}}
    return {}


def _noted(task: Json, move: Move) -> dict[str, Any]:
    """The Task with who has said what, and when."""
    author = {"authorReference": {"reference": move.author}} if move.author else {}
    note = {**author, "time": instant(move.at), "text": _display(move.said)}
    return {**task, "lastModified": instant(move.at), "note": [*task.get("note", ()), note]}


def _concept(code: str) -> dict[str, Any]:
    return {"coding": [{"system": RECEIPT, "code": code}]}


def _display(code: str) -> str:
    return next(str(one["display"]) for one in by_canonical()[RECEIPT]["concept"] if one["code"] == code)


def _reference(resource: Json, name: str) -> str:
    text: str = resource.get(name, {}).get("reference", "")
    return text


def bare(reference: Json) -> dict[str, Any]:
    """A reference without what it calls the person, where it says more than that."""
    told = {name: value for name, value in reference.items() if name in {"reference", "identifier", "type"}}
    return told or dict(reference)


def recipients_in(message: Json) -> Iterator[str]:
    """The references of a message's recipients."""
    return (one["reference"] for one in message.get("recipient", ()) if "reference" in one)


def focused_by(tasks: Iterable[Json], place: str) -> Iterator[Json]:
    """Those of the tasks that acknowledge the message at a place, and were not ended with it."""
    found = (one for one in tasks if is_acknowledgement(one) and _reference(one, "focus") == place)
    return (one for one in found if code_in([one.get("statusReason", {})], RECEIPT) != TAKEN_BACK)
