"""HealthcareService/$addressees: who would be told of a message about somebody, before it is sent. Nothing is changed.

It answers with units. What the caller is not shown of the person, a protected address first of all, is not used either.
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import span
from fhir_server.fhir.outcome import NotFound
from fhir_server.interactions.addressing import register_of
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.condition import all_matches
from fhir_server.interactions.operations.parameters import ill_given, parameter, told_flag
from fhir_server.interactions.pointing import place_of, placed
from fhir_server.interactions.shown import given
from fhir_server.process.addressing.recipients import Addressed
from fhir_server.storage.store import SYSTEM_GRANTS, Grant, Stored

VALUE_SET = f"{OURS}/ValueSet/message"
GOING_ON = "planned,arrived,triaged,in-progress,onleave"
MOST_STAYS = 100


async def addressees(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and Parameters: an `addressee` for each service and unit, and what is `missing`. BadParameter; NotFound for a person whom
    the caller may not read, and who has no stay going on at the caller's own unit.
    """
    message, at = _message(call, server), _moment(call, server)
    health_care = told_flag(call, "municipal-health-care")
    stored = await _person(_patient(call, server), grant, server)
    person = placed(await given(stored, call, server), server)
    addressed = (await register_of(grant, server)).addressed(person, message, at, health_care)
    rows = list(_rows(addressed))
    told = {"resourceType": "Parameters", **({"parameter": rows} if rows else {})}
    return Answer(200, encode(told), seen=(stored,))


async def _person(patient: str, grant: Grant, server: Server) -> Stored:
    """Whoever has a stay at the caller's unit is known to it before there is a case that says so."""
    try:
        return await server.store.read("Patient", patient, grant)
    except NotFound:
        asked = [("subject", f"Patient/{patient}"), ("status", GOING_ON)]
        if not (await all_matches("Encounter", asked, grant, server, most=MOST_STAYS)).found:
            raise
        return await server.store.read("Patient", patient, SYSTEM_GRANTS["notice"])


def _rows(addressed: Addressed) -> Iterator[dict[str, Any]]:
    for one in addressed.addressees:
        told = (
            ("unit", "valueReference", {"reference": one.unit}),
            ("service", "valueCode", one.service),
            ("how", "valueCode", one.how),
            ("row", "valueReference", {"reference": one.row}),
            ("display", "valueString", one.name),
        )
        yield {"name": "addressee", "part": [{"name": name, value: it} for name, value, it in told if it]}
    for lack in addressed.missing:
        part = (("service", lack.service), ("reason", lack.reason))
        yield {"name": "missing", "part": [{"name": name, "valueCode": code} for name, code in part if code]}


# ------------------------------------------------------------------------------------------------ what is asked


def _patient(call: Call, server: Server) -> str:
    told = parameter(call, "patient")
    text = told.get("reference") if isinstance(told, dict) else told
    type, _, id = place_of(text, server).partition("/") if isinstance(text, str) else ("", "", "")
    if type != "Patient":
        raise ill_given("patient", told, "Patient/[id]")
    return id


def _message(call: Call, server: Server) -> str:
    told = parameter(call, "message")
    allowed = [concept.code for concept in server.content.terminology.expanded(VALUE_SET) or ()]
    if not isinstance(told, str) or told not in allowed:
        raise ill_given("message", told, ", ".join(allowed))
    return told


def _moment(call: Call, server: Server) -> int:
    told = parameter(call, "at")
    found = span(told) if isinstance(told, str) else None
    if told is not None and found is None:
        raise ill_given("at", told, "a dateTime")
    return found[0] if found else server.clock()
