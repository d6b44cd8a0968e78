"""What a change would make of what is there: judged inside the transaction, before anything is written."""

from dataclasses import dataclass

from bson.raw_bson import RawBSONDocument

from fhir_server.search.index import Index
from fhir_server.search.match import Candidate
from fhir_server.storage.mongo.claim import IDENTIFIER, claims_of, claims_of_codes
from fhir_server.storage.mongo.document import (
    DERIVED,
    Document,
    candidate,
    derived,
    document,
    judged_by,
    sealed,
    stored,
    tokens_of,
)
from fhir_server.storage.rules import Standing, delete_version, destroyed_version, put_version
from fhir_server.storage.store import Change, Delete, Destroy, Put, Relation, Stored


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
        had = tokens_of(self.before, IDENTIFIER) if self.before and self.before["live"] else ()
        carried = claims_of_codes(self.stored.type, (code for _, code in had))
        return claims_of(self.stored.type, self.index) - carried


def standing_of(present: Document | None) -> Standing | None:
    """The version that a document stands at."""
    if present is None:
        return None
    return Standing(int(present["version"]), int(present["updated"]), deleted=not present["live"])


def version_of(change: Change, present: Document | None, now: int) -> Version:
    """The version that a change makes; one that was not refused."""
    if isinstance(change, Put):
        return _put(change, present, now)
    assert present is not None, "the deletion of nothing was refused"
    return _destroy(change, present, now) if isinstance(change, Destroy) else _delete(change, present, now)


def _put(change: Put, present: Document | None, now: int) -> Version:
    made = put_version(change, standing_of(present), now)
    beside = derived(change.index, change.patients)
    return Version(made, document(made, beside), present, change.index, change.relations)


def _delete(change: Delete, present: Document, now: int) -> Version:
    """The version that says that the resource is deleted: its anchors and its index stay, for grants to be judged by."""
    if not present["live"]:
        return Version(stored(present), None, present)
    standing = standing_of(present)
    assert standing is not None, "there is a document"
    made = delete_version(change, standing, tuple(present["patients"]), now)
    return Version(made, document(made, {member: present[member] for member in DERIVED if member in present}), present)


def _destroy(change: Destroy, present: Document, now: int) -> Version:
    """The version that is left when the resource is destroyed: its anchors stay, and of its index what grants judge it by."""
    standing = standing_of(present)
    assert standing is not None, "there is a document"
    patients = tuple(present["patients"])
    made = destroyed_version(change, standing, patients, now)
    return Version(made, document(made, derived(judged_by(present, change.judged), patients)), present)
