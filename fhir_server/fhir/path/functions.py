"""The functions of the subset: each from the branches it is called on, and its arguments, to branches.

An argument of `where`, `select`, `all` and `iif` is applied to what the function is called on; any other to what the whole
expression is applied to. https://hl7.org/fhirpath/N1/#functions
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.fhir.path.branch import (
    ANY,
    RESOLVED,
    Branch,
    Branches,
    Compiler,
    Declared,
    Scope,
    calculated,
    identity,
    items,
    one,
    only,
    present,
    then,
    truth,
    where,
)
from fhir_server.fhir.path.choosing import CHOOSING, choose
from fhir_server.fhir.path.parse import Call, Node, PathError
from fhir_server.fhir.path.resolve import type_named
from fhir_server.fhir.path.text import TEXT


def call(compiler: Compiler, tree: Call, of: Branches, this: Branches) -> Branches:
    """What a call comes to: `of` is what the function is called on, `this` what the expression is applied to."""
    if tree.name not in FUNCTIONS:
        raise PathError(f"{tree.name}() is outside the subset")
    least, most, function = FUNCTIONS[tree.name]
    if not least <= len(tree.arguments) <= most:
        raise PathError(f"{tree.name}() has {len(tree.arguments)} arguments")
    return function(compiler, of, tree.arguments, this)


def _empty(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    found = present(of)
    return calculated("boolean", lambda node, scope: not found(node, scope))


def _exists(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], this: Branches) -> Branches:
    return calculated("boolean", present(choose(compiler, of, arguments, this) if arguments else of))


def _all(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], _: Branches) -> Branches:
    parts = [(items((branch,)), truth(compiler.branches(arguments[0], (one(branch),)))) for branch in of]
    return calculated(
        "boolean",
        lambda node, scope: all(
            holds(value, scope) is True for values, holds in parts for value in values(node, scope)
        ),
    )


def _count(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    values = items(of)
    return calculated("integer", lambda node, scope: len(values(node, scope)))


def _is_distinct(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    values = items(of)

    def get(node: Any, scope: Scope) -> bool:
        found = values(node, scope)
        return len({identity(value) for value in found}) == len(found)

    return calculated("boolean", get)


def _has_value(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    value = only(of)
    return calculated("boolean", lambda node, scope: type(value(node, scope)) not in {type(None), dict, list})


def _not(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    holds = truth(of)

    def get(node: Any, scope: Scope) -> bool | None:
        found = holds(node, scope)
        return None if found is None else not found

    return calculated("boolean", get)


def _resolve(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    if any(branch.type != "Reference" for branch in of):
        raise PathError("resolve() of what is not a Reference is outside the subset")
    return tuple(
        Branch(RESOLVED, branch.many, where(branch, lambda value, scope: type_named(value, scope) is not None).get)
        for branch in of
    )


def _trace(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    return of


def _children(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    return _below(of, children)


def _descendants(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    return _below(of, descendants)


def _below(of: Branches, find: Callable[[Any], list[Any]]) -> Branches:
    inner = Branch(ANY, many=True, get=lambda value, _: find(value))
    return tuple(then(branch, inner) for branch in of if not branch.system)


def children(value: Any) -> list[Any]:
    """The values right below a node, those of lists one by one."""
    if type(value) is not dict:
        return []
    found: list[Any] = []
    for name, member in value.items():
        if name != "resourceType" and name[:1] != "_":
            found.extend(member if type(member) is list else (member,))
    return [member for member in found if member is not None]


def descendants(value: Any) -> list[Any]:
    """All values below a node."""
    found: list[Any] = []
    level = children(value)
    while level:
        found += level
        level = [child for parent in level for child in children(parent)]
    return found


FUNCTIONS: Mapping[str, Declared] = {
    **CHOOSING,
    **TEXT,
    "all": (1, 1, _all),
    "children": (0, 0, _children),
    "count": (0, 0, _count),
    "descendants": (0, 0, _descendants),
    "empty": (0, 0, _empty),
    "exists": (0, 1, _exists),
    "hasValue": (0, 0, _has_value),
    "isDistinct": (0, 0, _is_distinct),
    "not": (0, 0, _not),
    "resolve": (0, 0, _resolve),
    "trace": (1, 2, _trace),
}
"""The functions by name. `as`, `is`, `ofType`, `extension` and `hasExtension` are not among them: they are written as what
they stand for when the tree is compiled."""
