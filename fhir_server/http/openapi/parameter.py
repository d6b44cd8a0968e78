"""What can be asked for in an address and in headers, as parameters of OpenAPI.

https://spec.openapis.org/oas/v3.1.0#parameter-object
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.fhir.subset import SUMMARIES
from fhir_server.http.negotiate import FHIR_JSON
from fhir_server.search.parse import DEFAULT_COUNT, MOST_COUNT, TOTALS
from fhir_server.search.values import amount, date, reference, string, token, uri, words

EXPECTED = {
    "token": token.EXPECTED,
    "reference": reference.EXPECTED,
    "date": date.EXPECTED,
    "string": string.EXPECTED,
    "number": amount.EXPECTED,
    "quantity": amount.EXPECTED_QUANTITY,
    "uri": uri.EXPECTED,
    "composite": "value$value",
    "special": words.EXPECTED,
}
Searched: TypeAlias = tuple[dict[str, Any], ...]
"""The search parameters of one type."""
LIST = {"type": "array", "items": {"type": "string"}}


def _in(
    where: str, name: str, description: str, schema: Mapping[str, Any] | None = None, **more: bool
) -> dict[str, Any]:
    """A parameter; without a schema it is any text."""
    return {"name": name, "in": where, "description": description, **more, "schema": schema or {"type": "string"}}


SHARED: Mapping[str, dict[str, Any]] = {
    one["name"]: one
    for one in (
        _in(
            "path",
            "id",
            "The id of the resource.",
            {"type": "string", "pattern": r"^[A-Za-z0-9\-\.]{1,64}$"},
            required=True,
        ),
        _in(
            "path",
            "version",
            "The number of the version: its `meta.versionId`.",
            {"type": "string", "pattern": "^[0-9]{1,9}$"},
            required=True,
        ),
        _in(
            "query",
            "_count",
            f"How many a page holds at the most: {DEFAULT_COUNT} in a search unless told, and never more than {MOST_COUNT}. "
            "0 is for a search alone: the total, and nothing shown.",
            {"type": "integer", "minimum": 0},
        ),
        _in(
            "query",
            "_sort",
            "The order: names of parameters, with a `-` before one that descends, separated by commas.",
            LIST,
            explode=False,
        ),
        _in(
            "query",
            "_total",
            "Whether the matches are counted. Without it they are on the first page.",
            {"enum": list(TOTALS)},
        ),
        _in("query", "_summary", "Which part of each resource is shown.", {"enum": list(SUMMARIES)}),
        _in(
            "query",
            "_elements",
            "The elements that are shown, separated by commas; what a resource must have is shown too.",
            LIST,
            explode=False,
        ),
        _in("query", "_since", "Only versions from this moment on.", {"type": "string", "format": "date-time"}),
        _in(
            "query",
            "_format",
            "The representation, where no Accept header can be sent. This server speaks JSON.",
            {"type": "string", "examples": ["json", FHIR_JSON]},
        ),
        _in("query", "_pretty", "`true`: indented, for a person to read.", {"type": "boolean"}),
        _in("header", "Accept-Language", "The language of refusals: `sv`, or English."),
        _in(
            "header",
            "Prefer",
            "`return=minimal`, `return=representation` or `return=OperationOutcome` for a write; `handling=lenient` for a search "
            "that shall leave unknown parameters aside.",
        ),
        _in("header", "If-Match", 'The version that must be the current one: `W/"3"`.'),
        _in("header", "If-None-Match", 'The version that the caller has: `W/"3"`.'),
        _in("header", "If-Modified-Since", "The `Last-Modified` of what the caller has."),
        _in("header", "If-None-Exist", "A search (`identifier=system|value`): where it finds one, nothing is made."),
    )
}
"""Parameters that many interactions have, by name."""


def compartment_of(owners: Sequence[str]) -> dict[str, Any]:
    """The part of an address that names a compartment, by the types that may have it."""
    words = "The type of the resource whose compartment is searched."
    return _in("path", "compartment", words, {"type": "string", "enum": list(owners)}, required=True)


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
            "description": f"{_meaning(definition, kind.get('type', ''))} ({row['type']}: `{EXPECTED[row['type']]}`)",
            "schema": LIST,
            "x-fhir-definition": f"{base}/SearchParameter/{definition['id']}",
        }


def _meaning(definition: Mapping[str, Any], type: str) -> str:
    """What a parameter means to one type: HL7 lists them all where a definition has several bases."""
    text = str(definition["description"])
    own = re.search(rf"^\* \[{type}\]\([^)]*\): (.*)$", text, re.MULTILINE)
    return (own[1] if own else text).strip()


def operation_parameters(definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What an operation takes in the address, when it is called by GET: all that is a single value, and has no parts.
    https://hl7.org/fhir/R4/operations.html#request
    """
    for row in _given(definition):
        if "part" not in row and row["type"][0].islower():
            yield {
                "name": row["name"],
                "in": "query",
                "required": row["min"] > 0,
                "description": f"{row.get('documentation', '')} ({row['type']})".strip(),
                "schema": {"type": "string"},
            }


def operation_body(definition: Mapping[str, Any]) -> str:
    """What an operation takes in its body, in words."""
    rows = [f"`{name}` {_words(row)}" for row in _given(definition) for name, row in _with_parts(row)]
    return "\n\n".join(["A Parameters resource, of:", *rows]) if rows else "Nothing is needed."


def _words(row: Mapping[str, Any]) -> str:
    """A parameter with parts has no type. https://hl7.org/fhir/R4/operationdefinition-definitions.html (opd-1)"""
    return f"({row.get('type', 'parts')}, {row['min']}..{row['max']}): {row.get('documentation', '')}"


def _with_parts(row: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A parameter and its parts, by the names that refusals have: `late`, `late.given`."""
    yield row["name"], row
    yield from ((f"{row['name']}.{part['name']}", part) for part in row.get("part", ()))


def _given(definition: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [row for row in definition.get("parameter", ()) if row["use"] == "in"]
