"""From the tree of an expression, and the type that it is applied to, to closures: nothing of the text is ever executed.

https://hl7.org/fhirpath/N1/
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from fhir_server.fhir.definitions import R4, Element, json_name, r4
from fhir_server.fhir.path.branch import (
    ANY,
    RESOLVED,
    Branch,
    Branches,
    Get,
    Scope,
    calculated,
    items,
    itself,
    kinds,
    only,
    then,
    where,
)
from fhir_server.fhir.path.choosing import over_types, part, united, whole
from fhir_server.fhir.path.compare import TEMPORAL
from fhir_server.fhir.path.functions import call
from fhir_server.fhir.path.operators import OPERATORS, negative
from fhir_server.fhir.path.parse import (
    Call,
    Item,
    Literal,
    Member,
    Negative,
    Node,
    Nothing,
    Operation,
    PathError,
    This,
    TypeTest,
    Variable,
    alternatives,
)
from fhir_server.fhir.path.resolve import type_named
from fhir_server.fhir.path.step import any_member, several, single

CONSTANTS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
"""https://hl7.org/fhir/R4/fhirpath.html#variables"""

SYSTEM_TYPES = {
    name: name[0].lower() + name[1:] for name in ("Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time")
}


@cache
def _types() -> frozenset[str]:
    return r4().types


class Compiler:
    """Compiles trees for one type. With `presence`, an element without a value counts as there: what constraints ask."""

    def __init__(self, type: str, *, presence: bool) -> None:
        self._tables: R4 = r4()
        if type not in _types():
            raise PathError(f"{type} is no type of R4")
        self._type = type
        self._presence = presence
        self.root: Branches = (Branch(type, many=False, get=itself),)

    def branches(self, node: Node, this: Branches) -> Branches:
        """What a tree comes to, applied to `this`."""
        match node:
            case This() | Nothing():
                return this if isinstance(node, This) else ()
            case Literal(kind, value):
                return calculated(kind, lambda _, __: value)
            case Variable(name):
                return self._variable(name)
            case Operation():
                return self._operation(node, this)
            case Member(This(), name) if name[:1].isupper():
                return self._rooted(this, name)
            case _:
                return self._further(node, this)

    def _further(self, node: Member | Call | Item | TypeTest | Negative, this: Branches) -> Branches:
        """What leads on from what another tree comes to."""
        if isinstance(node, Call):
            return self._call(node, this)
        of = self.branches(node.of, this)
        match node:
            case Member(_, name):
                return over_types(of, lambda branch: self._member(branch, name))
            case Item(_, at):
                place = whole(at)
                return part(of, place, place + 1)
            case TypeTest(_, operator, kind):
                return self._test(of, operator, kind)
            case Negative():
                return negative(only(of))

    # ------------------------------------------------------------------------------------------ paths

    def _variable(self, name: str) -> Branches:
        if name in CONSTANTS:
            value = CONSTANTS[name]
            return calculated("string", lambda _, __: value)
        if name == "resource":
            head = self._type.partition(".")[0]
            kind = head if head in self._tables.resource_types else "DomainResource"
            return (Branch(kind, many=False, get=lambda _, scope: scope[0]),)
        if name == "context":
            return (Branch(self._type, many=False, get=lambda _, scope: scope[1]),)
        raise PathError(f"%{name} is outside the subset")

    def _rooted(self, this: Branches, name: str) -> Branches:
        """A path may begin with the type it is about; one about another type leads nowhere."""
        self._known(name)
        return tuple(branch for branch in this if self._is_a(branch.type, name))

    def _known(self, name: str) -> str:
        """The name of a type as R4 has it."""
        plain = name.removeprefix("FHIR.").removeprefix("System.")
        plain = SYSTEM_TYPES.get(plain, plain)
        if plain not in _types():
            raise PathError(f"{name} is no type of R4")
        return plain

    def _is_a(self, kind: str, wanted: str) -> bool:
        """Whether it is the type, or derived from an abstract one: `uri` does not mean a canonical, nor Quantity an Age."""
        if kind == wanted:
            return True
        abstract = wanted in {"Resource", "DomainResource", "Element", "BackboneElement"}
        return abstract and kind in _types() and self._descends(kind, wanted)

    def _descends(self, kind: str, wanted: str) -> bool:
        while kind and kind != wanted:
            kind = self._tables.base(kind)
        return kind == wanted

    def _member(self, branch: Branch, name: str) -> Branches:
        if branch.type == ANY:
            return (then(branch, Branch(ANY, many=True, get=any_member(name))),)
        if branch.type == RESOLVED or branch.system or self._tables.is_primitive(branch.type):
            raise PathError(f"{name}: the elements of a {branch.type} are outside the subset")
        element = self._tables.elements(_concrete(branch.type)).get(name)
        if element is None:
            raise PathError(f"{branch.type} has no element {name}")
        return tuple(then(branch, self._step(element, kind)) for kind in element.types)

    def _step(self, element: Element, kind: str) -> Branch:
        name, expected = json_name(element, kind), kinds(kind)
        sees_extension = self._presence and self._tables.is_primitive(kind)
        read = (several if element.many else single)(name, expected, sees_extension)
        return Branch(kind, element.many, read, targets=element.targets, binding=element.binding, member=name)

    # ------------------------------------------------------------------------------------------ types

    def _test(self, of: Branches, operator: str, name: str) -> Branches:
        kind = self._known(name)
        tests = [(branch, self._type_test(branch, kind)) for branch in of]
        if operator == "is":
            return calculated("boolean", _the_one(tests))
        return tuple(
            branch if self._is_a(branch.type, kind) else _typed(where(branch, holds), kind)
            for branch, holds in tests
            if holds is not _never
        )

    def _type_test(self, branch: Branch, kind: str) -> Get:
        """Whether a value of the branch is of a type: settled here but for resources and what references name."""
        if self._is_a(branch.type, kind):
            return _always
        if branch.type == RESOLVED:
            return lambda value, scope: type_named(value, scope) == kind
        if branch.type in {"Resource", "DomainResource", ANY} and self._is_a(kind, "Resource"):
            return lambda value, _: self._is_a(str(value.get("resourceType")), kind) if type(value) is dict else False
        if branch.type == ANY:
            raise PathError(f"whether a descendant is a {kind} is outside the subset")
        return _never

    # ------------------------------------------------------------------------------------------ functions and operators

    def _call(self, node: Call, this: Branches) -> Branches:
        written = _WRITTEN.get(node.name)
        if written is not None and len(node.arguments) == 1:
            return self.branches(written(node), this)
        return call(self, node, self.branches(node.of, this), this)

    def _operation(self, node: Operation, this: Branches) -> Branches:
        if node.operator == "|":
            return united(*(self.branches(operand, this) for operand in alternatives(node)))
        left, right = self.branches(node.left, this), self.branches(node.right, this)
        if node.operator not in OPERATORS:
            raise PathError(f"the operator {node.operator} is outside the subset")
        kind, made = OPERATORS[node.operator]
        if kind == "number" and any(branch.type in TEMPORAL for branch in left + right):
            raise PathError("reckoning with dates is outside the subset")
        return calculated("decimal" if kind == "number" else kind, made(left, right))


def _concrete(type: str) -> str:
    """Of a resource of unknown type the elements are known that all have."""
    return "DomainResource" if type == "Resource" else type


def _always(_: Any, __: Scope) -> bool:
    return True


def _never(_: Any, __: Scope) -> bool:
    return False


def _typed(branch: Branch, kind: str) -> Branch:
    """The branch, now that its values are known to be of a type; of what a reference names no more is known."""
    return branch if branch.type == RESOLVED else Branch(kind, branch.many, branch.get)


def _the_one(tests: list[tuple[Branch, Get]]) -> Get:
    """Whether the one value of the branches passes its branch's test; None where there is none, or several."""
    parts = [(items((branch,)), holds) for branch, holds in tests]

    def get(node: Any, scope: Scope) -> bool | None:
        found = [holds(value, scope) for values, holds in parts for value in values(node, scope)]
        return found[0] if len(found) == 1 else None

    return get


def _type_argument(tree: Node) -> str:
    match tree:
        case Member(This(), name):
            return name
        case Member(Member(This(), space), name):
            return f"{space}.{name}"
        case _:
            raise PathError("the name of a type was expected")


def _extensions(tree: Call) -> Node:
    """`extension(url)` is short for `extension.where(url = …)`: https://hl7.org/fhir/R4/fhirpath.html#functions"""
    (url,) = tree.arguments
    if not isinstance(url, Literal):
        raise PathError(f"the url of {tree.name}() is written out")
    by_url = Operation("=", Member(This(), "url"), url)
    return Call(Member(tree.of, "extension"), "where", (by_url,))


_WRITTEN: dict[str, Callable[[Call], Node]] = {
    "as": lambda tree: TypeTest(tree.of, "as", _type_argument(tree.arguments[0])),
    "is": lambda tree: TypeTest(tree.of, "is", _type_argument(tree.arguments[0])),
    "ofType": lambda tree: TypeTest(tree.of, "as", _type_argument(tree.arguments[0])),
    "extension": _extensions,
    "hasExtension": lambda tree: Call(_extensions(tree), "exists", ()),
}
