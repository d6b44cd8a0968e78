"""`fhir-server backup` and `fhir-server restore`, by comparison: what was, and what there is again, on every store."""

import asyncio
import itertools
import os
import stat
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from fhir_server.assembly import Assembly, assembled, claim_index, opening
from fhir_server.cli.load import post_all, stories
from fhir_server.fhir.outcome import Gone
from fhir_server.search.query import Query
from fhir_server.settings import Settings
from fhir_server.storage.archive import Manifest, Unarchived
from fhir_server.storage.store import Store
from tests.builders import a_care_plan, a_care_team, a_patient
from tests.conftest import SECRET
from tests.contents import contents
from tests.databases import KINDS, REAL, empty_database
from tests.servers import command, run
from tests.storage.contract import OPEN

pytestmark = pytest.mark.anyio


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> str:
    return empty_database(request.param, tmp_path / "plans.db")


@pytest.fixture
def elsewhere(request, database, tmp_path) -> str:
    """An empty database of the same kind."""
    return empty_database("sqlite" if database.startswith("sqlite:") else "mongo", tmp_path / "elsewhere.db")


def settings(database: str) -> Settings:
    return Settings(database=database, access="open", secret=SECRET)


async def back_up(database: str, target: Path) -> Manifest:
    return await opening.back_up(settings(database), target)


async def restore(source: Path, database: str) -> Manifest:
    return await opening.restore(settings(database), source)


@asynccontextmanager
async def housed(database: str):
    async with assembled(settings(database)) as house:
        assert await claim_index(house)
        yield house


@asynccontextmanager
async def client_of(house: Assembly):
    transport = httpx.ASGITransport(house.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"{house.server.base}/") as client:
        yield client


async def fill(client: httpx.AsyncClient) -> None:
    """Stories, and some of all that can happen to a resource."""
    assert 0 == await post_all(client, stories())
    patch = {"headers": {"content-type": "application/json-patch+json"}}
    for number in range(3):
        await client.put(f"Patient/made-{number}", json=a_patient(id=f"made-{number}", active=True))
        await client.put(f"CareTeam/made-{number}", json=a_care_team(id=f"made-{number}"))
        for title in "abc":
            await client.put(f"CarePlan/made-{number}", json=a_care_plan(id=f"made-{number}", title=title))
    changed = await client.patch(
        "CarePlan/made-0", json=[{"op": "replace", "path": "/status", "value": "revoked"}], **patch
    )
    assert 200 == changed.status_code
    for address in ("CarePlan/made-1", "CarePlan/made-2", "CareTeam/made-1"):
        assert (await client.delete(address)).is_success
    await client.put("CarePlan/made-2", json=a_care_plan(id="made-2", title="back again"))
    assert [410, 404] == [(await client.get(f"CarePlan/{id}")).status_code for id in ("made-1", "nobody")]
    await client.get("CarePlan?category=SIP&_sort=-_lastUpdated")


async def told(store: Store) -> dict[str, object]:
    """All that a store says of what it has, by its own calls."""
    notices = await store.notices(count=10_000)
    places = {(notice.type, notice.id) for _, _, notice in notices}
    assert len(places) > 40
    found: dict[str, object] = {"notices": notices, "entries": await store.entries(OPEN, count=10_000)}
    found["current"] = [stored async for stored in store.resources(OPEN)]
    for type, id in sorted(places):
        history = await store.history(type, id, OPEN, count=1000)
        found[f"{type}/{id}"] = history
        for version in history.items:
            found[f"{type}/{id}/{version.version}"] = await at(store.vread(type, id, version.version, OPEN))
        found[f"read {type}/{id}"] = await at(store.read(type, id, OPEN))
        if type == "Patient":
            found[f"relations {id}"] = await store.relations(id)
    for type in {type for type, _ in places}:
        found[f"search {type}"] = await store.search(Query(type), OPEN, count=1000)
    found["index"] = await store.index_version()
    return found


async def at(reading) -> object:
    try:
        return await reading
    except Gone:
        return "gone"


SEARCHES = [
    "CarePlan",
    "CarePlan?category=SIP",
    "CarePlan?category=SPU&status=active",
    "CarePlan?patient=p1&_sort=-_lastUpdated",
    "CarePlan?_sort=_lastUpdated&_count=2",
    "Patient?identifier=191212121212",
    "CarePlan/made-0/_history",
    "CarePlan/made-1/_history",
    "CarePlan/made-2",
    "CareTeam/made-1",
]


async def served(client: httpx.AsyncClient) -> list[object]:
    answers = [await client.get(address) for address in SEARCHES]
    assert all(answer.json().get("total", 1) for answer in answers)
    return [[(answer.status_code, answer.headers.get("etag")), without_moment(answer.json())] for answer in answers]


def without_moment(body: dict) -> dict:
    """A searchset says when it was made, and its links are sealed anew."""
    body.get("meta", {}).pop("lastUpdated", None) if body["resourceType"] == "Bundle" else None
    links = [link["relation"] for link in body.pop("link", ())]
    return body | {"links": links}


# ------------------------------------------------------------------------------------------------ the same


async def test_l_12_what_is_restored_elsewhere_is_what_was_there(database, elsewhere, tmp_path):
    async with housed(database) as house, client_of(house) as client:
        await fill(client)
        await house.server.store.tend()  # what a close would do, so that what is there lies still
        made = run("backup", str(tmp_path / "one.backup"), "--database", database)
        before = await told(house.server.store)
    assert (0, "") == (made.returncode, made.stderr)
    assert "resources, with their history, backed up to" in made.stdout

    restored = run("restore", str(tmp_path / "one.backup"), "--database", elsewhere)

    assert (0, "") == (restored.returncode, restored.stderr)
    assert made.stdout.split(" ")[0] == restored.stdout.split(" ")[0]
    assert contents(database) == contents(elsewhere)
    async with housed(database) as first, housed(elsewhere) as second:
        assert before == await told(second.server.store)
        async with client_of(first) as one, client_of(second) as other:
            assert await served(one) == await served(other)


async def test_what_is_restored_is_written_on(database, elsewhere, tmp_path):
    async with housed(database) as house, client_of(house) as client:
        await client.put("CarePlan/a", json=a_care_plan(id="a"))
        await client.put("CarePlan/a", json=a_care_plan(id="a", title="two"))
        last, _ = (await house.server.store.entries(OPEN))[-1]
        notice, _, _ = (await house.server.store.notices())[-1]
    await back_up(database, tmp_path / "one.backup")
    await restore(tmp_path / "one.backup", elsewhere)

    async with housed(elsewhere) as house, client_of(house) as client:
        changed = await client.put("CarePlan/a", json=a_care_plan(id="a", title="three"))
        made = await client.put("CarePlan/b", json=a_care_plan(id="b"))
        found = await client.get("CarePlan")

        assert (200, "3", 201) == (changed.status_code, changed.json()["meta"]["versionId"], made.status_code)
        assert 2 == found.json()["total"]
        assert all(number > last for number, _ in (await house.server.store.entries(OPEN))[-3:])
        assert all(number > notice for number, _, _ in (await house.server.store.notices())[-2:])


async def test_a_backup_restored_and_backed_up_again_is_the_same(database, elsewhere, tmp_path):
    async with housed(database) as house, client_of(house) as client:
        await fill(client)
    kind = "sqlite" if database.startswith("sqlite:") else "mongo"
    third = empty_database(kind, tmp_path / "third.db")

    one = await back_up(database, tmp_path / "one.backup")
    await restore(tmp_path / "one.backup", elsewhere)
    two = await back_up(elsewhere, tmp_path / "two.backup")
    await restore(tmp_path / "two.backup", third)

    assert one.counts == two.counts
    assert contents(database) == contents(third)


# ------------------------------------------------------------------------------------------------ beside a server


@pytest.mark.slow
async def test_a_backup_made_while_writes_go_on_holds_each_that_was_acknowledged_before(database, elsewhere, tmp_path):
    acknowledged: dict[str, int] = {}
    stop = asyncio.Event()

    async def write(client: httpx.AsyncClient, number: int) -> None:
        for count in itertools.count():
            id = f"w-{number}-{count // 3}"
            answer = await client.put(f"CarePlan/{id}", json=a_care_plan(id=id, title=str(count)))
            acknowledged[id] = int(answer.json()["meta"]["versionId"])
            if stop.is_set():
                return

    async with housed(database) as house, client_of(house) as client:
        writers = [asyncio.create_task(write(client, number)) for number in range(4)]
        await asyncio.sleep(1)
        before = dict(acknowledged)
        backup = await asyncio.create_subprocess_exec(
            *command("backup", str(tmp_path / "one.backup"), "--database", database),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=sys.stderr,
        )
        assert 0 == await backup.wait()
        after = dict(acknowledged)
        stop.set()
        await asyncio.gather(*writers)
    assert len(before) > 3
    assert before != after  # writes went on meanwhile
    await restore(tmp_path / "one.backup", elsewhere)

    async with housed(elsewhere) as house:
        store = house.server.store
        for id, version in before.items():
            assert version <= (await store.read("CarePlan", id, OPEN)).version
        if database.startswith("sqlite:") or on_mongodb_itself():
            await all_of_one_moment(store)


def on_mongodb_itself() -> bool:
    """The emulator reads each collection as it is just then: what a snapshot session promises is not to be seen there."""
    return REAL in os.environ


async def all_of_one_moment(store: Store) -> None:
    """Each version has those before it, its notice and its audit entry; and there is no notice of one that is not there."""
    versions = set()
    async for stored in store.resources(OPEN):
        history = await store.history(stored.type, stored.id, OPEN, count=1000)
        assert list(range(stored.version, 0, -1)) == [it.version for it in history.items]
        versions |= {(stored.id, it.version) for it in history.items}
    assert versions == {(notice.id, version) for _, version, notice in await store.notices(count=100_000)}
    assert versions == {(entry.id, entry.version) for _, entry in await store.entries(OPEN, count=100_000)}


# ------------------------------------------------------------------------------------------------ refused


async def test_a_backup_is_its_owners_alone_and_is_never_written_over(database, tmp_path):
    async with housed(database) as house, client_of(house) as client:
        await client.put("CarePlan/a", json=a_care_plan(id="a"))
    target = tmp_path / "one.backup"

    await back_up(database, target)
    written = target.read_bytes()
    with pytest.raises(Unarchived, match="already"):
        await back_up(database, target)
    await back_up(database, tmp_path / "two.backup")

    assert written == target.read_bytes()
    assert 0o600 == stat.S_IMODE(target.stat().st_mode)
    assert [] == [path.name for path in tmp_path.iterdir() if ".part" in path.name]


async def test_a_database_that_is_not_empty_is_left_as_it_is(database, elsewhere, tmp_path):
    for address, id in ((database, "a"), (elsewhere, "b")):
        async with housed(address) as house, client_of(house) as client:
            await client.put(f"CarePlan/{id}", json=a_care_plan(id=id))
    await back_up(database, tmp_path / "one.backup")
    before = contents(elsewhere)

    with pytest.raises(Unarchived, match="is not empty"):
        await restore(tmp_path / "one.backup", elsewhere)
    assert before == contents(elsewhere)


async def test_a_database_that_a_server_has_opened_and_nobody_has_used_is_empty(database, elsewhere, tmp_path):
    async with housed(database) as house, client_of(house) as client:
        await client.put("CarePlan/a", json=a_care_plan(id="a"))
    async with housed(elsewhere):
        pass
    await back_up(database, tmp_path / "one.backup")

    await restore(tmp_path / "one.backup", elsewhere)

    assert contents(database) == contents(elsewhere)


async def test_only_one_that_was_read_is_no_longer_empty(database, elsewhere, tmp_path):
    """The audit remembers who asked; that is never written over."""
    async with housed(database) as house, client_of(house) as client:
        await client.put("CarePlan/a", json=a_care_plan(id="a"))
    async with housed(elsewhere) as house, client_of(house) as client:
        await client.get("CarePlan/a")
    await back_up(database, tmp_path / "one.backup")

    with pytest.raises(Unarchived, match="is not empty"):
        await restore(tmp_path / "one.backup", elsewhere)


async def test_a_damaged_backup_leaves_the_database_empty_and_a_whole_one_fills_it(database, elsewhere, tmp_path):
    async with housed(database) as house, client_of(house) as client:
        await fill(client)
    whole, damaged = tmp_path / "one.backup", tmp_path / "damaged.backup"
    await back_up(database, whole)
    text = bytearray(whole.read_bytes())
    text[len(text) // 2] ^= 1
    damaged.write_bytes(text)

    with pytest.raises(Unarchived, match="is damaged"):
        await restore(damaged, elsewhere)
    await restore(whole, elsewhere)

    assert contents(database) == contents(elsewhere)


@pytest.mark.parametrize(("kind", "other"), [("sqlite", "mongo"), ("mongo", "sqlite")])
async def test_a_backup_of_one_store_is_not_restored_into_the_other(kind, other, tmp_path):
    database = empty_database(kind, tmp_path / "plans.db")
    async with housed(database) as house, client_of(house) as client:
        await client.put("CarePlan/a", json=a_care_plan(id="a"))
    await back_up(database, tmp_path / "one.backup")

    with pytest.raises(Unarchived, match="is restored into the kind of database that it was made of"):
        await restore(tmp_path / "one.backup", empty_database(other, tmp_path / "other.db"))
    await restore(tmp_path / "one.backup", empty_database(kind, tmp_path / "same.db"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("backup", "x.backup", "--database", "sqlite:///:memory:"), "sqlite:///FILE"),
        (("backup", "x.backup", "--database", "sqlite:////no/such.db"), "no database file /no/such.db"),
        (("backup", "x.backup", "--database", "mongodb://127.0.0.1:9/care"), "replica set"),
        (("restore", "note.txt", "--database", "sqlite:///new.db"), "is no backup"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text("not a backup")

    ended = run(*arguments)

    assert 1 == ended.returncode
    assert says in ended.stderr
    assert 1 == len(ended.stderr.strip().splitlines())
    assert ["note.txt"] == [path.name for path in tmp_path.iterdir()]
