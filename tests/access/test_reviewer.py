"""Who reviews the log of a provider, through HTTP: the trail of the own provider, and of no other."""

from collections.abc import AsyncIterator

import pytest

from fhir_server.assembly import Assembly
from fhir_server.audit.agent import agent_of
from fhir_server.storage.store import SYSTEM_GRANTS
from tests.access.house import BASE, a_bearer, smart
from tests.tokens import REGION

pytestmark = pytest.mark.anyio

MUNICIPALITY = "SE2120001355-1001"
OTHER = {
    "provider": MUNICIPALITY,
    "unit": None,
    "commission": None,
    "employee": "SE2120001355-2002",
    "sub": "reviewer-2",
}
REVIEW = {"role": "log-reviewer", "scope": "user/AuditEvent.rs"}


@pytest.fixture
async def assembly(settings) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house


async def test_a_log_reviewer_sees_the_entries_of_the_own_provider_alone(api):
    await api.get("CarePlan?status=active", headers=a_bearer(BASE, scope="user/CarePlan.rs"))

    async def seen(**claims) -> set[tuple[str, str]]:
        answer = await api.get("AuditEvent?subtype=search-type", headers=a_bearer(BASE, **REVIEW, **claims))
        assert 200 == answer.status_code, answer.text
        found = [entry["resource"] for entry in answer.json().get("entry", ())]
        return {(one["source"]["site"], one["entity"][0]["query"]) for one in found}

    own = await seen()
    assert {REGION} == {site for site, _ in own}
    assert 1 == len(own)
    assert set() == {query for _, query in await seen(**OTHER)} & {query for _, query in own}
    assert {MUNICIPALITY} == {site for site, _ in await seen(**OTHER)}


async def test_who_reviews_no_log_is_refused(api):
    answer = await api.get("AuditEvent", headers=a_bearer(BASE, scope="user/AuditEvent.rs"))

    assert 403 == answer.status_code


async def test_an_entry_tells_the_caller_by_what_a_reviewer_asks_for(api, assembly):
    await api.get("CarePlan", headers=a_bearer(BASE, scope="user/CarePlan.rs"))

    ((_, entry), *_) = await assembly.server.store.entries(SYSTEM_GRANTS["verification"])
    agent = agent_of(entry.agent)
    assert ("staff", "planner", "SE2321000016-1003", REGION) == (agent.who, agent.client, agent.user, agent.provider)
    assert {"urn:oid:1.2.752.29.4.19|SE2321000016-1003", "*|planner"} <= set(agent.names)
    assert REGION.upper() == entry.organisation


async def test_who_is_turned_away_with_a_good_token_leaves_an_entry_as_a_stranger(api, assembly):
    """A citizen of whom nothing is kept here; beside one without a token, who is counted at the door and leaves none."""
    nobody = dict.fromkeys(("employee", "unit", "commission", "provider", "purpose", "acr"))
    unknown = a_bearer(BASE, citizen="191212121212", scope="patient/*.rs", **nobody)
    assert 403 == (await api.get("CarePlan/a", headers=unknown)).status_code
    assert 401 == (await api.get("CarePlan/a")).status_code

    ((_, entry),) = await assembly.server.store.entries(SYSTEM_GRANTS["verification"])
    told = (entry.interaction, entry.status, entry.reason, agent_of(entry.agent).who, agent_of(entry.agent).user)
    assert ("read", 403, "citizen-unknown", "not admitted", "") == told
