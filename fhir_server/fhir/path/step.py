"""From a node to one of its elements. What has the wrong shape is as good as absent.

With `sees_extension` an element that has an extension but no value counts as there.
https://hl7.org/fhir/R4/json.html#primitive
"""

from typing import Any

from fhir_server.fhir.path.branch import VALUELESS, Get, Scope


def single(name: str, expected: frozenset[type], sees_extension: bool) -> Get:
    """An element that stands once at the most. What has the wrong shape is as good as absent."""
    beside = f"_{name}"

    def get(node: Any, _: Scope) -> Any:
        value = node.get(name)
        return value if type(value) in expected else None

    def get_valueless(node: Any, scope: Scope) -> Any:
        value = get(node, scope)
        return VALUELESS if value is None and type(node.get(beside)) is dict else value

    return get_valueless if sees_extension else get


def several(name: str, expected: frozenset[type], sees_extension: bool) -> Get:
    """An element that may repeat."""
    beside = f"_{name}"

    def get(node: Any, _: Scope) -> list[Any]:
        values = node.get(name)
        return [value for value in values if type(value) in expected] if type(values) is list else []

    def get_valueless(node: Any, scope: Scope) -> list[Any]:
        extended = node.get(beside)
        if type(extended) is not list:
            return get(node, scope)
        values = node.get(name)
        found = list(values) if type(values) is list else []
        found += [None] * (len(extended) - len(found))
        marked = (
            VALUELESS if value is None and place < len(extended) and type(extended[place]) is dict else value
            for place, value in enumerate(found)
        )
        return [value for value in marked if value is VALUELESS or type(value) in expected]

    return get_valueless if sees_extension else get


def any_member(name: str) -> Get:
    def get(node: Any, _: Scope) -> list[Any]:
        value = node.get(name) if type(node) is dict else None
        if type(value) is list:
            return [member for member in value if member is not None]
        return [] if value is None else [value]

    return get
