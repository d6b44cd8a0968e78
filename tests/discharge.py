"""Events of a discharge case as the tests write them, by Stockholm's clocks; and its workflow, as it may be spoilt."""

from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import Any

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.definitions import by_canonical
from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.process.discharge.fold import fold
from fhir_server.process.event import Event

SYSTEMS = by_canonical()
OFFSET = {"system": "http://unitsofmeasure.org", "unit": "d", "code": "d"}


def ms(reading: str) -> int:
    """Milliseconds since 1970 of `YYYY-MM-DD hh:mm`, or of `DD hh:mm` in February 2026, by Stockholm's clocks."""
    told = reading if reading[4:5] == "-" else f"2026-02-{reading}"
    return int(datetime.fromisoformat(told).replace(tzinfo=STOCKHOLM).timestamp() * 1000)


def an_event(code: str, at: str, **told: Any) -> Event:
    """One whose id is its code and its moment, unless it says another."""
    return Event(**{"code": code, "at": ms(at), "id": f"{code} {at}", **told})


def a_case(*codes: str) -> list[Event]:
    """Events an hour apart, from the second of February on; the id of each is its code."""
    hours = count(8)
    return [Event(code=code, at=ms("02 00:00") + next(hours) * 3_600_000, id=code) for code in codes]


def flagged(events: Iterable[Event]) -> list[tuple[str, str]]:
    """What is worth knowing of a case: each flag's code, and what it is about."""
    return [(flag.code, flag.about) for flag in fold(events).flags]


ADMITTED = an_event("admitted", "02 08:00")
NOTICE = an_event("inskrivning", "02 12:00", value="2026-02-12")
RECEIVED = an_event("received", "02 13:00", value=NOTICE.id)
CONTACT = an_event("fast-vardkontakt", "03 09:00")
READY = an_event("utskrivningsklar", "09 09:00")
CALL = an_event("kallelse-sip", "10 10:00")
HOME = an_event("hemgang", "12 11:00")
PLANNED = (ADMITTED, NOTICE, RECEIVED, CONTACT)
WAITING = (*PLANNED, READY, CALL)
"""A case by the book, until the person comes home."""


# ------------------------------------------------------------------------------------------------ the workflow


def action(plan: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in plan["action"] if one["id"] == code)


def with_concept(system: str, code: str, **told: Any) -> dict[str, Any]:
    """The code systems, and one more concept in one of them."""
    more = {"code": code, "display": code, "definition": code, **told}
    return {**SYSTEMS, system: {**SYSTEMS[system], "concept": [*SYSTEMS[system]["concept"], more]}}


def a_transition(*states: str, to: str = "") -> dict[str, Any]:
    parts = [{"url": "from", "valueCode": state} for state in states]
    return {
        "url": structure("transition"),
        "extension": [*parts, *([{"url": "to", "valueCode": to}] if to else [])],
    }


def an_action(code: str, system: str, *extension: dict[str, Any], **told: Any) -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {"id": code, "title": code, "code": [{"coding": [coding]}], "extension": [*extension], **told}


def drop(plan: dict[str, Any], *codes: str) -> None:
    plan["action"] = [one for one in plan["action"] if one["id"] not in codes]


def relate(plan: dict[str, Any], code: str, **told: Any) -> None:
    action(plan, code).setdefault("relatedAction", []).append({"actionId": "admitted", **told})


def leave_follow_up_by_nothing(plan: dict[str, Any]) -> None:
    """What led on from there does so no more."""
    gone = {"url": "from", "valueCode": "follow-up"}
    for one in plan["action"]:
        for parts in (it["extension"] for it in one["extension"] if it["url"] == structure("transition")):
            if any(part["url"] == "to" for part in parts) and gone in parts:
                parts.remove(gone)
