"""The operators of the subset: logic of three values, comparison, membership, text, numbers.

https://hl7.org/fhirpath/N1/#operations
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fhir_server.fhir.path.branch import Branches, Get, Scope, calculated, identity, items, only, truth
from fhir_server.fhir.path.compare import equal, number, ordered


def negative(value: Get) -> Branches:
    def get(node: Any, scope: Scope) -> Any:
        found = number(value(node, scope))
        return None if found is None else -found

    return calculated("decimal", get)


def _and(left: Branches, right: Branches) -> Get:
    lefts, rights = truth(left), truth(right)

    def get(node: Any, scope: Scope) -> bool | None:
        one = lefts(node, scope)
        if one is False:
            return False
        other: bool | None = rights(node, scope)
        return other if one is True or other is False else None

    return get


def _or(left: Branches, right: Branches) -> Get:
    lefts, rights = truth(left), truth(right)

    def get(node: Any, scope: Scope) -> bool | None:
        one = lefts(node, scope)
        if one is True:
            return True
        other: bool | None = rights(node, scope)
        return other if one is False or other is True else None

    return get


def _xor(left: Branches, right: Branches) -> Get:
    lefts, rights = truth(left), truth(right)

    def get(node: Any, scope: Scope) -> bool | None:
        one, other = lefts(node, scope), rights(node, scope)
        return None if one is None or other is None else one is not other

    return get


def _implies(left: Branches, right: Branches) -> Get:
    lefts, rights = truth(left), truth(right)

    def get(node: Any, scope: Scope) -> bool | None:
        one = lefts(node, scope)
        if one is False:
            return True
        other: bool | None = rights(node, scope)
        return other if one is True or other is True else None

    return get


def _unequal(left: Branches, right: Branches) -> Get:
    same = equal(left, right)

    def get(node: Any, scope: Scope) -> bool | None:
        found = same(node, scope)
        return None if found is None else not found

    return get


def _in(left: Branches, right: Branches) -> Get:
    wanted, among = only(left), items(right)

    def get(node: Any, scope: Scope) -> bool | None:
        value = wanted(node, scope)
        if value is None:
            return None
        key = identity(value)
        return any(identity(other) == key for other in among(node, scope))

    return get


def _joined(left: Branches, right: Branches) -> Get:
    """`&`: what is not there is empty text."""
    lefts, rights = only(left), only(right)

    def get(node: Any, scope: Scope) -> str | None:
        parts = [lefts(node, scope), rights(node, scope)]
        return "".join(part for part in parts if type(part) is str)

    return get


def _reckoned(reckon: Callable[[Any, Any], Any]) -> Callable[[Branches, Branches], Get]:
    def made(left: Branches, right: Branches) -> Get:
        lefts, rights = only(left), only(right)

        def get(node: Any, scope: Scope) -> Any:
            one, other = number(lefts(node, scope)), number(rights(node, scope))
            if one is None or other is None:
                return None
            try:
                return reckon(one, other)
            except ArithmeticError:
                return None

        return get

    return made


OPERATORS: dict[str, tuple[str, Callable[[Branches, Branches], Get]]] = {
    "and": ("boolean", _and),
    "or": ("boolean", _or),
    "xor": ("boolean", _xor),
    "implies": ("boolean", _implies),
    "=": ("boolean", equal),
    "!=": ("boolean", _unequal),
    "<": ("boolean", lambda left, right: ordered(left, right, lambda sign: sign < 0)),
    "<=": ("boolean", lambda left, right: ordered(left, right, lambda sign: sign <= 0)),
    ">": ("boolean", lambda left, right: ordered(left, right, lambda sign: sign > 0)),
    ">=": ("boolean", lambda left, right: ordered(left, right, lambda sign: sign >= 0)),
    "in": ("boolean", _in),
    "contains": ("boolean", lambda left, right: _in(right, left)),
    "&": ("string", _joined),
    "+": ("number", _reckoned(lambda one, other: one + other)),
    "-": ("number", _reckoned(lambda one, other: one - other)),
    "*": ("number", _reckoned(lambda one, other: one * other)),
    "/": ("number", _reckoned(lambda one, other: Decimal(one) / other)),
    "div": ("number", _reckoned(lambda one, other: int(Decimal(one) / other))),
    "mod": ("number", _reckoned(lambda one, other: Decimal(one) % other)),
}
"""Each operator with the type of what it makes."""
