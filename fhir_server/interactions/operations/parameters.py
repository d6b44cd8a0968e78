"""The Parameters that an operation is called with: a resource in the body, or names and values in the address.

https://hl7.org/fhir/R4/parameters.html
"""

from typing import Any

from fhir_server.fhir.outcome import Unreadable
from fhir_server.interactions.call import Call


def is_parameters(body: Any) -> bool:
    """Whether the body wraps what the operation is about."""
    return isinstance(body, dict) and body.get("resourceType") == "Parameters"


def parameter(call: Call, name: str) -> Any:
    """The value of a parameter, or its resource; None where it is not given. Unreadable where it is given twice."""
    members = call.body.get("parameter") if is_parameters(call.body) else None
    found = (
        [member for member in members or () if isinstance(member, dict) and member.get("name") == name]
        if isinstance(members, list)
        else []
    )
    given = [_value(member) for member in found] + [value for own, value in call.parameters if own == name]
    if len(given) > 1:
        raise Unreadable.because("parameter-repeated", name=name)
    return given[0] if given else None


def _value(member: dict[str, Any]) -> Any:
    if "resource" in member:
        return member["resource"]
    return next((value for name, value in member.items() if name.startswith("value")), None)


def answered(name: str, **value: Any) -> dict[str, Any]:
    """Parameters with one member: `answered("return", valueMeta={…})`."""
    return {"resourceType": "Parameters", "parameter": [{"name": name, **value}]}
