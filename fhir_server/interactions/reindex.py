"""The index made anew: every current resource is read under the system grant `reindex`, and what is derived from it is
derived again. Searches answer 503 `incomplete` until it is done.
"""

from collections.abc import Callable

from fhir_server.access.relation import relations
from fhir_server.fhir.codec import decode
from fhir_server.interactions.call import Server
from fhir_server.storage.store import SYSTEM_GRANTS, Reindexed, Stored

BATCH = 500


async def reindex_all(server: Server, index_version: str, progress: Callable[[int], None]) -> int:
    """How many resources were indexed; `progress` is told after each batch."""
    await server.store.index_is("")
    count, batch = 0, list[Reindexed]()
    async for stored in server.store.resources(SYSTEM_GRANTS["reindex"]):
        batch.append(derived(stored, server))
        count += 1
        if len(batch) == BATCH:
            await server.store.reindex(batch)
            batch = []
            progress(count)
    await server.store.reindex(batch)
    await server.store.index_is(index_version)
    return count


def derived(stored: Stored, server: Server) -> Reindexed:
    """What today's definitions derive from a version."""
    resource = decode(stored.text)
    index = server.content.extractor.index(resource)
    patients = server.content.anchors.of(stored.type, stored.id, index)
    return Reindexed(stored.type, stored.id, stored.version, index, patients, relations(resource, stored.id, patients))
