"""Messages that belong together: in which thread one stands, and what of a free message stays as it was sent.

The thread is the extension `thread`, an identifier that the first message of it mints and every later one carries. Free is a message
that CodeSystem/message says so of (property `free`): it is no event of a case, and what it says is answered and not taken back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.extension import extensions, value_of
from fhir_server.fhir.outcome import Conflict
from fhir_server.fhir.reference import own_reference, parse_reference, redirected
from fhir_server.process.concept import properties
from fhir_server.process.definition import MESSAGE
from fhir_server.process.discharge.notice import URIS
from fhir_server.process.discharge.receipt import is_sent
from fhir_server.process.telling import code_in, moment_of

THREAD, ORIGIN = "thread", "forwarded-from"
FREE = "free"
"""The property of CodeSystem/message that says that it is no event of a case."""
LENDING = ("corrects", "cancels")
"""What a message names by these lends it its thread."""
SENT_ON = ("basedOn", "status", "category", "priority", "subject", "topic", "about", "encounter")
"""What of a free message is as it was where it is sent on."""
STILL = frozenset({"id", "meta", "received", "note"})
"""What may still change of a free message that was sent."""
LABELS = ("security", "tag")

Json = Mapping[str, Any]


# ------------------------------------------------------------------------------------------------ threads


def thread_of(message: Json) -> str:
    """The thread that a message says it is of; "" where it says none."""
    return next((str(value_of(one)) for one in extensions(message, THREAD)), "")


def opened_by(message: Json, place: str) -> str:
    """The thread that a message (at `Communication/id`) opens: its own identifier, or what follows from it alone, so that the message
    opens the same thread however often it comes.
    """
    first: Json = next((one for one in message.get("identifier", ()) if "value" in one), {})
    if first.get("system") == URIS:
        return str(first["value"])
    name = f"{first.get('system', '')}|{first['value']}" if first else place
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"


def in_thread(message: Json, thread: str) -> dict[str, Any]:
    """The message in a thread, without what its version says of itself."""
    others = [one for one in message.get("extension", ()) if one["url"] != structure(THREAD)]
    meta = {name: it for name, it in message["meta"].items() if name not in {"versionId", "lastUpdated"}}
    return {**message, "meta": meta, "extension": [*others, {"url": structure(THREAD), "valueUri": thread}]}


def replied_to(message: Json) -> Iterator[str]:
    """The references of what a message replies to."""
    return (one["reference"] for one in message.get("inResponseTo", ()) if "reference" in one)


def lending(message: Json) -> Iterator[str]:
    """The references of what a message corrects or takes back."""
    for name in LENDING:
        for one in extensions(message, name):
            text = (value_of(one) or {}).get("reference", "")
            if text:
                yield text


def in_time_order(messages: Mapping[str, Json]) -> list[str]:
    """The places of messages by when they were sent; at the same moment by their identifiers, so that the order in which they came
    here makes no difference.
    """
    return sorted(
        messages, key=lambda place: (moment_of(messages[place].get("sent")) or 0, opened_by(messages[place], place))
    )


# ------------------------------------------------------------------------------------------------ what is sent on


@dataclass(frozen=True, slots=True)
class Onward:
    """What a unit sends on of a free message: from whom to whom (references), when (dateTime), why ("": it does not say), and which of its
    parts, counted from one; without any all of them.
    """

    sender: str
    to: str
    sent: str
    reason: str = ""
    parts: tuple[int, ...] = ()


def onward_name(message: Json, sender: str, to: str) -> str:
    """The identifier of what a unit sends on of a message to another: once for each."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{own_reference(message)}|{sender}|{to}')}"


def sent_on(message: Json, onward: Onward) -> dict[str, Any]:
    """The message that it is sent on as: a new one, in a thread of its own, whose parts say what they were first sent in."""
    kept = {name: message[name] for name in SENT_ON if name in message}
    labels = {name: message["meta"][name] for name in ("profile", "security") if name in message["meta"]}
    payload = message.get("payload", [])
    chosen = [one for number, one in enumerate(payload, start=1) if not onward.parts or number in onward.parts]
    return {
        "resourceType": "Communication",
        "meta": labels,
        "identifier": [{"system": URIS, "value": onward_name(message, onward.sender, onward.to)}],
        **kept,
        "sent": onward.sent,
        "recipient": [{"reference": onward.to}],
        "sender": {"reference": onward.sender},
        **({"reasonCode": [{"text": onward.reason}]} if onward.reason else {}),
        **({"payload": [_with_origin(one, message) for one in chosen]} if chosen else {}),
    }


def _with_origin(part: Json, message: Json) -> dict[str, Any]:
    """A part with what it was first sent in; one that was sent on before says so already."""
    if extensions(part, ORIGIN):
        return dict(part)
    told = [
        {"url": "message", "valueReference": {"reference": own_reference(message)}},
        *({"url": "sender", "valueReference": message[name]} for name in ("sender",) if name in message),
        {"url": "sent", "valueDateTime": message["sent"]},
    ]
    return {**part, "extension": [*part.get("extension", ()), {"url": structure(ORIGIN), "extension": told}]}


# ------------------------------------------------------------------------------------------------ what stays as it was sent


def is_free(message: Json) -> bool:
    """Whether it is no event of a case."""
    return True in properties(MESSAGE, FREE).get(code_in(message.get("category", ()), MESSAGE), ())


def is_kept(message: Json | None) -> bool:
    """Whether it is a free message that was sent."""
    return message is not None and is_sent(message) and is_free(message)


def refuse_edited(before: Json, after: Json) -> None:
    """Raises Conflict where another version of a free message that was sent says another thing than that did, or is none that was sent."""
    kept, made = _content(before), _content(after)
    changed = sorted(name for name in (kept.keys() | made.keys()) - STILL if kept.get(name) != made.get(name))
    if changed or not is_sent(after):
        raise Conflict.because("thread-free-kept", f"Communication.{changed[0]}" if changed else "Communication.meta")


def is_resent(told: Json, stored: Json) -> bool:
    """Whether a message says what the stored one says, which may have been received since, and have got more recipients and labels."""
    now, then = _content(told), _content(stored)
    names = (now.keys() | then.keys()) - STILL - {"recipient"}
    same = all(now.get(name) == then.get(name) for name in names)
    told_since = all(name not in now or now[name] == then.get(name) for name in ("received", "note"))
    recipients = then.get("recipient", [])
    in_it = thread_of(told) in {"", thread_of(stored)}
    return same and told_since and in_it and all(one in recipients for one in now.get("recipient", ()))


def is_same(told: Json, stored: Json) -> bool:
    """Whether it also names the same recipients, and no other labels."""
    labels = (told.get("meta", {}).get(name) for name in LABELS)
    then = (stored.get("meta", {}).get(name) for name in LABELS)
    recipients = told.get("recipient") == stored.get("recipient")
    return (
        recipients and is_resent(told, stored) and all(now in (None, it) for now, it in zip(labels, then, strict=True))
    )


def _content(message: Json) -> dict[str, Any]:
    """What a message says, without its thread. Whose record it is in may follow when two persons turn out to be one."""
    told: dict[str, Any] = redirected(dict(message), lambda text: "Patient" if _leads_to_person(text) else text)
    others = [one for one in told.pop("extension", ()) if one["url"] != structure(THREAD)]
    profiles = sorted(filter(None, told.get("meta", {}).get("profile", ())))
    return {**told, **({"extension": others} if others else {}), "profile": profiles}


def _leads_to_person(text: str) -> bool:
    found = parse_reference(text)
    return found is not None and found.type == "Patient"
