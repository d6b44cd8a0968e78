"""Patient/[id]/$request-sip: staff, the person, or who acts for the person ask a unit for a coordinated individual plan.

The plan as a draft and the Task of the unit are written together. Who may is what the rules say of making a plan of this person; what a
citizen asks for is written for the unit that is asked, since it is the unit's to go on with.
"""

from dataclasses import replace as changed
from typing import Any

from msgspec.structs import replace

from fhir_server.access.relative import GUARDIAN
from fhir_server.access.standing import Standing
from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Conflict, NotFound
from fhir_server.fhir.reference import is_uuid
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import granted, put, written
from fhir_server.interactions.condition import only_match
from fhir_server.interactions.operations.parameters import ill_given, parameter, parameters, text
from fhir_server.interactions.parties import place_at, provider_of
from fhir_server.interactions.pointing import refuse_unseen, stored_at
from fhir_server.interactions.shown import shown
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.process.sip.request import CUSTODIAN, PERSON, RELATIVE, STAFF, Request, plan_of, task_of
from fhir_server.process.sip.split import URIS
from fhir_server.process.sip.when import clock_reading
from fhir_server.storage.store import SYSTEM_GRANTS, Grant, Put, Stored

OWN = SYSTEM_GRANTS["request"]
UUID = "urn:uuid:"
MOST = 2_000
"""So many characters may a text have."""
MANY = 50
"""So many may be told of at once: what matters, whom to invite, whom not."""
INITIATORS = {"Patient": PERSON, "RelatedPerson": RELATIVE, "PractitionerRole": STAFF, "Practitioner": STAFF}
"""By the type of whom a system speaks for."""


async def request_sip(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """201 and the CarePlan; 200 and the one that is there already where the identifier has come before. BadParameter for what is
    missing or malformed, NotFound for a person of whom the caller may make no plan, Invalid for somebody to invite whom the caller cannot
    see, Conflict for an identifier that is another plan's.
    """
    person = await _person(call, grant, server)
    identifier = _identifier(call)
    match = await only_match("CarePlan", [("identifier", f"{URIS}|{identifier}")], OWN, server)
    if match.stored is not None:
        return await _told_before(match.stored, call, server)
    request = await _request(identifier, decode(person.text), call, server)
    changes = await _changes(request, call, server)
    return Proposal(changes, lambda made: replace(written(made[0]), status=201), (match.condition,))


async def _person(call: Call, grant: Grant, server: Server) -> Stored:
    """Whose plan it would be. A proxy is not shown the Patient, and is held to what the consent opens where the plan is written."""
    is_ward = bool(call.id) and call.id == call.caller.standing.ward
    return await server.store.read("Patient", call.id, OWN if is_ward else grant)


async def _told_before(plan: Stored, call: Call, server: Server) -> Answer:
    """The same answer again. Conflict where the identifier is that of another plan, or of one that the caller may not see."""
    seen = await stored_at(f"CarePlan/{plan.id}", granted(call, server, "read", "CarePlan"), server)
    if seen is None or call.id not in seen.patients:
        raise Conflict.because("request-identifier-taken")
    (found,) = await shown((seen,), call, server)
    return replace(written(found, found=True), status=200)


# ------------------------------------------------------------------------------------------------ what is written


async def _changes(request: Request, call: Call, server: Server) -> tuple[Put, Put]:
    """The plan, then the Task of the unit."""
    plan, task = server.new_id("CarePlan"), server.new_id("Task")
    documenting = await _documenting(request.unit, call.caller.standing, server)
    beside = call.beside | {f"CarePlan/{plan}", request.asker, request.unit}
    known = replace(call, beside=beside)
    return (
        await _new(plan_of(request, plan), known, documenting, server),
        await _new(task_of(request, task, f"CarePlan/{plan}"), known, documenting, server),
    )


async def _documenting(unit: str, standing: Standing, server: Server) -> Standing | None:
    """For whom it is written: for the unit that is asked; None for the caller, where that is staff."""
    if standing.kind == "staff":
        return None
    return changed(standing, provider=await provider_of(unit, server), unit=unit)


async def _new(resource: dict[str, Any], call: Call, documenting: Standing | None, server: Server) -> Put:
    refuse_invalid(server.content.validator.issues(resource))
    made = put(resource, resource["id"], call, server, method="POST", documenting=documenting)
    await refuse_unseen(resource, made.patients, None, call, server)
    return replace(made, present=False)


# ------------------------------------------------------------------------------------------------ what is asked


async def _request(identifier: str, person: dict[str, Any], call: Call, server: Server) -> Request:
    reason = text(call, "reason", MOST)
    if not reason:
        raise ill_given("reason", None, "a text")
    initiator, asker = await _asker(call, server)
    return Request(
        identifier=identifier,
        person=person,
        initiator=initiator,
        asker=asker,
        unit=await _unit(call, server),
        reason=reason,
        asked=clock_reading(server.clock()).isoformat(),
        matters=[_text("matters", one) for one in _given(call, "matters")],
        invite=[_whom("invite", one) for one in _given(call, "invite")],
        not_invite=[_whom("notInvite", one) for one in _given(call, "notInvite")],
    )


def _identifier(call: Call) -> str:
    told = parameter(call, "identifier")
    id = told.lower() if isinstance(told, str) else ""
    if not id.startswith(UUID) or not is_uuid(id.removeprefix(UUID)):
        raise ill_given("identifier", told, "urn:uuid:…")
    return id


async def _asker(call: Call, server: Server) -> tuple[str, str]:
    """Who asks: as what, and where that stands. A system says for whom (`by`); all others ask for themselves."""
    standing = call.caller.standing
    if standing.kind == "system":
        return await _spoken_for(call, server)
    if parameter(call, "by") is not None:
        raise ill_given("by", "", "nothing: only a system says for whom it asks")
    if standing.kind == "staff":
        kinds, actors = ("PractitionerRole/", "Practitioner/"), sorted(standing.actors)
        return STAFF, next((one for kind in kinds for one in actors if one.startswith(kind)), standing.unit)
    return (PERSON, f"Patient/{standing.patient}") if standing.patient == call.id else _acting(standing, server)


def _acting(standing: Standing, server: Server) -> tuple[str, str]:
    """Who acts for the person at this moment. NotFound where nobody does any longer."""
    for one in standing.wards:
        if one.is_open(one.role, server.clock()):
            return CUSTODIAN if one.role == GUARDIAN else RELATIVE, one.relative
    raise NotFound.because("not-found")


async def _spoken_for(call: Call, server: Server) -> tuple[str, str]:
    """Of a Patient the person, of RelatedPersons those of the person."""
    given = parameter(call, "by")
    place = place_at(given, server)
    type = place.partition("/")[0]
    found = await stored_at(place, OWN, server) if type in INITIATORS else None
    if found is None or (type in {"Patient", "RelatedPerson"} and found.patients != (call.id,)):
        raise ill_given("by", given, ", ".join(f"{one}/[id]" for one in INITIATORS))
    return INITIATORS[type], place


async def _unit(call: Call, server: Server) -> str:
    """The unit that is asked: the one that is named, else the own unit of staff."""
    given = parameter(call, "to")
    place = place_at(given, server) if given is not None else call.caller.standing.unit
    found = await stored_at(place, OWN, server) if place.startswith("Organization/") else None
    if found is None or decode(found.text).get("active") is False:
        raise ill_given("to", given, "Organization/[id] of a unit in use")
    return place


def _given(call: Call, name: str) -> list[Any]:
    found = parameters(call, name)
    if len(found) > MANY:
        raise ill_given(name, "", f"at most {MANY} of them")
    return found


def _text(name: str, given: Any) -> str:
    if not (isinstance(given, str) and given.strip() and len(given) <= MOST):
        raise ill_given(name, given or "", f"a text of at most {MOST} characters")
    return given


def _whom(name: str, given: Any) -> dict[str, Any] | str:
    """Somebody who is kept here, or a name."""
    if isinstance(given, dict) and isinstance(given.get("reference"), str):
        return {"reference": given["reference"]}
    return _text(name, given)
