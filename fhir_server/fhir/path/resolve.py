"""What type of resource a reference names, as far as it says so itself: `resolve() is Patient` needs no more.

https://hl7.org/fhir/R4/references.html#literal
"""

from typing import Any

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.path.branch import Scope
from fhir_server.fhir.reference import parse_reference


def type_named(reference: Any, scope: Scope) -> str | None:
    """The type of the resource that a Reference points at; None where it does not say."""
    if type(reference) is not dict:
        return None
    literal = reference.get("reference")
    named = _of_literal(literal, scope[0]) if type(literal) is str else None
    return named or _known(reference.get("type"))


def _of_literal(text: str, resource: Any) -> str | None:
    kind, _, id = text.partition("/")
    if "/" not in id and kind in r4().resource_types:
        return kind
    parts = parse_reference(text)
    if parts is None:
        return None
    return _of_contained(parts.id, resource) if parts.form == "contained" else parts.type or None


def _of_contained(id: str, resource: Any) -> str | None:
    """`#` alone is the resource itself: https://hl7.org/fhir/R4/references.html#contained"""
    if type(resource) is not dict:
        return None
    contained = resource.get("contained") if id else [{**resource, "id": ""}]
    for inner in contained if type(contained) is list else ():
        if type(inner) is dict and inner.get("id") == id:
            return _known(inner.get("resourceType"))
    return None


def _known(name: Any) -> str | None:
    return name if type(name) is str and name in r4().resource_types else None
