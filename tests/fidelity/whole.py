"""Of every type an instance with as many of its elements as may stand together, no two values of it alike."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from itertools import count
from typing import Any

from fhir_server.fhir.codec import Number, encode
from fhir_server.fhir.definitions import Element, r4
from fhir_server.fhir.outcome import Issue
from fhir_server.validation.validate import Validator
from tests.validation.made import full

NUMBERS = ("1.00", "1e3", "-0.50", "0.0000000001", "1E-7", "123456789012345678901234567890.5", "7")
DATES = ("2024-02-29", "2024-02", "2024")
PLAIN = {("Extension", "url"), ("Narrative", "div")}
"""With the ids, what has no extensions of its own."""
POINTERS = {("Reference", "reference"), ("Reference", "type")}
REACH = 3
"""How far below the place of an issue the member is looked for that had better not be there."""

validator = Validator()


@cache
def whole(kind: str, variant: int = 0) -> dict[str, Any]:
    """A full resource, something beside each of its primitives, its lists longer than one; `variant` picks the types of its
    choices. What the rules do not let stand together is left out; what cannot be mended so stays wrong.
    """
    resource = full(kind, variant=variant)
    for name, value in resource.items():
        if type(value) is list and type(value[0]) is dict and name != "contained":
            value.append(deepcopy(value[0]))
    return fitted(unlike(resource, kind, count(1)))


# ------------------------------------------------------------------------------------------------ no two alike


def unlike(node: dict[str, Any], kind: str, numbers: Iterator[int]) -> dict[str, Any]:
    """The node with values of its own, and with `_name` beside the names of its primitives."""
    kind = node.get("resourceType", kind)
    made: dict[str, Any] = {}
    for name, value in node.items():
        element, of = r4().members(kind).get(name, (None, ""))
        if (
            element is None
            or element.name == "id"
            or (kind, name) in PLAIN | POINTERS
            or (element.binding and of == "CodeableConcept")
        ):
            made[name] = value
        elif r4().is_primitive(of):
            made |= _primitive(name, element, of, value, next(numbers))
        else:
            each = value if type(value) is list else [value]
            inside = [unlike(one, of, numbers) for one in each]
            made[name] = inside if element.many else inside[0]
    return made


def _primitive(name: str, element: Element, kind: str, value: Any, number: int) -> dict[str, Any]:
    beside = {"id": f"e{number}", "extension": [{"url": "http://example.org/x", "valueDecimal": Number(f"{number}.0")}]}
    if element.many:
        return {name: [_fresh(element, kind, value[0], number), None], f"_{name}": [None, beside]}
    return {name: _fresh(element, kind, value, number), f"_{name}": beside}


def _fresh(element: Element, kind: str, value: Any, number: int) -> Any:
    fresh = FRESH.get(kind)
    return value if fresh is None or element.binding else fresh(number)


FRESH: dict[str, Callable[[int], Any]] = {
    "string": lambda number: f"Å{number} \u2028😀",
    "markdown": lambda number: f"*Å{number}*\n\n> 😀",
    "code": lambda number: f"code-{number}",
    "decimal": lambda number: Number(NUMBERS[number % len(NUMBERS)]),
    "date": lambda number: DATES[number % len(DATES)],
    "dateTime": lambda number: DATES[number % len(DATES)],
    "positiveInt": lambda number: number,
    "unsignedInt": lambda number: number,
}
"""Values by a number, of the types that have more than one to choose from."""


# ------------------------------------------------------------------------------------------------ what fits


def wrong(resource: dict[str, Any]) -> list[Issue]:
    """What keeps a resource from being stored."""
    return [issue for issue in validator.issues(resource) if issue.blocks]


def fitted(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource without the smallest members that mend it, one after another."""
    issues = wrong(resource)
    while issues:
        found = next(_mended(resource, issues), None)
        if found is None:
            break
        resource, issues = found
    return resource


def _mended(resource: dict[str, Any], issues: list[Issue]) -> Iterator[tuple[dict[str, Any], list[Issue]]]:
    for issue in issues:
        for place in _suspects(resource, _place(resource, issue.expression)):
            lighter = _without(resource, place)
            left = wrong(lighter)
            if _places(left) < _places(issues):
                yield lighter, left


def _places(issues: list[Issue]) -> set[tuple[str, str]]:
    return {(issue.expression, issue.source) for issue in issues}


Place = tuple[str | int, ...]


def _place(resource: Any, expression: str) -> Place:
    """Where an issue's expression points: names of members and places in lists."""
    place: list[str | int] = []
    for step in expression.split(".")[1:]:
        name, _, rest = step.partition("[")
        chosen = (key for key in resource if key.startswith(name) and key[len(name) :][:1].isupper())
        own = name if name in resource else next(chosen, None)
        if own is None:
            break  # what is missing has no place
        place.append(own)
        resource = resource[own]
        if rest:
            place.append(int(rest[:-1]))
            resource = resource[int(rest[:-1])]
    return tuple(place)


def _suspects(resource: Any, place: Place) -> list[Place]:
    """The members near a place, small ones first; then itself, and what is around it."""
    below = sorted(_members(_at(resource, place), REACH), key=lambda found: found[1] * 3 ** len(found[0]))
    around = [place[:end] for end in range(len(place), 0, -1) if isinstance(place[end - 1], str)]
    return [place + inside for inside, _ in below] + around


def _members(node: Any, reach: int) -> Iterator[tuple[Place, int]]:
    """The members below a node and how long each is."""
    if type(node) is list:
        for number, one in enumerate(node):
            yield from (((number, *inside), size) for inside, size in _members(one, reach))
    if type(node) is not dict or not reach:
        return
    for name, value in node.items():
        if name not in {"id", "resourceType", "extension", "modifierExtension"} and not name.startswith("_"):
            yield (name,), len(encode(value))
            yield from (((name, *inside), size) for inside, size in _members(value, reach - 1))


def _at(node: Any, place: Place) -> Any:
    for step in place:
        node = node[step]
    return node


def _without(resource: dict[str, Any], place: Place) -> dict[str, Any]:
    lighter = deepcopy(resource)
    holder, name = _at(lighter, place[:-1]), place[-1]
    del holder[name]
    holder.pop(f"_{name}", None)
    return lighter
