"""Each step of an action is its own party's, whichever way it is written; and the team of the plan follows."""

import json

import pytest

from fhir_server.access.moves import DELETED, NEW, NOBODY, OWNER, REQUESTER, load_moves
from fhir_server.fhir.canonical import structure
from tests.access.abuse.conftest import documented
from tests.acting import (
    BEGAN_WITH,
    K1,
    MERGE,
    R1,
    WHY,
    a_plan,
    a_sip,
    a_team,
    an_action,
    at,
    citizen,
    directory,
    get,
    load,
    members,
    outcome_of,
    patch,
    staff,
    system,
)
from tests.builders import a_bundle, an_entry, issue_keys

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

SIDE = {OWNER: "k1", REQUESTER: "r1"}
ROWS = [(start, move) for move in load_moves().moves for start in move.start]


@pytest.fixture
async def sip(api):
    """The SIP with nothing asked for yet."""
    await load(api, *directory(), *a_plan())
    return api


def said(answer):
    return answer.json()["issue"][0]["details"]["text"]


# ------------------------------------------------------------------------------------------------ the table


async def step(api, bearer, id, start, move):
    """Takes the step of a row."""
    if start == NEW:
        return await api.post("Task", json=an_action(status=move.to), headers=bearer)
    if move.to == DELETED:
        return await api.delete(f"Task/{id}", headers=bearer)
    why = {"statusReason": WHY} if move.demands else {}
    return await patch(api, bearer, id, status=move.to, **why)


def other_than(move, start, side):
    """Who is to be refused: k1 does not see the plan yet, and may not delete what others wrote, where r2 may."""
    return "r2" if start == NEW or move.to == DELETED else SIDE[side]


async def test_each_step_of_the_table_is_for_its_own_side_alone(sip):
    for number, (start, move) in enumerate(ROWS):
        id = f"row-{number}"
        if start != NEW:
            await load(
                sip, an_action(id, status=start, **({"statusReason": WHY} if start in {"rejected", "failed"} else {}))
            )
        for side in SIDE.keys() - {move.by}:
            refused = await step(sip, staff(other_than(move, start, side)), id, start, move)
            key = "action-no-party" if move.to == DELETED else "action-not-yours"
            assert (403, [key]) == outcome_of(refused), (start, move)
            assert load_moves().allowed(start) in said(refused)
        taker = system() if move.by == NOBODY else staff(SIDE[move.by])
        assert (await step(sip, taker, id, start, move)).status_code in {200, 201, 204}, (start, move)


async def test_who_is_no_party_takes_no_step_though_on_the_team(sip):
    await load(sip, an_action(), an_action("own", owner=at("Organization/u2")))
    refused = await patch(sip, staff("r2"), status="received")
    assert (403, ["action-no-party"]) == outcome_of(refused)
    assert load_moves().allowed("requested") in said(refused)
    assert 200 == (await patch(sip, staff("r2"), "own", status="received")).status_code


async def test_what_has_no_row_cannot_happen_to_anybody(sip):
    for who, bearer in (("owner", staff("k1")), ("system", system())):
        await load(sip, an_action(who, status="completed"))
        refused = await patch(sip, bearer, who, status="in-progress")
        assert (409, ["action-not-now"]) == outcome_of(refused)
        await load(sip, an_action(f"{who}-rests", status="on-hold"))
        assert 200 == (await patch(sip, bearer, f"{who}-rests", status="in-progress")).status_code


async def test_a_no_says_why(sip):
    unclaimed = {"meta": {name: it for name, it in an_action()["meta"].items() if name != "profile"}}
    await load(sip, {**an_action(), **unclaimed})
    assert (422, ["action-reason"]) == outcome_of(await patch(sip, staff("k1"), status="rejected"))
    assert 200 == (await patch(sip, staff("k1"), status="rejected", statusReason=WHY)).status_code


async def test_a_system_loads_an_action_in_any_status_and_staff_begin_with_asking(sip):
    refused = await sip.post("Task", json=an_action(status="accepted"), headers=staff("r1"))
    assert (409, ["action-not-now"]) == outcome_of(refused)
    assert "draft (requester), requested (requester)" in said(refused)
    assert 201 == (await sip.post("Task", json=an_action(status="accepted"), headers=system())).status_code


async def test_who_makes_the_plan_asks_for_what_is_in_it(sip):
    """In the name of a colleague who is to coordinate it."""
    plan = {**a_sip(status="draft", author=at("PractitionerRole/cr2")), "id": "new"}
    del plan["careTeam"]
    asked = an_action(
        basedOn=[at("urn:uuid:7b1ce7cf-2a3f-4d6f-8a52-1a8d0f3c1f01")], requester=at("PractitionerRole/cr2")
    )
    entries = [
        an_entry("POST", "CarePlan", plan, full_url="urn:uuid:7b1ce7cf-2a3f-4d6f-8a52-1a8d0f3c1f01"),
        an_entry("POST", "Task", asked),
    ]
    assert 200 == (await sip.post("", json=a_bundle(*entries), headers=staff("r1"))).status_code
    foreign = await sip.post("Task", json=an_action(), headers=staff("r2"))
    assert (403, ["action-not-yours"]) == outcome_of(foreign)


# ------------------------------------------------------------------------------------------------ what is written in it

NOTE = [{"text": "Går bra"}]


@pytest.mark.parametrize(
    ("status", "change", "writer", "other"),
    [
        pytest.param("in-progress", {"note": NOTE}, "k1", "r1", id="how-it-goes"),
        pytest.param("accepted", {"executionPeriod": {"start": "2026-02-01"}}, "k1", "r1", id="when-it-is-done"),
        pytest.param("requested", {"description": "Dusch och bad"}, "r1", "k1", id="what-is-asked-for"),
        pytest.param("draft", {"owner": at("Organization/u4")}, "r1", "k1", id="whom-to-ask"),
    ],
)
async def test_each_side_writes_its_own_elements(sip, status, change, writer, other):
    await load(sip, an_action(status=status))
    refused = await patch(sip, staff(other), **change)
    assert (403, ["action-content"]) == outcome_of(refused)
    assert {"k1": "owner", "r1": "requester"}[writer] in said(refused)
    assert 200 == (await patch(sip, staff(writer), **change)).status_code


async def test_what_was_said_yes_to_stays_as_it_was(sip):
    await load(sip, an_action(status="accepted"), an_action("asked"))
    for change in ({"description": "Mer"}, {"restriction": {"period": {"end": "2026-03-01"}}}):
        assert (403, ["action-content"]) == outcome_of(await patch(sip, staff("r1"), **change))
        assert 200 == (await patch(sip, staff("r1"), "asked", **change)).status_code


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"basedOn": None}, id="no-plan"),
        pytest.param({"code": None}, id="no-code"),
        pytest.param({"requester": at("Organization/u1")}, id="another-asker"),
        pytest.param({"focus": at("CarePlan/sip")}, id="another-decision"),
    ],
)
async def test_nobody_makes_another_thing_of_an_action(sip, change):
    """Not claiming the profile frees nobody."""
    unclaimed = {name: it for name, it in an_action()["meta"].items() if name != "profile"}
    await load(sip, a_team("Organization/u3"), {**an_action(), "meta": unclaimed})
    for who in ("r1", "k1"):
        assert (403, ["action-content"]) == outcome_of(await patch(sip, staff(who), **change))
    assert 200 == (await patch(sip, system(), **change)).status_code


async def test_who_does_it_hands_it_on_within_the_own_provider(sip):
    await load(sip, an_action(status="accepted", owner=at("Organization/u2"), requester=at(R1)))
    for elsewhere in (K1, "Practitioner/r2"):
        refused = await patch(sip, staff("r2"), owner=at(elsewhere))
        assert (403, ["action-delegated"]) == outcome_of(refused)
    assert 200 == (await patch(sip, staff("r2"), owner=at("PractitionerRole/cr2"))).status_code


async def test_what_the_person_answered_is_recorded_by_who_asked(sip):
    await load(sip, an_action(owner=at("Patient/a")), an_action("relative", owner=at(K1)))
    answer = [
        {"url": structure("means"), "valueCode": "orally"},
        {"url": structure("recorded-by"), "valueReference": at("PractitionerRole/cr1")},
    ]
    assert (403, ["action-not-yours"]) == outcome_of(await patch(sip, staff("r1"), status="accepted"))
    anothers = [answer[0], {**answer[1], "valueReference": at("PractitionerRole/cr2")}]
    for extension in (answer[1:], anothers):
        refused = await patch(sip, staff("r1"), status="accepted", extension=extension)
        assert (403, ["action-not-yours"]) == outcome_of(refused)
    units = await patch(sip, staff("r1"), "relative", status="accepted", extension=answer)
    assert (403, ["action-not-yours"]) == outcome_of(units)
    assert 200 == (await patch(sip, staff("r1"), status="accepted", extension=answer)).status_code


async def test_a_citizen_moves_the_own_action_and_no_other(sip):
    """And nothing else that happens to have the citizen for its owner."""
    own, plain = an_action(owner=at("Patient/a")), an_action("plain", owner=at("Patient/a"))
    del plain["basedOn"], plain["meta"]["profile"]
    await load(sip, own, plain, an_action("anothers"))
    assert (404, ["not-found"]) == outcome_of(await patch(sip, citizen(), "anothers", status="received"))
    assert (403, ["action-content"]) == outcome_of(await patch(sip, citizen(), description="Mer"))
    assert (403, ["action-content"]) == outcome_of(await patch(sip, citizen(), "plain", description="Mer"))
    assert (409, ["action-not-now"]) == outcome_of(await patch(sip, citizen(), status="completed"))
    assert (403, ["action-not-yours"]) == outcome_of(await patch(sip, citizen(), status="cancelled"))
    assert 200 == (await patch(sip, citizen(), status="accepted")).status_code


# ------------------------------------------------------------------------------------------------ the ways to write


async def by_put(api, bearer, body):
    return outcome_of(await api.put("Task/action", json=body, headers=bearer))


async def by_condition(api, bearer, body):
    return outcome_of(await api.put("Task?_id=action", json=body, headers=bearer))


async def by_json_patch(api, bearer, body):
    change = [{"op": "replace", "path": "/status", "value": body["status"]}]
    headers = {**bearer, "Content-Type": "application/json-patch+json"}
    return outcome_of(await api.patch("Task/action", content=json.dumps(change), headers=headers))


async def by_conditional_patch(api, bearer, body):
    return outcome_of(await api.patch("Task?_id=action", json={"status": body["status"]}, headers={**bearer, **MERGE}))


async def by_batch(api, bearer, body):
    bundle = a_bundle(an_entry("PUT", "Task/action", body), type="batch")
    answer = await api.post("", json=bundle, headers=bearer)
    response = answer.json()["entry"][0]["response"]
    return int(response["status"][:3]), issue_keys(response["outcome"]) if "outcome" in response else []


async def by_transaction(api, bearer, body):
    return outcome_of(await api.post("", json=a_bundle(an_entry("PUT", "Task/action", body)), headers=bearer))


ROUTES = (by_put, by_condition, by_json_patch, by_conditional_patch, by_batch, by_transaction)


async def test_whichever_way_it_is_written_a_step_is_its_own_party_s(sip):
    for number, route in enumerate(ROUTES):
        await load(sip, a_team("Organization/u2"))
        await sip.delete("Task/action", headers=system())
        await load(sip, an_action())
        taken = an_action(status="accepted")
        assert (403, ["action-not-yours"]) == await route(sip, staff("r1"), taken), route
        assert (409, ["action-not-now"]) == await route(sip, staff("k1"), an_action(status="completed")), route
        assert (200, []) == await route(sip, staff("k1"), taken), (number, route)
        assert (K1, True) == (await members(sip))[-1], route


# ------------------------------------------------------------------------------------------------ the team


async def test_who_says_yes_is_on_the_team_and_leaves_it_with_the_last_action(sip):
    await load(sip, an_action(), an_action("second"))
    before = await members(sip)
    await patch(sip, staff("k1"), status="received")
    assert before == await members(sip)
    assert 404 == (await sip.get("CarePlan/sip", headers=staff("k1"))).status_code

    await patch(sip, staff("k1"), status="accepted")
    await patch(sip, staff("k1"), "second", status="accepted")
    assert [*before, (K1, True)] == await members(sip)
    assert 200 == (await sip.get("CarePlan/sip", headers=staff("k1"))).status_code
    joined = (await get(sip, "CareTeam/team"))["participant"][-1]
    assert [{"url": BEGAN_WITH, "valueReference": at("Task/action")}] == joined["extension"]
    assert "start" in joined["period"]

    await patch(sip, staff("r1"), "action", status="cancelled")
    assert [*before, (K1, True)] == await members(sip)
    await patch(sip, staff("k1"), "second", status="failed", statusReason=WHY)
    assert [*before, (K1, False)] == await members(sip)
    assert 404 == (await sip.get("CarePlan/sip", headers=staff("k1"))).status_code


async def test_who_has_left_keeps_what_was_the_own_and_no_more(sip):
    """The action itself, by being its owner; of the rest what the own care provider wrote, and while it takes part the others' too."""
    goal = {"resourceType": "Goal", "id": "note", "lifecycleStatus": "active", "description": {"text": "gå"}}
    goal |= {"subject": at("Patient/a"), **documented("u3")}
    await load(sip, an_action(), goal)
    k1 = staff("k1")
    assert 200 == (await patch(sip, k1, status="accepted")).status_code
    seen = [(await sip.get(place, headers=k1)).status_code for place in ("Task/action", "Goal/note", "CarePlan/sip")]
    assert [200, 200, 200] == seen
    assert 200 == (await patch(sip, k1, status="failed", statusReason=WHY)).status_code
    seen = [(await sip.get(place, headers=k1)).status_code for place in ("Task/action", "Goal/note", "CarePlan/sip")]
    assert [200, 200, 404] == seen
    assert 404 == (await sip.get("Goal/note", headers=staff("k2"))).status_code
    assert 404 == (await sip.put("Goal/note", json=goal, headers=k1)).status_code


async def test_who_comes_back_is_a_member_anew(sip):
    await load(sip, an_action(), an_action("second"))
    for id in ("action", "second"):
        for status in ("accepted", "in-progress", "completed"):
            assert 200 == (await patch(sip, staff("k1"), id, status=status)).status_code
    assert [(K1, False), (K1, False)] == (await members(sip))[-2:]


async def test_a_membership_that_began_otherwise_is_left_alone(sip):
    await load(sip, an_action(owner=at("Organization/u2")))
    before = await get(sip, "CareTeam/team")
    for status in ("accepted", "in-progress", "completed"):
        assert 200 == (await patch(sip, staff("r2"), status=status)).status_code
    assert before == await get(sip, "CareTeam/team")


async def test_the_person_is_on_no_team_and_what_a_system_loads_moves_nobody(sip):
    await load(sip, an_action("loaded", status="accepted"), an_action("own", owner=at("Patient/a")))
    before = await get(sip, "CareTeam/team")
    assert 200 == (await patch(sip, system(), "own", status="accepted")).status_code
    assert before == await get(sip, "CareTeam/team")


async def test_the_member_follows_the_action_that_is_handed_on(sip):
    await load(sip, a_team(), an_action(owner=at("Organization/u2")))
    assert 200 == (await patch(sip, staff("r2"), status="accepted")).status_code
    assert 200 == (await patch(sip, staff("r2"), owner=at("PractitionerRole/cr2"))).status_code
    assert [("Organization/u2", False), ("PractitionerRole/cr2", True)] == (await members(sip))[-2:]


async def test_several_steps_of_one_transaction_are_told_in_one_version_of_the_team(sip):
    await load(sip, an_action(), an_action("second", owner=at("Organization/u4")))
    steps = [an_entry("PUT", f"Task/{one['id']}", one) for one in (
        an_action(status="accepted"), an_action("second", owner=at("Organization/u4"), status="accepted")
    )]  # fmt: skip
    team = await get(sip, "CareTeam/team")
    steps.append(an_entry("PUT", "CareTeam/team", {**team, "name": "Teamet"}))
    assert 200 == (await sip.post("", json=a_bundle(*steps), headers=system())).status_code
    after = await get(sip, "CareTeam/team")
    assert ("2", "Teamet") == (after["meta"]["versionId"], after["name"])
    assert [(K1, True), ("Organization/u4", True)] == (await members(sip))[-2:]


async def test_who_wrote_the_team_is_told_with_it(sip):
    await load(sip, an_action())
    await patch(sip, staff("k1"), status="accepted")
    told = (await sip.get("Provenance?target=CareTeam/team&_sort=-_lastUpdated", headers=system())).json()
    agents = [one["resource"]["agent"] for one in told["entry"]]
    assert any("PractitionerRole/ck1" in json.dumps(one) or "K1" in json.dumps(one) for one in agents)
    assert (await sip.get("Task/action", headers=citizen())).status_code == 200


async def test_nobody_comes_to_the_asking_side_by_writing_so_in_the_plan(sip):
    await load(sip, {**a_team("PractitionerRole/cr2"), "id": "other"})
    for change in ({"author": at("PractitionerRole/cr2")}, {"careTeam": [at("CareTeam/other")]}):
        told = await sip.patch("CarePlan/sip", json=change, headers={**staff("r2"), **MERGE})
        assert (403, ["plan-not-yours"]) == outcome_of(told)
    titled = await sip.patch("CarePlan/sip", json={"title": "En annan rubrik"}, headers={**staff("r2"), **MERGE})
    assert (200, []) == outcome_of(titled)
    given = await sip.patch(
        "CarePlan/sip", json={"author": at("PractitionerRole/cr2")}, headers={**staff("r1"), **MERGE}
    )
    assert (200, []) == outcome_of(given)
