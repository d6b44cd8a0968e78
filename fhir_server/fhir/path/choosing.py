"""Which values of a collection, and of which type: the functions that keep some, join several or go over each.

https://hl7.org/fhirpath/N1/#filtering-and-projection
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from fhir_server.fhir.path.branch import (
    Branch,
    Branches,
    Compiler,
    Declared,
    Get,
    Scope,
    distinct,
    identity,
    items,
    one,
    then,
    truth,
    where,
)
from fhir_server.fhir.path.parse import Call, Literal, Node, PathError, This, TypeTest
from fhir_server.fhir.path.resolve import type_named

MOST_BRANCHES = 1_000


def choose(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], _: Branches) -> Branches:
    """`where`: the values for which the criterion holds."""
    return over_types(of, lambda branch: (_chosen(compiler, branch, arguments[0]),))


def _chosen(compiler: Compiler, branch: Branch, criterion: Node) -> Branch:
    """The values of a branch for which a criterion holds; one that names the type of a reference narrows its targets."""
    match criterion:
        case TypeTest(Call(This(), "resolve", ()), "is", kind) if branch.type == "Reference":
            return replace(where(branch, lambda value, scope: type_named(value, scope) == kind), targets=(kind,))
        case _:
            return where(branch, truth(compiler.branches(criterion, (one(branch),))))


def _select(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], _: Branches) -> Branches:
    return over_types(
        of,
        lambda branch: tuple(then(branch, inner) for inner in compiler.branches(arguments[0], (one(branch),))),
    )


def over_types(of: Branches, made: Callable[[Branch], Branches]) -> Branches:
    """What is made of each branch. Of a choice type it is enough that one of its types has the elements named."""
    found: list[Branch] = []
    refused: list[PathError] = []
    for branch in of:
        try:
            found.extend(made(branch))
        except PathError as error:
            refused.append(error)
    if of and len(refused) == len(of):
        raise refused[0]
    if len(found) > MOST_BRANCHES:
        raise PathError(f"the expression leads to more than {MOST_BRANCHES} types of value")
    return tuple(found)


def part(of: Branches, start: int, end: int | None) -> Branches:
    """The values from a place to a place, of a collection of one type."""
    if len(of) > 1:
        raise PathError("a place among values of several types is outside the subset")
    return tuple(_listed(branch, lambda values: values[start:end]) for branch in of)


def _listed(branch: Branch, change: Callable[[list[Any]], list[Any]]) -> Branch:
    values = items((branch,))
    return replace(branch, many=True, get=lambda node, scope: change(values(node, scope)))


def _first(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    return part(of, 0, 1)


def _last(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    return part(of, -1, None)


def _tail(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    return part(of, 1, None)


def _skip(_: Compiler, of: Branches, arguments: tuple[Node, ...], __: Branches) -> Branches:
    return part(of, whole(arguments[0]), None)


def _take(_: Compiler, of: Branches, arguments: tuple[Node, ...], __: Branches) -> Branches:
    return part(of, 0, whole(arguments[0]))


def whole(tree: Node) -> int:
    """A number written out."""
    if not isinstance(tree, Literal) or tree.type != "integer":
        raise PathError("a place among several is a number written out")
    return int(tree.value)


def _distinct(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
    return united(of)


def united(*parts: Branches) -> Branches:
    """The values of all parts, each once. Values of different types are never the same one."""
    alike: dict[tuple[str, bool], list[Branch]] = {}
    for branch in chain.from_iterable(parts):
        alike.setdefault((branch.type, branch.system), []).append(branch)
    return tuple(_once(branches) for branches in alike.values())


def _once(branches: list[Branch]) -> Branch:
    first, values = branches[0], items(tuple(branches))
    if len(branches) == 1 and not first.many:
        return first
    targets = {target for branch in branches for target in branch.targets}
    members = {branch.member for branch in branches}
    return replace(
        first,
        many=True,
        get=lambda node, scope: distinct(values(node, scope)),
        targets=tuple(sorted(targets)) if all(branch.targets for branch in branches) else (),
        member=first.member if len(members) == 1 else "",
    )


def _combine(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], this: Branches) -> Branches:
    return of + compiler.branches(arguments[0], this)


def _union(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], this: Branches) -> Branches:
    return united(of, compiler.branches(arguments[0], this))


def _intersect(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], this: Branches) -> Branches:
    return _among(of, items(compiler.branches(arguments[0], this)), inside=True)


def _exclude(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], this: Branches) -> Branches:
    return _among(of, items(compiler.branches(arguments[0], this)), inside=False)


def _among(of: Branches, others: Get, *, inside: bool) -> Branches:
    def cut(branch: Branch) -> Branch:
        values = items((branch,))

        def get(node: Any, scope: Scope) -> list[Any]:
            known = {identity(value) for value in others(node, scope)}
            found = distinct(values(node, scope)) if inside else values(node, scope)
            return [value for value in found if (identity(value) in known) is inside]

        return replace(branch, many=True, get=get)

    return tuple(map(cut, of))


def _iif(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], _: Branches) -> Branches:
    holds = truth(compiler.branches(arguments[0], of))
    otherwise = compiler.branches(arguments[2], of) if arguments[2:] else ()
    return tuple(
        _if(holds, branch, wanted=wanted)
        for branches, wanted in ((compiler.branches(arguments[1], of), True), (otherwise, False))
        for branch in branches
    )


def _if(holds: Get, branch: Branch, *, wanted: bool) -> Branch:
    value, many = branch.get, branch.many

    def get(node: Any, scope: Scope) -> Any:
        if (holds(node, scope) is True) is wanted:
            return value(node, scope)
        return [] if many else None

    return replace(branch, get=get)


CHOOSING: Mapping[str, Declared] = {
    "combine": (1, 1, _combine),
    "distinct": (0, 0, _distinct),
    "exclude": (1, 1, _exclude),
    "first": (0, 0, _first),
    "iif": (2, 3, _iif),
    "intersect": (1, 1, _intersect),
    "last": (0, 0, _last),
    "select": (1, 1, _select),
    "skip": (1, 1, _skip),
    "tail": (0, 0, _tail),
    "take": (1, 1, _take),
    "union": (1, 1, _union),
    "where": (1, 1, choose),
}
