"""QuestionnaireResponse/[id]/$extract: what follows from a response that a Task asked for, as a transaction. Nothing is stored.

https://hl7.org/fhir/uv/sdc/OperationDefinition-QuestionnaireResponse-extract.html
"""

from typing import Any

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.outcome import Invalid
from fhir_server.interactions.call import Answer, Call, Server, Shown
from fhir_server.interactions.condition import all_matches
from fhir_server.interactions.forms import form_of
from fhir_server.interactions.parties import place_at
from fhir_server.interactions.pointing import placed, stored_at
from fhir_server.interactions.shown import shown
from fhir_server.process.definition import TASK
from fhir_server.process.discharge.report import REPORT
from fhir_server.process.form.report import following, is_answered_by
from fhir_server.process.sip.when import clock_reading
from fhir_server.storage.store import Grant

MOST = 100
"""So many reports may one person be asked about."""


async def extract(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and a Bundle of type transaction. NotFound for a response that the caller may not read; Invalid where nothing follows from it."""
    (given,) = await shown((await server.store.read("QuestionnaireResponse", call.id, grant),), call, server)
    response = placed(decode(given.text), server)
    form = await form_of(response.get("questionnaire", ""), server) or {}
    seen, entries = [given], list[dict[str, Any]]()
    for task in await _asking(response, call, grant, server):
        notice = await _notice(task, call, grant, server)
        if notice is not None:
            seen += [task, notice]
            at = clock_reading(server.clock()).isoformat()
            entries += following(response, placed(decode(task.text), server), decode(notice.text), form, at)
    if not entries:
        raise Invalid.because("form-nothing-asked", "QuestionnaireResponse")
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return Answer(200, encode(bundle), seen=tuple(seen))


async def _asking(response: dict[str, Any], call: Call, grant: Grant, server: Server) -> list[Shown]:
    """The open Tasks that ask for the response, of those that the caller may see."""
    asked = [("patient", response.get("subject", {}).get("reference", "-")), ("code", f"{TASK}|{REPORT}")]
    found = await all_matches("Task", asked, grant, server, most=MOST)
    told = await shown(found.found, call, server)
    return [one for one in told if is_answered_by(placed(decode(one.text), server), response)]


async def _notice(task: Shown, call: Call, grant: Grant, server: Server) -> Shown | None:
    """The message that asked, of which the sender is told the answer."""
    place = place_at(decode(task.text).get("focus"), server)
    stored = await stored_at(place, grant, server) if place.startswith("Communication/") else None
    if stored is None or "sender" not in decode(stored.text):
        return None
    (seen,) = await shown((stored,), call, server)
    return seen
