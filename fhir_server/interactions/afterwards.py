"""What will stand where once a Commit is written: what it writes, and what is stored of all else.

It is read under the system grant `process`.
"""

from collections.abc import Sequence

from fhir_server.fhir.codec import decode
from fhir_server.interactions.call import Server
from fhir_server.interactions.stays import Json, read_at
from fhir_server.search.query import Identity, Query
from fhir_server.storage.store import Change, Matches, Put


class Afterwards:
    """The changes of a Commit, over what is stored; places are `Type/id`."""

    def __init__(self, changes: Sequence[Change], server: Server) -> None:
        self._changes = {f"{one.type}/{one.id}": one for one in changes}
        self._server = server
        self._made: dict[str, Json] = {}

    def writes(self, place: str) -> bool:
        """Whether the Commit changes what stands at a place."""
        return place in self._changes

    def places(self, type: str) -> list[str]:
        """The places of a type that the Commit writes to."""
        return [place for place, change in self._changes.items() if change.type == type]

    def made(self, place: str) -> Json | None:
        """What the Commit makes at a place that it writes to; None where it takes away."""
        change = self._changes[place]
        if isinstance(change, Put) and place not in self._made:
            self._made[place] = decode(change.draft.text(1, ""))
        return self._made.get(place)

    async def at(self, place: str) -> Json | None:
        """What will stand at a place; None for nothing."""
        return self.made(place) if self.writes(place) else await read_at(place, self._server)

    async def known(self, place: str) -> Json | None:
        """What stands at a place; where nothing does yet, what will."""
        return await read_at(place, self._server) or await self.at(place)


def as_read(type: str, resource: Json) -> Matches:
    """That a resource of a type stands as it was read."""
    id, version = resource["id"], int(resource["meta"]["versionId"])
    return Matches(Query(type, Identity(frozenset({id}))), frozenset({id}), versions=frozenset({(id, version)}))
