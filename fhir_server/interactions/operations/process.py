"""[type]/[id]/$process: where a discharge case (EpisodeOfCare) or a coordinated individual plan (CarePlan) stands, what has happened, and
what is due by whom and until when. Nothing is stored.

The caller has to see the case or the plan; what follows from it is computed from all that is kept of it.
"""

from fhir_server.fhir.codec import encode
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.parameters import moment
from fhir_server.interactions.operations.process_case import case_parts
from fhir_server.interactions.operations.process_plan import plan_parts
from fhir_server.storage.store import Grant

PARTS = {"EpisodeOfCare": case_parts, "CarePlan": plan_parts}


async def process(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and Parameters. NotFound for what the caller cannot see; BadParameter for an `at` that is no dateTime, and for a
    plan that is no SIP.
    """
    stored = await server.store.read(call.type, call.id, grant)
    at = moment(call, "at")
    told, beside = await PARTS[call.type](stored, server.clock() if at is None else at, call, server)
    return Answer(200, encode({"resourceType": "Parameters", "parameter": told}), seen=(stored, *beside))
