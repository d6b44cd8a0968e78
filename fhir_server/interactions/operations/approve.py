"""CarePlan/[id]/$approve: a party approves the plan as it stands, itself or through staff who record what was said or signed.

The server writes the Provenance, one for each party and version of the plan: its id follows from both.
"""

from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.codec import decode
from fhir_server.fhir.identity import uuid_of
from fhir_server.fhir.instant import instant, span
from fhir_server.fhir.outcome import Conflict, Gone, Invalid, Issue, NotFound, Stale
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import granted, put, written
from fhir_server.interactions.condition import only_match
from fhir_server.interactions.operations.parameters import ill_given, parameter
from fhir_server.interactions.pointing import place_of
from fhir_server.interactions.shown import shown
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.process.sip.approval import DIGITALLY, OPEN, Approval, linked_parties, links, own_parties, provenance
from fhir_server.process.sip.when import clock_reading
from fhir_server.storage.store import Grant

PARTIES = ("Organization", "PractitionerRole", "Practitioner", "Patient", "RelatedPerson")
STAFF = ("Practitioner", "PractitionerRole")
VALUE_SET = f"{OURS}/ValueSet/means"


async def approve(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """201 and the Provenance; 200 and the one that is there already where the party approved this version before. BadParameter
    for a parameter that is missing or malformed, Stale where If-Match names another version, Conflict for a plan that is
    neither draft nor active, Invalid for somebody who is no party of it, and for what is against the rules of recording.
    """
    stored = await server.store.read("CarePlan", call.id, grant)
    approval = _approval(call, server)
    if call.preconditions.match not in {None, stored.version}:
        raise Stale.because("stale")
    plan = decode(stored.text)
    if plan["status"] not in OPEN:
        raise Conflict.because("approve-status", "CarePlan.status", allowed=", ".join(OPEN))
    if issues := [issue async for issue in _against_the_rules(approval, plan, call, server)]:
        raise Invalid(*issues)
    return await _told_once(
        approval, f"CarePlan/{stored.id}/_history/{stored.version}", _person(plan, server), call, server
    )


async def _told_once(approval: Approval, version: str, patient: str, call: Call, server: Server) -> Answer | Proposal:
    id = uuid_of(f"{version}#{approval.party}")
    grant = granted(call, server, "search-type", "Provenance")
    match = await only_match("Provenance", [("_id", id)], grant, server)
    if match.stored is not None:
        (found,) = await shown((match.stored,), call, server)
        return written(found, found=True)
    resource = provenance(approval, version, patient, instant(server.clock()))
    refuse_invalid(server.content.validator.issues(resource))
    change = put(resource, id, call, server, method="POST")
    return Proposal((change,), lambda stored: replace(written(stored[0]), status=201), (match.condition,))


def _person(plan: dict[str, Any], server: Server) -> str:
    """Whose plan it is; "" where that is no Patient kept here."""
    subject = _place(plan["subject"], server)
    return subject if subject.startswith("Patient/") else ""


# ------------------------------------------------------------------------------------------------ what is asked


def _approval(call: Call, server: Server) -> Approval:
    party = _reference(call, "party", PARTIES, server)
    means = parameter(call, "means")
    allowed = [concept.code for concept in server.content.terminology.expanded(VALUE_SET) or ()]
    if means not in allowed:
        raise ill_given("means", means, ", ".join(allowed))
    recorder = parameter(call, "recordedBy") is not None and _reference(call, "recordedBy", STAFF, server)
    return Approval(party, means, _when(call, server), recorder or "")


def _reference(call: Call, name: str, types: tuple[str, ...], server: Server) -> str:
    given = parameter(call, name)
    found = _place(given, server)
    if not found or found.partition("/")[0] not in types:
        raise ill_given(name, given, ", ".join(f"{type}/[id]" for type in types))
    return found


def _place(given: Any, server: Server) -> str:
    """Type/[id] of a reference to what is kept here; "" for any other."""
    text = given.get("reference") if isinstance(given, dict) else None
    return place_of(text, server) if isinstance(text, str) else ""


def _when(call: Call, server: Server) -> str:
    when = parameter(call, "when")
    if when is None:
        return clock_reading(server.clock()).isoformat()
    if not isinstance(when, str) or span(when) is None:
        raise ill_given("when", when, "a dateTime")
    return when


# ------------------------------------------------------------------------------------------------ what is allowed


async def _against_the_rules(
    approval: Approval, plan: dict[str, Any], call: Call, server: Server
) -> AsyncIterator[Issue]:
    if not await _is_party(approval.party, plan, call, server):
        yield _broken("approve-no-party", "party")
    if approval.means != DIGITALLY and not approval.recorded_by:
        yield _broken("approve-not-recorded", "recordedBy")
    if approval.recorded_by and await _read(approval.recorded_by, call, server) is None:
        yield _broken("approve-recorder", "recordedBy")
    told = span(approval.when)
    if told is not None and told[0] > server.clock():
        yield _broken("approve-future", "when")


def _broken(key: str, name: str) -> Issue:
    return Issue("business-rule", key, f"Parameters.parameter.where(name='{name}')", source=Invalid.spec)


async def _is_party(party: str, plan: dict[str, Any], call: Call, server: Server) -> bool:
    """Whether somebody is a party of the plan, of Patients its subject alone; its actions and teams are read, as far as the
    caller sees them, until one says so.
    """
    if party.startswith("Patient/"):
        return party == _person(plan, server)
    if party in {_place(one, server) for one in own_parties(plan)}:
        return True
    for link in links(plan):
        resource = await _read(_place(link, server), call, server)
        if resource is not None and party in {_place(one, server) for one in linked_parties(resource)}:
            return True
    return False


async def _read(place: str, call: Call, server: Server) -> dict[str, Any] | None:
    """What stands at a place; None where there is nothing that the caller may see."""
    type, _, id = place.partition("/")
    if type not in server.types:
        return None
    try:
        stored = await server.store.read(type, id, granted(call, server, "read", type))
    except (NotFound, Gone):
        return None
    resource: dict[str, Any] = decode(stored.text)
    return resource
