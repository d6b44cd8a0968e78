"""Connections to one database: who may open it, how each is set, and what its errors mean to a caller."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fhir_server.fhir.outcome import Unavailable
from fhir_server.storage.store import Unopened

MEMORY = ":memory:"
_OLDEST = (3, 33)
"""UPDATE … FROM came with SQLite 3.33; all else that is used here is older."""
_MODULE = "fts5"
"""A part of SQLite that may be left out when it is built: https://www.sqlite.org/fts5.html"""


@dataclass(frozen=True, slots=True)
class Link:
    """A connection and the lock of who is using it. In memory one link serves all; of a file each thread has its own."""

    connection: sqlite3.Connection
    lock: threading.RLock = field(default_factory=threading.RLock)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, seeing one state of the database throughout."""
        with self.lock, telling_errors:
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self.connection.execute("ROLLBACK")


def connect(path: str, *, writes: bool = False) -> Link:
    """A link to the database, of the kind that a reader or the writer needs. Each commit is on disk when it returns."""
    if sqlite3.sqlite_version_info < _OLDEST:
        raise Unopened(f"SQLite {sqlite3.sqlite_version} is too old: Python must come with 3.33 or later.")
    patience = 5 if writes else 0.5  # seconds; readers wait for nobody while the file is in WAL mode
    connection = sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        for setting in _WRITER if writes else _READER:
            connection.execute(f"PRAGMA {setting}")
        _refuse_without_words(connection)
    except (sqlite3.Error, Unopened):
        connection.close()
        raise
    return Link(connection)


def _refuse_without_words(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT 1 FROM pragma_module_list WHERE name = ?", (_MODULE,)).fetchone() is None:
        raise Unopened(f"SQLite {sqlite3.sqlite_version} is without FTS5: Python must come with one that has it.")


_READER = ("journal_mode = WAL", "synchronous = FULL", "cache_size = -8192", "query_only = ON")
_WRITER = ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536", "wal_autocheckpoint = 4000")


def reading(path: str) -> sqlite3.Connection:
    """A connection that makes no file, and changes none; a server may hold the file. Unopened where there is none."""
    if not Path(path).exists():
        raise Unopened(f"There is no database file {path}. Name another one.")
    return sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def lock_file(path: str) -> int | None:
    """A descriptor that forbids a second server on the same file for as long as it is open; None for one in memory.

    Unopened where another server has it, or where the place is not ours to write in.
    """
    if path == MEMORY:
        return None
    try:
        descriptor = os.open(f"{path}-lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unopened(
            f"The database file {path} cannot be opened: {error.strerror}. Make its folder, or name another file."
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Unopened(
            f"Another server holds the database file {path}. Stop that one, or name another file: one file, one server."
        ) from None
    return descriptor


def make_private(path: str) -> None:
    """The file is made before SQLite would make it, so that only its owner reads it; `-wal` and `-shm` follow its mode."""
    if path != MEMORY and not Path(path).exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOTADB,
    }
)
"""The errors of the place where the data lies, not of what was asked. https://www.sqlite.org/rescode.html"""


def told(error: Exception) -> Exception:
    """The error as the callers of a store know it: Unavailable where the database is away, else itself."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.Error) and code is not None and code & 0xFF in AWAY:
        away = Unavailable.because("store-away")
        away.__cause__ = error
        return away
    return error


class TellingErrors:
    """A block that raises the database's errors as the callers of a store know them. Each read is one: a generator would cost
    more than what it reads.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Unavailable where the database is away, else what it was."""
        if isinstance(error, sqlite3.Error):
            raise told(error) from error


telling_errors = TellingErrors()
