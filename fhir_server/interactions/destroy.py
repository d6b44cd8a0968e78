"""What a destruction takes away: one resource, or all that is about one patient and about nobody else."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from fhir_server.access.condition import DOCUMENTED_BY
from fhir_server.access.rules import Rule
from fhir_server.audit.event import Occasion, entry
from fhir_server.messaging.outbox import notice
from fhir_server.search.query import OfPatient
from fhir_server.storage.store import SYSTEM_GRANTS, Commit, Destroy, Grant, Store, Stored

GRANT = SYSTEM_GRANTS["destruction"]
DESTROYS = "$destroy"
"""What the audit calls it."""
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Doomed:
    """The current versions of what is to be destroyed, in the order of type and id; and of what is not, being about others too."""

    versions: tuple[Stored, ...]
    shared: tuple[Stored, ...] = ()


async def doomed(store: Store, type: str, id: str) -> Doomed:
    """What the destruction of a resource takes away: of a Patient all that is about this one, deleted or not. NotFound where
    there never was such a resource.
    """
    page = await store.history(type, id, GRANT, count=1)
    found = {(type, id): page.items[0]}
    if type == "Patient":
        async for stored in _about(store, id):
            found.setdefault((stored.type, stored.id), stored)
    left = [found[place] for place in sorted(found) if not found[place].destroyed]
    shared = tuple(it for it in left if type == "Patient" and not {id}.issuperset(it.patients))
    return Doomed(tuple(it for it in left if it not in shared), shared)


async def _about(store: Store, patient: str) -> AsyncIterator[Stored]:
    """Versions of all that is about a patient; the first of a resource is the current one."""
    grant = Grant(OfPatient(frozenset({patient})), GRANT.purpose, GRANT.rule)
    after = None
    while True:
        page = await store.history("", "", grant, count=_AT_ONCE, after=after)
        for stored in page.items:
            yield stored
        if page.next is None:
            return
        after = page.next


def judged_by(rules: Iterable[Rule]) -> frozenset[str]:
    """The parameters by which the rules tell who sees a resource: they are kept of what is destroyed."""
    return frozenset({DOCUMENTED_BY, "_security"}.union(*(rule.asked.parameters for rule in rules)))


async def destroy(store: Store, versions: Iterable[Stored], judged: frozenset[str], occasion: Occasion) -> None:
    """Destroys these resources in one transaction, with an entry for each, and then scours the database of them. Stale where one
    has changed. Unavailable: where they are destroyed already, the files are scoured when the database is opened next.
    """
    changes = tuple(Destroy(it.type, it.id, judged, it.version) for it in versions)
    entries = tuple(entry(occasion, DESTROYS, 200, type=it.type, id=it.id) for it in changes)
    await store.commit(Commit(GRANT, changes, entries=entries, notices=tuple(map(notice, changes))))
    await store.scour()
