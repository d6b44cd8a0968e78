"""JSON Patch: operations on a JSON document, in their order, all or none.

https://www.rfc-editor.org/rfc/rfc6902 https://www.rfc-editor.org/rfc/rfc6901
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fhir_server.fhir.outcome import Invalid, Issue, Unreadable
from fhir_server.fhir.patch.bounds import copied, refuse_bytes, refuse_many, settled, size

RFC = "https://www.rfc-editor.org/rfc/rfc6902"

Pointer: TypeAlias = tuple[str, ...]
"""The steps of a JSON Pointer; none of them: the whole document."""

NEEDS = {"add": "value", "remove": "", "replace": "value", "move": "from", "copy": "from", "test": "value"}
"""The operations, and the member that each needs beside its path."""
ROOT: Final = ""
"""The document stands in a holder of one member, so that the whole of it is reached as any other value is."""
DIGITS = 10
"""A list index with more of them is beyond the end of any list."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, read: `path` and `source` (its `from`) begin at the holder of the document."""

    number: int
    op: str
    path: Pointer
    source: Pointer
    value: Any


def apply_json_patch(resource: dict[str, Any], document: Any) -> Any:
    """The resource after all operations of the document, a list. Unreadable for what is no JSON Patch; Invalid for an
    operation that finds nothing where it points, and for a test that fails, as FHIR wants it; TooLarge.
    """
    operations = _operations(document)
    holder: dict[str, Any] = {ROOT: copied(resource)}
    made = 0
    for operation in operations:
        made += _APPLIED[operation.op](holder, operation)
        refuse_bytes(made)
    return settled(holder[ROOT])


# ------------------------------------------------------------------------------------------------ reading


def _operations(document: Any) -> list[Operation]:
    if type(document) is not list:
        raise Unreadable(Issue(Unreadable.code, "patch-not-a-list", source=f"{RFC}#section-3"))
    refuse_many(document)
    return [_operation(number, given) for number, given in enumerate(copied(document))]


def _operation(number: int, given: Any) -> Operation:
    """Members that the operation does not know are passed over: https://www.rfc-editor.org/rfc/rfc6902#section-4"""
    op = given.get("op") if type(given) is dict else None
    if type(op) is not str or op not in NEEDS or "path" not in given or (NEEDS[op] or "op") not in given:
        raise _unreadable("patch-operation", number)
    path = _pointer(number, given["path"])
    source = _pointer(number, given["from"]) if NEEDS[op] == "from" else ()
    return Operation(number, op, path, source, given.get("value"))


def _pointer(number: int, text: Any) -> Pointer:
    """https://www.rfc-editor.org/rfc/rfc6901#section-3"""
    if type(text) is not str or (text and not text.startswith("/")):
        raise _unreadable("patch-pointer", number)
    if "~" in text.replace("~0", "").replace("~1", ""):
        raise _unreadable("patch-pointer", number)
    return (ROOT, *(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]))


def _unreadable(key: str, number: int) -> Unreadable:
    return Unreadable(Issue(Unreadable.code, key, said={"number": number}, source=f"{RFC}#section-4"))


# ------------------------------------------------------------------------------------------------ finding


def _found(holder: Any, pointer: Pointer, operation: Operation) -> Any:
    """The value at a pointer. Invalid where there is none."""
    value = holder
    for step in pointer:
        value = value[_key(value, step, operation)]
    return value


def _key(value: Any, step: str, operation: Operation) -> Any:
    """The key or the index of what a step leads to. Invalid where it leads to nothing."""
    if type(value) is dict and step in value:
        return step
    place = _index(step) if type(value) is list else None
    if place is None or place >= len(value):
        raise _inapplicable("patch-nothing-there", operation)
    return place


def _index(step: str) -> int | None:
    """https://www.rfc-editor.org/rfc/rfc6901#section-4: digits without a leading zero; None for what is no index."""
    if not (step.isascii() and step.isdigit()) or len(step) >= DIGITS or (step[0] == "0" and step != "0"):
        return None
    return int(step)


def _inapplicable(key: str, operation: Operation, code: str = "processing") -> Invalid:
    said = {"number": operation.number, "op": operation.op}
    return Invalid(Issue(code, key, said=said, source=f"{RFC}#section-4"))


# ------------------------------------------------------------------------------------------------ operations
# Each gives how many bytes it made: copies of copies would double with each operation.


def _add(holder: Any, operation: Operation) -> int:
    _put(holder, operation, operation.value)
    return 0


def _put(holder: Any, operation: Operation, value: Any) -> None:
    inside, last = _found(holder, operation.path[:-1], operation), operation.path[-1]
    if type(inside) is dict:
        inside[last] = value
        return
    place = None
    if type(inside) is list:
        place = len(inside) if last == "-" else _index(last)
    if place is None or place > len(inside):
        raise _inapplicable("patch-no-place", operation)
    inside.insert(place, value)


def _remove(holder: Any, operation: Operation) -> int:
    _take(holder, operation.path, operation)
    return 0


def _take(holder: Any, pointer: Pointer, operation: Operation) -> Any:
    if len(pointer) == 1:
        raise _inapplicable("patch-whole-resource", operation)
    inside = _found(holder, pointer[:-1], operation)
    key = _key(inside, pointer[-1], operation)
    return inside.pop(key)


def _replace(holder: Any, operation: Operation) -> int:
    inside = _found(holder, operation.path[:-1], operation)
    inside[_key(inside, operation.path[-1], operation)] = operation.value
    return 0


def _move(holder: Any, operation: Operation) -> int:
    value = _found(holder, operation.source, operation)
    if operation.path == operation.source:
        return 0
    if operation.path[: len(operation.source)] == operation.source:
        raise _inapplicable("patch-into-itself", operation)
    _take(holder, operation.source, operation)
    _put(holder, operation, value)
    return 0


def _copy(holder: Any, operation: Operation) -> int:
    value = _found(holder, operation.source, operation)
    _put(holder, operation, copied(value))
    return size(value)


def _test(holder: Any, operation: Operation) -> int:
    if not _same(_found(holder, operation.path, operation), operation.value):
        raise _inapplicable("patch-test-failed", operation, "conflict")
    return 0


def _same(one: Any, other: Any) -> bool:
    """https://www.rfc-editor.org/rfc/rfc6902#section-4.6: 1 and 1.0 are the same number, 1 and true are not the same."""
    if type(one) is dict or type(other) is dict:
        alike = type(one) is type(other) and one.keys() == other.keys()
        return alike and all(_same(value, other[name]) for name, value in one.items())
    if type(one) is list or type(other) is list:
        return type(one) is type(other) and len(one) == len(other) and all(map(_same, one, other))
    if type(one) is bool or type(other) is bool:
        return one is other
    return bool(one == other)


_APPLIED: dict[str, Callable[[Any, Operation], int]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
