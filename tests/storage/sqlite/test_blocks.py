"""The writer's chains: one block for each organisation and transaction, and a head that moves only with the commit."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from msgspec.structs import replace

from fhir_server.audit.verify import verify
from fhir_server.fhir.outcome import NotFound
from fhir_server.storage.seal import BEGINNING, last_in, rows_in
from fhir_server.storage.sqlite.schema import MIGRATIONS, migrate
from fhir_server.storage.store import Commit
from tests.storage.contract import NOON, OPEN, Clock, a_put, an_entry, sqlite_at

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path):
    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as opened:
        yield opened


def of(organisation: str, id: str = "a") -> Commit:
    return Commit(OPEN, entries=(replace(an_entry(id), organisation=organisation),))


async def test_what_is_committed_together_stands_in_one_block_of_each_organisation(store):
    await asyncio.gather(*(store.commit(of(organisation)) for organisation in "ABAB"))

    for organisation, numbers in (("A", [1, 3]), ("B", [2, 4])):
        (block,) = await store.blocks(organisation)
        assert (1, BEGINNING, NOON) == (block.number, block.previous, block.at)
        assert numbers == [number for number, _ in rows_in(block.rows)]
    assert ["A", "B"] == [head.organisation for head in await store.heads()]


async def test_a_block_follows_the_one_before_it_also_after_the_store_was_closed(tmp_path):
    for _ in range(2):
        async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
            await store.commit(of("A"))
            await store.commit(of("A"))
            found = await store.blocks("A")

    assert [1, 2, 3, 4] == [block.number for block in found]
    assert [BEGINNING, *(block.digest for block in found[:-1])] == [block.previous for block in found]
    assert [1, 2, 3, 4] == [last_in(block.rows) for block in found]


async def test_a_failure_leaves_no_trace_in_the_chain_and_its_neighbours_stand(store):
    """A Commit that meets the database's own refusal is undone by itself; the head is where the others have moved it."""
    broken = Commit(OPEN, (replace(a_put("x"), draft=_Unwritable()),), entries=(an_entry("x"),))
    outcomes = await asyncio.gather(
        *(store.commit(commit) for commit in (of("A", "a"), broken, of("A", "b"))), return_exceptions=True
    )

    assert [True, False, True] == [outcome == () for outcome in outcomes]
    await store.commit(of("A", "c"))
    assert ["a", "b", "c"] == [entry.id for _, entry in await store.entries(OPEN)]
    assert (3, 0) == ((found := await verify(store)).entries, found.unsealed)


class _Unwritable:
    """A draft whose text is a value that SQLite does not take."""

    def text(self, version, updated):
        return _Text(b"x")


class _Text(bytes):
    def __conform__(self, protocol):
        raise sqlite3.InterfaceError("of the tests")


async def test_a_refusal_is_no_failure_and_its_entry_is_not_written(store):
    missing = replace(a_put("x"), absent=False)
    with pytest.raises(NotFound):
        await store.commit(Commit(OPEN, (missing,), entries=(an_entry("x"),)))

    assert 0 == (await verify(store)).entries
    assert [] == list(await store.heads())


async def test_a_commit_that_fails_moves_no_head(store):
    await store.commit(of("A"))
    connection = store._link.connection
    await store._writer.hand(
        lambda ledger: connection.execute(
            "CREATE TRIGGER no BEFORE INSERT ON blocks BEGIN SELECT raise(ABORT, 'no'); END"
        )
    )
    with pytest.raises(sqlite3.IntegrityError):
        await store.commit(of("A"))
    await store._writer.hand(lambda ledger: connection.execute("DROP TRIGGER no"))
    await store.commit(of("A"))

    assert [1, 2] == [block.number for block in await store.blocks("A")]
    assert 2 == (await verify(store)).entries


async def test_the_trail_of_an_earlier_release_is_sealed_when_it_is_brought_up_to_date(tmp_path):
    with closing(sqlite3.connect(tmp_path / "plans.db", isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:4])
        connection.execute('INSERT INTO agents VALUES (1, \'{"who":"anonymous"}\')')
        row = "INSERT INTO audit VALUES (?, ?, 1, 'read', 200, 'CarePlan', 'a', 1, 'p1', 'open', 'TREAT', 'r', '')"
        connection.execute("BEGIN")
        connection.executemany(row, [(number, NOON - 100_000) for number in range(1, 12_001)])
        connection.execute("COMMIT")

    async with sqlite_at(str(tmp_path / "plans.db"), Clock()) as store:
        found = await verify(store)
        await store.commit(of(""))
        assert 3 == (await store.heads())[0].number

    assert (12_000, 0, 2) == (found.entries, found.unsealed, found.heads[0].number)


async def test_the_database_lets_go_of_what_was_pruned_and_of_nothing_after_it(tmp_path):
    path = tmp_path / "plans.db"
    async with sqlite_at(str(path), Clock()) as store:
        for _ in range(3):
            await store.commit(of("A"))
        await store.commit(of("B"))
        await store.prune("A", 1, of("A").entries[0])
    with closing(sqlite3.connect(path)) as connection:
        for table in ("audit", "blocks"):
            with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
                connection.execute(f"DELETE FROM {table} WHERE organisation = 'A' AND number = 2")
            with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
                connection.execute(f"DELETE FROM {table} WHERE organisation = 'B'")
