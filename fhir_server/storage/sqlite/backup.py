"""The backup of a database file: what VACUUM INTO makes of it, beside a running server or without one; and back again.

https://www.sqlite.org/lang_vacuum.html#vacuuminto
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from fhir_server.storage.archive import (
    OWNER_ONLY,
    Backup,
    Manifest,
    Unarchived,
    beside,
    new_archive,
    opened,
    sync_folder,
)
from fhir_server.storage.sqlite.clause import one_of
from fhir_server.storage.sqlite.link import connect, lock_file, reading
from fhir_server.storage.sqlite.schema import MIGRATIONS, Step, migrate, schema_of
from fhir_server.storage.store import FLEETING

STORE = "SQLite"
MEMBER = "care-plans.db"
"""The one member of a backup: a database file like any other."""

_COUNTED = ("resources", "versions", "relations", "audit", "blocks", "outbox", "facts")
_CHUNK = 1 << 20

# ---------------------------------------------------------------------------------------------- to make one


def back_up(path: str, target: Path, made: str) -> Manifest:
    """Writes a backup of the file as it is at one moment: all that was acknowledged before is in it. A server that holds the
    file goes on. `made` is the instant that the backup tells of. Unarchived; Unopened where the file is none of ours.
    """
    with new_archive(target) as archive, _copied(path, beside(target, "-db")) as copy:
        schema, counts = _described(copy)
        with archive.member(MEMBER) as member, copy.open("rb") as file:
            shutil.copyfileobj(file, member, _CHUNK)
        return archive.seal(STORE, schema, made, counts)


@contextmanager
def _copied(path: str, copy: Path) -> Iterator[Path]:
    """A copy of the database, of one state of it, that is gone when the block ends."""
    try:
        _make_private(copy)
        with closing(reading(path)) as connection:
            if not schema_of(connection):
                raise Unarchived(f"The database file {path} is empty: there is nothing to back up.")
            connection.execute("VACUUM INTO ?", (str(copy),))
        _leave_out_fleeting(copy)
        yield copy
    except sqlite3.Error as error:
        raise Unarchived(f"The database file {path} cannot be copied: {error}.") from error
    finally:
        copy.unlink(missing_ok=True)


def _leave_out_fleeting(copy: Path) -> None:
    """What a backup leaves out is overwritten, and not only taken off the lists."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for setting in ("journal_mode = MEMORY", "secure_delete = ON"):
            connection.execute(f"PRAGMA {setting}")
        if "facts" in _counted(connection):
            kinds = one_of("kind", sorted(FLEETING))
            connection.execute(f"DELETE FROM facts WHERE {kinds.sql}", kinds.values)


def _make_private(path: Path) -> None:
    """An empty file that only its owner reads; what a killed process may have left there is gone."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))


def _described(copy: Path) -> tuple[int, dict[str, int]]:
    with closing(reading(str(copy))) as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _counted(connection)
        }
        return schema_of(connection), counts


def _counted(connection: sqlite3.Connection) -> list[str]:
    """The tables that are counted, of those that there are: one of an earlier release has fewer."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [table for table in _COUNTED if table in there]


# ---------------------------------------------------------------------------------------------- to restore it


def restore(source: Path, path: str, migrations: Sequence[Step] = MIGRATIONS) -> Manifest:
    """Puts the database of a backup where there is none, or one in which nothing was ever written, and brings it to today's
    schema: all of it or nothing. Unarchived; Unopened where a server holds the file, or it is none of ours.
    """
    with opened(source, STORE, len(migrations)) as backup, _held(path):
        _refuse_filled(path)
        fresh = Path(f"{path}.restoring")
        try:
            _unpack(backup, fresh, migrations)
            _take_its_place(fresh, Path(path))
        except (sqlite3.Error, OSError) as error:
            raise Unarchived(f"The database file {path} cannot be restored: {error}.") from error
        finally:
            fresh.unlink(missing_ok=True)
        return backup.manifest


@contextmanager
def _held(path: str) -> Iterator[None]:
    """No server opens the file until the block ends."""
    lock = lock_file(path)
    assert lock is not None, "a database in memory is not restored"
    try:
        yield
    finally:
        os.close(lock)


def _refuse_filled(path: str) -> None:
    filled = Unarchived(
        f"The database file {path} is not empty. Move it away, with {path}-wal if there is one, or name another file."
    )
    if not Path(path).exists() or not Path(path).stat().st_size:
        return
    try:
        with closing(connect(path, writes=True).connection) as connection:
            tables = _counted(connection) if schema_of(connection) else []
            if any(connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in tables):
                raise filled
    except sqlite3.Error as error:
        raise filled from error


def _unpack(backup: Backup, fresh: Path, migrations: Sequence[Step]) -> None:
    _make_private(fresh)
    with fresh.open("wb") as file:
        for chunk in backup.chunks(MEMBER):
            file.write(chunk)
        file.flush()
        with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
            connection.execute(
                "PRAGMA journal_mode = MEMORY"
            )  # one that was killed begins anew, without what a log would say
            migrate(connection, migrations)
        os.fsync(file.fileno())


def _take_its_place(fresh: Path, path: Path) -> None:
    """What an earlier file of that name left in its log would be taken for a part of this one."""
    for left in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + left).unlink(missing_ok=True)
    fresh.replace(path)
    sync_folder(path)
