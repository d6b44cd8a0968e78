"""The disk is full: 503 and when to try again, ready turns false, nothing is lost, and all is well when there is room."""

import pytest

from tests.builders import a_care_plan, issue_keys

pytestmark = pytest.mark.anyio
READY = "http://127.0.0.1:8080/health/ready"


@pytest.fixture
def database():
    return "sqlite:///:memory:"


@pytest.fixture
def disk(assembly):
    """Says how many pages the database may have: the present ones, or as many as it likes."""
    connection = assembly.server.store._store._store._link.connection

    class Disk:
        def fill(self) -> None:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")

        def make_room(self) -> None:
            connection.execute("PRAGMA max_page_count = 1000000")

    return Disk()


async def fill(api, disk) -> str:
    """The id of a plan that was written before the disk was full."""
    written = await api.put("CarePlan/before", json=a_care_plan(id="before"))
    assert 201 == written.status_code
    disk.fill()
    for number in range(200):
        answer = await api.put(f"CarePlan/n{number}", json=a_care_plan(id=f"n{number}", title="x" * 5000))
        if answer.status_code == 503:
            return f"n{number}"
    raise AssertionError("the disk did not fill")


async def test_a_write_to_a_full_disk_is_refused_for_now(api, disk):
    refused = await fill(api, disk)
    answer = await api.put(f"CarePlan/{refused}", json=a_care_plan(id=refused, title="x" * 5000))

    assert 503 == answer.status_code
    assert int(answer.headers["retry-after"]) > 0
    assert ["store-away"] == issue_keys(answer.json())


@pytest.mark.untold("the trail cannot be written")
async def test_l_02_no_read_leaves_while_the_trail_cannot_be_written(api, disk):
    await fill(api, disk)

    answers = [await api.get("CarePlan/before") for _ in range(200)]
    assert 503 == answers[-1].status_code
    assert ("OperationOutcome", ["store-away"]) == (answers[-1].json()["resourceType"], issue_keys(answers[-1].json()))


@pytest.mark.untold("the trail cannot be written")
async def test_a_server_that_cannot_write_is_not_ready(api, disk):
    await fill(api, disk)
    while (await api.get("CarePlan/before")).status_code == 200:
        pass

    answer = await api.get(READY)
    assert (503, "not-ready", ["store-away"]) == (answer.status_code, answer.json()["status"], answer.json()["missing"])


async def test_when_there_is_room_again_all_is_well_and_nothing_was_lost(api, disk):
    refused = await fill(api, disk)
    disk.make_room()

    assert 200 == (await api.get(READY)).status_code
    assert 200 == (await api.get("CarePlan/before")).status_code
    assert 404 == (await api.get(f"CarePlan/{refused}")).status_code
    assert 201 == (await api.put(f"CarePlan/{refused}", json=a_care_plan(id=refused))).status_code
