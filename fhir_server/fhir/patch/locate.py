"""From the path of an operation to the elements that it leads to, and their places.

A path goes down from the resource: names of elements, `[n]`, `first()`, `last()`, `single()`, `where(…)`, `ofType(…)`, `as`,
`extension(url)`. A criterion compares simple values that such paths lead to, or asks what `exists()`. Whatever is looked at
is counted, since a path comes from outside. https://hl7.org/fhir/R4/fhirpatch.html#concept
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fhir_server.fhir.definitions import Element, r4
from fhir_server.fhir.outcome import Unreadable
from fhir_server.fhir.patch.bounds import Steps
from fhir_server.fhir.patch.operation import inapplicable, unreadable
from fhir_server.fhir.patch.place import Spot
from fhir_server.fhir.path import PathError
from fhir_server.fhir.path.branch import VALUELESS, Branch, Branches, calculated, truth
from fhir_server.fhir.path.operators import OPERATORS
from fhir_server.fhir.path.parse import Call, Item, Literal, Member, Node, Operation, This, TypeTest, Variable, parse

COMPARING = frozenset({"=", "!=", "<", "<=", ">", ">=", "and", "or"})
LONGEST_NAME = 64
"""No element has as long a name; what is longer is not repeated."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a path leads to, one by one, and the types that may stand at its end; none of them: nobody knows."""

    spots: Iterable[Spot]
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Locator:
    """Follows paths through one resource. `where` is the operation's place in the Parameters."""

    resource: dict[str, Any]
    where: str
    steps: Steps

    def one_or_none(self, path: str) -> Spot | None:
        """The one element that a path leads to, if any. Unreadable for a path beyond the subset, or with a name that R4 does
        not have there; Invalid where there are several.
        """
        return next(self._at_most_one(self._found(self._parsed(path), self._root())), None)

    def one(self, path: str) -> Spot:
        """The one element that a path must lead to. Invalid where there is none, too."""
        return self._there(self.one_or_none(path))

    def holder(self, path: str) -> tuple[Spot, Element]:
        """For a path that names a whole list: the one element that holds it, and the element that repeats there."""
        tree = self._parsed(path)
        if not isinstance(tree, Member):
            raise self._beyond()
        spot = self._there(next(self._at_most_one(self._found(tree.of, self._root())), None))
        return spot, self.element(spot.type, tree.name)

    def element(self, type: str, name: str) -> Element:
        """The element of a type by its FHIR name. Unreadable where there is none."""
        element = _elements(type).get(name)
        if element is None:
            raise self._unknown(name, type)
        return element

    # ------------------------------------------------------------------------------------------------ paths

    def _root(self) -> Found:
        type = self.resource["resourceType"]
        return Found((Spot(type, self.resource),), frozenset({type}))

    def _parsed(self, path: str) -> Node:
        try:
            return parse.__wrapped__(path)  # not kept for the next time: a criterion may name a person
        except PathError:
            raise self._beyond() from None

    def _beyond(self) -> Unreadable:
        return unreadable("patch-path", self.where)

    def _unknown(self, name: str, type: str) -> Unreadable:
        if len(name) > LONGEST_NAME or not (name.isascii() and name.isidentifier()):
            return unreadable("unknown-member", self.where, type=type)
        return unreadable("unknown-element", self.where, name=name, type=type)

    def _there(self, spot: Spot | None) -> Spot:
        if spot is None:
            raise inapplicable("patch-path-nothing", self.where)
        return spot

    def _found(self, tree: Node, this: Found) -> Found:  # noqa: PLR0911  # one case for each kind of step
        """What a tree leads to from `this`."""
        match tree:
            case This():
                return this
            case Variable("resource"):
                return self._root()
            case Member(This(), name) if name[:1].isupper():
                return self._rooted(this, name)
            case Member(of, name):
                return self._members(self._found(of, this), name)
            case Item(of, Literal("integer", int(at))):
                found = self._found(of, this)
                return Found(islice(found.spots, at, at + 1), found.types)
            case TypeTest(of, "as", kind):
                return self._typed(self._found(of, this), kind)
            case Call():
                return self._called(tree, self._found(tree.of, this))
        raise self._beyond()

    def _called(self, tree: Call, of: Found) -> Found:
        match tree.name, tree.arguments:
            case "first", ():
                return Found(islice(of.spots, 1), of.types)
            case "last", ():
                return Found(deque(of.spots, maxlen=1), of.types)
            case "single", ():
                return Found(self._at_most_one(of), of.types)
            case "where", (criterion,):
                return self._chosen(of, criterion)
            case (("ofType" | "as"), ((Member(This(), kind) | Member(Member(This(), "FHIR"), kind)),)):
                return self._typed(of, kind)
            case "extension", (Literal("string", url),):
                extensions = self._members(of, "extension")
                return Found((spot for spot in extensions.spots if spot.value.get("url") == url), extensions.types)
        raise self._beyond()

    def _rooted(self, this: Found, name: str) -> Found:
        if this.types and name not in this.types | {"Resource", "DomainResource"}:
            raise unreadable("patch-path-type", self.where, type=", ".join(sorted(this.types)))
        return this

    def _members(self, of: Found, name: str) -> Found:
        """Some type among those that may stand there must have the element, or the name is a mistake."""
        if not of.types or "Resource" in of.types:
            return Found(self._children(of.spots, name), frozenset())
        having = [element for kind in of.types if (element := _elements(kind).get(name)) is not None]
        if not having:
            raise self._unknown(name, min(of.types))
        types = frozenset(kind for element in having for kind in element.types)
        return Found(self._children(of.spots, name), types)

    def _children(self, spots: Iterable[Spot], name: str) -> Iterator[Spot]:
        for spot in spots:
            element = _elements(spot.type).get(name)
            for child in spot.children(element) if element is not None else ():
                self.steps.take()
                yield child

    def _at_most_one(self, of: Found) -> Iterator[Spot]:
        found = tuple(islice(of.spots, 2))
        if len(found) > 1:
            raise inapplicable("patch-path-several", self.where)
        yield from found

    def _typed(self, of: Found, kind: str) -> Found:
        if kind not in r4().types:
            raise self._beyond()
        return Found((spot for spot in of.spots if spot.type == kind), frozenset({kind}))

    # ------------------------------------------------------------------------------------------------ criteria

    def _chosen(self, of: Found, criterion: Node) -> Found:
        """What could never be asked is refused first, whether there is anything to ask it of or not."""
        self._holds(criterion, Found((), of.types))
        kept = (spot for spot in of.spots if self._holds(criterion, Found((spot,), frozenset())))
        return Found(kept, of.types)

    def _holds(self, criterion: Node, this: Found) -> bool:
        return truth(self._values(criterion, this))(None, (None, None)) is True

    def _values(self, tree: Node, this: Found) -> Branches:
        """What a part of a criterion comes to, for the operators of FHIRPath."""
        self.steps.take()
        match tree:
            case Literal(kind, value):
                return calculated(kind, lambda _, __: value)
            case Operation(operator, left, right) if operator in COMPARING:
                kind, made = OPERATORS[operator]
                return calculated(kind, made(self._values(left, this), self._values(right, this)))
            case Call(of, "not", ()):
                holds = truth(self._values(of, this))(None, (None, None))
                return calculated("boolean", lambda _, __: None if holds is None else not holds)
            case Call(of, ("exists" | "empty") as name, arguments):
                there = self._exists(self._found(of, this), arguments)
                return calculated("boolean", lambda _, __: there is (name == "exists"))
        return self._simple(self._found(tree, this))

    def _exists(self, of: Found, arguments: tuple[Node, ...]) -> bool:
        if len(arguments) > 1:
            raise self._beyond()
        found = self._chosen(of, arguments[0]) if arguments else of
        return next(iter(found.spots), None) is not None

    def _simple(self, found: Found) -> Branches:
        """The values of primitives; no others are compared."""
        values: dict[str, list[Any]] = {kind: [] for kind in found.types if r4().is_primitive(kind)}
        if found.types and not values:
            raise self._beyond()
        for spot in found.spots:
            if r4().is_primitive(spot.type):
                values.setdefault(spot.type, []).append(VALUELESS if spot.value is None else spot.value)
        return tuple(_constant(kind, own) for kind, own in values.items())


def _constant(kind: str, values: list[Any]) -> Branch:
    return Branch(kind, many=True, get=lambda _, __: values)


def _elements(kind: str) -> Mapping[str, Element]:
    """Of a resource of unknown type the elements are known that all have."""
    return r4().elements("DomainResource" if kind == "Resource" else kind)
