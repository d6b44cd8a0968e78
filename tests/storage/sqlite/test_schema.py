"""The schema: made, brought up to date, refused; and what the database itself forbids."""

import sqlite3

import pytest

from fhir_server.search.query import Amount, Every, Missing, OfKind, OfPatient, Query, Some, Text, Token, Without, Words
from fhir_server.storage.sqlite.schema import MIGRATIONS, migrate
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import Commit, Grant, Reindexed, Unopened
from tests.storage.contract import OPEN, Clock, a_put, an_entry, ids, sqlite_at, write


@pytest.fixture
def connection(tmp_path):
    with sqlite3.connect(tmp_path / "plans.db", isolation_level=None) as opened:
        yield opened
    opened.close()


def schema(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def test_an_empty_database_becomes_one_of_today(connection):
    migrate(connection)

    assert len(MIGRATIONS) == schema(connection)
    assert ("",) == connection.execute("SELECT value FROM meta WHERE name = 'index'").fetchone()


def test_a_database_of_today_stays_as_it_is(connection):
    migrate(connection)
    connection.execute("UPDATE meta SET value = 'kept' WHERE name = 'index'")

    migrate(connection)

    assert ("kept",) == connection.execute("SELECT value FROM meta WHERE name = 'index'").fetchone()


def test_an_older_database_is_brought_up_to_date(connection):
    migrate(connection)
    tomorrow = (*MIGRATIONS, ("ALTER TABLE outbox ADD COLUMN sent INTEGER", "CREATE TABLE sealed (block TEXT)"))

    migrate(connection, tomorrow)

    assert len(tomorrow) == schema(connection)
    assert [] == connection.execute("SELECT sent FROM outbox, sealed").fetchall()


@pytest.mark.anyio
async def test_a_database_without_histories_of_types_is_given_them(tmp_path):
    """One of the first schema, as that release filled it."""
    with sqlite3.connect(tmp_path / "plans.db") as connection:
        migrate(connection, MIGRATIONS[:1])
        resource = (
            "INSERT INTO resources VALUES (?, ?, ?, ?, ?, ?, 'PUT', x'00', '[]', '{\"t\":{},\"r\":{},\"s\":{}}', ?)"
        )
        connection.execute(resource, (1, "Goal", "g", 2, 40, 0, b"{}"))
        connection.execute(resource, (2, "CarePlan", "a", 2, 30, 1, b""))
        version = "INSERT INTO versions VALUES (?, 1, ?, 'PUT', x'00', '[]', ?)"
        connection.executemany(version, [(1, 10, b"[1]"), (2, 20, b"[2]")])
    connection.close()

    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        plans = await store.history("CarePlan", "", OPEN, count=10)
        everything = await store.history("", "", OPEN, count=10)
        await write(store, a_put("g", type="Goal"))
        goals = await store.history("Goal", "", OPEN, count=10)

    assert [(2, b""), (1, b"[2]")] == [(one.version, one.text) for one in plans.items]
    assert [40, 30, 20, 10] == [one.updated for one in everything.items]
    assert [3, 2, 1] == [one.version for one in goals.items]


@pytest.mark.anyio
async def test_a_version_kept_before_its_index_was_is_shown_to_who_asks_for_patients_alone(tmp_path):
    """One of the fourth schema: nobody knows what its versions were, but for whose."""
    sip, mine = Token("category", "s", "sip"), OfPatient(frozenset({"p1"}))
    idx = '{"t":{"category":[["sip","s"]]}}'
    with sqlite3.connect(tmp_path / "plans.db") as connection:
        migrate(connection, MIGRATIONS[:4])
        row = "INSERT INTO resources VALUES (1, 'CarePlan', 'a', 2, 20, 0, 'PUT', x'00', '[\"p1\"]', ?, x'7b7d')"
        connection.execute(row, (idx,))
        connection.execute("INSERT INTO versions VALUES (1, 1, 10, 'PUT', x'00', '[\"p1\"]', x'7b7d', 'CarePlan')")
    connection.close()

    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        await write(store, a_put("a", tokens={"category": [("s", "sip")]}, patient="p1"))
        for query, versions in (
            (mine, [3, 2, 1]),
            (Every((sip, mine)), [3, 2]),
            (Without(Token("category", "s", "other")), [3, 2]),
            (Some((sip, OfKind(frozenset({"Goal"})))), [3, 2]),
            (Some((mine, OfKind(frozenset({"Goal"})))), [3, 2, 1]),
        ):
            page = await store.history("CarePlan", "a", Grant(query, "TREAT", "any"), count=9)
            assert versions == [one.version for one in page.items]


@pytest.mark.anyio
async def test_a_database_of_tokens_and_spans_alone_is_found_by_all_once_it_is_indexed_anew(tmp_path):
    """One of the second schema, with what stood beside a text then."""
    idx = '{"t":{"status":[["active",""]]},"r":{},"s":{"date":[[1,2]]}}'
    with sqlite3.connect(tmp_path / "plans.db") as connection:
        migrate(connection, MIGRATIONS[:2])
        connection.execute(
            "INSERT INTO resources VALUES (1, 'CarePlan', 'a', 1, 40, 0, 'PUT', x'00', '[]', ?, x'7b7d')", (idx,)
        )
        connection.execute("INSERT INTO parameters VALUES (1, 'CarePlan', 't', 'status'), (2, 'CarePlan', 's', 'date')")
        connection.execute("INSERT INTO tokens VALUES (1, 'active', 1, '')")
        connection.execute("INSERT INTO spans VALUES (2, 1, 2, 1)")
    connection.close()
    put = a_put(
        tokens={"status": [("", "draft")]},
        strings={"name": [("a", "a", "A")]},
        amounts={"dose": [(1.5, 1.5, "", "mg")]},
        words={"_content": ["a"]},
    )
    criteria = [
        Text("name", "starts", "a"),
        Amount("dose", "eq", 1.5, 1.5),
        Words("_content", frozenset("a")),
        Token("status", None, "draft"),
    ]

    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        before = [ids(await store.search(Query("CarePlan", it), OPEN, count=9)) for it in criteria]
        old = Query("CarePlan", Every((Token("status", None, "active"), Missing("name"))))
        assert ["a"] == ids(await store.search(old, OPEN, count=9))
        await store.reindex([Reindexed("CarePlan", "a", 1, put.index, ())])
        after = [ids(await store.search(Query("CarePlan", it), OPEN, count=9)) for it in criteria]
        assert [] == ids(await store.search(old, OPEN, count=9))

    assert ([[]] * 4, [["a"]] * 4) == (before, after)


def test_a_migration_that_fails_changes_nothing(connection):
    migrate(connection)
    broken = (*MIGRATIONS, ("CREATE TABLE sealed (block TEXT)", "CREATE TABLE sealed (block TEXT)"))

    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(connection, broken)

    assert len(MIGRATIONS) == schema(connection)
    assert [] == connection.execute("SELECT name FROM sqlite_master WHERE name = 'sealed'").fetchall()


def test_a_database_of_a_newer_release_is_refused(connection):
    migrate(connection, (*MIGRATIONS, ("CREATE TABLE sealed (block TEXT)",)))

    with pytest.raises(Unopened, match=r"newer release of this server.*Start that release"):
        migrate(connection)


def test_another_programs_database_is_refused(connection):
    connection.execute("CREATE TABLE bookmarks (url TEXT)")

    with pytest.raises(Unopened, match="belongs to another program"):
        migrate(connection)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE versions SET text = 'x'", "versions is append-only"),
        ("UPDATE versions SET type = 'x'", "versions is append-only"),
        ("DELETE FROM versions", "versions is append-only"),
        ("UPDATE audit SET status = 200", "audit is append-only"),
        ("DELETE FROM audit", "audit is append-only"),
        ("UPDATE agents SET agent = '{}'", "agents is append-only"),
        ("UPDATE blocks SET at = 0", "blocks is append-only"),
        ("DELETE FROM blocks", "blocks is append-only"),
        ("DELETE FROM resources", "a resource is never removed"),
        ("UPDATE resources SET text = 'x'", "a version is followed by the next one, and kept"),
        ("UPDATE resources SET updated = 0", "a version is followed by the next one, and kept"),
        ("UPDATE resources SET version = version + 1", "a version is followed by the next one, and kept"),
        ("UPDATE resources SET version = version - 1", "a version is followed by the next one, and kept"),
    ],
)
async def test_history_cannot_be_rewritten(tmp_path, statement, message):
    store = await SqliteStore.open(str(tmp_path / "plans.db"), Clock())
    await write(store, a_put("a"))
    await store.commit(Commit(OPEN, (a_put("a"),), entries=(an_entry(),)))
    await store.close()

    with sqlite3.connect(tmp_path / "plans.db") as connection:
        with pytest.raises(sqlite3.IntegrityError, match=message):
            connection.execute(statement)
        connection.execute("UPDATE resources SET idx = idx")
    connection.close()
