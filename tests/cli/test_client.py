"""`fhir-server client`."""

import asyncio
import json

import pytest

from fhir_server.access.client import KIND
from fhir_server.assembly.opening import open_registries, open_store
from fhir_server.assembly.outside import NotStarted
from fhir_server.settings import Settings
from tests.conftest import SECRET
from tests.databases import KINDS, empty_database
from tests.registered import KEY, a_portal, a_system
from tests.servers import run, run_here, serving
from tests.storage.contract import OPEN

CLIENT_SECRET = "a secret of the tests, made by nobody"


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> str:
    return empty_database(request.param, tmp_path / "plans.db")


@pytest.fixture
def file(tmp_path):
    """A SQLite database alone: what is told is the same on each."""
    return f"sqlite:///{tmp_path}/plans.db"


def client(*arguments: str, database: str):
    return run_here("client", *arguments, "--database", database, FHIR_SERVER_SECRET=SECRET)


def written(folder, value, name="client.json") -> str:
    (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
    return str(folder / name)


def kept(database: str):
    """The texts of clients, and what the audit tells."""

    async def look():
        store = await open_store(Settings(database=database, secret=SECRET), "")
        try:
            entries = [(entry.interaction, entry.query, entry.rule) for _, entry in await store.entries(OPEN)]
            return await store.all_kept(KIND), entries
        finally:
            await store.close()

    return asyncio.run(look())


def test_a_client_is_registered_from_a_file_listed_and_revoked(database, tmp_path):
    added = run("client", "add", written(tmp_path, a_portal()), "--database", database, FHIR_SERVER_SECRET=SECRET)
    client("add", written(tmp_path, a_system()), database=database)
    revoked = client("revoke", "portal", database=database)
    listed = client("list", database=database)

    assert [(0, "portal registered.\n", ""), (0, "portal revoked.\n", "")] == [
        (done.returncode, done.stdout, done.stderr) for done in (added, revoked)
    ]
    heading, portal, system = listed.stdout.splitlines()
    assert ["ID", "NAME", "KIND", "STATE", "GRANTS", "PROOF", "SCOPES"] == heading.split()
    assert portal.startswith("portal ")
    assert "revoked" in portal
    assert "patient/CarePlan.rs" in portal
    assert system.startswith("verksamhetssystem ")
    assert "active" in system
    assert KEY["x"] not in listed.stdout

    texts, entries = kept(database)
    assert {"portal", "verksamhetssystem"} == texts.keys()
    assert [
        ("$client-add", "client=portal", "system-registry"),
        ("$client-add", "client=verksamhetssystem", "system-registry"),
        ("$client-revoke", "client=portal", "system-registry"),
    ] == entries


def test_a_client_is_registered_by_options_and_options_stand_over_a_file(file, tmp_path):
    jwks = written(tmp_path, {"keys": [KEY]}, "jwks.json")
    by_options = client(
        "add", "--id", "system", "--name", "Kommunens system", "--kind", "confidential",
        "--grant", "client_credentials", "--scope", "system/CarePlan.rs", "--jwks", jwks, database=file,
    )  # fmt: skip
    over = client("add", written(tmp_path, a_portal()), "--id", "other", "--name", "Annan", database=file)

    assert [0, 0] == [by_options.returncode, over.returncode]
    texts, _ = kept(file)
    told = {id: json.loads(text) for id, text in texts.items()}
    assert {"keys": [KEY]} == told["system"]["jwks"]
    assert a_portal(id="other", name="Annan") == told["other"]


def test_a_secret_is_kept_as_its_hash_and_never_shown(file, tmp_path):
    tool = a_portal(kind="confidential", redirect_uris=["http://localhost:4567/back"], origins=[])
    secret, short = written(tmp_path, CLIENT_SECRET, "secret"), written(tmp_path, CLIENT_SECRET[:31], "short")

    refused = client("add", written(tmp_path, tool), "--secret", short, database=file)
    done = client("add", written(tmp_path, tool), "--secret", secret, database=file)
    listed = client("list", database=file)

    assert (1, 0) == (refused.returncode, done.returncode)
    assert "32 characters or more" in refused.stderr
    (text,) = kept(file)[0].values()
    assert "scrypt$" in text
    assert CLIENT_SECRET not in text
    assert " secret " in listed.stdout
    for shown in (done.stdout, done.stderr, refused.stderr, listed.stdout):
        assert CLIENT_SECRET[:31] not in shown
        assert "scrypt" not in shown


def test_a_name_that_is_taken_is_refused_until_it_is_said_that_it_is_to_be_replaced(file, tmp_path):
    portal, changed = written(tmp_path, a_portal()), written(tmp_path, a_portal(name="Planen igen"), "changed.json")
    assert 0 == client("add", portal, database=file).returncode

    refused = client("add", changed, database=file)
    replaced = client("add", changed, "--replace", database=file)

    assert (1, "fhir-server: portal is registered already, or was. With --replace this takes its place.\n") == (
        refused.returncode,
        refused.stderr,
    )
    assert 0 == replaced.returncode
    assert "Planen igen" in kept(file)[0]["portal"]


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (a_portal(kind="open"), "kind: public or confidential."),
        (a_portal(redirect_uris=["https://*.portal.example"]), "redirect_uris: https://…, or http:// on loopback"),
        (a_portal(scopes=["patient/Careplan.rs"]), "scopes: "),
        (a_portal(secret=CLIENT_SECRET), "unknown field `secret`. The members are active, id, name"),
        ([], "is no JSON object"),
        ("{", "client.json: "),
    ],
)
def test_what_cannot_be_registered_is_told_in_one_line_and_leaves_nothing(file, tmp_path, members, why):
    done = client("add", written(tmp_path, members), database=file)

    assert (1, "") == (done.returncode, done.stdout)
    assert why in done.stderr
    assert 1 == done.stderr.count("\n")
    assert CLIENT_SECRET not in done.stderr
    assert ({}, []) == kept(file)


def test_who_is_not_registered_is_not_revoked_and_a_file_that_is_not_there_not_read(file, tmp_path):
    revoked = client("revoke", "nobody", database=file)
    added = client("add", str(tmp_path / "nothing.json"), database=file)

    assert (1, "fhir-server: nobody is not registered, or was revoked before.\n") == (
        revoked.returncode,
        revoked.stderr,
    )
    assert (1, True) == (added.returncode, "nothing.json cannot be read: No such file" in added.stderr)


def test_a_file_that_a_server_holds_is_refused(file, tmp_path):
    portal = written(tmp_path, a_portal())
    with serving("serve", "--access", "open", "--database", file):
        refused = client("add", portal, database=file)

    assert 1 == refused.returncode
    assert "Another server holds the database file" in refused.stderr
    assert 0 == client("add", portal, database=file).returncode


@pytest.mark.anyio
async def test_nobody_is_registered_in_memory():
    with pytest.raises(NotStarted):
        async with open_registries(Settings(database="sqlite:///:memory:", access="open")):
            raise AssertionError
