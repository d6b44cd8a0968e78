"""Damage: one place of a resource made other than it was, in any of the ways that clients think of."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from fhir_server.fhir.codec import Number
from tests.validation.seeds import NAMES, seed

WRONG = (
    None, True, False, 0, -1, 7, 2**70, Number("1.50"), Number("-0"), "", " ", "x", "x y", "#", "#goal-1", "2024-02-30",
    "Patient/p1", "http://", "urn:uuid:x", "\u0000", "<div/>", [], {}, [None], [[]], ["x"], [{}], {"": ""}, {"id": "x"},
    {"reference": "#x"}, {"resourceType": "Patient"}, {"resourceType": []}, {"extension": [{"url": "x"}]}, {"coding": ["x"]},
    {"value": 1, "code": {}}, [{"resourceType": "Goal", "id": 3}], {"start": [], "end": 4}, "9999-12-31T23:59:60+14:00",
)  # fmt: skip
NAMES_TO_ADD = (
    "x",
    "_x",
    "id",
    "extension",
    "_status",
    "contained",
    "resourceType",
    "meta",
    "valueString",
    "fhir_comments",
)


def nodes(value: Any) -> Iterator[Any]:
    """Every object and list in a value that has something in it."""
    if isinstance(value, dict | list) and value:
        yield value
        for child in value.values() if isinstance(value, dict) else value:
            yield from nodes(child)


def mutate(resource: Any, chance: random.Random) -> None:
    """Damages one place: replaces, leaves out, adds, renames, doubles, wraps, or moves something in from elsewhere."""
    everywhere = list(nodes(resource))
    node = chance.choice(everywhere)
    key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
    match chance.randrange(7 if isinstance(node, dict) else 5):
        case 0:
            node[key] = deepcopy(chance.choice(WRONG))
        case 1:
            del node[key]
        case 2:
            node[key] = [node[key]]
        case 3:
            node[key] = {"value": node[key]}
        case 4:
            other = chance.choice(everywhere)
            node[key] = seed(chance.choice(NAMES)) if other is node else deepcopy(chance.choice((list(other), other)))
        case 5:
            node[chance.choice(NAMES_TO_ADD)] = deepcopy(chance.choice(WRONG))
        case 6:
            node[chance.choice((f"_{key}", f"{key}x", "modifierExtension"))] = deepcopy(node[key])
