"""ValueSet/$validate-code: is a code one of a value set?

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from typing import Any

from fhir_server.fhir.codec import encode
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.operations.canonical import named
from fhir_server.interactions.operations.coding import codings
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.search.values.string import fold
from fhir_server.storage.store import Grant
from fhir_server.validation.codes import Codes


async def validate_code(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and whether it is, with its words, and what is wrong with those that were given; NotFound for a value set that is not
    here.
    """
    url = await named("ValueSet", call, grant, server)
    terminology = server.content.terminology
    codes = terminology.codes(url) or Codes()
    given = codings(call)
    found = next((one for one in given if _is_in(one, codes)), None)
    if found is None:
        return _told(False, message="The code is not in the value set.")
    system = found.get("system") or next(system for system, code in codes.pairs if code == found["code"])
    concept = terminology.concept(system, found["code"])
    words = concept.words()[1:] if concept else ()
    display = concept.display(str(parameter(call, "displayLanguage") or "")) if concept else ""
    told = {"display": display} if display else {}
    asked = found.get("display")
    if isinstance(asked, str) and words and fold(asked) not in map(fold, words):
        return _told(False, message="The code is in the value set, under other words.", **told)
    return _told(True, **told)


def _is_in(coding: dict[str, Any], codes: Codes) -> bool:
    code, system = coding.get("code"), coding.get("system")
    if not isinstance(code, str):
        return False
    return codes.has(system, code) if system is not None else any(code == own for _, own in codes.pairs)


def _told(result: bool, **texts: str) -> Answer:  # the one thing that the operation is asked
    rows = [
        {"name": "result", "valueBoolean": result},
        *({"name": name, "valueString": text} for name, text in texts.items()),
    ]
    return Answer(200, encode({"resourceType": "Parameters", "parameter": rows}), seen=None)
