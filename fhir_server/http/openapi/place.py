"""The places where a server answers: a path and a method, and the interactions that are behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.http.routes import Definitions, compartments, promised

SERVER = "Server"
"""The tag of what belongs to no type."""
MATCHED = frozenset({"search-type", "search-system", "update", "patch", "delete"})
"""What may name its resources by search parameters in the address."""
COMPARTMENT = "compartment"
PATHS = {
    "metadata": "/metadata",
    "system": "/",
    "system-search": "/_search",
    "system-history": "/_history",
    "type": "/{type}",
    "type-search": "/{type}/_search",
    "type-history": "/{type}/_history",
    "instance": "/{type}/{{id}}",
    "instance-history": "/{type}/{{id}}/_history",
    "version": "/{type}/{{id}}/_history/{{version}}",
    COMPARTMENT: "/{{compartment}}/{{id}}/{type}",
    f"{COMPARTMENT}-search": "/{{compartment}}/{{id}}/{type}/_search",
}
"""The path of each shape of address, but for operations."""


@dataclass(frozen=True, slots=True)
class Place:
    """What answers at one path to one method: `kind` is what the CapabilityStatement says of the type (of the whole server
    where there is none), `operation` the definition of the operation, if it is one; of several `interactions` the body
    chooses; `owners` are the types in whose compartments it is.
    """

    shape: str
    method: str
    interactions: tuple[str, ...]
    kind: Mapping[str, Any]
    operation: Mapping[str, Any] | None = None
    owners: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The type of resource, or ""."""
        return str(self.kind.get("type", ""))

    @property
    def tag(self) -> str:
        """What it stands under: its type, or SERVER."""
        return self.type or SERVER

    @property
    def path(self) -> str:
        """The template of the path, below the base."""
        if self.operation is None:
            several = "*" if self.owners else ""
            return PATHS[self.shape].format(type=self.type or several)
        id = "{id}" if self.shape.endswith("-instance") else ""
        return "/".join(["", *filter(None, (self.type, id, self.interactions[0]))])

    @property
    def name(self) -> str:
        """A name that no other place has."""
        return "-".join(filter(None, (self.method.lower(), self.type, self.shape.removeprefix("$"))))

    @property
    def is_matched(self) -> bool:
        """Whether search parameters stand in the address: of a search, or of a write that says what it must match."""
        return self.shape in {"type", "system", COMPARTMENT} and self.interactions[0] in MATCHED


def places(statement: Mapping[str, Any], definitions: Definitions) -> Iterator[Place]:
    """Every place that the statement promises, in its order, those of the whole server first."""
    (rest,) = statement["rest"]
    kinds = {"": rest, **{kind["type"]: kind for kind in rest["resource"]}}
    found: dict[tuple[str, str, str], list[str]] = {}
    for type, interaction, method, shape in promised(statement, definitions):
        found.setdefault((type, shape, method), []).append(interaction)
    held = compartments(statement, definitions)
    for (type, shape, method), interactions in found.items():
        operation = _operation(kinds[type], interactions[0], definitions)
        owners = tuple(owner for owner in held if shape.startswith(COMPARTMENT) and (not type or type in held[owner]))
        yield Place(shape, method, tuple(interactions), kinds[type], operation, owners)


def _operation(kind: Mapping[str, Any], interaction: str, definitions: Definitions) -> Mapping[str, Any] | None:
    named = {f"${row['name']}": row["definition"] for row in kind.get("operation", ())}
    return definitions[named[interaction]] if interaction in named else None
