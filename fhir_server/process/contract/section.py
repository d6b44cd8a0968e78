"""What each section of a patient contract says in Swedish, and of which resources."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from fhir_server.fhir.extension import extensions, value_of
from fhir_server.fhir.instant import span
from fhir_server.fhir.reference import own_reference
from fhir_server.process.contract.content import Content, Json, Names, places
from fhir_server.process.contract.written import day_or_time, from_to, linked, listed, paragraph, sentences

STATES = MappingProxyType(
    {
        "CarePlan": {"active": "Pågår", "on-hold": "Vilar", "completed": "Avslutad"},
        "Goal": {
            "proposed": "Föreslaget", "planned": "Planerat", "accepted": "Beslutat", "active": "Pågår", "on-hold": "Vilar",
            "completed": "Avslutat", "cancelled": "Avbrutet", "rejected": "Avböjt",
        },
        "Task": {
            "requested": "Efterfrågad", "received": "Mottagen", "accepted": "Tagen", "ready": "Kan börja",
            "in-progress": "Pågår", "on-hold": "Vilar", "completed": "Klar", "cancelled": "Avbruten", "rejected": "Avböjd",
            "failed": "Gick inte att göra",
        },
        "ServiceRequest": {
            "active": "Beslutad", "on-hold": "Vilar", "completed": "Klar", "revoked": "Avbruten",
        },
        "Appointment": {
            "proposed": "Föreslagen", "pending": "Inte bekräftad", "booked": "Bokad", "arrived": "Pågår",
            "checked-in": "Pågår", "waitlist": "På kö", "fulfilled": "Genomförd",
        },
    }
)  # fmt: skip
"""The states of R4 that a person is told of, in words."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its code in `CodeSystem/patient-contract`, what it lists, how it tells it, and what it says where it has nothing."""

    code: str
    lists: Callable[[Content], Sequence[Json]]
    tell: Callable[[Content, Names], Iterator[Markup]]
    nothing: str


def _plans(content: Content, names: Names) -> Iterator[Markup]:
    for plan in content.plans:
        yield paragraph(
            sentences(
                plan.get("title") or names.first(plan.get("category", ())) or "Plan",
                _state(plan),
                _period(plan.get("period", {})),
                _with("Samordnas av", names.called(plan.get("author", {}))),
                plan.get("description", ""),
                _with("Viktigt för mig:", str(_told(plan, "what-matters") or "")),
            )
        )


def _goals_and_actions(content: Content, names: Names) -> Iterator[Markup]:
    yield listed("Mål", (sentences(goal["description"].get("text", ""), _state(goal)) for goal in content.goals))
    yield listed("Insatser", (_action(*pair, names) for pair in _paired(content.actions)))


def _paired(actions: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """What is decided beside who does it; a decision that nobody has yet, and a task without one, stand alone."""
    decided = {own_reference(one): one for one in actions if one["resourceType"] == "ServiceRequest"}
    tasks = [one for one in actions if one["resourceType"] == "Task"]
    done = [(next(places([task.get("focus", {})]), ""), task) for task in tasks]
    taken = {place for place, _ in done}
    yield from ((decided.get(place, {}), task) for place, task in done)
    yield from ((one, {}) for place, one in decided.items() if place not in taken)


def _action(request: Json, task: Json, names: Names) -> Markup:
    owner: Json = task.get("owner") or next(iter(request.get("performer", ())), {})
    return sentences(
        names.words(request.get("code")) or task.get("description") or "Insats",
        _with("Ansvarar:", names.called(owner)),
        _state(task or request),
        request.get("patientInstruction", ""),
    )


def _contacts(content: Content, names: Names) -> Iterator[Markup]:
    for team in content.teams:
        heading = team.get("name") or names.first(team.get("category", ())) or "Team"
        rows = [_contact(one, names) for one in team.get("participant", ()) if not _has_left(one, content.at)]
        own = [
            sentences(_with("Teamets telefon:", it["value"]))
            for it in team.get("telecom", ())
            if it.get("system") == "phone" and "value" in it
        ]
        yield listed(heading, [row for row in [*rows, *own] if row]) or paragraph(heading)


def _has_left(participant: Json, at: int) -> bool:
    ended = span(participant.get("period", {}).get("end", ""))
    return ended is not None and ended[1] < at


def _contact(participant: Json, names: Names) -> Markup:
    member = participant.get("member", {})
    roles = ", ".join(filter(None, map(names.words, participant.get("role", ()))))
    name = names.called(member)
    told = f"{roles}: {name}" if roles and name else roles or name
    return sentences(told, _with("Telefon", names.number(member)))


def _appointments(content: Content, names: Names) -> Iterator[Markup]:
    yield listed("Möten och besök", (_appointment(one, names) for one in content.appointments))


def _appointment(meeting: Json, names: Names) -> Markup:
    what = meeting.get("description") or names.first(meeting.get("serviceType", ()))
    actors = [one["actor"] for one in meeting.get("participant", ()) if "actor" in one]
    own = {f"#{one.get('id')}": one for one in meeting.get("contained", ())}
    rooms = [own.get(it.get("reference", ""), {}).get("name") or names.called(it) for it in actors if _is_room(it, own)]
    others = [names.called(it) for it in actors if not _is_room(it, own) and it.get("reference", "") not in own]
    link = _told(meeting, "video-link")
    return sentences(
        _with(f"{from_to(meeting['start'], meeting.get('end', ''))}:", what or "Bokad tid")
        if "start" in meeting
        else what,
        _state(meeting),
        _with("Plats:", ", ".join(filter(None, rooms))),
        _with("Med:", "; ".join(filter(None, others))),
        Markup("Videolänk: {}").format(linked(str(link))) if link else "",
        meeting.get("patientInstruction", ""),
    )


def _is_room(actor: Json, own: Mapping[str, Json]) -> bool:
    reference = str(actor.get("reference", ""))
    return reference.startswith("Location/") or own.get(reference, {}).get("resourceType") == "Location"


def _messages(content: Content, names: Names) -> Iterator[Markup]:
    yield listed("Nyast först", (_message(one, names) for one in content.messages))


def _message(message: Json, names: Names) -> Markup:
    sender = names.called(message.get("sender", {}))
    receivers = "; ".join(filter(None, map(names.called, message.get("recipient", ()))))
    head = ", ".join(
        filter(
            None,
            (
                day_or_time(message["sent"]) if "sent" in message else "",
                _with("från", sender),
                _with("till", receivers),
            ),
        )
    )
    texts = [part.get("contentString", "") for part in message.get("payload", ())]
    return sentences(head, names.first(message.get("category", ())) or "Meddelande", *texts)


def _state(resource: Json) -> str:
    status = resource.get("lifecycleStatus") or resource.get("status")
    return STATES[resource["resourceType"]].get(str(status), "") if resource else ""


def _period(period: Mapping[str, str]) -> str:
    parts = (("Från", period.get("start")), ("till", period.get("end")))
    told = " ".join(f"{word} {day_or_time(at)}" for word, at in parts if at)
    return told[:1].upper() + told[1:]


def _with(word: str, text: str) -> str:
    """The text with a word before it, where there is one."""
    return f"{word} {text}" if text else ""


def _told(resource: Json, extension: str) -> Any:
    """What an extension of ours says; None where it is not there."""
    return next(map(value_of, extensions(resource, extension)), None)


SECTIONS = (
    Section("plans", lambda it: it.plans, _plans, "Det finns ingen plan att visa."),
    Section(
        "goals-and-actions",
        lambda it: [*it.goals, *it.actions],
        _goals_and_actions,
        "Det finns inga mål eller insatser att visa.",
    ),
    Section("contacts", lambda it: it.teams, _contacts, "Det finns inga kontakter att visa."),
    Section("appointments", lambda it: it.appointments, _appointments, "Det finns inga bokade tider att visa."),
    Section("messages", lambda it: it.messages, _messages, "Det finns inga meddelanden att visa."),
)
"""The sections in their order."""
