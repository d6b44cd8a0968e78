"""A unit's worklists and the named queries: who may ask, and that nobody is told more than a search would tell.

The unit u3 is one of the first municipality, where k1 works; the task of A's plan is u3's.
"""

import pytest

from tests.access.abuse.conftest import HSA, hsa, numbered
from tests.access.abuse.protected import FLAGGED, written
from tests.access.abuse.test_policy import a_block, put
from tests.access.abuse.told import bundled, found, keys, whole
from tests.access.worlds import OURS

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world", "directory")]
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

OWN = "Organization/u3/$worklist"
NOWHERE = "Organization/nowhere/$worklist"


@pytest.fixture
async def directory(api, world, as_system):
    """k1's commission is at u3, which is a part of the first municipality; she has a task, and so has r1."""
    first = {"reference": "Organization/first"}
    u3 = {"resourceType": "Organization", "id": "u3", **numbered(HSA, hsa("u3")), "partOf": first}
    role = {"resourceType": "PractitionerRole", "id": "ck1", **numbered(HSA, hsa("ck1"))}
    await put(api, as_system, u3)
    await put(
        api,
        as_system,
        role | {"organization": {"reference": "Organization/u3"}, "practitioner": {"reference": "Practitioner/k1"}},
    )
    for id, owner, status in (
        ("k1-task", "PractitionerRole/ck1", "accepted"),
        ("r1-task", "Practitioner/r1", "requested"),
    ):
        task = {**world["Task/a-task"], "id": id, "owner": {"reference": owner}, "status": status}
        await put(api, as_system, task)


def listed(answer, code):
    """The tasks in a list, by their ids."""
    lists = [it["part"] for it in answer.json()["parameter"] if it["name"] == "list"]
    parts = next(one for one in lists if one[0]["valueCode"] == code)
    return {it["part"][0]["valueReference"]["reference"] for it in parts if it["name"] == "row"}


@on_sqlite
async def test_a_unit_s_lists_are_told_to_those_who_work_there_and_to_nobody_else(api, as_staff, as_citizen, as_system):
    for bearer in (as_staff("r1"), as_staff("k2"), as_citizen("a")):
        missing = whole(await api.get(NOWHERE, headers=bearer))
        told = whole(await api.get(OWN, headers=bearer))
        assert 404 == told[0]
        assert missing == told

    for bearer in (as_staff("k1"), as_system):
        own = await api.get(OWN, headers=bearer)
        assert 200 == own.status_code, own.text
        assert {"Task/a-task"} == listed(own, "untaken")
    above = await api.get("Organization/first/$worklist", headers=as_staff("k1"))
    assert (200, set()) == (above.status_code, listed(above, "untaken"))


@on_sqlite
async def test_mine_are_those_of_the_person_who_asks(api, as_staff):
    own = await api.get(OWN, headers=as_staff("k1"))
    r1 = await api.get("Organization/u1/$worklist", headers=as_staff("r1"))

    assert ({"Task/k1-task"}, {"Task/r1-task"}) == (listed(own, "mine"), listed(r1, "mine"))
    assert {"Task/a-task"} == listed(own, "untaken")


@on_sqlite
async def test_whoever_could_not_search_for_what_is_listed_is_not_told_a_shorter_list(api, as_staff):
    few = "user/Organization.rs user/Task.rs user/Communication.rs user/EpisodeOfCare.rs user/CareTeam.rs user/CarePlan.rs"

    refused = await api.get(OWN, headers=as_staff("k1", few))

    assert (403, ["scope-missing"]) == (refused.status_code, keys(refused))
    assert 200 == (await api.get(OWN, headers=as_staff("k1", f"{few} user/Appointment.rs"))).status_code


@on_sqlite
async def test_a_case_is_in_the_lists_of_its_parties_alone(api, as_staff, as_system, world):
    team, case, stay = world["CareTeam/a-team"], world["EpisodeOfCare/a-episodeofcare"], world["Encounter/a-encounter"]
    kind = {"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "discharge-case"}]}
    await put(api, as_system, {**team, "id": "a-parties", "category": [kind]})
    await put(api, as_system, {**case, "team": [{"reference": "CareTeam/a-parties"}]})
    period = {"start": "2026-03-02T09:00:00+01:00"}
    at_case = [{"reference": "EpisodeOfCare/a-episodeofcare"}]
    await put(api, as_system, {**stay, "episodeOfCare": at_case, "period": period})

    party, other = [
        await api.get(f"Organization/{unit}/$worklist", headers=as_staff(who))
        for unit, who in (("u3", "k1"), ("u2", "r2"))
    ]
    assert ({"EpisodeOfCare/a-episodeofcare"}, set()) == (listed(party, "inpatients"), listed(other, "inpatients"))
    assert "assessed" in party.text
    assert "assessed" not in other.text


@on_sqlite
async def test_what_a_person_has_blocked_leaves_the_lists_as_it_leaves_the_search(api, as_staff, as_system):
    k1 = as_staff("k1")
    before = await api.get(OWN, headers=k1)
    await put(api, as_system, a_block("outer-block", "region"))
    after, search = await api.get(OWN, headers=k1), await api.get("Task?_query=my-unit", headers=k1)

    assert {"Task/a-task"} == listed(before, "untaken")
    assert set() == listed(after, "untaken") == listed(after, "mine")
    assert set() == set(found(search))
    assert {"Task/a-task"} == listed(await api.get(OWN, headers=as_system), "untaken")


@on_sqlite
async def test_somebody_protected_is_listed_without_a_name_as_in_a_search(api, as_staff, as_system):
    await written(api, as_system)
    place = "Organization/u2/$worklist?list=mine"

    told, whole_of_it = [await api.get(place, headers=as_staff("r2", **it)) for it in ({}, FLAGGED)]

    assert {"Task/c-task"} == listed(told, "mine") == listed(whole_of_it, "mine")
    assert "Prov C" not in told.text
    assert "Prov C" in whole_of_it.text


async def test_a_named_query_is_a_search_among_others(api, as_staff, as_citizen, as_system):
    k1 = as_staff("k1")

    async def asked(query, bearer=k1):
        answer = await api.get(f"Task?_query={query}", headers=bearer)
        assert 200 == answer.status_code, answer.text
        assert f"_query={query.partition('&')[0]}" in answer.json()["link"][0]["url"]
        return set(found(answer))

    assert {"Task/k1-task"} == await asked("mine")
    assert {"Task/a-task", "Task/k1-task"} == await asked("my-unit")
    assert {"Task/a-task"} == await asked("untaken")
    assert {"Task/k1-task"} == await asked("my-unit&status=accepted")
    assert set() == await asked("untaken&status=accepted")
    assert {"Task/r1-task"} == await asked("mine", as_staff("r1"))
    assert set() == await asked("mine", as_citizen("b"))

    first = await api.get("Task?_query=my-unit&_count=1&_sort=_id", headers=k1)
    second = await api.get(next(it["url"] for it in first.json()["link"] if it["relation"] == "next"), headers=k1)
    assert (["Task/a-task"], ["Task/k1-task"]) == (list(found(first)), list(found(second)))
    posted = await api.post("Task/_search", data={"_query": "mine"}, headers=k1)
    assert {"Task/k1-task"} == set(found(posted))

    for name, bearer, key in (
        ("mine", as_system, "query-no-person"),
        ("my-unit", as_system, "query-no-unit"),
        ("untaken", as_citizen("a"), "query-no-unit"),
    ):
        refused = await api.get(f"Task?_query={name}", headers=bearer)
        assert (403, [key]) == (refused.status_code, keys(refused))
    unknown = await api.get("Task?_query=theirs", headers={**k1, "Prefer": "handling=lenient"})
    assert (400, ["parameter-value"]) == (unknown.status_code, keys(unknown))
    assert "mine|my-unit|untaken" in unknown.text
    written_by = await api.put(
        "Task?_query=mine", json={"resourceType": "Task", "status": "requested", "intent": "order"}, headers=k1
    )
    assert (400, ["search-unsupported"]) == (written_by.status_code, keys(written_by))
    inside = await api.post("", json=bundled(("GET", "Task?_query=mine"), type="batch"), headers=k1)
    assert {"Task/k1-task"} == {f"Task/{it['resource']['id']}" for it in inside.json()["entry"][0]["resource"]["entry"]}
