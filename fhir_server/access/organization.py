"""Which organization answers for a unit: the care provider above it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

HIGHEST = 10
"""So many organizations stand above each other at the most."""

Read: TypeAlias = Callable[[str, str], Awaitable[dict[str, Any] | None]]
"""The resource of a type and an id; None where there is none."""


async def provider_above(unit: dict[str, Any], read: Read) -> dict[str, Any]:
    """The care provider that a unit belongs to: the organization that none is above."""
    return (await organizations_from(unit, read))[-1]


async def organizations_from(unit: dict[str, Any], read: Read) -> list[dict[str, Any]]:
    """A unit and all organizations above it, the highest last."""
    found = [unit]
    while len(found) <= HIGHEST:
        higher = await target_of(found[-1], "partOf", read)
        if higher is None:
            break
        found.append(higher)
    return found


async def target_of(resource: Mapping[str, Any], element: str, read: Read) -> dict[str, Any] | None:
    """What an element refers to, where it is kept here."""
    type, _, id = resource.get(element, {}).get("reference", "").partition("/")
    return await read(type, id) if id else None
