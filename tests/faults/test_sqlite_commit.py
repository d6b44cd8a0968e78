"""Every statement of a Commit is made to fail once, and always: all of it is written, or nothing."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager

import pytest

from fhir_server.fhir.outcome import Stale, Unavailable
from fhir_server.search.index import Index
from fhir_server.search.query import Query, Token
from fhir_server.storage.store import Commit, Delete, Indexing, Matches, Reindexed, Relation
from tests.faults.breaking import Breaking, an_error, breaking, contents
from tests.storage.contract import (
    MINE,
    NARROWED,
    OPEN,
    Clock,
    a_notice,
    a_put,
    an_entry,
    ids,
    sqlite_at,
    text_of,
    write,
)

pytestmark = pytest.mark.anyio

TEAM = (Relation(MINE, "Practitioner/1", "care-team", "CareTeam/t"),)
FORMER = (Relation(MINE, "Practitioner/2", "care-team", "CareTeam/t"),)
FOUND_BY = ("tokens", "spans", "strings", "amounts", "words", "sought", "relations")
RICH = Commit(
    NARROWED,
    (
        a_put(
            "new",
            tokens={"code": [("s", "1")], "never-before": [("", "x")]},
            spans={"date": [(1, 2)]},
            strings={"name": [("b", "b", "B")]},
            amounts={"dose": [(1.5, 1.5, "", "mg")]},
            words={"_content": ["b"]},
            elements={"pair": [Index({"0": [("s", "1")]})]},
        ),
        a_put(
            "changed",
            tokens={"code": [("s", "2")]},
            spans={"date": [(5, 6)]},
            strings={"name": [("c", "c", "C")]},
            amounts={"dose": [(2.5, 2.5, "", "mg")]},
            words={"_text": ["c"], "_content": ["c"]},
        ),
        a_put("t", type="CareTeam", relations=TEAM),
        Delete("CarePlan", "deleted"),
    ),
    (Matches(Query("CarePlan", Token("code", "s", "1"))),),
    (an_entry("new"), an_entry("changed"), an_entry("read", version=1)),
    (a_notice("new"), a_notice("changed"), a_notice("deleted")),
)


@asynccontextmanager
async def seeded(path=":memory:"):
    """A store with something to change and to delete."""
    async with sqlite_at(path, Clock()) as store:
        await write(
            store,
            a_put(
                "changed",
                tokens={"code": [("s", "0")], "left": [("", "x")]},
                spans={"date": [(3, 4)]},
                strings={"name": [("a", "a", "A")]},
                amounts={"dose": [(0.5, 0.5, "", "mg")]},
                words={"_text": ["a"], "_content": ["a"]},
            ),
            a_put("deleted", tokens={"code": [("s", "0")]}, words={"_content": ["deleted"]}),
            a_put("t", type="CareTeam", relations=FORMER),
        )
        yield store


async def written() -> tuple[dict, dict, list[str]]:
    """What stands before and after the Commit where nothing fails, and the statements that it takes."""
    async with seeded() as store:
        before = contents(store)
        connection = breaking(store)
        await store.commit(RICH)
        return before, contents(store), connection.statements


def counted(found: dict) -> dict:
    """The same with the entries of the audit counted from 1: a number is given once, also to what was then not written."""
    return found | {"audit": [(place, *row[1:]) for place, row in enumerate(found["audit"], 1)]}


async def test_a_commit_takes_a_few_statements_however_much_it_writes():
    before, after, statements = await written()

    assert all(before[table] != after[table] for table in ("resources", "versions", *FOUND_BY, "audit", "outbox"))
    assert (statements[0], statements[-1]) == ("BEGIN IMMEDIATE", "COMMIT")
    assert len(statements) < 30


async def test_whatever_statement_always_fails_nothing_is_written_and_then_all_is():
    before, after, statements = await written()

    for broken in dict.fromkeys(statements):
        async with seeded() as store:
            connection = breaking(store)
            connection.breaks = lambda _, statement, broken=broken: statement == broken

            with pytest.raises(Unavailable):
                await store.commit(RICH)
            assert before == contents(store), broken

            connection.breaks = lambda _number, _statement: False
            await store.commit(RICH)
            assert after == counted(contents(store)), broken


async def test_whatever_statement_fails_once_all_is_written_once():
    _, after, statements = await written()

    for place, broken in enumerate(statements):
        async with seeded() as store:
            connection = breaking(store)
            connection.breaks = lambda number, _, place=place: number == place

            results = await store.commit(RICH)

            assert ["new", "changed", "t", "deleted"] == [stored.id for stored in results], broken
            assert after == counted(contents(store)), broken


async def test_whatever_fails_while_a_failure_is_met_nothing_is_written_in_halves(tmp_path):
    before, after, statements = await written()

    for place in range(len(statements) + 6):
        async with seeded(str(tmp_path / f"{place}.db")) as store:
            connection = breaking(store)
            connection.breaks = lambda number, _, place=place: number in {3, 4 + place, 5 + place}
            try:
                await store.commit(RICH)
            except Unavailable:
                assert before == contents(store), place
                connection.breaks = lambda _number, _statement: False
                await store.commit(RICH)
            assert after == contents(store), place


async def test_a_database_that_has_rolled_back_by_itself_takes_no_neighbour_along():
    async with sqlite_at(":memory:", Clock()) as store:
        connection = breaking(store)

        def roll_back() -> Exception:
            connection.connection.execute("ROLLBACK")
            return an_error(sqlite3.SQLITE_FULL, "database or disk is full")

        connection.fails = roll_back
        connection.breaks = lambda _, statement: "INTO relations" in statement
        commits = [write(store, a_put(f"{n}", title=f"{n}", relations=TEAM if n == 5 else ())) for n in range(32)]
        results = await asyncio.gather(*commits, return_exceptions=True)

        assert [5] == [place for place, result in enumerate(results) if isinstance(result, Unavailable)]
        assert sorted(f"{n}" for n in range(32) if n != 5) == ids(await store.search(Query("CarePlan"), OPEN, count=99))


async def test_one_that_fails_among_thirty_one_that_do_not():
    async with sqlite_at(":memory:", Clock()) as store:
        broken = Relation(None, "Practitioner/1", "care-team", "CareTeam/t")
        commits = [write(store, a_put(f"{n}", title=f"{n}"), grant=NARROWED) for n in range(31)]
        commits.insert(16, write(store, a_put("broken", relations=(broken,))))

        results = await asyncio.gather(*commits, return_exceptions=True)

        assert [16] == [place for place, result in enumerate(results) if isinstance(result, sqlite3.IntegrityError)]
        for n in range(31):
            assert text_of(f"{n}", 1, Clock().now) == (await store.read("CarePlan", f"{n}", OPEN)).text
        assert 31 == (await store.search(Query("CarePlan"), OPEN, count=1)).total


async def test_a_parameter_met_in_what_was_rolled_back_is_met_anew():
    async with sqlite_at(":memory:", Clock()) as store:
        broken = Relation(None, "Practitioner/1", "care-team", "CareTeam/t")
        first_seen = {"first-seen": [("s", "x")]}
        with pytest.raises(sqlite3.IntegrityError):
            await store.commit(
                Commit(OPEN, (a_put("broken", tokens=first_seen, relations=(broken,)),), (), (an_entry(),))
            )

        await store.commit(Commit(OPEN, (a_put("a", tokens=first_seen),), (), (an_entry(),)))

        assert ["a"] == ids(await store.search(Query("CarePlan", Token("first-seen", "s", "x")), OPEN, count=9))
        assert 1 == len(await store.entries(OPEN))


async def test_refusals_are_told_apart_from_what_failed():
    async with seeded() as store:
        connection = breaking(store)
        connection.breaks = lambda number, _: number == 2
        commits = [
            store.commit(Commit(OPEN, (a_put("changed", version=9),))),
            store.commit(Commit(OPEN, (a_put("changed", version=1),))),
        ]

        stale, changed = await asyncio.gather(*commits, return_exceptions=True)

        assert isinstance(stale, Stale)
        assert 2 == changed[0].version


async def test_an_index_is_replaced_whole_with_how_far_it_came_or_not_at_all():
    anew = a_put(
        tokens={"new": [("s", "1")]},
        strings={"name": [("b", "b", "B")]},
        amounts={"dose": [(1.5, 1.5, "", "mg")]},
        words={"_content": ["b"]},
    )
    rows = [
        Reindexed("CarePlan", "changed", 1, anew.index, (MINE,), TEAM),
        Reindexed("CareTeam", "t", 1, a_put(spans={"date": [(1, 2)]}).index, (MINE,)),
    ]
    reached = Indexing("tomorrow's", ("CareTeam", "t"), 2, 3)
    async with seeded() as store:
        await store.indexing("tomorrow's")
        before = contents(store)
        connection = breaking(store)
        await store.reindex(rows, reached)
        after, statements = contents(store), connection.statements
    assert all(before[table] != after[table] for table in ("resources", *FOUND_BY, "meta"))

    for broken in dict.fromkeys(statements):
        async with seeded() as store:
            await store.indexing("tomorrow's")
            connection = breaking(store)
            connection.breaks = lambda _, statement, broken=broken: statement == broken
            with pytest.raises(Unavailable):
                await store.reindex(rows, reached)
            assert before == contents(store), broken
            connection.breaks = lambda _number, _statement: False
            await store.reindex(rows, reached)
            assert after == counted(contents(store)), broken


async def test_an_index_said_to_be_made_is_not_believed_before_it_is_written():
    async with seeded() as store:
        connection = breaking(store)
        connection.breaks = lambda _, statement: statement == "COMMIT"

        with pytest.raises(Unavailable):
            await store.index_is("")
        assert "definitions of today" == await store.index_version()
        connection.breaks = lambda _number, _statement: False
        await store.index_is("")
        assert "" == await store.index_version()


async def test_a_store_that_cannot_write_says_so():
    async with seeded() as store:
        connection: Breaking = breaking(store)
        connection.breaks = lambda _, statement: statement == "COMMIT"

        with pytest.raises(Unavailable):
            await store.check()
        connection.breaks = lambda _number, _statement: False
        assert await store.check() is None
