"""Who may open a database file, and what it is told."""

import os
import sqlite3
import stat

import pytest

from fhir_server.fhir.outcome import Unavailable
from fhir_server.storage.sqlite import link
from fhir_server.storage.sqlite.link import connect, told
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import Unopened
from tests.storage.contract import OPEN, Clock, a_put, write

pytestmark = pytest.mark.anyio


async def test_one_file_has_one_server(tmp_path):
    path = str(tmp_path / "plans.db")
    first = await SqliteStore.open(path, Clock())

    with pytest.raises(Unopened, match="Another server holds the database file"):
        await SqliteStore.open(path, Clock())
    await write(first, a_put("a"))
    await first.close()

    second = await SqliteStore.open(path, Clock())
    assert "a" == (await second.read("CarePlan", "a", OPEN)).id
    await second.close()


async def test_what_was_written_is_there_when_the_file_is_opened_again(tmp_path):
    path = str(tmp_path / "plans.db")
    first = await SqliteStore.open(path, Clock())
    await first.index_is("today's")
    await write(first, a_put("a"))
    await first.close()

    second = await SqliteStore.open(path, Clock())
    assert "today's" == await second.index_version()
    assert [2, 1] == [(await write(second, a_put(id)))[0].version for id in "ab"]
    await second.close()


async def test_a_database_in_memory_is_each_ones_own():
    first, second = await SqliteStore.open(":memory:", Clock()), await SqliteStore.open(":memory:", Clock())
    await write(first, a_put("a"))

    assert [] == [stored async for stored in second.resources(OPEN)]
    await first.close()
    await second.close()


async def test_only_its_owner_reads_the_file(tmp_path):
    store = await SqliteStore.open(str(tmp_path / "plans.db"), Clock())
    await write(store, a_put("a"))

    modes = {name.name: stat.S_IMODE(name.stat().st_mode) for name in tmp_path.iterdir()}

    assert dict.fromkeys(["plans.db", "plans.db-lock", "plans.db-shm", "plans.db-wal"], 0o600) == modes
    await store.close()


async def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unopened, match=r"no-folder/plans\.db cannot be opened: No such file or directory"):
        await SqliteStore.open(str(tmp_path / "no-folder" / "plans.db"), Clock())


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("not a database" * 100)

    with pytest.raises(Unopened, match="cannot be opened"):
        await SqliteStore.open(str(file), Clock())
    assert file.read_text().startswith("not a database")


async def test_a_refused_file_is_not_held(tmp_path):
    file = tmp_path / "plans.db"
    file.write_text("not a database" * 100)
    with pytest.raises(Unopened):
        await SqliteStore.open(str(file), Clock())
    os.truncate(file, 0)

    store = await SqliteStore.open(str(file), Clock())
    await store.close()


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path):
    connection = connect(str(tmp_path / "plans.db"), writes=True).connection

    assert [("wal",), (2,)] == [
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("journal_mode", "synchronous")
    ]
    connection.close()


def test_a_reader_cannot_write(tmp_path):
    writer, reader = connect(str(tmp_path / "plans.db"), writes=True), connect(str(tmp_path / "plans.db"))
    writer.connection.execute("CREATE TABLE t (a)")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.connection.execute("INSERT INTO t VALUES (1)")
    writer.connection.execute("INSERT INTO t VALUES (1)")
    for one in (writer, reader):
        one.connection.close()


def test_an_error_of_the_place_is_told_as_unavailable_and_one_of_ours_is_not():
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    short_read = sqlite3.OperationalError("disk I/O error")
    short_read.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHORT_READ
    ours = sqlite3.OperationalError("no such table: plans")
    ours.sqlite_errorcode = sqlite3.SQLITE_ERROR

    assert [True, True, False] == [isinstance(told(error), Unavailable) for error in (full, short_read, ours)]
    assert ours is told(ours)
    assert full is told(full).__cause__


def test_an_sqlite_that_finds_no_words_is_refused(tmp_path, monkeypatch):
    connect(str(tmp_path / "plans.db"), writes=True).connection.close()
    monkeypatch.setattr(link, "_MODULE", "left out")

    with pytest.raises(Unopened, match="is without FTS5"):
        connect(str(tmp_path / "plans.db"), writes=True)
