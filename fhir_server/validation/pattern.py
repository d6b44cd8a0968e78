"""Fixed values and patterns: what an element must be exactly, or must have among what it has.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
"""

from collections.abc import Callable
from typing import Any, TypeAlias

Test: TypeAlias = Callable[[Any], bool]
"""Whether a value is as it is said."""


def exactly(fixed: Any) -> Test:
    """Whether a value is the fixed one: every member and every item in its place, and nothing more."""
    if type(fixed) is dict:
        names, members = fixed.keys(), [(name, exactly(member)) for name, member in fixed.items()]
        return lambda value: (
            type(value) is dict and value.keys() == names and all(test(value[name]) for name, test in members)
        )
    if type(fixed) is list:
        items = [exactly(item) for item in fixed]
        return lambda value: (
            type(value) is list
            and len(value) == len(items)
            and all(test(item) for test, item in zip(items, value, strict=True))
        )
    return _equal(fixed)


def having(pattern: Any) -> Test:
    """Whether a value has all that the pattern has: of a list each item somewhere, in any order, of an object each member."""
    if type(pattern) is dict:
        members = [(name, having(member)) for name, member in pattern.items()]
        return lambda value: type(value) is dict and all(test(value.get(name)) for name, test in members)
    if type(pattern) is list:
        items = [having(item) for item in pattern]
        return lambda value: type(value) is list and all(any(map(test, value)) for test in items)
    return _equal(pattern)


def _equal(wanted: Any) -> Test:
    """Numbers are equal by their value; true is no 1."""
    if type(wanted) is bool:
        return lambda value: value is wanted
    if type(wanted) is str:
        return lambda value: type(value) is str and value == wanted
    return lambda value: type(value) not in {bool, dict, list, type(None)} and bool(value == wanted)
