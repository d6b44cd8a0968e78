"""What both stores hold to, whatever their database: each rule once."""

from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from msgspec.structs import replace

from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Conflict, Gone, Issue, NotFound, Stale, Unavailable
from fhir_server.search.query import (
    NOTHING,
    Criterion,
    Every,
    Everything,
    Identity,
    OfKind,
    OfPatient,
    Reference,
    Related,
    Some,
    Span,
    Token,
    Veil,
    Without,
    settled_for,
)
from fhir_server.storage.store import DESTROYED, Change, Delete, Destroy, Entry, Overtaken, Put, Stored

_NOTHING = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Standing:
    """The version that a resource stands at: its number, its moment (milliseconds since 1970), whether it is a deletion."""

    version: int
    updated: int
    deleted: bool


def refuse(change: Change, standing: Standing | None) -> None:
    """Raises what stands in the way of a change to what is there: NotFound, Conflict, Stale, Overtaken."""
    if isinstance(change, Put):
        _refuse_put(change, exists=standing is not None and not standing.deleted)
    elif standing is None:
        raise NotFound.because("not-found")
    if change.version is not None and (standing is None or change.version != standing.version):
        if isinstance(change, Put) and change.rereads:
            raise Overtaken
        raise Stale.because("stale")


def _refuse_put(change: Put, *, exists: bool) -> None:
    if exists and not change.present:
        raise Conflict.because("exists")
    if not exists and not change.absent:
        raise NotFound.because("not-found")


def put_version(change: Put, standing: Standing | None, now: int) -> Stored:
    """The version that a Put makes at a moment."""
    version, updated = (1, now) if standing is None else _next(standing, now)
    text = change.draft.text(version, instant(updated))
    digest = sha256(text).digest()
    return Stored(change.type, change.id, version, updated, text, change.method, change.patients, digest)


def delete_version(change: Delete, standing: Standing, patients: tuple[str, ...], now: int) -> Stored:
    """The version that says that a resource, anchored to these patients, is deleted; of one that is already, the same."""
    version, updated = (standing.version, standing.updated) if standing.deleted else _next(standing, now)
    return Stored(change.type, change.id, version, updated, b"", "DELETE", patients, _NOTHING)


def destroyed_version(change: Destroy, standing: Standing, patients: tuple[str, ...], now: int) -> Stored:
    """The one version that is left of a resource, anchored to these patients, when it is destroyed."""
    version, updated = _next(standing, now)
    return Stored(change.type, change.id, version, updated, b"", DESTROYED, patients, _NOTHING)


def still_there(found: Stored) -> Stored:
    """The version that was found. Gone where it has no content."""
    if found.deleted:
        raise Gone.because("destroyed" if found.destroyed else "gone")
    return found


def _next(standing: Standing, now: int) -> tuple[int, int]:
    """The number and the time of the next version: later than the one before, also where the clock went back."""
    return standing.version + 1, max(now, standing.updated + 1)


def completed(entry: Entry, made: Stored) -> Entry:
    """The entry with what only the store knows of the version that the Commit made."""
    return replace(
        entry,
        version=entry.version or made.version,
        patient=entry.patient or " ".join(made.patients),
        digest=entry.digest or b64encode(made.digest).decode(),
    )


AT_ONCE = 200
"""Resources read at once when all of them are walked through."""

Place: TypeAlias = tuple[str, str]
"""The type and the id of a resource."""


async def walk(batch: Callable[[Place, int], Awaitable[list[Stored]]], after: Place) -> AsyncIterator[Stored]:
    """All that the batches give, some at a time, each time as it is then; `batch` takes the place after which it begins."""
    while found := await batch(after, AT_ONCE):
        for stored in found:
            yield stored
        after = (found[-1].type, found[-1].id)


def speaks_of_patients(criterion: Criterion) -> bool:
    """Whether a grant asks for nothing but types and patients: a version that an earlier release kept has nothing else by which
    it could be judged.
    """
    match criterion:
        case Everything() | OfKind() | OfPatient() | Related() | Veil():
            return True
        case Every(parts) | Some(parts):
            return all(speaks_of_patients(part) for part in parts)
        case Without(part):
            return speaks_of_patients(part)
    return False


ENTRIES = "AuditEvent"
"""What the entries of the audit are to a grant, whatever they tell of."""


def of_entries(grant: Criterion) -> Criterion:
    """What a grant about rows says of entries; NOTHING where it asks what no row tells."""
    settled = settled_for(grant, ENTRIES)
    return settled if _told_by_rows(settled) else NOTHING


def _told_by_rows(criterion: Criterion) -> bool:
    match criterion:
        case Everything() | Identity() | OfPatient() | Related():
            return True
        case Token(parameter) | Reference(parameter) | Span(parameter):
            return parameter in ROWS[type(criterion)]
        case Every(parts) | Some(parts):
            return all(map(_told_by_rows, parts))
        case Without(part):
            return _told_by_rows(part)
    return False


ROWS: Mapping[type, frozenset[str]] = {
    Token: frozenset({"interaction", "organisation", "agent", "request"}),
    Reference: frozenset({"about"}),
    Span: frozenset({"at", "status"}),
}
"""What rows are asked by criteria that name a parameter."""


def incomplete() -> Unavailable:
    """The refusal of a search while the index is being made: never a smaller or a wider list instead."""
    return Unavailable(Issue("incomplete", "index-incomplete", source=Unavailable.spec))
