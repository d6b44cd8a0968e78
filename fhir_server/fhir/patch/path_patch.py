"""FHIRPath Patch: operations on elements named by FHIRPath, in their order, each on what the one before left.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.definitions import Element, r4
from fhir_server.fhir.outcome import Invalid
from fhir_server.fhir.patch.bounds import Steps, copied, settled
from fhir_server.fhir.patch.locate import Locator
from fhir_server.fhir.patch.operation import Given, Operation, Parts, Value, inapplicable, operations
from fhir_server.fhir.patch.place import Slot, Spot

TEMPORAL = frozenset({"date", "dateTime", "instant"})
"""These are written alike; whether one is exact enough for its place is for the validation to say."""


def apply_path_patch(resource: dict[str, Any], document: Any) -> Any:
    """The resource (one with its resourceType) after all operations of the document, a Parameters resource. Unreadable for
    what is no FHIRPath Patch or names what R4 does not have; Invalid for what cannot be applied to this resource; TooLarge.

    A path must lead to one element, except that there may be nothing to delete; insert and move name a whole list.
    """
    patched, steps = copied(resource), Steps()
    for operation in operations(copied(document)):
        _APPLIED[operation.type](operation, Locator(patched, operation.where, steps))
    return settled(patched)


# ------------------------------------------------------------------------------------------------ operations


def _add(operation: Operation, locator: Locator) -> None:
    """Appends to a list, or sets what is not there yet."""
    spot = locator.one(operation.path)
    _place(spot, locator.element(spot.type, operation.name), operation.value, locator)


def _place(spot: Spot, element: Element, given: Given, locator: Locator) -> None:
    value = _fitted(element, given, locator)
    if not element.many and any(True for _ in spot.children(element)):
        raise inapplicable("patch-there-already", locator.where, name=element.name)
    slot = Slot(spot.opened(), element, value.type)
    slot.insert(len(slot), value.pair)


def _insert(operation: Operation, locator: Locator) -> None:
    slot = _list(operation, locator)
    _refuse_beyond(operation, "index", operation.index, len(slot))
    slot.insert(operation.index, _fitted(slot.element, operation.value, locator).pair)


def _delete(operation: Operation, locator: Locator) -> None:
    """Nothing there is nothing to do: https://hl7.org/fhir/R4/fhirpatch.html#concept says (if found)."""
    spot = locator.one_or_none(operation.path)
    if spot is not None:
        _below(spot, operation).remove()


def _replace(operation: Operation, locator: Locator) -> None:
    spot = _below(locator.one(operation.path), operation)
    assert spot.slot is not None, "only the resource itself has none"
    value = _fitted(spot.slot.element, operation.value, locator)
    spot.replace(value.type, value.pair)


def _move(operation: Operation, locator: Locator) -> None:
    """The destination counts in the list that is left when the element has been taken out of it."""
    slot = _list(operation, locator)
    _refuse_beyond(operation, "source", operation.source, len(slot) - 1)
    _refuse_beyond(operation, "destination", operation.destination, len(slot) - 1)
    slot.move(operation.source, operation.destination)


_APPLIED: Mapping[str, Callable[[Operation, Locator], None]] = MappingProxyType(
    {"add": _add, "insert": _insert, "delete": _delete, "replace": _replace, "move": _move}
)


def _below(spot: Spot, operation: Operation) -> Spot:
    if spot.slot is None:
        raise inapplicable("patch-root", operation.where, type=operation.type)
    return spot


def _list(operation: Operation, locator: Locator) -> Slot:
    """The list that insert and move are about; "except for the delete operation, it is an error if no element matches"."""
    holder, element = locator.holder(operation.path)
    if not element.many:
        raise inapplicable("patch-no-list", operation.where, name=element.name)
    there = next(holder.children(element), None)
    if there is None or there.slot is None:
        raise inapplicable("patch-path-nothing", operation.where)
    return there.slot


def _refuse_beyond(operation: Operation, name: str, place: int, last: int) -> None:
    if place > last:
        raise inapplicable("patch-beyond", operation.where, name=name, limit=last)


# ------------------------------------------------------------------------------------------------ values


def _fitted(element: Element, given: Given, locator: Locator) -> Value:
    """The value as one of the types that the element takes. "Servers SHALL return an error if the type is wrong"."""
    if isinstance(given, Parts):
        return _built(element, given, locator)
    for kind in sorted(element.types, key=lambda kind: kind != given.type):
        if _takes(kind, given.type):
            return Value(kind, given.content, given.beside)
    raise _wrong(element, locator)


def _takes(wanted: str, given: str) -> bool:
    """Whether a value of one type may stand where another is wanted: where one is derived from the other (a string for a
    code, a Quantity for an Age), since Parameters and JSON do not tell them apart, and the validation does.
    """
    if wanted == "Resource":
        return given in r4().resource_types
    if {wanted, given} <= TEMPORAL or (wanted, given) == ("xhtml", "string"):
        return True
    return given in _line(wanted) or wanted in _line(given)


def _line(kind: str) -> list[str]:
    """The type and all that it is derived from, short of the abstract ones."""
    found = []
    while kind and kind not in {"Element", "BackboneElement", "Resource", "DomainResource"}:
        found.append(kind)
        kind = r4().base(kind)
    return found


def _built(element: Element, given: Parts, locator: Locator) -> Value:
    """A value of the one complex type that the element has, put together from its parts."""
    kind = element.types[0]
    if len(element.types) > 1 or kind == "Resource" or r4().is_primitive(kind):
        raise _wrong(element, locator)
    built = Spot(kind, {})
    for name, part in given.members:
        _place(built, locator.element(kind, name), part, locator)
    return Value(kind, built.value)


def _wrong(element: Element, locator: Locator) -> Invalid:
    allowed = ", ".join(element.types)
    return inapplicable("patch-type-differs", locator.where, name=element.name, allowed=allowed)
