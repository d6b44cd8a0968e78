"""What the document says once: schemas of resources, parameters, headers, and how the server refuses.

The schemas say what a client must know to get on; what a resource may hold is FHIR's own to say, and `$validate`'s.
https://spec.openapis.org/oas/v3.1.0#components-object
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_server.fhir.outcome import Refusal
from fhir_server.http.negotiate import FHIR_JSON
from fhir_server.http.openapi.parameter import SHARED, Searched

TEXT: dict[str, Any] = {"type": "string"}


def schema(type: str) -> dict[str, str]:
    """A pointer to the schema of a type of resource; `Resource` stands for any."""
    return {"$ref": f"#/components/schemas/{type}"}


def components(searched: Mapping[str, Searched], types: Iterable[str]) -> dict[str, Any]:
    """The Components Object of a server: what is searched by, under each tag, and the types that it takes and shows."""
    schemas = {type: _of_type(type, SHAPED.get(type, {})) for type in sorted({*types, *SHAPED})}
    parameters = {f"{tag}.{row['name']}": row for tag, rows in searched.items() for row in rows}
    return {
        "schemas": {"Resource": RESOURCE, **schemas},
        "parameters": {**SHARED, **parameters},
        "headers": HEADERS,
        "responses": dict(_refusals()),
    }


def _of_type(type: str, own: dict[str, Any]) -> dict[str, Any]:
    return {
        "allOf": [schema("Resource")],
        "properties": {"resourceType": {"const": type}, **own},
        "externalDocs": {"url": f"https://hl7.org/fhir/R4/{type.lower()}.html"},
    }


RESOURCE = {
    "type": "object",
    "description": "Any resource of FHIR R4.",
    "required": ["resourceType"],
    "properties": {
        "resourceType": TEXT,
        "id": TEXT,
        "meta": {"type": "object", "properties": {"versionId": TEXT, "lastUpdated": TEXT}},
    },
}


def _list(**members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": members}}


SHAPED = {
    "Bundle": {
        "type": TEXT,
        "total": {"type": "integer"},
        "link": _list(relation=TEXT, url=TEXT),
        "entry": _list(
            fullUrl=TEXT, resource=schema("Resource"), request={"type": "object"}, response={"type": "object"}
        ),
    },
    "OperationOutcome": {
        "issue": _list(
            severity=TEXT,
            code=TEXT,
            details={"type": "object"},
            diagnostics=TEXT,
            expression={"type": "array", "items": TEXT},
        ),
    },
    "Parameters": {"parameter": {"type": "array", "items": {"type": "object", "required": ["name"]}}},
}
"""The types that carry others or tell of a call, with what they hold."""

HEADERS = {
    "ETag": {
        "description": "The version that is shown or was made.",
        "schema": {"type": "string", "examples": ['W/"3"']},
    },
    "Last-Modified": {"description": "When that version was made.", "schema": TEXT},
    "Location": {"description": "The address of the version that was made.", "schema": TEXT},
}


def _refusals() -> Iterator[tuple[str, dict[str, Any]]]:
    """A response for each status of the family, by all that have it; `default` for what is nobody's fault but the server's."""
    meanings: defaultdict[int, list[str]] = defaultdict(list)
    for refusal in _family(Refusal):
        meanings[refusal.status].append(str(refusal.__doc__))
    for status in sorted(meanings):
        yield str(status), _refusal(" Or: ".join(meanings[status]))
    yield "default", _refusal("A fault of the server, which says nothing of its inside.")


def _family(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in refusal.__subclasses__():
        yield kind
        yield from _family(kind)


def _refusal(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "content": {FHIR_JSON: {"schema": schema("OperationOutcome")}}}
