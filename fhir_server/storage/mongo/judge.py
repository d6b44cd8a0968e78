"""What a change would make of what is there: judged inside the transaction, before anything is written."""

from dataclasses import dataclass
from hashlib import sha256

from bson.raw_bson import RawBSONDocument

from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Conflict, NotFound, Stale
from fhir_server.search.index import Index
from fhir_server.search.match import Candidate
from fhir_server.storage.mongo.claim import claims_of
from fhir_server.storage.mongo.document import DERIVED, Document, candidate, derived, document, sealed, stored
from fhir_server.storage.store import Change, Delete, Put, Relation, Stored

_NOTHING = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Version:
    """The version that is to be, as a document (None: a resource that is deleted already stays as it is), and the document
    before it.
    """

    stored: Stored
    document: Document | None
    before: Document | None = None
    index: Index | None = None
    relations: tuple[Relation, ...] = ()

    @property
    def sealed(self) -> RawBSONDocument:
        """The document as it goes over the wire. TooLarge."""
        assert self.document is not None, "there is nothing to write"
        return sealed(self.document)

    @property
    def candidate(self) -> Candidate:
        """The version as a grant is judged on it; a deletion has what it takes away."""
        found = self.document or self.before
        assert found is not None, "a version is or was"
        return candidate(found)

    @property
    def claims(self) -> set[str]:
        """The claims of the identities that the resource has not had before."""
        if self.index is None:
            return set()
        had = candidate(self.before).index if self.before and self.before["live"] else Index()
        return claims_of(self.stored.type, self.index) - claims_of(self.stored.type, had)


def refuse(change: Change, present: Document | None) -> None:
    """Raises what stands in the way of a change to what is there: NotFound, Conflict, Stale."""
    if isinstance(change, Put):
        _refuse_put(change, exists=present is not None and present["live"])
    elif present is None:
        raise NotFound.because("not-found")
    if change.version is not None and (present is None or change.version != present["version"]):
        raise Stale.because("stale")


def _refuse_put(change: Put, *, exists: bool) -> None:
    if exists and not change.present:
        raise Conflict.because("exists")
    if not exists and not change.absent:
        raise NotFound.because("not-found")


def version_of(change: Change, present: Document | None, now: int) -> Version:
    """The version that a change makes; one that was not refused."""
    if isinstance(change, Put):
        return _put(change, present, now)
    assert present is not None, "the deletion of nothing was refused"
    return _delete(change, present, now)


def _put(change: Put, present: Document | None, now: int) -> Version:
    version, updated = (1, now) if present is None else _next(present, now)
    text = change.draft.text(version, instant(updated))
    digest = sha256(text).digest()
    made = Stored(change.type, change.id, version, updated, text, change.method, change.patients, digest)
    beside = derived(change.index, change.patients)
    return Version(made, document(made, beside), present, change.index, change.relations)


def _delete(change: Delete, present: Document, now: int) -> Version:
    """The version that says that the resource is deleted: its anchors and its index stay, for grants to be judged by."""
    if not present["live"]:
        return Version(stored(present), None, present)
    version, updated = _next(present, now)
    made = Stored(change.type, change.id, version, updated, b"", "DELETE", tuple(present["patients"]), _NOTHING)
    return Version(made, document(made, {member: present[member] for member in DERIVED}), present)


def _next(present: Document, now: int) -> tuple[int, int]:
    """The number and the time of the next version: later than the one before, also where the clock went back."""
    return int(present["version"]) + 1, max(now, int(present["updated"]) + 1)
