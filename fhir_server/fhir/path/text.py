"""The functions of strings, and those from one primitive to another.

https://hl7.org/fhirpath/N1/#string-manipulation https://hl7.org/fhirpath/N1/#conversion
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_server.fhir.codec import Number
from fhir_server.fhir.path.branch import Branches, Compiler, Declared, Function, Scope, calculated, only
from fhir_server.fhir.path.parse import Literal, Node, PathError
from fhir_server.fhir.path.pattern import pattern


def _of_text(kind: str, change: Callable[..., Any]) -> Function:
    """A function of one string; its arguments are single values."""

    def function(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], this: Branches) -> Branches:
        value = only(of)
        given = [only(compiler.branches(argument, this)) for argument in arguments]

        def get(node: Any, scope: Scope) -> Any:
            text = value(node, scope)
            if type(text) is not str:
                return None
            values = [one_given(node, scope) for one_given in given]
            return None if None in values else change(text, *values)

        return calculated(kind, get)

    return function


def _with_text(test: Callable[[str, str], Any]) -> Callable[[str, Any], Any]:
    return lambda text, other: test(text, other) if type(other) is str else None


def _substring(text: str, start: Any, length: Any = None) -> str | None:
    if type(start) is not int or not 0 <= start < len(text):
        return None
    return text[start : start + max(length, 0)] if type(length) is int else text[start:]


def _matches(compiler: Compiler, of: Branches, arguments: tuple[Node, ...], this: Branches) -> Branches:
    source = arguments[0]
    if not isinstance(source, Literal) or type(source.value) is not str:
        raise PathError("the pattern of matches() is written out")
    return _of_text("boolean", pattern(source.value))(compiler, of, (), this)


def _converted(kind: str, convert: Callable[[Any], Any]) -> Function:
    def function(_: Compiler, of: Branches, __: tuple[Node, ...], ___: Branches) -> Branches:
        value = only(of)

        def get(node: Any, scope: Scope) -> Any:
            found = value(node, scope)
            return None if found is None else convert(found)

        return calculated(kind, get)

    return function


_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


def _to_integer(value: Any) -> int | None:
    if type(value) is str:
        return int(value) if _INTEGER.fullmatch(value) else None
    return int(value) if type(value) in {int, bool} else None


def _to_decimal(value: Any) -> Decimal | None:
    if type(value) in {dict, list}:
        return None
    try:
        found = Decimal(str(value) if type(value) is not bool else int(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _to_string(value: Any) -> str | None:
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is Number:
        return value.written
    return None if type(value) in {dict, list} else str(value)


TEXT: Mapping[str, Declared] = {
    "contains": (1, 1, _of_text("boolean", _with_text(lambda text, other: other in text))),
    "endsWith": (1, 1, _of_text("boolean", _with_text(str.endswith))),
    "indexOf": (1, 1, _of_text("integer", _with_text(str.find))),
    "length": (0, 0, _of_text("integer", len)),
    "lower": (0, 0, _of_text("string", str.lower)),
    "matches": (1, 1, _matches),
    "startsWith": (1, 1, _of_text("boolean", _with_text(str.startswith))),
    "substring": (1, 2, _of_text("string", _substring)),
    "toDecimal": (0, 0, _converted("decimal", _to_decimal)),
    "toInteger": (0, 0, _converted("integer", _to_integer)),
    "toString": (0, 0, _converted("string", _to_string)),
    "upper": (0, 0, _of_text("string", str.upper)),
}
