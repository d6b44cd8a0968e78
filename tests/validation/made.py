"""Resources made from the tables of R4 alone: as full, and as bare, as a type may be."""

from typing import Any

from fhir_server.fhir.codec import Number
from fhir_server.fhir.definitions import Element, json_name, r4
from fhir_server.validation.binding import BY_FORM

DEEPEST = 4
VALUES: dict[str, Any] = {
    "base64Binary": "aGVq", "boolean": True, "canonical": "http://example.org/x|1", "code": "a-code", "date": "2024-02-29",
    "dateTime": "2024-02-29T23:59:60Z", "decimal": Number("1.00"), "id": "x", "instant": "2024-02-29T12:00:00.123+01:00",
    "integer": -1, "markdown": "*x*\n", "oid": "urn:oid:1.2.3", "positiveInt": 1, "string": "x", "time": "12:00:00",
    "unsignedInt": 0, "uri": "http://example.org/", "url": "http://example.org/",
    "uuid": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
}  # fmt: skip
CODES = {"all-languages": "sv", "currencies": "SEK", "mimetypes": "text/plain"}


COMPLEX: dict[str, Any] = {
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div>',
    "Extension": {"url": "http://example.org/x", "valueString": "x"},
}


def value(element: Element, kind: str, depth: int) -> Any:
    """One value of an element, as its type and its table want it."""
    if element.binding:
        return bound(element.binding, kind)
    if kind == "Reference":
        return {"reference": f"{(*element.targets, 'Patient')[0]}/x"}
    if kind == "Resource":
        subject = {"reference": "#" if element.many else "Patient/x"}
        return {"resourceType": "Basic", "id": "inner", "code": {"text": "x"}, "subject": subject}
    known = VALUES | COMPLEX
    return known[kind] if kind in known else full(kind, depth + 1)


def bound(value_set: str, kind: str) -> Any:
    if value_set in BY_FORM:
        return CODES[value_set.rpartition("/")[2]]
    system, code = min(r4().codes(value_set) or {("http://example.org", "x")})
    return code if kind == "code" else {"coding": [{"system": system, "code": code}]}


def full(kind: str, depth: int = 0, variant: int = 0) -> dict[str, Any]:
    """A value with every element that its type has, down to a depth; of a choice the type that stands at `variant`."""
    node: dict[str, Any] = {"resourceType": kind} if kind in r4().resource_types else {}
    for element in r4().elements(kind).values():
        if depth < DEEPEST or element.min:
            of = element.types[variant % len(element.types)]
            one = value(element, of, depth)
            node[json_name(element, of)] = [one] if element.many else one
    return node or {"extension": [{"url": "http://example.org/x", "valueString": "x"}]}


def bare(kind: str) -> dict[str, Any]:
    """A value with nothing but what its type demands."""
    node: dict[str, Any] = {"resourceType": kind}
    for element in r4().elements(kind).values():
        if element.min:
            one = value(element, element.types[0], DEEPEST)
            node[json_name(element, element.types[0])] = [one] if element.many else one
    return node
