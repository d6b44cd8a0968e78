"""`fhir-server issuer`."""

import asyncio
import json

import pytest

from fhir_server.access.issuers import KIND
from fhir_server.assembly.opening import open_store
from fhir_server.settings import Settings
from tests.conftest import SECRET
from tests.databases import KINDS, empty_database
from tests.registered import KEY, an_issuer
from tests.servers import run_here
from tests.storage.contract import OPEN

URL = "https://idp.example"


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> str:
    return empty_database(request.param, tmp_path / "plans.db")


@pytest.fixture
def file(tmp_path):
    """A SQLite database alone: what is told is the same on each."""
    return f"sqlite:///{tmp_path}/plans.db"


def issuer(*arguments: str, database: str):
    return run_here("issuer", *arguments, "--database", database, FHIR_SERVER_SECRET=SECRET)


def written(folder, value, name="issuer.json") -> str:
    (folder / name).write_text(json.dumps(value))
    return str(folder / name)


def kept(database: str):
    """The texts of issuers, and what the audit tells."""

    async def look():
        store = await open_store(Settings(database=database, secret=SECRET), "")
        try:
            entries = [(entry.interaction, entry.query, entry.rule) for _, entry in await store.entries(OPEN)]
            return await store.all_kept(KIND), entries
        finally:
            await store.close()

    return asyncio.run(look())


def test_an_issuer_is_registered_from_a_file_listed_and_revoked(database, tmp_path):
    added = issuer("add", written(tmp_path, an_issuer()), database=database)
    other = an_issuer(url="https://other.example", organizations=["*"])
    issuer("add", written(tmp_path, other), database=database)
    revoked = issuer("revoke", URL, database=database)
    listed = issuer("list", database=database)

    assert [(0, f"{URL} registered.\n", ""), (0, f"{URL} revoked.\n", "")] == [
        (done.returncode, done.stdout, done.stderr) for done in (added, revoked)
    ]
    heading, first, second = listed.stdout.splitlines()
    assert [
        "URL",
        "STATE",
        "SPEAKS",
        "FOR",
        "ORGANIZATIONS",
        "ALGORITHMS",
        "KEYS",
        "CLAIMS",
        "LIFETIME",
    ] == heading.split()
    assert [URL, "revoked", "staff", "SE2321000016-1003"] == first.split()[:4]
    assert ["https://other.example", "active", "staff", "*", "ES256"] == second.split()[:5]
    assert KEY["x"] not in listed.stdout

    texts, entries = kept(database)
    assert {URL, "https://other.example"} == texts.keys()
    assert ["$issuer-add", "$issuer-add", "$issuer-revoke"] == [interaction for interaction, _, _ in entries]
    assert {"system-registry"} == {rule for _, _, rule in entries}


def test_an_issuer_is_registered_by_options(file):
    done = issuer(
        "add", "--url", URL, "--mapping", "inera", "--algorithm", "ES256", "--algorithm", "RS256", "--kind", "staff",
        "--organization", "SE2321000016-1003", "--lifetime", "600", "--jwks-url", f"{URL}/jwks", database=file,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr)
    told = json.loads(kept(file)[0][URL])
    assert (f"{URL}/jwks", 600, ["ES256", "RS256"]) == (told["jwks_url"], told["lifetime"], told["algorithms"])


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (an_issuer(algorithms=["HS256"]), "algorithms: some of ES256, "),
        (an_issuer(mapping="nobodys"), "mapping: one of inera, "),
        (an_issuer(jwks={"keys": [KEY | {"d": "c2VjcmV0"}]}), "jwks: public keys alone"),
        (an_issuer(organizations=[]), "organizations: at least one"),
    ],
)
def test_what_cannot_be_registered_is_told_in_one_line_and_leaves_nothing(file, tmp_path, members, why):
    done = issuer("add", written(tmp_path, members), database=file)

    assert (1, "") == (done.returncode, done.stdout)
    assert why in done.stderr
    assert "c2VjcmV0" not in done.stderr
    assert 1 == done.stderr.count("\n")
    assert ({}, []) == kept(file)


def test_a_url_that_is_taken_is_refused_until_it_is_said_that_it_is_to_be_replaced(file, tmp_path):
    first, changed = written(tmp_path, an_issuer()), written(tmp_path, an_issuer(lifetime=300), "changed.json")

    codes = [issuer("add", *how, database=file).returncode for how in ((first,), (changed,), (changed, "--replace"))]

    assert [0, 1, 0] == codes
    assert 300 == json.loads(kept(file)[0][URL])["lifetime"]


def test_who_is_not_registered_is_not_revoked(file):
    done = issuer("revoke", URL, database=file)

    assert (1, f"fhir-server: {URL} is not registered, or was revoked before.\n") == (done.returncode, done.stderr)
