"""The reports that a message asks for: a unit that knows the person gets a Task of its own, in the Commit of the message.

It knows the person where it, its staff or its services are on a team that cares for the person at that moment; the parties of a
discharge case are not. The Task is documented for the unit's own care provider: who sent the message is not told that the person is
known there, before the unit answers.
"""

from dataclasses import replace

from fhir_server.access.guard import stamped
from fhir_server.interactions.afterwards import Afterwards
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.parties import provider_of
from fhir_server.interactions.pointing import place_of, placed
from fhir_server.interactions.stays import GRANT, Json, all_naming
from fhir_server.interactions.unit import parties_of, services_of, staff_of
from fhir_server.process.discharge.report import Asked, asked_by, is_of, report_of
from fhir_server.search.query import Identity, Query, Related, every

KNOWS = frozenset({"care-team"})
"""The kinds of relations by which a unit knows a person."""


async def asked_report(message: Json, receipt: Json, afterwards: Afterwards, call: Call, server: Server) -> Json | None:
    """The Task that a message makes for a unit beside its acknowledgement; None where it asks nothing of that unit, or never came."""
    asked, unit = asked_by(message), receipt["owner"]["reference"]
    if asked is None or receipt["status"] == "failed" or not await _is_asked(message, unit, asked, afterwards, server):
        return None
    report = report_of(placed(message, server), receipt["focus"]["reference"], unit, asked)
    if await _was_asked(report, unit, server):
        return None
    theirs = replace(call.caller.standing, provider=await provider_of(unit, server), unit=unit)
    return stamped(report, None, theirs)


async def _is_asked(message: Json, unit: str, asked: Asked, afterwards: Afterwards, server: Server) -> bool:
    patient = place_of(message["subject"].get("reference", ""), server)
    parties = await parties_of(unit, server.clock(), afterwards, server)
    return asked.party in parties and await _knows(unit, patient.partition("/")[2], server)


async def _knows(unit: str, patient: str, server: Server) -> bool:
    actors = frozenset({unit}) | await staff_of(unit, server) | await services_of(unit, server)
    where = every(Identity(frozenset({patient})), Related(actors, KNOWS, server.clock()))
    page = await server.store.search(Query("Patient", where), GRANT, count=1, total=False)
    return bool(page.items)


async def _was_asked(report: Json, unit: str, server: Server) -> bool:
    stay = report.get("encounter", {}).get("reference", "")
    stored = await all_naming("Task", "encounter", [stay], server) if stay else []
    return any(is_of(placed(one, server), unit, stay) for one in stored)
