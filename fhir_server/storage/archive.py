"""A backup: one file that holds a database as it was at one moment, and says whose it is, of which form, and how to tell
that it is whole.

It is a ZIP file (so `unzip` opens it) of what the store puts in, and a manifest with the digest of each of those. It is
written under a temporary name and has its own only once all of it is on the disk: one that was killed looks like none.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Protocol, TypeVar
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

MANIFEST = "fhir-server-backup.json"
"""The member by which a backup is known."""

FORMAT = 1
"""Which form of backup this release writes."""

_CHUNK = 1 << 20
"""Bytes read or written at once."""

OWNER_ONLY = 0o600
"""A backup holds patients' data."""

T = TypeVar("T")


class Unarchived(Exception):
    """A backup cannot be made or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: of which store (`SQLite`, `MongoDB`) and which form of its tables, when it was made (a
    FHIR instant), how many of what are in it, and the SHA-256 of each member.
    """

    format: int
    store: str
    schema: int
    made: str
    counts: Mapping[str, int]
    digests: Mapping[str, str]


# ---------------------------------------------------------------------------------------------- to write


class Sink(Protocol):
    """Where the bytes of a member go."""

    def write(self, data: bytes, /) -> int:
        """Takes the bytes; how many they are."""
        ...


@dataclass(frozen=True, slots=True)
class Archive:
    """A backup that is being written."""

    zip: ZipFile
    digests: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def member(self, name: str) -> Iterator[Sink]:
        """What takes the bytes of a member, until the block ends."""
        with self.zip.open(_entry(name), "w", force_zip64=True) as inside:
            sink = _Digesting(inside)
            yield sink
        self.digests[name] = sink.digest.hexdigest()

    def seal(self, store: str, schema: int, made: str, counts: Mapping[str, int]) -> Manifest:
        """Says what is in it, as the last thing."""
        manifest = Manifest(FORMAT, store, schema, made, counts, self.digests)
        self.zip.writestr(_entry(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest)))
        return manifest


class _Digesting:
    """Passes bytes on and remembers their digest."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into = into
        self.digest = sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._into.write(data)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)  # of no date: the manifest has it
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = OWNER_ONLY << 16
    return entry


def beside(target: Path, what: str = "") -> Path:
    """Where lies what a backup is made of until it is whole."""
    return target.with_name(f"{target.name}.part{what}")


@contextmanager
def new_archive(target: Path) -> Iterator[Archive]:
    """A backup that is in its place, on the disk, once the block has ended well; else nothing is left. Only its owner reads
    it. Unarchived where there is something in its place already.
    """
    part = beside(target)
    try:
        with _claimed(part, target) as file, _gone_on_failure(part):
            with ZipFile(file, "w") as zip:
                yield Archive(zip)
            file.flush()
            os.fsync(file.fileno())
            part.rename(target)
            sync_folder(target)
    except OSError as error:
        raise Unarchived(
            f"The backup {target} cannot be written: {error.strerror or error}. Name another file."
        ) from error


@contextmanager
def _claimed(part: Path, target: Path) -> Iterator[IO[bytes]]:
    """The file of the temporary name, empty, and nobody else's until the block ends; one that was left there is taken over."""
    taken = Unarchived(f"There is something at {target} already, or just being made there. Name another file.")
    if target.exists():
        raise taken
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, OWNER_ONLY), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(file.fileno()), part.stat()):
                raise taken
        except (BlockingIOError, FileNotFoundError):
            raise taken from None
        file.truncate()
        yield file


@contextmanager
def _gone_on_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def sync_folder(path: Path) -> None:
    """The names in the folder of the file are on the disk when this returns."""
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---------------------------------------------------------------------------------------------- to read


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is being read."""

    path: Path
    zip: ZipFile
    manifest: Manifest

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member; the last ones are given only if all of them are what they were. Unarchived."""
        digest = sha256()
        ahead = b""
        for chunk in self._read(name):
            digest.update(chunk)
            if ahead:
                yield ahead
            ahead = chunk
        if digest.hexdigest() != self.manifest.digests.get(name):
            raise _damaged(self.path)
        yield ahead

    def _read(self, name: str) -> Iterator[bytes]:
        try:
            with self.zip.open(name) as member:
                while chunk := member.read(_CHUNK):
                    yield chunk
        except Exception as error:  # a damaged file is met as half a dozen kinds of error
            raise _damaged(self.path) from error

    def verify(self, names: Iterable[str]) -> None:
        """Reads these members. Unarchived where something is damaged or missing."""
        for name in names:
            for _ in self.chunks(name):
                pass


@contextmanager
def opened(path: Path, store: str, schema: int) -> Iterator[Backup]:
    """A backup that a store may restore which knows forms up to this `schema`. Unarchived where it is none, is damaged, is of
    another store or of a newer release.
    """
    with _unzipped(path) as zip:
        backup = Backup(path, zip, _manifest(path, zip))
        _refuse_foreign(backup, store, schema)
        yield backup


@contextmanager
def _unzipped(path: Path) -> Iterator[ZipFile]:
    try:
        zip = ZipFile(path)
    except OSError as error:
        raise Unarchived(f"The backup {path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # as above
        raise Unarchived(f"The file {path} is no backup, or a damaged one.") from error
    with zip:
        yield zip


def _manifest(path: Path, zip: ZipFile) -> Manifest:
    if MANIFEST not in zip.namelist():
        raise Unarchived(f"The file {path} is no backup of this server.")
    if _told(path, zip, _Form).format > FORMAT:
        raise Unarchived(f"The backup {path} was made by a newer release of this server. Restore it with that one.")
    return _told(path, zip, Manifest)


def _told(path: Path, zip: ZipFile, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(zip.read(MANIFEST), type=kind)
    except Exception as error:  # as above
        raise _damaged(path) from error


@dataclass(frozen=True, slots=True)
class _Form:
    format: int


def _refuse_foreign(backup: Backup, store: str, schema: int) -> None:
    found = backup.manifest
    if found.store != store:
        raise Unarchived(
            f"The backup {backup.path} is of {found.store}, the database named is of {store}: a backup is restored into "
            "the kind of database that it was made of. Name another database."
        )
    if found.schema > schema:
        raise Unarchived(
            f"The backup {backup.path} was made by a newer release of this server (schema {found.schema}; this one knows "
            f"{schema}). Restore it with that release."
        )


def _damaged(path: Path) -> Unarchived:
    return Unarchived(f"The backup {path} is damaged: it is not what was written. Restore another one.")
