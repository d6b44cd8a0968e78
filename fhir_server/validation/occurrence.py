"""The values that an element has in an object: where each stands, its type, and the object that its own elements are in.

https://hl7.org/fhir/R4/json.html
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from fhir_server.fhir.definitions import Element, json_name, r4
from fhir_server.fhir.path.branch import kinds
from fhir_server.validation.contained import resource_type
from fhir_server.validation.finding import Finding, below

MISSHAPEN = ""
"""The type of a value that is not even of the right JSON type: it counts as there, and nothing is asked of it."""
NOTHING: dict[str, Any] = {}


class Occurrence(NamedTuple):
    """One value of an element. `place` is its number in a list, -1 where the element does not repeat. `node` holds its
    elements: itself, or of a primitive the object beside it.
    """

    place: int
    type: str
    value: Any
    node: dict[str, Any]


Read: TypeAlias = Callable[[dict[str, Any]], list[Occurrence]]


@cache
def reader(element: Element) -> Read:
    """From an object to the values that it has of an element; wrong shapes are let be."""
    if element.types == ("Resource",):
        return _resources(element)
    if element.choice:
        return _choice(element)
    (kind,) = element.types
    if r4().is_primitive(kind):
        return _primitives(element.name, kind) if element.many else _primitive(element.name, kind)
    return _objects(element.name, kind) if element.many else _object(element.name, kind)


def at(name: str, occurrence: Occurrence, findings: list[Finding]) -> list[Finding]:
    """The findings of a value, seen from the object that holds it."""
    return below(f".{name}" if occurrence.place < 0 else f".{name}[{occurrence.place}]", findings)


def _object(name: str, kind: str) -> Read:
    def read(node: dict[str, Any]) -> list[Occurrence]:
        value = node.get(name)
        if value is None:
            return []
        return [
            Occurrence(-1, kind, value, value) if type(value) is dict else Occurrence(-1, MISSHAPEN, value, NOTHING)
        ]

    return read


def _objects(name: str, kind: str) -> Read:
    def read(node: dict[str, Any]) -> list[Occurrence]:
        values = node.get(name)
        if values is None:
            return []
        if type(values) is not list:
            return [Occurrence(-1, MISSHAPEN, values, NOTHING)]
        return [
            Occurrence(place, kind, value, value)
            if type(value) is dict
            else Occurrence(place, MISSHAPEN, value, NOTHING)
            for place, value in enumerate(values)
        ]

    return read


def _resources(element: Element) -> Read:
    objects = (_objects if element.many else _object)(element.name, "Resource")

    def read(node: dict[str, Any]) -> list[Occurrence]:
        return [found._replace(type=resource_type(found.value) or MISSHAPEN) for found in objects(node)]

    return read


def _primitive(name: str, kind: str, place: int = -1) -> Read:
    expected, beside = kinds(kind), f"_{name}"

    def read(node: dict[str, Any]) -> list[Occurrence]:
        value, extended = node.get(name), node.get(beside)
        return [] if value is None and extended is None else [_valued(value, extended, kind, expected, place)]

    return read


def _primitives(name: str, kind: str) -> Read:
    expected, beside = kinds(kind), f"_{name}"

    def read(node: dict[str, Any]) -> list[Occurrence]:
        values, extended = node.get(name), node.get(beside)
        if values is None and extended is None:
            return []
        values = values if type(values) is list else []
        extended = extended if type(extended) is list else []
        longest = max(len(values), len(extended))
        pairs = zip(_filled(values, longest), _filled(extended, longest), strict=True)
        return [_valued(value, more, kind, expected, place) for place, (value, more) in enumerate(pairs)]

    return read


def _filled(values: list[Any], length: int) -> list[Any]:
    return values + [None] * (length - len(values))


def _valued(value: Any, beside: Any, kind: str, expected: frozenset[type], place: int) -> Occurrence:
    """A primitive without a value is there all the same, by what stands beside it."""
    shaped = value is None or type(value) in expected
    return Occurrence(place, kind if shaped else MISSHAPEN, value, beside if type(beside) is dict else NOTHING)


def _choice(element: Element) -> Read:
    by_member: dict[str, Read] = {}
    for kind in element.types:
        name = json_name(element, kind)
        by_member[name] = by_member[f"_{name}"] = _of_type(name, kind)

    def read(node: dict[str, Any]) -> list[Occurrence]:
        there = dict.fromkeys([by_member[name] for name in node if name in by_member])
        return [found for read_one in there for found in read_one(node)]

    return read


def _of_type(name: str, kind: str) -> Read:
    return _primitive(name, kind) if r4().is_primitive(kind) else _object(name, kind)
