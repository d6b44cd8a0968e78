"""What a change would make of what is there: judged in the writer, inside the transaction, before anything is written."""

from dataclasses import dataclass
from hashlib import sha256

from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Conflict, NotFound, Stale
from fhir_server.storage.sqlite.clause import as_json
from fhir_server.storage.sqlite.derived import NO_ROWS, Rows, anchors_of, document, document_of, rows
from fhir_server.storage.store import Change, Delete, Put, Reindexed, Relation, Stored

_NOTHING = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Present:
    """The row of a resource before the Commit; `patients` and `idx` are JSON."""

    key: int
    type: str
    id: str
    version: int
    updated: int
    deleted: bool
    patients: str
    idx: str

    @property
    def rows(self) -> Rows:
        """What the resource is found by: a deleted one by nothing."""
        return NO_ROWS if self.deleted else rows(document_of(self.idx), anchors_of(self.patients))


@dataclass(frozen=True, slots=True)
class Version:
    """The row that is to be, what it is found by, and the row before it. `patients` and `idx` are JSON."""

    key: int
    stored: Stored
    patients: str
    idx: str
    rows: Rows = NO_ROWS
    relations: tuple[Relation, ...] = ()
    before: Present | None = None

    @property
    def changes(self) -> bool:
        """Whether there is anything to write: a resource that is deleted already stays as it is."""
        return self.before is None or self.stored.version != self.before.version


def refuse(change: Change, present: Present | None) -> None:
    """Raises what stands in the way of a change to what is there: NotFound, Conflict, Stale."""
    if isinstance(change, Put):
        _refuse_put(change, exists=present is not None and not present.deleted)
    elif present is None:
        raise NotFound.because("not-found")
    if change.version is not None and (present is None or change.version != present.version):
        raise Stale.because("stale")


def _refuse_put(change: Put, *, exists: bool) -> None:
    if exists and not change.present:
        raise Conflict.because("exists")
    if not exists and not change.absent:
        raise NotFound.because("not-found")


def put(change: Put, key: int, present: Present | None, now: int) -> Version:
    """The version that a Put makes."""
    version, updated = (1, now) if present is None else _next(present, now)
    text = change.draft.text(version, instant(updated))
    digest = sha256(text).digest()
    made = Stored(change.type, change.id, version, updated, text, change.method, change.patients, digest)
    return _found_by(change, key, made, present)


def delete(change: Delete, present: Present, now: int) -> Version:
    """The version that says that the resource is deleted: its anchors and its index stay, for grants to be judged by."""
    version, updated = (present.version, present.updated) if present.deleted else _next(present, now)
    made = Stored(change.type, change.id, version, updated, b"", "DELETE", anchors_of(present.patients), _NOTHING)
    return Version(present.key, made, present.patients, present.idx, before=present)


def _next(present: Present, now: int) -> tuple[int, int]:
    """The number and the time of the next version: later than the one before, also where the clock went back."""
    return present.version + 1, max(now, present.updated + 1)


def rederive(row: Reindexed, present: Present) -> Version:
    """The present version with what is derived from it anew."""
    same = Stored(row.type, row.id, row.version, present.updated, b"", "", row.patients)
    return _found_by(row, present.key, same, present)


def _found_by(made_of: Put | Reindexed, key: int, stored: Stored, present: Present | None) -> Version:
    found = document(made_of.index)
    patients = as_json(made_of.patients)
    return Version(
        key, stored, patients, as_json(found), rows(found, made_of.patients), made_of.relations, before=present
    )
