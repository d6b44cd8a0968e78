"""The OpenAPI document: every place that the CapabilityStatement promises, and nothing else.

https://spec.openapis.org/oas/v3.1.0
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.http.negotiate import FHIR_JSON, FORM
from fhir_server.http.openapi.component import components, schema
from fhir_server.http.openapi.interaction import FOUND, SHOWN, Told, told
from fhir_server.http.openapi.parameter import (
    EVERYWHERE,
    SHARED,
    Searched,
    compartment_of,
    operation_body,
    operation_parameters,
    search_parameters,
    shared,
)
from fhir_server.http.openapi.place import SERVER, Place, places
from fhir_server.http.routes import Definitions
from fhir_server.interactions.operations.parameters import AS_TEXT, TEXT

NOTES = (
    "HEAD answers wherever GET does, without a body. In a search a name may be repeated (all must hold), and a value may list "
    "several with commas between them (one must hold); a modifier follows the name after a colon: `status:not`, "
    "`subject:missing`. Every refusal is an OperationOutcome that names what is wrong and where."
)


def describe(statement: Mapping[str, Any], definitions: Definitions, base: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the server that makes this statement at a base. KeyError where a definition that the
    statement names is not among the definitions.
    """
    (rest,) = statement["rest"]
    kinds = {kind["type"]: kind for kind in rest["resource"]}
    searched = {tag: tuple(search_parameters(kind, definitions, base)) for tag, kind in {SERVER: rest, **kinds}.items()}
    paths: dict[str, dict[str, Any]] = {}
    shown: set[str] = set()
    for place in places(statement, definitions):
        telling = _Telling(place, told(place), searched[place.tag], tuple(statement["patchFormat"]))
        paths.setdefault(place.path, _item(place))[place.method.lower()] = telling.operation()
        shown |= {telling.shows} - {""}
    return {
        "openapi": "3.1.0",
        "info": _info(statement),
        "servers": [{"url": base, "description": "The FHIR base."}],
        "tags": [{"name": SERVER, "description": "The server as a whole."}, *({"name": type} for type in kinds)],
        "paths": paths,
        "components": components(searched, {*kinds, *shown}),
    }


def _info(statement: Mapping[str, Any]) -> dict[str, Any]:
    said = (statement.get("description"), statement["rest"][0].get("documentation"), NOTES)
    return {
        "title": statement["title"],
        "version": statement["software"]["version"],
        "description": "\n\n".join(filter(None, said)),
    }


def _item(place: Place) -> dict[str, Any]:
    names = [name for name in ("id", "version") if f"{{{name}}}" in place.path]
    own = [compartment_of(place.owners)] if place.owners else []
    return {"parameters": [*own, *shared(*names, *EVERYWHERE)]}


@dataclass(frozen=True, slots=True)
class _Telling:
    """One place, as an Operation Object."""

    place: Place
    told: Told
    searched: Searched
    patches: tuple[str, ...]

    @property
    def shows(self) -> str:
        return self.told.shows.format(type=self.place.type)

    def operation(self) -> dict[str, Any]:
        body = self._body()
        return {
            "operationId": self.place.name,
            "tags": [self.place.tag],
            "summary": self.told.summary,
            "x-fhir-interaction": list(self.place.interactions),
            "parameters": [*self._own_parameters(), *shared(*self.told.query, *self.told.headers)],
            **({"requestBody": body} if body else {}),
            "responses": self._responses(),
        }

    def _own_parameters(self) -> Iterator[dict[str, Any]]:
        if self.place.is_matched:
            yield from shared(*(f"{self.place.tag}.{row['name']}" for row in self.searched))
        if self.place.operation is not None and self.place.method == "GET":
            yield from operation_parameters(self.place.operation)

    def _body(self) -> dict[str, Any]:
        content = self._content()
        if not content:
            return {}
        words = {"description": self._words()} if self._words() else {}
        return {**words, "required": self.told.required, "content": content}

    def _words(self) -> str:
        if self.place.operation is not None:
            return operation_body(self.place.operation)
        return "The parameters of the search: what an address is too short for." if self.told.asks == "form" else ""

    def _content(self) -> dict[str, Any]:
        match self.told.asks:
            case "":
                return {}
            case "form":
                return {FORM: {"schema": self._form(), "encoding": _TOGETHER}}
            case "patch":
                return {media: {"schema": _PATCHES.get(media, {"type": "object"})} for media in self.patches}
            case kind:
                whole = {TEXT: {"schema": {"type": "string"}}} if self.place.interactions[0] in AS_TEXT else {}
                return {FHIR_JSON: {"schema": schema(kind.format(type=self.place.type))}, **whole}

    def _form(self) -> dict[str, Any]:
        rows = (*self.searched, *(SHARED[name] for name in FOUND))
        properties = {row["name"]: {**row["schema"], "description": row["description"]} for row in rows}
        return {"type": "object", "properties": properties}

    def _responses(self) -> dict[str, Any]:
        answers = {str(status): self._answer(status, text) for status, text in sorted(self.told.answers.items())}
        refusals = {str(refusal.status) for refusal in self.told.refusals}
        refused = {status: {"$ref": f"#/components/responses/{status}"} for status in sorted(refusals)}
        return {**answers, **refused, "default": {"$ref": "#/components/responses/default"}}

    def _answer(self, status: int, text: str) -> dict[str, Any]:
        shows = self.shows if status in SHOWN else ""
        headers = [name for name in self.told.tells if name != "Location" or status in SHOWN]
        return {
            "description": text,
            **({"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers}} if headers else {}),
            **({"content": {FHIR_JSON: {"schema": schema(shows)}}} if shows else {}),
        }


_TOGETHER = {name: {"explode": False} for name in FOUND if SHARED[name].get("explode") is False}
"""What stands once in a form, its values with commas between them."""

_PATCHES = {
    "application/json-patch+json": {"type": "array", "items": {"type": "object"}},
    FHIR_JSON: schema("Parameters"),
}
"""What a patch is; in other forms it is an object like what it changes."""
