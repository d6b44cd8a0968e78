"""What a change would make of what is there: judged in the writer, inside the transaction, before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fhir_server.storage.rules import Standing, delete_version, destroyed_version, put_version
from fhir_server.storage.sqlite.clause import as_json
from fhir_server.storage.sqlite.derived import NO_ROWS, Rows, anchors_of, document, document_of, judged_by, rows
from fhir_server.storage.store import Delete, Destroy, Put, Reindexed, Relation, Stored


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
    def standing(self) -> Standing:
        """The version it stands at."""
        return Standing(self.version, self.updated, self.deleted)

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
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    relations: tuple[Relation, ...] = ()
    before: Present | None = None

    @property
    def changes(self) -> bool:
        """Whether there is anything to write: a resource that is deleted already stays as it is."""
        return self.before is None or self.stored.version != self.before.version


def put(change: Put, key: int, present: Present | None, now: int) -> Version:
    """The version that a Put makes."""
    return _found_by(change, key, put_version(change, present.standing if present else None, now), present)


def delete(change: Delete, present: Present, now: int) -> Version:
    """The version that says that the resource is deleted: its anchors and its index stay, for grants to be judged by."""
    made = delete_version(change, present.standing, anchors_of(present.patients), now)
    return Version(present.key, made, present.patients, present.idx, before=present)


def destroy(change: Destroy, present: Present, now: int) -> Version:
    """The version that is left when the resource is destroyed: its anchors stay, and of its index what grants judge it by."""
    made = destroyed_version(change, present.standing, anchors_of(present.patients), now)
    idx = as_json(judged_by(document_of(present.idx), change.judged))
    return Version(present.key, made, present.patients, idx, before=present)


def rederive(row: Reindexed, present: Present) -> Version:
    """The present version with what is derived from it anew."""
    same = Stored(row.type, row.id, row.version, present.updated, b"", "", row.patients)
    return _found_by(row, present.key, same, present)


def _found_by(made_of: Put | Reindexed, key: int, stored: Stored, present: Present | None) -> Version:
    found = document(made_of.index)
    return Version(
        key,
        stored,
        as_json(made_of.patients),
        as_json(found),
        rows(found, made_of.patients),
        made_of.index.words,
        made_of.relations,
        before=present,
    )
