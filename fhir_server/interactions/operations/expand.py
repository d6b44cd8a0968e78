"""ValueSet/$expand: the codes of a value set with their words, so that a form can be built from the server.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import BadParameter, Invalid
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.canonical import named
from fhir_server.interactions.operations.parameters import flag, number, parameter
from fhir_server.search.values.string import fold
from fhir_server.storage.store import Grant
from fhir_server.validation.terms import Concept

MOST = 1000
"""So many concepts of an expansion are shown at once."""
HONOURED = ("filter", "offset", "count", "includeDesignations", "displayLanguage")


async def expand(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the ValueSet with its expansion; NotFound for one that is not here, Invalid where its codes cannot be listed."""
    url = await named("ValueSet", call, grant, server)
    concepts = server.content.terminology.expanded(url)
    if concepts is None:
        raise Invalid.because("value-set-not-listed")
    words = fold(_text(call, "filter"))
    found = [one for one in concepts if any(words in fold(text) for text in one.words())]
    start, count = number(call, "offset") or 0, number(call, "count")
    shown = found[start : start + min(MOST, MOST if count is None else count)]
    own = server.content.terminology.value_set(url) or {"resourceType": "ValueSet", "url": url, "status": "active"}
    expansion = {
        "timestamp": instant(server.clock()),
        "total": len(found),
        "offset": start,
        "parameter": _told(call),
        "contains": [_shown(call, one) for one in shown],
    }
    expansion = {name: value for name, value in expansion.items() if value != []}
    return Answer(200, encode({**own, "expansion": expansion}), seen=None)


def _told(call: Call) -> list[dict[str, Any]]:
    """The parameters that were honoured."""
    given = ((name, parameter(call, name)) for name in HONOURED)
    return [{"name": name, "valueString": str(value)} for name, value in given if value is not None]


def _shown(call: Call, concept: Concept) -> dict[str, Any]:
    row = {"system": concept.system, "code": concept.code}
    if display := concept.display(_text(call, "displayLanguage")):
        row["display"] = display
    return {**row, **(_designations(concept) if flag(call, "includeDesignations") else {})}


def _designations(concept: Concept) -> dict[str, Any]:
    designations: Iterable[Any] = concept.definition.get("designation", ())
    return {"designation": [*designations]} if designations else {}


def _text(call: Call, name: str) -> str:
    value = parameter(call, name)
    if value is not None and not isinstance(value, str):
        raise BadParameter.because("parameter-value", name=name, expected="text")
    return value or ""
