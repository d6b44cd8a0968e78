"""Several processes on one port, over MongoDB's protocol."""

import asyncio
import re
import signal

import httpx
import pytest

from tests.builders import PERSONNUMMER, TEST_PERSON, a_care_plan, a_patient
from tests.databases import new_database
from tests.servers import run, serving

pytestmark = pytest.mark.anyio
ONE_PERSON = {"If-None-Exist": f"identifier={PERSONNUMMER}|{TEST_PERSON}"}


def serve(workers: int, database: str):
    arguments = ("serve", "--access", "open", "--workers", str(workers), "--database", database)
    return serving(*arguments, FHIR_SERVER_SECRET="the same for all")


async def test_what_one_process_writes_the_other_reads_and_follows():
    with serve(2, new_database()) as server:
        async with httpx.AsyncClient(base_url=f"{server.base}/") as client:
            await asyncio.gather(*(client.put(f"CarePlan/{n}", json=a_care_plan(id=str(n))) for n in range(20)))
            found, address = [], "CarePlan?_count=3"
            while address:  # a page token that one process sealed is opened by the other
                bundle = (await client.get(address, headers={"Connection": "close"})).json()
                found += [entry["resource"]["id"] for entry in bundle["entry"]]
                address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)

    assert sorted(str(n) for n in range(20)) == found


async def test_thirty_two_writers_of_one_person_make_one_across_processes():
    with serve(2, new_database()) as server:
        limits = httpx.Limits(max_connections=32)
        async with httpx.AsyncClient(base_url=f"{server.base}/", limits=limits, timeout=60) as client:
            answers = await asyncio.gather(
                *(client.post("Patient", json=a_patient(), headers=ONE_PERSON) for _ in range(32))
            )
            people = (await client.get("Patient")).json()["total"]

    assert 1 == people
    assert 1 == [answer.status_code for answer in answers].count(201)
    assert {200, 201, 409, 503} >= {answer.status_code for answer in answers}


def test_told_to_stop_they_all_stop_with_success():
    with serve(2, new_database()) as server:
        server.process.send_signal(signal.SIGTERM)
        assert 0 == server.process.wait(20)


@pytest.mark.parametrize(
    ("database", "secret", "says"),
    [
        ("mongodb://127.0.0.1:9/care", "x", "replica set"),
        ("mongodb://127.0.0.1:9/care", "", "FHIR_SERVER_SECRET"),
        ("mongodb://127.0.0.1:9", "x", "database"),
    ],
)
def test_a_mongodb_that_cannot_be_used_is_said_in_a_line(database, secret, says):
    ended = run("serve", "--access", "open", "--port", "0", "--database", database, FHIR_SERVER_SECRET=secret)

    assert 1 == ended.returncode
    assert re.search(says, ended.stderr)
    assert "Traceback" not in ended.stderr
