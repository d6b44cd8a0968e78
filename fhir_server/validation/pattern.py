"""Fixed values and patterns: what an element must be exactly, or must have among what it has.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
"""

from typing import Any


def is_same(value: Any, fixed: Any) -> bool:
    """Whether a value is the fixed one exactly: every member and every item in its place, and nothing more."""
    if type(fixed) is dict:
        return (
            type(value) is dict
            and value.keys() == fixed.keys()
            and all(is_same(value[name], member) for name, member in fixed.items())
        )
    if type(fixed) is list:
        return type(value) is list and len(value) == len(fixed) and all(map(is_same, value, fixed))
    return _is_equal(value, fixed)


def fits(value: Any, pattern: Any) -> bool:
    """Whether a value has all that the pattern has: of a list each item somewhere, in any order, of an object each member."""
    if type(pattern) is dict:
        return type(value) is dict and all(fits(value.get(name), member) for name, member in pattern.items())
    if type(pattern) is list:
        return type(value) is list and all(any(fits(item, wanted) for item in value) for wanted in pattern)
    return _is_equal(value, pattern)


def _is_equal(value: Any, wanted: Any) -> bool:
    """Numbers are equal by their value; true is no 1."""
    if type(value) is bool or type(wanted) is bool:
        return value is wanted
    return type(value) not in {dict, list, type(None)} and bool(value == wanted)
