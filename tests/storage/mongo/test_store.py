"""Several processes on one database, and a database that goes away."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from fhir_server.fhir.outcome import Stale, TooLarge, Unavailable
from fhir_server.search.query import Query, Token
from fhir_server.storage.store import Commit, Matches, Overtaken
from tests.databases import emulator, mongo_at, new_database
from tests.storage.contract import NOON, OPEN, Clock, a_put, an_entry, ids, text_of, write

pytestmark = pytest.mark.anyio

IDENTIFIED = {"identifier": [("urn:oid:1", "7")]}
WITH_SYSTEM, WITHOUT = Token("identifier", "urn:oid:1", "7"), Token("identifier", None, "7")
PLANS = Query("CarePlan")


@pytest.fixture
async def stores(clock):
    """Four processes, as far as the database can tell."""
    uri = new_database()
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(mongo_at(uri, clock)) for _ in range(4)]
        await opened[0].index_is("definitions of today")
        yield opened


def conditional(store, id: str, criterion=WITH_SYSTEM, **members):
    put = a_put(id, tokens=IDENTIFIED, **members)
    return store.commit(Commit(OPEN, (put,), (Matches(Query("CarePlan", criterion)),), (an_entry(id),)))


async def test_of_thirty_two_conditional_creates_in_four_processes_one_is_made(stores):
    creates = [conditional(stores[n % 4], f"{n}", WITHOUT if n % 3 else WITH_SYSTEM) for n in range(32)]

    results = await asyncio.gather(*creates, return_exceptions=True)

    assert 31 == sum(isinstance(result, Overtaken) for result in results)
    assert 1 == (await stores[0].search(PLANS, OPEN, count=10)).total
    assert 1 == await stores[0]._link.database.audit.count_documents({})


async def test_of_thirty_two_changes_of_one_version_in_four_processes_one_wins(stores):
    await write(stores[0], a_put("a"))

    changes = [write(stores[n % 4], a_put("a", title=f"{n}", version=1)) for n in range(32)]
    results = await asyncio.gather(*changes, return_exceptions=True)

    assert 31 == sum(isinstance(result, Stale) for result in results)
    ((winner,),) = [result for result in results if isinstance(result, tuple)]
    assert winner == await stores[3].read("CarePlan", "a", OPEN)


async def test_thirty_two_changes_in_four_processes_make_thirty_two_versions(stores):
    results = await asyncio.gather(*(write(stores[n % 4], a_put("a", title=f"{n}")) for n in range(32)))

    assert list(range(1, 33)) == sorted(stored.version for (stored,) in results)
    history = await stores[0].history("CarePlan", "a", OPEN, count=100)
    assert list(range(32, 0, -1)) == [stored.version for stored in history.items]
    assert sorted({stored.updated for stored in history.items}, reverse=True) == [it.updated for it in history.items]


async def test_thirty_two_creates_of_one_id_in_four_processes_make_one(stores):
    creates = [write(stores[n % 4], a_put("a", title=f"{n}", present=False)) for n in range(32)]

    results = await asyncio.gather(*creates, return_exceptions=True)

    assert 1 == sum(isinstance(result, tuple) for result in results)
    assert 1 == (await stores[0].history("CarePlan", "a", OPEN, count=10)).total


@pytest.mark.parametrize("round", range(5))
async def test_a_change_of_the_only_match_and_a_plain_create_of_its_identity_do_not_both_think_they_are_alone(
    stores, round
):
    await write(stores[0], a_put("a", tokens=IDENTIFIED))
    change = stores[1].commit(
        Commit(
            OPEN,
            (a_put("a", tokens=IDENTIFIED, title="changed"),),
            (Matches(Query("CarePlan", WITHOUT), frozenset({"a"})),),
        )
    )

    changed, created = await asyncio.gather(
        change, write(stores[2], a_put("b", tokens=IDENTIFIED)), return_exceptions=True
    )

    assert isinstance(created, tuple)
    assert isinstance(changed, tuple | Overtaken)
    versions = (await stores[0].history("CarePlan", "a", OPEN, count=10)).total
    assert (2 if isinstance(changed, tuple) else 1) == versions


async def test_two_who_write_one_identity_collide_whether_or_not_they_name_its_system(stores):
    """One transaction is held open, having claimed; the other cannot commit beside it."""
    one, other = stores[0]._link, stores[1]
    async with one.client.start_session() as session:
        await session.start_transaction()
        claims = stores[0]._ledger
        await claims._claim((Matches(Query("CarePlan", WITH_SYSTEM)),), (), session)
        waiting = asyncio.create_task(conditional(other, "b", WITHOUT))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await session.commit_transaction()
    assert 1 == (await waiting)[0].version


async def test_an_identity_that_a_resource_has_already_is_not_claimed_again(stores):
    claims = stores[0]._link.database.claims
    await write(stores[0], a_put("a", tokens=IDENTIFIED))
    await write(stores[0], a_put("a", tokens=IDENTIFIED, title="two"))
    assert [1] == [claim["count"] for claim in await claims.find({}).to_list()]

    await write(stores[0], a_put("a", tokens={"identifier": [("urn:oid:1", "7"), ("urn:oid:1", "8")]}))
    assert [1, 1] == [claim["count"] for claim in await claims.find({}).to_list()]


async def test_what_is_written_through_one_process_is_read_through_another(stores):
    await write(stores[0], a_put("a", title="one"))

    assert text_of("one", 1, NOON) == (await stores[1].read("CarePlan", "a", OPEN)).text
    assert ["a"] == ids(await stores[2].search(PLANS, OPEN, count=10))
    await stores[3].index_is("")
    with pytest.raises(Unavailable):
        await stores[2].search(PLANS, OPEN, count=10)


async def test_a_resource_too_large_for_a_document_is_refused_and_a_smaller_one_is_not(stores):
    value = "x" * (4 * 1024 * 1024)

    with pytest.raises(TooLarge):
        await write(stores[0], a_put("a", tokens={"code": [("s", value)]}))
    assert 1 == (await write(stores[0], a_put("a", tokens={"code": [("s", value[: 2 * 1024 * 1024])]})))[0].version


# ------------------------------------------------------------------------------------------------ away


@pytest.mark.usefixtures("forsaken")
async def test_a_server_that_is_away_is_soon_said_to_be():
    with emulator() as (uri, stop):
        async with mongo_at(f"{uri}away", Clock()) as store:
            await store.index_is("definitions of today")
            await write(store, a_put("a"))
            assert await store.check() is None
            stop()

            began = time.monotonic()
            results = await asyncio.gather(
                store.read("CarePlan", "a", OPEN),
                store.search(PLANS, OPEN, count=10),
                store.commit(Commit(OPEN, entries=(an_entry(),))),
                write(store, a_put("b")),
                store.check(),
                return_exceptions=True,
            )

    assert ["store-away"] * 5 == [result.issues[0].key for result in results if isinstance(result, Unavailable)]
    assert time.monotonic() - began < 10
