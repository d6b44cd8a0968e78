"""$why: by which rules a request was permitted or refused, told to who may know it."""

from typing import Any

import httpx
import pytest

from tests.access.house import BASE, a_bearer, smart
from tests.access.worlds import SYSTEM
from tests.builders import issue_keys

pytestmark = pytest.mark.anyio
IN_MEMORY = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what no store has a part in."""

REVIEW = {"role": "log-reviewer", "scope": "user/AuditEvent.s"}
ADMINISTRATION = {"role": "administrator", "scope": "user/AuditEvent.s"}
OTHER = {"provider": "SE2120001355-1001", "unit": None, "commission": None, "employee": "SE2120001355-2002"}


@pytest.fixture
async def assembly(settings):
    async with smart(settings) as house:
        yield house


async def why(api: httpx.AsyncClient, request: str, language: str = "en", **claims: Any) -> httpx.Response:
    headers = {**a_bearer(BASE, **{**REVIEW, **claims}), "Accept-Language": language}
    return await api.get("$why", params={"request": request}, headers=headers)


def told(answer: httpx.Response) -> list[dict[str, Any]]:
    """Each entry by the names of its parts, its rules by their ids."""
    assert 200 == answer.status_code, answer.text
    return [_parts(entry["part"]) for entry in answer.json()["parameter"]]


def _parts(parts: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"rules": {}}
    for part in parts:
        if part["name"] == "rule":
            own = {it["name"]: it["valueString"] for it in part["part"]}
            found["rules"][own["id"]] = own
        else:
            found[part["name"]] = next(value for name, value in part.items() if name.startswith("value"))
    return found


async def of(api: httpx.AsyncClient, path: str, **claims: Any) -> str:
    """The id of a request by staff of the region."""
    return (await api.get(path, headers=a_bearer(BASE, **claims))).headers["x-request-id"]


@IN_MEMORY
async def test_a_request_that_was_permitted_tells_the_rules_that_spoke_of_its_caller(api):
    request = await of(api, "CarePlan?status=active", scope="user/CarePlan.rs")

    (entry,) = told(await why(api, request))
    assert ("search-type", "CarePlan", "0", "TREAT") == tuple(
        entry[name] for name in ("interaction", "type", "outcome", "purpose")
    )
    assert {"team", "shared-care", "block"} <= entry["rules"].keys()
    assert not {"own", "administrator", "emergency-person"} & entry["rules"].keys()
    assert "4 kap. 1 § patientdatalagen (2008:355)" == entry["rules"]["team"]["source"]
    assert entry["rules"]["team"]["reason"]
    assert "refusal" not in entry


@IN_MEMORY
async def test_a_request_that_was_refused_tells_why_in_both_languages(api):
    request = await of(api, "Consent", scope="user/CarePlan.rs")

    (english,), (swedish,) = told(await why(api, request)), told(await why(api, request, "sv"))
    assert ("4", "scope-missing") == (english["outcome"], english["refusal"])
    assert english["text"].startswith("The token has no scope for this: it needs … on …")
    assert swedish["text"].startswith("Åtkomstintyget saknar omfattning")


@IN_MEMORY
async def test_of_whom_it_was_nothing_is_told(api):
    system = a_bearer(BASE, **{**SYSTEM, "sub": "planner", "scope": "system/*.cruds"})
    await api.put("Patient/somebody", json={"resourceType": "Patient", "id": "somebody"}, headers=system)
    request = await of(api, "Patient/somebody", scope="user/Patient.rs")

    answer = await why(api, request)
    assert "not-found" == told(answer)[0]["refusal"]
    assert "somebody" not in answer.text


async def test_administrators_and_log_reviewers_are_told_of_the_own_provider_alone(api):
    request = await of(api, "CarePlan", scope="user/CarePlan.rs")

    for role in (REVIEW, ADMINISTRATION):
        assert 200 == (await why(api, request, **role)).status_code
        foreign = await why(api, request, **role, **OTHER)
        unknown = await why(api, "0" * 20, **role)
        assert (404, unknown.json()) == (foreign.status_code, foreign.json())
    theirs = await of(api, "CarePlan", scope="user/CarePlan.rs", **OTHER)
    assert 200 == (await why(api, theirs, **OTHER)).status_code


@IN_MEMORY
async def test_everybody_else_is_refused(api):
    request = await of(api, "CarePlan", scope="user/CarePlan.rs")

    assert (403, ["role-missing"]) == (
        (none := await why(api, request, role=None)).status_code,
        issue_keys(none.json()),
    )
    assert 403 == (await why(api, request, scope="user/CarePlan.rs")).status_code
    system = {**SYSTEM, "role": None, "sub": "planner", "scope": "system/*.cruds"}
    assert (403, ["scope-missing"]) == (
        (other := await why(api, request, **system)).status_code,
        issue_keys(other.json()),
    )
    assert 401 == (await api.get("$why", params={"request": request})).status_code


@IN_MEMORY
async def test_an_administrator_is_told_why_and_reads_no_audit(api):
    request = await of(api, "CarePlan", scope="user/CarePlan.rs")
    bearer = a_bearer(BASE, role="administrator", scope="user/AuditEvent.rs")

    assert 403 == (await api.get("AuditEvent", headers=bearer)).status_code
    assert 200 == (await api.get("$why", params={"request": request}, headers=bearer)).status_code
    assert 200 == (await api.get("AuditEvent", headers=a_bearer(BASE, **REVIEW))).status_code


@pytest.mark.parametrize("request_id", ["x", "0123456789abcdef", "Z" * 20], ids=["short", "16 digits", "no digits"])
@IN_MEMORY
async def test_what_is_no_id_of_a_request_is_said_to_be_none(api, request_id):
    assert (400, ["parameter-value"]) == ((bad := await why(api, request_id)).status_code, issue_keys(bad.json()))


@IN_MEMORY
async def test_each_entry_of_a_batch_is_told(api):
    entries = [{"request": {"method": "GET", "url": url}} for url in ("CarePlan", "Goal", "Patient/none")]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = await api.post("", json=bundle, headers=a_bearer(BASE, scope="user/*.rs"))

    found = told(await why(api, answer.headers["x-request-id"]))
    assert [("read", "Patient", "4"), ("search-type", "CarePlan", "0"), ("search-type", "Goal", "0")] == sorted(
        (one["interaction"], one["type"], one["outcome"])
        for one in found  # reads of a batch are answered together
    )
