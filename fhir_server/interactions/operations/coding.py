"""The code that a terminology operation is asked about: as `code` and `system`, as a Coding, or as a CodeableConcept."""

from typing import Any

from fhir_server.fhir.outcome import BadParameter
from fhir_server.interactions.call import Call
from fhir_server.interactions.operations.parameters import parameter

EXPECTED = "code and system, coding, or codeableConcept"


def codings(call: Call) -> list[dict[str, Any]]:
    """The codings that are asked about, any of them. BadParameter where there is none."""
    concept, coding, code = (parameter(call, name) for name in ("codeableConcept", "coding", "code"))
    found: list[Any] = []
    if isinstance(concept, dict) and isinstance(concept.get("coding"), list):
        found += concept["coding"]
    if isinstance(coding, dict):
        found.append(coding)
    if isinstance(code, str):
        told = {name: parameter(call, name) for name in ("system", "display")}
        found.append({"code": code} | {name: value for name, value in told.items() if value is not None})
    sound = [one for one in found if isinstance(one, dict) and isinstance(one.get("code"), str)]
    if not sound or len(sound) != len(found):
        raise BadParameter.because("parameter-missing", name="code", expected=EXPECTED)
    return sound
