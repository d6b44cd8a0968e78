"""A destruction, proposed and decided at the command line."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fhir_server.access.destruction import Destructions, Proposal, Undecided, digest_of
from fhir_server.assembly.defined import index_version, load_law, retention
from fhir_server.assembly.opening import COMMAND_LINE, open_store, refuse_memory
from fhir_server.assembly.outside import clock
from fhir_server.audit.event import Occasion, entry
from fhir_server.audit.retention import kept_until
from fhir_server.interactions.destroy import GRANT, Doomed, destroy, doomed, judged_by
from fhir_server.settings import Settings
from fhir_server.storage.store import Store

_PROPOSES = "$propose-destruction"


@dataclass(frozen=True, slots=True)
class Told:
    """What is destroyed or to be, how it was proposed, and by class until when it would be kept (ms since 1970)."""

    doomed: Doomed
    proposal: Proposal
    kept: Mapping[str, int]


async def propose(settings: Settings, type: str, id: str, by: str, reason: str) -> Told:
    """Proposes that a resource, or all that is about a Patient, is destroyed. Undecided, NotFound, NotStarted, Unopened."""
    async with _opened(settings) as store:
        found = await _found(store, type, id)
        occasion = _occasion((("proposed-by", by), ("reason", reason)))
        told = entry(occasion, _PROPOSES, 200, type=type, id=id, patient=" ".join(found.versions[0].patients))
        about = digest_of(found.versions)
        proposal = await Destructions(store, clock).propose(f"{type}/{id}", by, reason, about, told)
        return Told(found, proposal, _kept(found))


async def decide(settings: Settings, type: str, id: str, by: str) -> Told:
    """Decides that it is destroyed, and has it done. Undecided, NotFound, Stale, NotStarted, Unopened."""
    async with _opened(settings) as store:
        found = await _found(store, type, id)
        destructions = Destructions(store, clock)
        proposal = await destructions.decided(f"{type}/{id}", by, digest_of(found.versions))
        told = (("proposed-by", proposal.by), ("decided-by", by), ("reason", proposal.reason))
        await destroy(store, found.versions, judged_by(load_law().rules.rules), _occasion(told))
        await destructions.close(f"{type}/{id}")
        return Told(found, proposal, _kept(found))


async def proposals(settings: Settings) -> Mapping[str, Proposal]:
    """What is proposed, by its place. NotStarted, Unopened."""
    async with _opened(settings) as store:
        return await Destructions(store, clock).all()


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Store]:
    refuse_memory(settings)
    store = await open_store(settings, index_version())
    try:
        yield store
    finally:
        await store.close()


async def _found(store: Store, type: str, id: str) -> Doomed:
    found = await doomed(store, type, id)
    if not found.versions:
        raise Undecided("There is nothing left of it to destroy, or it is about others too.")
    return found


def _occasion(asked: tuple[tuple[str, str], ...]) -> Occasion:
    return Occasion(clock(), COMMAND_LINE, GRANT.rule, GRANT.purpose, "", asked)


def _kept(found: Doomed) -> Mapping[str, int]:
    written: dict[str, int] = {}
    for it in found.versions:
        written[it.type] = max(it.updated, written.get(it.type, it.updated))
    return kept_until(written, retention())
