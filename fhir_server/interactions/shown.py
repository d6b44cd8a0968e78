"""What of a stored version its caller is shown: the whole, or what is left of somebody whose identity is protected.

Answers are built from `Shown` versions alone, and what a caller made of one replaces a version as a `Whole`: mypy refuses an
interaction that forgets either. A masked representation is tagged SUBSETTED, keeps the version's ETag, and is never stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NewType

from fhir_server.access.protection import ALL, Sight
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.mask import masked, unmasked
from fhir_server.fhir.patch import without_stale_narrative
from fhir_server.fhir.subset import tagged
from fhir_server.interactions.call import Call, Server, Shown
from fhir_server.storage.store import Stored

Whole = NewType("Whole", dict[str, Any])
"""A resource in which nothing is missing that its maker was not shown."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """A caller, as it looks at some patients."""

    sight: Sight
    server: Server

    def on(self, stored: Stored) -> Shown:
        """The version as it is shown."""
        if not self._may_mask(stored):
            return Shown(stored)
        resource = decode(stored.text)
        left = self.left_of(stored, resource)
        return Shown(stored if left is resource else replace(stored, text=encode(tagged(left))))

    def left_of(self, stored: Stored, resource: dict[str, Any]) -> dict[str, Any]:
        """What is shown of a version's resource, not yet tagged; the resource itself where that is all of it."""
        own, protection = set(stored.patients), self.server.content.protection
        if self.sight is ALL or not _speaks(stored, self.server):
            return resource
        if own.isdisjoint(self.sight.masked) and not (stored.type == "Patient" and protection.labelled(resource)):
            return resource
        return masked(resource, protection.of(related=own <= self.sight.related))

    def _may_mask(self, stored: Stored) -> bool:
        """What is not about anybody protected need not be looked into, but for a Patient, who says it itself."""
        if self.sight is ALL:
            return False
        own = stored.type == "Patient" or not self.sight.masked.isdisjoint(stored.patients)
        return own and _speaks(stored, self.server)


async def eyes(patients: Iterable[str], call: Call, server: Server) -> Eyes:
    """How the caller looks at these patients."""
    sight = await server.content.protection.sight(patients, call.caller.standing, server.store, server.clock())
    return Eyes(sight, server)


async def shown(versions: Sequence[Stored], call: Call, server: Server) -> tuple[Shown, ...]:
    """The versions as the caller is shown them. Unavailable."""
    looking = await eyes((id for one in versions if _speaks(one, server) for id in one.patients), call, server)
    return tuple(map(looking.on, versions))


async def given(stored: Stored, call: Call, server: Server) -> dict[str, Any]:
    """The resource that the caller has to make something of: what it is shown of a version, without the tag."""
    resource = decode(stored.text)
    return (await _looking(stored, call, server)).left_of(stored, resource)


async def whole(made: dict[str, Any], stored: Stored, call: Call, server: Server) -> Whole:
    """What the caller made of a version, with what is masked for it in its place again. Invalid where it touched that."""
    before = decode(stored.text)
    left = (await _looking(stored, call, server)).left_of(stored, before)
    return Whole(made if left is before else without_stale_narrative(before, unmasked(made, before, left)))


async def _looking(stored: Stored, call: Call, server: Server) -> Eyes:
    return await eyes(stored.patients if _speaks(stored, server) else (), call, server)


def _speaks(stored: Stored, server: Server) -> bool:
    return bool(stored.text) and server.content.protection.speaks_of(stored.type, stored.text)
