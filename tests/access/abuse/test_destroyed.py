"""What was destroyed is gone to who might have seen it, and to everybody else it never was."""

from base64 import b64decode

import pytest

from fhir_server.assembly.defined import load_law
from fhir_server.audit.agent import Agent
from fhir_server.audit.event import Occasion
from fhir_server.interactions.destroy import GRANT, destroy, doomed, judged_by
from tests.access.abuse.told import keys

pytestmark = pytest.mark.anyio


@pytest.fixture
def destroyed(assembly):
    """Destroys a resource, or all of a patient; gives the places of what it destroyed, and of what it left."""

    async def work(type: str, id: str) -> tuple[list[str], list[str]]:
        store, at = assembly.server.store, assembly.server.clock()
        found = await doomed(store, type, id)
        decided = (("proposed-by", "Sven"), ("decided-by", "Eva"), ("reason", "because"))
        agent = Agent(who="command-line").text()
        judged = judged_by(load_law().rules.rules)
        await destroy(store, found.versions, judged, Occasion(at, agent, GRANT.rule, GRANT.purpose, "", decided))
        return [f"{it.type}/{it.id}" for it in found.versions], [f"{it.type}/{it.id}" for it in found.shared]

    return work


async def test_it_is_gone_to_the_team_and_nothing_to_who_was_not_to_see_it(
    api, world, destroyed, as_staff, as_system, as_citizen
):
    assert (["CarePlan/a-plan"], []) == await destroyed("CarePlan", "a-plan")

    statuses = {
        who: (await api.get("CarePlan/a-plan", headers=header)).status_code
        for who, header in {
            "team": as_staff("r1"),
            "other unit": as_staff("r2"),
            "other provider": as_staff("k2"),
            "herself": as_citizen("a"),
            "somebody else": as_citizen("b"),
            "system": as_system,
        }.items()
    }
    assert statuses == {
        "team": 410, "other unit": 404, "other provider": 404, "herself": 410, "somebody else": 404, "system": 410
    }  # fmt: skip
    told = await api.get("CarePlan/a-plan", headers=as_staff("r1"))
    never = await api.get("CarePlan/never-was", headers=as_staff("r2"))
    assert (["destroyed"], keys(never)) == (keys(told), keys(await api.get("CarePlan/a-plan", headers=as_staff("r2"))))


@pytest.mark.untold("whom a history is about is predicted from what the versions said, which is destroyed")
async def test_its_history_says_so_and_has_no_content(api, world, destroyed, as_staff):
    assert 200 == (await api.get("CarePlan/a-plan/_history/1", headers=as_staff("r1"))).status_code
    await destroyed("CarePlan", "a-plan")

    history = (await api.get("CarePlan/a-plan/_history", headers=as_staff("r1"))).json()
    (entry,) = history["entry"]
    assert ("DELETE", False) == (entry["request"]["method"], "resource" in entry)
    assert "destroyed" == entry["response"]["outcome"]["issue"][0]["details"]["coding"][0]["code"]
    assert 404 == (await api.get("CarePlan/a-plan/_history/1", headers=as_staff("r1"))).status_code


async def test_the_audit_of_it_stays_and_says_by_whose_decision(api, world, destroyed, as_staff, as_system, as_citizen):
    assert 200 == (await api.get("CarePlan/a-plan", headers=as_staff("r1"))).status_code
    await destroyed("CarePlan", "a-plan")

    own = "patient/Patient.r patient/AuditEvent.r"
    log = (await api.get("Patient/a/$access-log", headers=as_citizen("a", own))).text
    assert ("read a plan" in log, "removed a plan" in log) == (True, True)
    events = await api.get("AuditEvent?entity=CarePlan/a-plan&_count=50", headers=as_system)
    (event,) = [it["resource"] for it in events.json()["entry"] if "system-destruction" in str(it["resource"])]
    (asked,) = [b64decode(it["query"]).decode() for it in event["entity"] if "query" in it]
    assert "CarePlan?proposed-by=Sven&decided-by=Eva&reason=because" == asked


async def test_all_of_a_patient_is_destroyed_and_nothing_of_anybody_elses(api, world, destroyed, as_staff, as_system):
    done, left = await destroyed("Patient", "a")

    its = {place for place in world if place.partition("/")[2].startswith("a-")} | {"Patient/a"}
    assert (its, []) == ({place for place in done if not place.startswith("Provenance/")}, left)
    for place in sorted(its):
        assert 410 == (await api.get(place, headers=as_system)).status_code
    assert 200 == (await api.get("CarePlan/b-plan", headers=as_staff("k2"))).status_code
    assert (
        404 == (await api.get("CarePlan/a-plan", headers=as_staff("r1"))).status_code
    )  # nobody is of a's team any more
    assert ([], []) == await destroyed("Patient", "a")
