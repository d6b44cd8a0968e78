"""Nothing of what was destroyed is left in the file, nor in its log."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fhir_server.storage.sqlite import scour
from fhir_server.storage.store import Commit, Destroy
from tests.storage.contract import OPEN, Clock, a_notice, a_put, an_entry, sqlite_at, write

pytestmark = pytest.mark.anyio

SECRET = "stulpnagelsgatan"
"""A word that nothing else has."""
ELSE = "kullerstensgatan"


def a_secret(id: str, *, word: str = SECRET):
    found = {
        "tokens": {"code": [("", word)]},
        "strings": {"title": [(word, word, word)]},
        "words": {"_content": [word]},
    }
    return a_put(id, title=f"{word} {word * 2000}", **found)


def holding(path: Path, word: str) -> list[str]:
    """The files of a database in which a word stands."""
    return [it.name for it in sorted(path.parent.glob(f"{path.name}*")) if word.encode() in it.read_bytes()]


def words_in(path: Path) -> set[str]:
    """The terms of the words' index, whose file has them without what they have in common."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, words, row)")
        return {term for (term,) in connection.execute("SELECT term FROM temp.terms")}


async def fill(store) -> None:
    """As a SQLite fills it that overwrites nothing by itself; some are built to."""
    store._link.connection.execute("PRAGMA secure_delete = OFF")
    for id in ("a", "b"):
        await write(store, a_secret(id))
        await write(store, a_secret(id))
    await write(store, a_secret("other", word=ELSE))


def destruction(*ids: str) -> Commit:
    changes = tuple(Destroy("CarePlan", id) for id in ids)
    return Commit(OPEN, changes, entries=(an_entry(),), notices=(a_notice(),))


async def test_no_byte_of_it_is_left_in_the_file_or_its_log(tmp_path):
    path = tmp_path / "plans.db"
    async with sqlite_at(str(path), Clock()) as store:
        await fill(store)
        await store.commit(destruction("a", "b"))
        assert [] != holding(path, SECRET)  # taken off its pages, and still on the disk
        await store.scour()

        assert ([], False) == (holding(path, SECRET), SECRET in words_in(path))
        assert ([path.name], True) == (holding(path, ELSE), ELSE in words_in(path))
        assert 1 == (await store.read("CarePlan", "other", OPEN)).version


async def test_who_was_killed_before_the_file_was_scoured_is_followed_by_who_does_it(tmp_path):
    path = tmp_path / "plans.db"
    async with sqlite_at(str(path), Clock()) as store:
        await fill(store)
        await store.commit(destruction("a", "b"))
    with closing(sqlite3.connect(path)) as connection:
        assert scour.is_demanded(connection)

    async with sqlite_at(str(path), Clock()):
        assert [] == holding(path, SECRET)
    with closing(sqlite3.connect(path)) as connection:
        assert not scour.is_demanded(connection)


async def test_versions_leave_where_their_resource_is_destroyed_and_nowhere_else(tmp_path):
    path = tmp_path / "plans.db"
    async with sqlite_at(str(path), Clock()) as store:
        await fill(store)
        await store.commit(destruction("a"))
        await store.scour()

        assert [path.name] == holding(path, SECRET)  # that of b
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM versions")
