"""The index made anew: every current resource is read under the system grant `reindex`, and what is derived from it is
derived again. Searches answer 503 `incomplete` until it is done.

How far it came stands in the store, so one that was killed goes on where it was. What is written meanwhile is indexed by
who writes it: by these definitions, or it is refused.
"""

from collections.abc import AsyncIterator, Callable, Sequence

from fhir_server.access.relation import relations
from fhir_server.fhir.codec import decode
from fhir_server.interactions.call import Server
from fhir_server.storage.store import SYSTEM_GRANTS, Indexing, Reindexed, Stored

BATCH = 200


async def reindex_all(server: Server, index_version: str, progress: Callable[[Indexing], None]) -> Indexing:
    """How far it came: to the end. `progress` is told where it begins, and after each batch. Unavailable; Overtaken where
    another process has ended it, or has begun to make the index by other definitions.
    """
    store = server.store
    reached = await store.indexing(index_version)
    progress(reached)
    async for batch in _batches(store.resources(SYSTEM_GRANTS["reindex"], after=reached.place)):
        reached = _past(batch, reached)
        await store.reindex([derived(stored, server) for stored in batch], reached)
        progress(reached)
    await store.index_is(index_version)
    return reached


async def _batches(resources: AsyncIterator[Stored]) -> AsyncIterator[Sequence[Stored]]:
    batch: list[Stored] = []
    async for stored in resources:
        batch.append(stored)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _past(batch: Sequence[Stored], reached: Indexing) -> Indexing:
    last = batch[-1]
    return Indexing(reached.version, (last.type, last.id), reached.done + len(batch), reached.total)


def derived(stored: Stored, server: Server) -> Reindexed:
    """What today's definitions derive from a version."""
    resource = decode(stored.text)
    index = server.content.extractor.index(resource)
    patients = server.content.anchors.of(stored.type, stored.id, index)
    related = relations(resource, stored.id, patients, server.base)
    return Reindexed(stored.type, stored.id, stored.version, index, patients, related)
