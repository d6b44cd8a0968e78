"""ConceptMap/$translate: what a code is in another system.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html
"""

from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.canonical import named
from fhir_server.interactions.operations.coding import codings
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.storage.store import Grant
from fhir_server.validation.terms import Concept, translations

AS_GOOD = frozenset({"relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes", "inexact"})
"""Equivalences that are a translation. https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html"""


async def translate(call: Call, grant: Grant, server: Server) -> Answer:
    """200, whether there is a translation, and every one that the maps have; NotFound for a map that is not here."""
    told = call.id or parameter(call, "url") is not None
    maps = server.content.terminology.maps(await named("ConceptMap", call, grant, server) if told else "")
    target = str(parameter(call, "targetsystem") or "")
    matches = [found for coding in codings(call) for found in translations(maps, coding, target)]
    result = any(equivalence in AS_GOOD for equivalence, *_ in matches)
    rows: list[dict[str, Any]] = [{"name": "result", "valueBoolean": result}]
    if not matches:
        rows.append({"name": "message", "valueString": "No map has a translation of the code."})
    rows += [_match(*found) for found in matches]
    return Answer(200, encode({"resourceType": "Parameters", "parameter": rows}), seen=None)


def _match(equivalence: str, concept: Concept, source: str) -> dict[str, Any]:
    coding = {"system": concept.system, "code": concept.code}
    parts = [
        {"name": "equivalence", "valueCode": equivalence},
        {"name": "concept", "valueCoding": coding | ({"display": concept.display()} if concept.display() else {})},
        {"name": "source", "valueUri": source},
    ]
    return {"name": "match", "part": parts}
