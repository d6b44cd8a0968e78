"""Valid resources to damage: the planning's own types, and what they rest on."""

from pathlib import Path
from typing import Any

from fhir_server.fhir import codec

FOLDER = Path(__file__).parent / "seeds"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
ABSENT = object()
"""In place of a value: the element is left out."""


def seed(name: str) -> Any:
    """A new copy of the seed of this type."""
    return codec.decode((FOLDER / f"{name}.json").read_bytes())


def changed(name: str, place: str, value: Any) -> Any:
    """A seed with another value at a place (`activity.0.detail.status`), or without what stands there."""
    resource = node = seed(name)
    *steps, last = (int(step) if step.isdigit() else step for step in place.split("."))
    for step in steps:
        node = node[step]
    if value is not ABSENT:
        node[last] = value
    elif type(last) is int or last in node:
        del node[last]
    return resource
