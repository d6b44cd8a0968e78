"""Stop 1: from method and path to an interaction. The CapabilityStatement is the router.

What it promises and nobody built stops the start; what it does not promise cannot be reached.
https://hl7.org/fhir/R4/http.html#summary
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.fhir.outcome import NoSuchInteraction, NotAllowed
from fhir_server.interactions.call import Address
from fhir_server.search.compartment import members

Definitions: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What a CapabilityStatement names, by canonical: OperationDefinitions, SearchParameters, CompartmentDefinitions."""

SHAPES = {
    "read": (("GET", "instance"),),
    "vread": (("GET", "version"),),
    "update": (("PUT", "instance"),),
    "patch": (("PATCH", "instance"),),
    "delete": (("DELETE", "instance"),),
    "history-instance": (("GET", "instance-history"),),
    "history-type": (("GET", "type-history"),),
    "history-system": (("GET", "system-history"),),
    "create": (("POST", "type"),),
    "search-type": (("GET", "type"), ("POST", "type-search")),
    "search-system": (("GET", "system"), ("POST", "system-search")),
    "batch": (("POST", "system"),),
    "transaction": (("POST", "system"),),
}
"""Where each interaction answers: a method, and a shape of address."""


QUERY = "query"
"""The kind of an OperationDefinition that is no address of its own but a search: https://hl7.org/fhir/R4/search.html#query"""


class Promises:
    """What a CapabilityStatement promises, as a table that a call is looked up in; `interactions` are those promised anywhere,
    `queries` the named queries, each with the type that is searched.
    """

    def __init__(self, statement: Mapping[str, Any], definitions: Definitions) -> None:
        """KeyError where a definition that the statement names is not among the definitions."""
        self._table: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self.types: frozenset[str] = frozenset(kind["type"] for kind in statement["rest"][0]["resource"])
        self._compartments = compartments(statement, definitions).keys()
        places = tuple(promised(statement, definitions))
        self.interactions: frozenset[str] = frozenset(interaction for _, interaction, _, _ in places)
        self.queries: frozenset[tuple[str, str]] = frozenset(named_queries(statement, definitions))
        for type, interaction, method, shape in places:
            self._table[type, shape][method] = interaction
            if method == "GET":
                self._table[type, shape]["HEAD"] = interaction

    def find(self, method: str, path: str) -> Address:
        """The address that a method and a path (relative to the base, decoded) mean. NoSuchInteraction where nothing answers
        at the path, NotAllowed where something does, under another method.
        """
        shape, type, id, version, compartment = self._shape(path)
        methods = self._table.get((type, shape))
        if not methods:
            raise NoSuchInteraction.because("unknown-operation" if shape.startswith("$") else "no-such-address")
        if method not in methods:
            raise _not_allowed(methods)
        operates = shape.startswith("$") and "GET" not in methods
        return Address(methods[method], type, id, version, compartment, operates)

    def _shape(self, path: str) -> tuple[str, str, str, str, str]:
        parts = path.strip("/").split("/")
        if len(parts) in {3, 4} and parts[0] in self._compartments and parts[2] in {"*", *self.types}:
            return self._in_compartment(*parts)
        return (*self._alone(parts), "")

    def _in_compartment(self, owner: str, id: str, type: str, search: str = "") -> tuple[str, str, str, str, str]:
        """`Patient/1/CarePlan`, `Patient/1/*`, each with or without `_search`."""
        if search not in {"", "_search"}:
            raise NoSuchInteraction.because("no-such-address")
        return f"compartment{search.replace('_', '-')}", type.strip("*"), id, "", owner

    def _alone(self, parts: Sequence[str]) -> tuple[str, str, str, str]:  # noqa: C901, PLR0911  # one case for each shape
        match parts:
            case [""]:
                return "system", "", "", ""
            case ["metadata"]:
                return "metadata", "", "", ""
            case ["_history" | "_search" as own]:
                return f"system-{own[1:]}", "", "", ""
            case [operation] if operation.startswith("$"):
                return operation, "", "", ""
            case [type, *_] if type not in self.types:
                raise NoSuchInteraction.because("unknown-type")
            case [type]:
                return "type", type, "", ""
            case [type, "_history" | "_search" as own]:
                return f"type-{own[1:]}", type, "", ""
            case [type, operation] if operation.startswith("$"):
                return operation, type, "", ""
            case [type, id]:
                return "instance", type, id, ""
            case [type, id, "_history"]:
                return "instance-history", type, id, ""
            case [type, id, operation] if operation.startswith("$"):
                return f"{operation}-instance", type, id, ""
            case [type, id, "_history", version]:
                return "version", type, id, version
        raise NoSuchInteraction.because("no-such-address")


def _not_allowed(methods: Iterable[str]) -> NotAllowed:
    refusal = NotAllowed.because("method-not-allowed", allowed=", ".join(sorted(methods)))
    return NotAllowed(*refusal.issues, allow=sorted(methods))


def promised(statement: Mapping[str, Any], definitions: Definitions) -> Iterator[tuple[str, str, str, str]]:
    """Type, interaction, method and shape of all that is promised; the type is "" for what belongs to the system."""
    (rest,) = statement["rest"]
    held = compartments(statement, definitions)
    in_any = {"": bool(held), **dict.fromkeys(frozenset().union(*held.values()), True)}
    yield "", "capabilities", "GET", "metadata"
    for kind in ({"type": "", **rest}, *rest["resource"]):
        if in_any.get(kind["type"]):
            yield from _in_compartments(kind)
        for promise in kind.get("interaction", ()):
            for method, shape in (*SHAPES[promise["code"]], *_conditional(kind, promise["code"])):
                yield kind["type"], promise["code"], method, shape
        for promise in kind.get("operation", ()):
            if definitions[promise["definition"]].get("kind") == QUERY:
                continue
            for method, shape in _operation(kind["type"], definitions[promise["definition"]]):
                yield kind["type"], f"${promise['name']}", method, shape


def named_queries(statement: Mapping[str, Any], definitions: Definitions) -> Iterator[tuple[str, str]]:
    """Each named query that is promised, with its type."""
    for kind in statement["rest"][0]["resource"]:
        for promise in kind.get("operation", ()):
            if definitions[promise["definition"]].get("kind") == QUERY:
                yield kind["type"], promise["name"]


def compartments(statement: Mapping[str, Any], definitions: Definitions) -> dict[str, frozenset[str]]:
    """The compartments that are promised: by the type that each is of, the types of what may be in it."""
    promised = (definitions[canonical] for canonical in statement["rest"][0].get("compartment", ()))
    return {definition["code"]: members(definition) for definition in promised}


def _in_compartments(kind: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """What can be searched for at all can be searched for in a compartment. https://hl7.org/fhir/R4/search.html#compartment"""
    for promise in kind.get("interaction", ()):
        if promise["code"] in {"search-type", "search-system"}:
            yield kind["type"], promise["code"], "GET", "compartment"
            yield kind["type"], promise["code"], "POST", "compartment-search"


def _operation(type: str, definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where an operation answers, as its definition says; by GET too where it changes nothing.
    https://hl7.org/fhir/R4/operations.html#request
    """
    name = f"${definition['code']}"
    methods = ("POST",) if definition["affectsState"] else ("POST", "GET")
    for method in methods:
        if definition["type"] if type else definition["system"]:
            yield method, name
        if type and definition["instance"]:
            yield method, f"{name}-instance"


def _conditional(kind: Mapping[str, Any], interaction: str) -> Iterable[tuple[str, str]]:
    """Where a write answers that names what it must match instead of an id."""
    if interaction in {"update", "patch"} and kind.get("conditionalUpdate"):
        return ((SHAPES[interaction][0][0], "type"),)
    if interaction == "delete" and kind.get("conditionalDelete", "not-supported") != "not-supported":
        return (("DELETE", "type"),)
    return ()
