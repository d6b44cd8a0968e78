"""What can be asked for in an address and in headers, as parameters of OpenAPI.

https://spec.openapis.org/oas/v3.1.0#parameter-object
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from fhir_server.fhir.subset import SUMMARIES
from fhir_server.http.negotiate import FHIR_JSON
from fhir_server.search.parse import DEFAULT_COUNT, MOST_COUNT, TOTALS
from fhir_server.search.values import date, reference, token

EXPECTED = {"token": token.EXPECTED, "reference": reference.EXPECTED, "date": date.EXPECTED}
Searched: TypeAlias = tuple[dict[str, Any], ...]
"""The search parameters of one type."""
LIST = {"type": "array", "items": {"type": "string"}}

SHARED: Mapping[str, dict[str, Any]] = {
    "compartment": {
        "name": "compartment",
        "in": "path",
        "required": True,
        "description": "The type of the resource whose compartment is searched.",
        "schema": {"type": "string", "enum": ["Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"]},
    },
    "id": {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The id of the resource.",
        "schema": {"type": "string", "pattern": r"^[A-Za-z0-9\-\.]{1,64}$"},
    },
    "version": {
        "name": "version",
        "in": "path",
        "required": True,
        "description": "The number of the version: its `meta.versionId`.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    },
    "_count": {
        "name": "_count",
        "in": "query",
        "description": f"How many a page holds at the most: {DEFAULT_COUNT} in a search unless told, and never more than "
        f"{MOST_COUNT}. 0 is for a search alone: the total, and nothing shown.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "_sort": {
        "name": "_sort",
        "in": "query",
        "description": "The order: names of parameters, with a `-` before one that descends, separated by commas.",
        "explode": False,
        "schema": LIST,
    },
    "_total": {
        "name": "_total",
        "in": "query",
        "description": "Whether the matches are counted. Without it they are on the first page.",
        "schema": {"enum": list(TOTALS)},
    },
    "_summary": {
        "name": "_summary",
        "in": "query",
        "description": "Which part of each resource is shown.",
        "schema": {"enum": list(SUMMARIES)},
    },
    "_elements": {
        "name": "_elements",
        "in": "query",
        "description": "The elements that are shown, separated by commas; what a resource must have is shown too.",
        "explode": False,
        "schema": LIST,
    },
    "_since": {
        "name": "_since",
        "in": "query",
        "description": "Only versions from this moment on.",
        "schema": {"type": "string", "format": "date-time"},
    },
    "_format": {
        "name": "_format",
        "in": "query",
        "description": "The representation, where no Accept header can be sent. This server speaks JSON.",
        "schema": {"type": "string", "examples": ["json", FHIR_JSON]},
    },
    "_pretty": {
        "name": "_pretty",
        "in": "query",
        "description": "`true`: indented, for a person to read.",
        "schema": {"type": "boolean"},
    },
    "Accept-Language": {
        "name": "Accept-Language",
        "in": "header",
        "description": "The language of refusals: `sv`, or English.",
        "schema": {"type": "string"},
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": "`return=minimal`, `return=representation` or `return=OperationOutcome` for a write; `handling=lenient` "
        "for a search that shall leave unknown parameters aside.",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": 'The version that must be the current one: `W/"3"`.',
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": 'The version that the caller has: `W/"3"`.',
        "schema": {"type": "string"},
    },
    "If-Modified-Since": {
        "name": "If-Modified-Since",
        "in": "header",
        "description": "The `Last-Modified` of what the caller has.",
        "schema": {"type": "string"},
    },
    "If-None-Exist": {
        "name": "If-None-Exist",
        "in": "header",
        "description": "A search (`identifier=system|value`): where it finds one, nothing is made.",
        "schema": {"type": "string"},
    },
}
"""Parameters that many interactions have, by name."""

EVERYWHERE = ("_format", "_pretty", "Accept-Language")


def shared(*names: str) -> list[dict[str, Any]]:
    """Pointers to parameters of SHARED."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def search_parameters(
    kind: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]], base: str
) -> Iterator[dict[str, Any]]:
    """The search parameters that a type promises; `definitions` are SearchParameters by canonical. A name may be repeated
    (all must hold), and a value may list several by commas (one must hold).
    """
    for row in kind.get("searchParam", ()):
        definition = definitions[row["definition"]]
        yield {
            "name": row["name"],
            "in": "query",
            "description": f"{_meaning(definition, kind.get('type', ''))} ({row['type']}: `{EXPECTED.get(row['type'], 'text')}`)",
            "schema": LIST,
            "x-fhir-definition": f"{base}/SearchParameter/{definition['id']}",
        }


def _meaning(definition: Mapping[str, Any], type: str) -> str:
    """What a parameter means to one type: HL7 lists them all where a definition has several bases."""
    text = str(definition["description"])
    own = re.search(rf"^\* \[{type}\]\([^)]*\): (.*)$", text, re.MULTILINE)
    return (own[1] if own else text).strip()


def operation_parameters(definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What an operation takes in the address, when it is called by GET: all that is a single value.
    https://hl7.org/fhir/R4/operations.html#request
    """
    for row in _given(definition):
        if row["type"][0].islower():
            yield {
                "name": row["name"],
                "in": "query",
                "required": row["min"] > 0,
                "description": f"{row.get('documentation', '')} ({row['type']})".strip(),
                "schema": {"type": "string"},
            }


def operation_body(definition: Mapping[str, Any]) -> str:
    """What an operation takes in its body, in words."""
    rows = [
        f"`{row['name']}` ({row['type']}, {row['min']}..{row['max']}): {row.get('documentation', '')}"
        for row in _given(definition)
    ]
    return "\n\n".join(["A Parameters resource, of:", *rows]) if rows else "Nothing is needed."


def _given(definition: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [row for row in definition.get("parameter", ()) if row["use"] == "in"]
