"""The backup of a database file: what stands beside it, who holds it, and how old it is."""

import shutil
import sqlite3
import stat
from contextlib import asynccontextmanager, closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.query import Query, Words
from fhir_server.storage.archive import Unarchived, beside, new_archive
from fhir_server.storage.sqlite.backup import MEMBER, back_up, restore
from fhir_server.storage.sqlite.schema import MIGRATIONS, migrate
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import FLEETING, Unopened
from tests.contents import of_file
from tests.storage.contract import NOON, OPEN, Clock, a_put, ids, sqlite_at, text_of, write

pytestmark = pytest.mark.anyio
MADE = "2026-03-02T10:00:00.000Z"


@pytest.fixture
async def plans(tmp_path) -> str:
    """A database of one plan, in two versions."""
    path = str(tmp_path / "plans.db")
    async with sqlite_at(path, Clock()) as store:
        await write(store, a_put("a", title="one"))
        await write(store, a_put("a", title="two"))
    return path


@pytest.fixture
def made(plans, tmp_path) -> Path:
    back_up(plans, tmp_path / "one.backup", MADE)
    return tmp_path / "one.backup"


@asynccontextmanager
async def opened(path: str):
    store = await SqliteStore.open(path, Clock())
    try:
        yield store
    finally:
        await store.close()


def beginning(name: str, folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(name))


async def title(path: str) -> bytes:
    async with opened(path) as store:
        return (await store.read("CarePlan", "a", OPEN)).text


TWO = text_of("two", 2, NOON + 1)


async def test_a_backup_says_what_is_in_it(plans, tmp_path):
    manifest = back_up(plans, tmp_path / "one.backup", MADE)

    counts = {"resources": 1, "versions": 1, "relations": 0, "audit": 0, "blocks": 0, "outbox": 0, "facts": 0}
    assert (len(MIGRATIONS), MADE, counts) == (manifest.schema, manifest.made, manifest.counts)


async def test_unzipped_it_is_a_database_like_any_other(made, tmp_path):
    with ZipFile(made) as zip:
        zip.extract(MEMBER, tmp_path / "unzipped")

    assert TWO == await title(str(tmp_path / "unzipped" / MEMBER))


async def test_what_the_server_remembers_is_in_a_backup_but_what_is_good_for_one_use_within_minutes(plans, tmp_path):
    async with opened(plans) as store:
        for kind in ("client", *sorted(FLEETING)):
            await store.keep(kind, "key", f"the text of a {kind}", until=0)
        back_up(plans, tmp_path / "one.backup", MADE)
        assert "the text of a code" == await store.kept("code", "key")
    restore(tmp_path / "one.backup", str(tmp_path / "new.db"))

    async with opened(str(tmp_path / "new.db")) as store:
        assert {"key": "the text of a client"} == await store.all_kept("client")
        assert [{}] * len(FLEETING) == [await store.all_kept(kind) for kind in sorted(FLEETING)]
    whole = (tmp_path / "new.db").read_bytes()
    assert [True, False] == [f"the text of a {kind}".encode() in whole for kind in ("client", "code")]


async def test_a_database_in_which_somebody_is_registered_is_not_empty(made, tmp_path):
    path = str(tmp_path / "new.db")
    async with opened(path) as store:
        await store.keep("client", "key", "text", until=0)

    with pytest.raises(Unarchived, match="is not empty"):
        restore(made, path)
    restore(made, str(tmp_path / "empty.db"))


async def test_a_database_of_before_the_facts_is_backed_up_as_it_is(tmp_path):
    path = str(tmp_path / "older.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:4])

    manifest = back_up(path, tmp_path / "older.backup", MADE)
    restore(tmp_path / "older.backup", str(tmp_path / "new.db"))

    assert (4, False) == (manifest.schema, "facts" in manifest.counts)
    async with opened(str(tmp_path / "new.db")) as store:
        assert await store.keep("client", "key", "text", until=0)


async def test_the_secret_stays_where_it_is(plans, tmp_path):
    (tmp_path / "plans.db.secret").write_bytes(b"sealed")

    back_up(plans, tmp_path / "one.backup", MADE)

    with ZipFile(tmp_path / "one.backup") as zip:
        assert {MEMBER, "fhir-server-backup.json"} == set(zip.namelist())


async def test_a_backup_beside_a_server_changes_nothing_and_holds_up_no_write(plans, tmp_path):
    async with opened(plans) as store:
        await write(store, a_put("b"))
        back_up(plans, tmp_path / "one.backup", MADE)
        await write(store, a_put("c"))
    restore(tmp_path / "one.backup", str(tmp_path / "new.db"))

    async with opened(str(tmp_path / "new.db")) as store:
        assert "b" == (await store.read("CarePlan", "b", OPEN)).id
        with pytest.raises(NotFound):
            await store.read("CarePlan", "c", OPEN)


async def test_what_a_killed_server_left_in_its_log_is_in_the_backup(plans, tmp_path):
    async with opened(plans) as store:
        await write(store, a_put("b"))
        for name in ("plans.db", "plans.db-wal"):  # as they would be found after a SIGKILL
            shutil.copy(tmp_path / name, tmp_path / f"killed-{name}")
    assert (tmp_path / "killed-plans.db-wal").stat().st_size

    back_up(str(tmp_path / "killed-plans.db"), tmp_path / "one.backup", MADE)
    restore(tmp_path / "one.backup", str(tmp_path / "new.db"))

    assert of_file(plans) == of_file(tmp_path / "new.db")


async def test_nothing_is_left_beside_a_backup_and_what_was_left_is_no_hindrance(plans, tmp_path):
    target = tmp_path / "one.backup"
    beside(target, "-db").write_bytes(b"torn" * 10_000)

    back_up(plans, target, MADE)

    assert ["one.backup"] == beginning("one.backup", tmp_path)
    restore(target, str(tmp_path / "new.db"))
    assert TWO == await title(str(tmp_path / "new.db"))


# ------------------------------------------------------------------------------------------------ restored


async def test_what_an_earlier_file_left_beside_it_is_no_part_of_what_is_restored(plans, made, tmp_path):
    path = tmp_path / "new.db"
    async with opened(str(path)) as store:  # with a log that has more in it than the file
        await write(store, a_put("a", title="another's"), a_put("z"))
        for ending in ("-wal", "-shm"):
            shutil.copy(f"{path}{ending}", tmp_path / f"kept{ending}")
    path.unlink()
    for ending in ("-wal", "-shm"):
        (tmp_path / f"kept{ending}").rename(tmp_path / f"new.db{ending}")

    restore(made, str(path))

    assert ["new.db", "new.db-lock"] == beginning("new.db", tmp_path)
    assert of_file(plans) == of_file(path)


async def test_only_its_owner_reads_what_is_restored(made, tmp_path):
    restore(made, str(tmp_path / "new.db"))

    assert 0o600 == stat.S_IMODE((tmp_path / "new.db").stat().st_mode)


async def test_a_file_that_a_server_holds_is_refused_and_one_that_it_held_is_not(made, tmp_path):
    path = str(tmp_path / "new.db")
    async with opened(path):
        with pytest.raises(Unopened, match="Another server holds the database file"):
            restore(made, path)

    restore(made, path)
    assert TWO == await title(path)


async def test_a_file_that_is_no_database_is_left_as_it_is_and_an_empty_one_is_filled(made, tmp_path):
    other, empty = tmp_path / "notes.txt", tmp_path / "new.db"
    other.write_bytes(b"no database" * 1000)
    empty.touch()

    with pytest.raises(Unarchived, match="is not empty"):
        restore(made, str(other))
    restore(made, str(empty))

    assert b"no database" * 1000 == other.read_bytes()
    assert TWO == await title(str(empty))


async def test_another_programs_database_is_neither_backed_up_nor_written_over(made, tmp_path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")

    with pytest.raises(Unopened, match="belongs to another program"):
        back_up(str(path), tmp_path / "other.backup", MADE)
    with pytest.raises(Unopened, match="belongs to another program"):
        restore(made, str(path))
    assert not (tmp_path / "other.backup").exists()


async def test_an_empty_file_is_nothing_to_back_up(tmp_path):
    (tmp_path / "empty.db").touch()

    with pytest.raises(Unarchived, match="there is nothing to back up"):
        back_up(str(tmp_path / "empty.db"), tmp_path / "one.backup", MADE)


async def test_a_folder_that_is_not_there_is_named(made, tmp_path):
    with pytest.raises(Unopened, match=r"no/new\.db cannot be opened: No such file"):
        restore(made, str(tmp_path / "no" / "new.db"))


# ------------------------------------------------------------------------------------------------ older and newer


TOMORROW = (*MIGRATIONS, ("ALTER TABLE outbox ADD COLUMN sent INTEGER",))


def sent(path: Path) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT sent FROM outbox").fetchall()


async def test_one_of_an_older_release_is_brought_up_to_date(plans, made, tmp_path):
    restore(made, str(tmp_path / "new.db"), TOMORROW)
    restore(made, str(tmp_path / "today.db"))

    assert [] == sent(tmp_path / "new.db")
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        sent(tmp_path / "today.db")
    assert of_file(plans)["versions"] == of_file(tmp_path / "new.db")["versions"]


async def test_one_of_a_newer_release_is_refused(made, tmp_path):
    with ZipFile(made) as zip, new_archive(tmp_path / "newer.backup") as archive:
        with archive.member(MEMBER) as member:
            member.write(zip.read(MEMBER))
        archive.seal("SQLite", len(TOMORROW), MADE, {})

    with pytest.raises(Unarchived, match=f"newer release of this server .schema {len(TOMORROW)}"):
        restore(tmp_path / "newer.backup", str(tmp_path / "new.db"))
    assert [] == beginning("new.db", tmp_path)
    restore(tmp_path / "newer.backup", str(tmp_path / "new.db"), TOMORROW)
    with pytest.raises(Unopened, match="newer release"):
        back_up(str(tmp_path / "new.db"), tmp_path / "two.backup", MADE)


async def test_what_fails_on_its_way_leaves_no_database(made, tmp_path):
    """A file that says it is newer than its manifest: it is refused when it is looked into."""
    unpacked = tmp_path / MEMBER
    with ZipFile(made) as zip:
        zip.extract(MEMBER, tmp_path)
    with closing(sqlite3.connect(unpacked)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with new_archive(tmp_path / "newer.backup") as archive:
        with archive.member(MEMBER) as member:
            member.write(unpacked.read_bytes())
        archive.seal("SQLite", len(MIGRATIONS), MADE, {"resources": 1})

    with pytest.raises(Unopened, match="newer release"):
        restore(tmp_path / "newer.backup", str(tmp_path / "new.db"))

    assert ["new.db-lock"] == beginning("new.db", tmp_path)


async def test_what_is_found_by_words_is_found_after_a_restore(tmp_path):
    path, copy = str(tmp_path / "words.db"), str(tmp_path / "copy.db")
    async with sqlite_at(path, Clock()) as store:
        await write(store, a_put("a", words={"_content": ["one"]}), a_put("b", words={"_content": ["two"]}))
        await write(store, a_put("a", words={"_content": ["two"]}))
    back_up(path, tmp_path / "words.backup", MADE)

    restore(tmp_path / "words.backup", copy)

    async with opened(copy) as store:
        two = Query("CarePlan", Words("_content", frozenset({"two"})))
        assert ["a", "b"] == ids(await store.search(two, OPEN, count=9))
