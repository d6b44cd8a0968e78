"""G-20, and D-07 and D-12 where calls are counted: a person and a client call so often, and who guesses waits."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from fhir_server.storage.store import SYSTEM_GRANTS
from tests.access.abuse.told import bundled, keys, statuses

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]
A_MINUTE = 120


@pytest.fixture(scope="module")
def limits() -> dict[str, object]:
    return {"rate_limit": A_MINUTE}


async def trail(assembly: Any) -> list[Any]:
    return [row for _, row in await assembly.server.store.entries(SYSTEM_GRANTS["readiness"])]


async def until_refused(api: Any, bearer: dict[str, str], path: str) -> list[Any]:
    """The answers to calls one after another, the last of them the first that is refused for being too many."""
    answers = []
    while not answers or answers[-1].status_code != 429:
        answers.append(await api.get(path, headers=bearer))
        assert len(answers) < 3 * A_MINUTE
    return answers


async def test_g_20_who_calls_too_often_waits_and_the_trail_is_whole(api, as_citizen, assembly):
    before = len(await trail(assembly))
    answers = await until_refused(api, as_citizen("a"), "CarePlan/a-plan")
    assert len(answers) > A_MINUTE
    assert {200} == {answer.status_code for answer in answers[:-1]}

    refused = answers[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert ["throttled"] == keys(refused)
    assert "throttled" == refused.json()["issue"][0]["code"]
    assert 200 == (await api.get("CarePlan/b-plan", headers=as_citizen("b"))).status_code
    assert 200 == (await api.get("metadata")).status_code

    rows = (await trail(assembly))[before:]
    assert len(answers) == len([row for row in rows if row.patient == "a" or row.status == 429])
    (last,) = (row for row in rows if row.status == 429)
    assert ("read", "CarePlan", "a-plan", "throttled", "refused") == (
        last.interaction,
        last.type,
        last.id,
        last.reason,
        last.rule,
    )


async def test_g_20_a_client_has_a_share_of_its_own(api, as_citizen, as_narrow, assembly):
    await until_refused(api, as_citizen("c"), "Patient/c")
    other = as_citizen("c", client_id="another")
    assert 429 == (await api.get("Patient/c", headers=other)).status_code
    assert 200 == (await api.get("Patient/a", headers=as_narrow("system/*.rs"))).status_code


async def test_d_07_who_guesses_ids_is_stopped(api, as_staff):
    answers = await until_refused(api, as_staff("r2"), "CarePlan/no-such")
    assert A_MINUTE / 10 <= len(answers) <= A_MINUTE / 4
    assert {404} == {answer.status_code for answer in answers[:-1]}
    assert 429 == (await api.get("Practitioner/r2", headers=as_staff("r2"))).status_code
    assert 200 == (await api.get("Practitioner/r1", headers=as_staff("r1"))).status_code


async def test_d_07_an_alarm_names_the_client_and_nobody_else(api, as_staff):
    with capture_logs() as lines:
        few = bundled(*(("GET", f"CarePlan/guess{number}") for number in range(19)), type="batch")
        assert {404} == set(statuses(await api.post("", json=few, headers=as_staff("k2"))))
        assert [] == lines
        many = bundled(*(("GET", f"CarePlan/guess{number}") for number in range(30)), type="batch")
        answer = await api.post("", json=many, headers=as_staff("k1"))
    assert {404} == set(statuses(answer))
    told = {"client": "planner", "request": answer.headers["x-request-id"]}
    assert [{"event": "ids-guessed", "log_level": "warning", **told}] == lines


async def test_d_12_a_batch_counts_as_its_entries(api, as_citizen):
    fifty = bundled(*(("GET", "Patient/e") for _ in range(50)), type="batch")
    seen = [(await api.post("", json=fifty, headers=as_citizen("e"))).status_code for _ in range(4)]
    assert [200, 200, 200, 429] == seen
    probes = bundled(*(("GET", "CarePlan/a-plan") for _ in range(50)), type="batch")
    seen = [(await api.post("", json=probes, headers=as_citizen("d"))).status_code for _ in range(2)]
    assert [200, 429] == seen
