"""CodeSystem/$lookup: what a code means.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.fhir.outcome import NotFound
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.coding import codings
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.storage.store import Grant
from fhir_server.validation.terms import Concept


async def lookup(call: Call, _: Grant, server: Server) -> Answer:
    """200 and the words, designations, properties and definition of a code; NotFound for one that is not among what is shipped."""
    (coding, *_rest) = codings(call)
    terminology = server.content.terminology
    concept = terminology.concept(str(coding.get("system", "")), coding["code"])
    if concept is None:
        raise NotFound.because("unknown-code")
    system = terminology.system(concept.system) or {}
    rows = [
        {"name": "name", "valueString": system.get("title") or concept.system},
        *([{"name": "version", "valueString": system["version"]}] if "version" in system else []),
        {
            "name": "display",
            "valueString": concept.display(str(parameter(call, "displayLanguage") or "")) or concept.code,
        },
        *_more(concept),
    ]
    return Answer(200, encode({"resourceType": "Parameters", "parameter": rows}), seen=None)


def _more(concept: Concept) -> Iterator[dict[str, Any]]:
    for designation in concept.definition.get("designation", ()):
        parts = [
            *([{"name": "language", "valueCode": designation["language"]}] if "language" in designation else []),
            {"name": "value", "valueString": designation["value"]},
        ]
        yield {"name": "designation", "part": parts}
    if "definition" in concept.definition:
        yield _property("definition", {"valueString": concept.definition["definition"]})
    for own in concept.definition.get("property", ()):
        yield _property(own["code"], {name: value for name, value in own.items() if name.startswith("value")})


def _property(code: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"name": "property", "part": [{"name": "code", "valueCode": code}, {"name": "value", **value}]}
