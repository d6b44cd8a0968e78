"""What an expression comes to when the type it is applied to is known: branches, each of one type.

An element of a choice type has a branch for each of its types, since its JSON name says which of them is there. So every
value's type is known when the expression is compiled, and nothing has to be looked up when it is run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Protocol, TypeAlias

from fhir_server.fhir.codec import Number
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.path.parse import Node

Scope: TypeAlias = tuple[Any, Any]
"""What `%resource` and `%context` are while an expression runs."""

Get: TypeAlias = Callable[[Any, Scope], Any]
"""From a node and the scope to a value or None, or to a list, as `Branch.many` says."""

ANY: Final = "(any)"
"""The type of what `children()` and `descendants()` find."""
RESOLVED: Final = "(resolved)"
"""The type of what `resolve()` finds: of the resource that a reference names, its type alone is known."""


@dataclass(frozen=True, slots=True)
class Branch:
    """The values of one type that an expression leads to.

    `many`: `get` gives a list. `system`: they are FHIRPath's own values, not elements of the resource. `targets`: the
    types of resource that a reference or canonical may name, none of them: any. `binding`: the canonical of the value
    set that a code must come from, empty without one. `member`: the member of JSON that the path goes into first; a node
    without it has no values here. Empty where that is not known.
    """

    type: str
    many: bool
    get: Get
    system: bool = False
    targets: tuple[str, ...] = ()
    binding: str = ""
    member: str = ""


Branches: TypeAlias = tuple[Branch, ...]


class Compiler(Protocol):
    """What compiles the argument of a function."""

    def branches(self, node: Node, this: Branches) -> Branches:
        """What a tree comes to, applied to `this`."""
        ...


Function: TypeAlias = Callable[[Compiler, Branches, tuple[Node, ...], Branches], Branches]
"""From what a function is called on, its arguments, and what the whole expression is applied to."""

Declared: TypeAlias = tuple[int, int, Function]
"""A function with how few and how many arguments it takes."""


class Valueless:
    """An element that is there without a value: a primitive with an extension alone. Only constraints see it."""

    def __repr__(self) -> str:
        return "VALUELESS"


VALUELESS: Final = Valueless()


def itself(node: Any, _: Scope) -> Any:
    """The node: where every path begins."""
    return node


def kinds(type: str) -> frozenset[type]:
    """The Python types that values of a FHIR type have in decoded JSON."""
    if type == "boolean":
        return frozenset({bool})
    if type in {"integer", "positiveInt", "unsignedInt"}:
        return frozenset({int})
    if type == "decimal":
        return frozenset({int, float, Decimal, Number})
    return frozenset({str}) if r4().is_primitive(type) else frozenset({dict})


def calculated(type: str, get: Get) -> Branches:
    """The one value that an operator or a function makes."""
    return (Branch(type, many=False, get=get, system=True),)


def then(of: Branch, inner: Branch) -> Branch:
    """The inner branch, applied to each value of the outer one."""
    first = inner if of.get is itself else of
    return replace(inner, many=of.many or inner.many, get=_chained(of, inner), member=first.member)


def _chained(of: Branch, inner: Branch) -> Get:
    first, second = of.get, inner.get
    if first is itself:
        return second
    if of.many and inner.many:
        return lambda node, scope: [found for value in first(node, scope) for found in second(value, scope)]
    if of.many:
        return lambda node, scope: [
            found for value in first(node, scope) if (found := second(value, scope)) is not None
        ]
    if inner.many:
        return lambda node, scope: [] if (value := first(node, scope)) is None else second(value, scope)
    return lambda node, scope: None if (value := first(node, scope)) is None else second(value, scope)


def one(branch: Branch) -> Branch:
    """A single value of the branch's type: what a criterion is applied to."""
    return replace(branch, many=False, get=itself)


def where(branch: Branch, holds: Get) -> Branch:
    """The values of the branch for which something is true."""
    kept = replace(branch, many=False, get=lambda value, scope: value if holds(value, scope) is True else None)
    return then(branch, kept)


def items(branches: Branches) -> Get:
    """All values of the branches, as a list."""
    if len(branches) == 1 and branches[0].many:
        return branches[0].get
    parts = [(branch.many, branch.get) for branch in branches]

    def get(node: Any, scope: Scope) -> list[Any]:
        found: list[Any] = []
        for many, part in parts:
            value = part(node, scope)
            if many:
                found.extend(value)
            elif value is not None:
                found.append(value)
        return found

    return get


def only(branches: Branches) -> Get:
    """The one value of the branches; None where there is none, or several, or an element without a value."""
    if len(branches) == 1 and not branches[0].many:
        single = branches[0].get
        if branches[0].system:
            return single

        def get(node: Any, scope: Scope) -> Any:
            value = single(node, scope)
            return None if value is VALUELESS else value

        return get
    every = items(branches)

    def get_only(node: Any, scope: Scope) -> Any:
        found = every(node, scope)
        return found[0] if len(found) == 1 and found[0] is not VALUELESS else None

    return get_only


def truth(branches: Branches) -> Get:
    """The branches as a condition: True, False or None. One value that is no boolean counts as true.
    https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
    """
    value = only(branches)
    if len(branches) == 1 and branches[0].type == "boolean":
        return value

    def get(node: Any, scope: Scope) -> bool | None:
        found = value(node, scope)
        return found if found is None or found is False else True

    return get


def present(branches: Branches) -> Get:
    """Whether the branches have any value."""
    if len(branches) == 1 and not branches[0].many:
        single = branches[0].get
        return lambda node, scope: single(node, scope) is not None
    if len(branches) == 1:
        several = branches[0].get
        return lambda node, scope: bool(several(node, scope))
    parts = [present((branch,)) for branch in branches]
    return lambda node, scope: any(part(node, scope) for part in parts)


def identity(value: Any) -> Any:
    """A key that equal values share, so that sets can be made of them."""
    if type(value) is dict:
        return dict, frozenset((name, identity(member)) for name, member in value.items())
    if type(value) is list:
        return list, tuple(map(identity, value))
    return (bool, value) if type(value) is bool else value


def distinct(values: Iterable[Any]) -> list[Any]:
    """The values without repetitions, in their order."""
    return list({identity(value): value for value in values}.values())
