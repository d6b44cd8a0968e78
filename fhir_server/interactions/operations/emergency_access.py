"""Patient/[id]/$emergency-access: nödöppning, in one of the ways that the law names (`security/Parameters-emergency-access.json`).

It is given, and told of in the audit and in the log, in one step; from then on the rules speak of who has it. What it opens is
read by calls of their own.
"""

from collections.abc import AsyncIterator
from typing import Any

import structlog

from fhir_server.access.emergency import WHO_BLOCKS, Emergency, Mode, Terms
from fhir_server.access.standing import Standing
from fhir_server.audit.event import Occasion, entry
from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import BadParameter, Forbidden, Refusal
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.interactions.unit import organizations_of
from fhir_server.search.query import Query
from fhir_server.storage.store import SYSTEM_GRANTS, Entry, Grant

TREATMENT = "TREAT"
BLOCK = "outer-block"
LONGEST_REASON = 1000
LOOKED_UP = SYSTEM_GRANTS["emergency"]


async def emergency_access(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and when it ends or, in the mode who-blocks, which other providers have blocked. Forbidden for everybody but staff of a
    provider under a commission, for who is no provider of health care where the mode is for those alone, and for who has had
    too many. BadParameter for another mode, and for too short a reason; NotFound where nothing is kept of such a patient.
    """
    standing, terms = call.caller.standing, server.emergencies.terms
    _refuse_others(standing)
    mode, reason = _mode(call, terms), _reason(call, terms)
    if mode.health_care_alone and not await _gives_health_care(standing, server):
        raise Forbidden.because("emergency-health-care", mode=mode.code)
    if await server.emergencies.are_used_up(standing.person):
        raise _too_many(call, server)
    await server.store.read("Patient", call.id, LOOKED_UP)
    emergency = _emergency(mode, call.id, standing, server)
    if not await server.emergencies.keep(emergency, _told(emergency, mode, reason, call, grant)):
        raise _too_many(call, server)
    structlog.get_logger().warning("emergency-access", provider=standing.organization, request=call.request_id)
    return Answer(200, encode(await _given(emergency, standing, server)), seen=None)


def _emergency(mode: Mode, patient: str, standing: Standing, server: Server) -> Emergency:
    """What opens nothing ends as it begins."""
    start = server.clock()
    lasts = 0 if mode.code == WHO_BLOCKS else server.emergencies.terms.lasts
    return Emergency(mode.code, standing.person, standing.commission, patient, start, start + lasts)


def _told(emergency: Emergency, mode: Mode, reason: str, call: Call, grant: Grant) -> Entry:
    """The audit alone keeps why."""
    asked = (("mode", mode.code), ("reason", reason))
    occasion = Occasion(emergency.start, call.caller.agent, mode.rule, grant.purpose, call.request_id, asked)
    return entry(occasion, call.address.interaction, 200, type="Patient", id=call.id, patient=call.id)


async def _given(emergency: Emergency, standing: Standing, server: Server) -> dict[str, Any]:
    if emergency.mode == WHO_BLOCKS:
        rows = [row async for row in _blockers(emergency, standing, server)]
    else:
        rows = [{"name": "expires", "valueInstant": instant(emergency.until)}]
    return {"resourceType": "Parameters", **({"parameter": rows} if rows else {})}


# ------------------------------------------------------------------------------------------------ who may, and why


def _refuse_others(standing: Standing) -> None:
    """Staff have signed in with level 3 by now (`access/caller.py`)."""
    known = standing.person and standing.commission and standing.provider
    if standing.kind != "staff" or standing.purpose != TREATMENT or not known:
        raise Forbidden.because("emergency-caller")


async def _gives_health_care(standing: Standing, server: Server) -> bool:
    """Whether the addressing register says so of the unit of the commission."""
    if not standing.unit:
        return False
    where = server.emergencies.terms.gives_health_care(standing.unit)
    page = await server.store.search(Query("HealthcareService", where), LOOKED_UP, count=1, total=False)
    return bool(page.items)


def _too_many(call: Call, server: Server) -> Refusal:
    """An alarm: somebody looks at once at who has so many emergencies."""
    provider = call.caller.standing.organization
    structlog.get_logger().error("emergency-access-alarm", provider=provider, request=call.request_id)
    return Forbidden.because("emergency-too-many", limit=server.emergencies.terms.most)


def _mode(call: Call, terms: Terms) -> Mode:
    given = parameter(call, "mode")
    mode = terms.modes.get(given) if isinstance(given, str) else None
    if mode is None:
        key, expected = "parameter-missing" if given is None else "parameter-value", ", ".join(sorted(terms.modes))
        raise BadParameter.because(key, "Parameters.parameter", name="mode", expected=expected)
    return mode


def _reason(call: Call, terms: Terms) -> str:
    """Blanks around it, and several in a row, are not counted."""
    given = parameter(call, "reason")
    reason = " ".join(given.split()) if isinstance(given, str) else ""
    if not terms.shortest_reason <= len(reason) <= LONGEST_REASON:
        raise BadParameter.because(
            "emergency-reason", "Parameters.parameter", limit=terms.shortest_reason, most=LONGEST_REASON
        )
    return reason


# ------------------------------------------------------------------------------------------------ who has blocked


async def _blockers(emergency: Emergency, standing: Standing, server: Server) -> AsyncIterator[dict[str, Any]]:
    """The other providers whose blocks are in force. Which of its units it was, the law does not tell (3 kap. 5 §)."""
    related = await server.store.relations(emergency.patient)
    blocking = {it.actor for it in related if it.kind == BLOCK and it.start <= emergency.start <= it.end}
    found: dict[str, dict[str, Any]] = {}
    for actor in sorted(blocking):
        for provider in (await organizations_of(actor, server))[-1:]:
            found[f"Organization/{provider['id']}"] = provider
    for reference, provider in sorted(found.items()):
        if reference != standing.provider:
            display = {"display": provider["name"]} if "name" in provider else {}
            yield {"name": "blocker", "valueReference": {"reference": reference, **display}}
