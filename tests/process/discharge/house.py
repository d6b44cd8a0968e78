"""A stay, and what a region and a municipality agreed on: the world of the clocks' tests."""

from datetime import datetime
from typing import Any

from fhir_server.fhir.definitions import read
from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.process.clock import Term
from fhir_server.process.discharge.course import Course
from fhir_server.process.policy import FILE, Policies, policies_of

TERMS = {"inskrivning": Term(hours=24), "kallelse-sip": Term(days=3), "hemgang": Term(days=0)}
"""What the statute gives: 2:1, 4:3, 3:2."""
REGION, MUNICIPALITY, NEIGHBOUR = "2321000131", "2120001234", "2120004321"
NUMBERS = "urn:oid:2.5.4.97"


def at(text: str) -> int:
    """The moment of `2026-03-02 09:30`, by Swedish clocks where no offset is told."""
    told = datetime.fromisoformat(text)
    return round((told if told.tzinfo else told.replace(tzinfo=STOCKHOLM)).timestamp() * 1000)


def moments(*texts: str) -> tuple[int, ...]:
    return tuple(at(text) for text in texts)


def stay(ready: str = "", home: str = "", *, available: str = "2000-01-01 00:00", **more: Any) -> Course:
    """A stay with its notices in time, open care ready, and no SIP; `more` are members of the course."""
    told = {
        "notified": 0,
        "planned": False,
        "ready": at(ready) if ready else None,
        "discharged": at(home) if home else None,
        "readiness": said((available, "available")) if available else (),
    }
    return Course(**(told | more))


def said(*answers: tuple[str, str]) -> tuple[tuple[int, str], ...]:
    """What open care said, and when."""
    return tuple((at(when), answer) for when, answer in answers)


def away(*leaves: tuple[str, str]) -> tuple[tuple[int, int | None], ...]:
    """Times on leave; an empty end is still to come."""
    return tuple((at(out), at(back) if back else None) for out, back in leaves)


def row(name: str, **parts: Any) -> dict[str, Any]:
    """A row of a policy; each part is a value of its kind, or a list of them."""
    told = {"reason": "why", "source": "a fixture"} | parts
    values = [(part, one) for part, value in told.items() for one in (value if isinstance(value, list) else [value])]
    return {"name": name, "part": [{"name": part.replace("_", "-"), "valueX": one} for part, one in values]}


def number(value: str) -> dict[str, str]:
    """An organisation, by its number."""
    return {"system": NUMBERS, "value": value}


def agreement(id: str, begins: str, ends: str = "", **parts: Any) -> dict[str, Any]:
    """An agreement of the region and the municipality from a day on."""
    told = {"id": id, "region": number(REGION), "municipality": number(MUNICIPALITY), "from": begins} | parts
    return row("agreement", **told | ({"to": ends} if ends else {}))


def shipped() -> dict[str, Any]:
    return dict(read("profiles"))[FILE]


def policies(*rows: dict[str, Any]) -> Policies:
    """Those that are shipped, and rows of a deployment's own."""
    return policies_of({FILE: shipped(), "Parameters-discharge-policy-own.json": {"parameter": list(rows)}})


def party(number: str) -> frozenset[str]:
    return frozenset({f"{NUMBERS}|{number}"})
