"""The backup of a MongoDB database: what is in it, and a database that is not whole yet."""

from pathlib import Path
from zipfile import ZipFile

import bson
import pytest
from pymongo import AsyncMongoClient

from fhir_server.fhir.outcome import Unavailable
from fhir_server.search.query import Query
from fhir_server.storage.archive import MANIFEST, Unarchived, new_archive
from fhir_server.storage.mongo.backup import KEPT, back_up, restore
from fhir_server.storage.mongo.schema import INDEXES, RESTORING, SCHEMA
from fhir_server.storage.store import FLEETING, Commit, Unopened
from tests.contents import contents
from tests.databases import mongo_at, new_database
from tests.storage.contract import NOON, OPEN, Clock, a_notice, a_put, an_entry, text_of, write

pytestmark = pytest.mark.anyio
MADE = "2026-03-02T10:00:00.000Z"


@pytest.fixture
async def plans() -> str:
    """A database of two plans, one of them in two versions."""
    uri = new_database()
    async with mongo_at(uri, Clock()) as store:
        await store.index_is("definitions of today")
        await write(store, a_put("a", title="one"), a_put("b"))
        await store.commit(Commit(OPEN, (a_put("a", title="two"),), (), (an_entry("a"),), (a_notice("a"),)))
    return uri


@pytest.fixture
async def made(plans, tmp_path) -> Path:
    await back_up(plans, tmp_path / "one.backup", MADE)
    return tmp_path / "one.backup"


@pytest.fixture
def empty() -> str:
    return new_database()


async def in_meta(uri: str, *documents: dict) -> None:
    async with AsyncMongoClient(uri) as client:
        await client.get_default_database().meta.insert_many(documents)


async def test_every_collection_is_kept_but_what_is_of_use_while_it_is_written(made):
    assert {"claims", "writers", "leases"} == INDEXES.keys() - KEPT
    with ZipFile(made) as zip:
        assert {MANIFEST, *(f"{name}.bson" for name in KEPT)} == set(zip.namelist())
        assert ["CarePlan/a", "CarePlan/b"] == sorted(row["_id"] for row in bson.decode_all(zip.read("resources.bson")))


async def test_a_backup_says_what_is_in_it(plans, tmp_path):
    manifest = await back_up(plans, tmp_path / "one.backup", MADE)

    assert (SCHEMA, MADE) == (manifest.schema, manifest.made)
    counts = {"resources": 2, "versions": 1, "relations": 0, "audit": 1, "blocks": 0, "outbox": 1, "facts": 0}
    assert counts == {name: count for name, count in manifest.counts.items() if name != "meta"}


async def test_what_the_server_remembers_is_in_a_backup_but_what_is_good_for_one_use_within_minutes(
    plans, empty, tmp_path
):
    async with mongo_at(plans, Clock()) as store:
        for kind in ("client", *sorted(FLEETING)):
            await store.keep(kind, "key", f"the text of a {kind}", until=0)
    await back_up(plans, tmp_path / "one.backup", MADE)
    await restore(tmp_path / "one.backup", empty)

    async with mongo_at(empty, Clock()) as store:
        assert {"key": "the text of a client"} == await store.all_kept("client")
        assert [{}] * len(FLEETING) == [await store.all_kept(kind) for kind in sorted(FLEETING)]


async def test_a_backup_of_before_the_facts_is_restored_and_brought_up_to_date(made, empty, tmp_path):
    with ZipFile(made) as zip, new_archive(tmp_path / "older.backup") as archive:
        for name in sorted(set(KEPT) - {"facts", "meta"}):
            with archive.member(f"{name}.bson") as member:
                member.write(zip.read(f"{name}.bson"))
        with archive.member("meta.bson") as member:
            member.write(bson.encode({"_id": "schema", "value": 1}))
        archive.seal("MongoDB", 1, MADE, dict.fromkeys(set(KEPT) - {"facts"}, 1))

    await restore(tmp_path / "older.backup", empty)

    async with mongo_at(empty, Clock()) as store:
        assert text_of("two", 2, NOON + 1) == (await store.read("CarePlan", "a", OPEN)).text
        assert await store.keep("client", "key", "text", until=0)
        assert {"_id": "schema", "value": SCHEMA} == await store._link.database.meta.find_one({"_id": "schema"})


async def test_what_is_restored_has_its_indexes(plans, made, empty):
    await restore(made, empty)

    found = contents(empty)
    assert contents(plans) == found
    assert len(INDEXES["resources"]) + 1 == len(found["indexes of resources"])


async def test_a_database_that_is_not_whole_yet_is_opened_by_nobody(made, empty, tmp_path):
    await in_meta(empty, {"_id": RESTORING})

    with pytest.raises(Unopened, match="drop the database, and restore again"):
        async with mongo_at(empty, Clock()):
            pass
    with pytest.raises(Unopened, match="is being restored"):
        await restore(made, empty)
    with pytest.raises(Unopened, match="is being restored"):
        await back_up(empty, tmp_path / "two.backup", MADE)

    async with AsyncMongoClient(empty) as client:
        await client.drop_database(client.get_default_database())
    await restore(made, empty)
    async with mongo_at(empty, Clock()) as store:
        assert text_of("two", 2, NOON + 1) == (await store.read("CarePlan", "a", OPEN)).text


async def test_who_opened_an_empty_database_neither_searches_nor_writes_in_it_until_it_is_whole(empty):
    clock = Clock()
    async with mongo_at(empty, clock) as store:
        await store.index_is("definitions of today")
        async with AsyncMongoClient(empty) as client:
            meta = client.get_default_database().meta
            index = await meta.find_one({"_id": "index"})
            await meta.delete_many({})
            for attempt in (store.search(Query("CarePlan"), OPEN, count=1), write(store, a_put("a"))):
                with pytest.raises(Unavailable):
                    await attempt
            await meta.insert_one(index)
        clock.now += 60_000
        assert 0 == (await store.search(Query("CarePlan"), OPEN, count=1)).total
        assert 1 == (await write(store, a_put("a")))[0].version


async def test_what_fails_half_way_leaves_the_database_empty(made, empty, tmp_path):
    """Two documents of one `_id`: the first is in when the second is refused."""
    with ZipFile(made) as zip, new_archive(tmp_path / "doubled.backup") as archive:
        for name in KEPT:
            with archive.member(f"{name}.bson") as member:
                member.write(zip.read(f"{name}.bson") * (2 if name == "audit" else 1))
        archive.seal("MongoDB", SCHEMA, MADE, {})

    with pytest.raises(Unarchived, match="could not take all of the backup"):
        await restore(tmp_path / "doubled.backup", empty)

    assert {} == {name: rows for name, rows in contents(empty).items() if rows and not name.startswith("indexes")}
    await restore(made, empty)
    async with mongo_at(empty, Clock()) as store:
        assert 2 == (await store.search(Query("CarePlan"), OPEN, count=10)).total


async def test_a_backup_without_one_of_its_collections_is_damaged(made, empty, tmp_path):
    with ZipFile(made) as zip, new_archive(tmp_path / "less.backup") as archive:
        for name in KEPT[1:]:
            with archive.member(f"{name}.bson") as member:
                member.write(zip.read(f"{name}.bson"))
        archive.seal("MongoDB", SCHEMA, MADE, {})

    with pytest.raises(Unarchived, match="is damaged"):
        await restore(tmp_path / "less.backup", empty)
    assert await restore(made, empty)


async def test_one_of_a_newer_release_is_neither_made_nor_restored(plans, made, empty, tmp_path):
    with ZipFile(made) as zip, new_archive(tmp_path / "newer.backup") as archive:
        for name in KEPT:
            with archive.member(f"{name}.bson") as member:
                member.write(zip.read(f"{name}.bson"))
        archive.seal("MongoDB", SCHEMA + 1, MADE, {})
    with pytest.raises(Unarchived, match=f"newer release of this server .schema {SCHEMA + 1}"):
        await restore(tmp_path / "newer.backup", empty)
    assert await restore(made, empty)

    async with AsyncMongoClient(plans) as client:
        await client.get_default_database().meta.update_one({"_id": "schema"}, {"$set": {"value": SCHEMA + 1}})
    with pytest.raises(Unopened, match="newer release"):
        await back_up(plans, tmp_path / "two.backup", MADE)


async def test_a_database_of_nothing_is_nothing_to_back_up(empty, tmp_path):
    with pytest.raises(Unarchived, match="there is nothing to back up"):
        await back_up(empty, tmp_path / "one.backup", MADE)
    assert [] == list(tmp_path.iterdir())
