"""`fhir-server destroy`: proposed by one person, decided by another, and then gone from the database's file."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server.assembly.opening import open_store
from fhir_server.settings import Settings
from fhir_server.storage.store import SYSTEM_GRANTS
from tests.builders import a_care_plan, a_patient
from tests.conftest import SECRET
from tests.databases import KINDS, empty_database
from tests.servers import run_here, serving

HIDDEN = "Stulpnagelsgatan"
REASON = "The authority has decided so, 8.4-1234/2026."


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> str:
    """A patient with a plan of two versions, and another patient's plan; the server has ended."""
    address = empty_database(request.param, tmp_path / "plans.db")
    with serving("serve", "--access", "open", "--database", address, FHIR_SERVER_SECRET=SECRET) as server:
        for who in ("p1", "p2"):
            known = a_patient(id=who, identifier=[{"system": "https://plans.example/id", "value": who}])
            put(server.base, known)
        for title in ("one", "two"):
            put(server.base, a_care_plan(id="a", title=f"{HIDDEN} {title}"))
        put(server.base, a_care_plan(id="b", subject={"reference": "Patient/p2"}))
    return address


def put(base: str, resource: dict[str, Any]) -> None:
    place = f"{base}/{resource['resourceType']}/{resource['id']}"
    assert httpx.put(place, json=resource, timeout=30).is_success


def destroy(database: str, *arguments: str):
    return run_here("destroy", *arguments, "--database", database, FHIR_SERVER_SECRET=SECRET)


def refused(database: str, *arguments: str) -> str:
    done = destroy(database, *arguments)
    assert (1, "") == (done.returncode, done.stdout)
    return done.stderr


def told(database: str) -> list[tuple[str, str, int]]:
    """What the command line did, as the audit tells: what, to what, with which answer."""

    async def entries():
        store = await open_store(Settings(database=database, secret=SECRET), "")
        try:
            return await store.entries(SYSTEM_GRANTS["verification"])
        finally:
            await store.close()

    found = [entry for _, entry in asyncio.run(entries())]
    return [(it.interaction, f"{it.type}/{it.id}", it.status) for it in found if it.rule == "system-destruction"]


def test_two_persons_have_all_of_a_patient_destroyed_and_the_audit_holds(database, tmp_path):
    proposed = destroy(database, "propose", "Patient/p1", "--by", "Sven", "--reason", REASON)
    assert (0, "") == (proposed.returncode, proposed.stderr)
    assert proposed.stdout.startswith("2 resources, with all their versions, are proposed")
    assert "the class record is kept until" in proposed.stdout
    assert "Sven" in destroy(database, "list").stdout
    assert "Another person decides" in refused(database, "decide", "Patient/p1", "--by", "sven")
    assert [("$propose-destruction", "Patient/p1", 200)] == told(database)

    decided = destroy(database, "decide", "Patient/p1", "--by", "Eva")
    assert (0, "") == (decided.returncode, decided.stderr)
    assert "2 resources, with all their versions, are destroyed, as Sven proposed and Eva decided." in decided.stdout

    done = [("$destroy", "CarePlan/a", 200), ("$destroy", "Patient/p1", 200)]
    assert done == told(database)[1:]
    assert [] == [it.name for it in Path(tmp_path).glob("plans.db*") if HIDDEN.encode() in it.read_bytes()]
    assert 0 == run_here("audit", "verify", "--database", database, FHIR_SERVER_SECRET=SECRET).returncode
    assert "There is nothing left" in refused(database, "propose", "Patient/p1", "--by", "Sven", "--reason", REASON)
    assert "1 resources" in destroy(database, "propose", "CarePlan/b", "--by", "Sven", "--reason", REASON).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("decide", "Patient/never", "--by", "Eva"), "no such resource"),
        (("propose", "Patient", "--by", "Sven", "--reason", REASON), "Say what"),
        (("propose", "Journal/a", "--by", "Sven", "--reason", REASON), "Say what"),
        (("propose", "Patient/a/_history/1", "--by", "Sven", "--reason", REASON), "Say what"),
        (("propose", "Patient/never", "--by", "Sven", "--reason", REASON), "no such resource"),
    ],
    ids=["decided", "no id", "no type", "a version", "never was"],
)
def test_what_cannot_be_destroyed_is_said_in_a_line(tmp_path, arguments, said):
    assert said in refused(f"sqlite:///{tmp_path}/plans.db", *arguments)


def test_what_is_in_memory_alone_is_nobodys():
    assert "must be sqlite:///FILE" in refused("sqlite:///:memory:", "list")
