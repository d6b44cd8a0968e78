"""Two parties write their own actions of one SIP at the same time: nothing of either is lost, and neither writes the other's."""

import asyncio

import pytest

from tests.acting import K1, WHY, a_handover, a_plan, an_action, at, directory, get, load, members, patch, staff
from tests.builders import a_bundle, an_entry, issue_keys

pytestmark = pytest.mark.anyio

R2 = "Organization/u2"
ROUNDS = 6
OWN = {"k1": K1, "r2": R2}
"""Who writes, and whose actions they write."""


@pytest.fixture
async def sip(api):
    """A plan with no other member than who coordinates it, and an action of each party for each round."""
    team, plan = (next(one for one in a_plan() if one["id"] == id) for id in ("team", "sip"))
    team = {**team, "participant": team["participant"][:2]}
    rest = [one for one in a_plan() if one["id"] not in {"team", "sip"}]
    await load(api, *directory(), *rest, team, plan, *(own(who, n) for who in OWN for n in range(ROUNDS)))
    return api


def own(who, number, **members):
    return an_action(f"{who}-{number}", owner=at(OWN[who]), **members)


# ------------------------------------------------------------------------------------------------ the ways to write


async def by_put(api, who, number, **changed):
    return (await api.put(f"Task/{who}-{number}", json=own(who, number, **changed), headers=staff(who))).status_code


async def by_patch(api, who, number, **changed):
    return (await patch(api, staff(who), f"{who}-{number}", **changed)).status_code


async def by_transaction(api, who, number, **changed):
    entry = an_entry("PUT", f"Task/{who}-{number}", own(who, number, **changed))
    return (await api.post("", json=a_bundle(entry), headers=staff(who))).status_code


WAYS = (by_put, by_patch, by_transaction)


async def take(api, who, number, turn):
    """Three steps of one action, each another way."""
    steps = ({"status": "accepted"}, {"status": "in-progress"}, {"status": "completed"})
    return [await WAYS[(turn + place) % 3](api, who, number, **step) for place, step in enumerate(steps)]


# ------------------------------------------------------------------------------------------------ at the same time


async def test_neither_loses_anything_to_the_other(sip):
    before = await members(sip)
    turns = [(who, number, number + place) for place, who in enumerate(OWN) for number in range(ROUNDS)]

    told = await asyncio.gather(*(take(sip, *turn) for turn in turns))

    assert [[200, 200, 200]] * len(turns) == told
    for who, number, _ in turns:
        versions = (await get(sip, f"Task/{who}-{number}/_history"))["entry"]
        statuses = [one["resource"]["status"] for one in versions]
        assert ["completed", "in-progress", "accepted", "requested"] == statuses
        assert [4, 3, 2, 1] == [int(one["resource"]["meta"]["versionId"]) for one in versions]
    after = await members(sip)
    assert before == after[: len(before)]
    assert {K1, R2} == {member for member, _ in after[len(before) :]}
    assert not any(takes_part for _, takes_part in after[len(before) :])
    versions = (await get(sip, "CareTeam/team/_history?_count=100"))["total"]
    assert 1 + 2 * (len(after) - len(before)) == versions  # each membership begins and ends in a version of its own


async def test_of_two_who_say_yes_at_once_both_are_members(sip):
    before = await members(sip)
    for number in range(ROUNDS):
        told = await asyncio.gather(*(WAYS[number % 3](sip, who, number, status="accepted") for who in OWN))
        assert [200, 200] == told
    assert sorted([*before, (K1, True), (R2, True)]) == sorted(await members(sip))


async def test_who_ends_two_at_once_leaves_and_who_ends_one_and_begins_one_stays(sip):
    for number in range(2):
        assert 200 == await by_patch(sip, "k1", number, status="accepted")
    told = await asyncio.gather(
        *(by_patch(sip, "k1", number, status="failed", statusReason=WHY) for number in range(2)),
        by_patch(sip, "r2", 0, status="accepted"),
    )
    assert [200, 200, 200] == told
    assert {(K1, False), (R2, True)} == set((await members(sip))[-2:])
    for number in range(ROUNDS - 1):
        ends = by_patch(sip, "r2", number, status="failed", statusReason=WHY)
        assert [200, 200] == await asyncio.gather(ends, by_patch(sip, "r2", number + 1, status="accepted"))
        assert (R2, True) in await members(sip)


# ------------------------------------------------------------------------------------------------ not the other's


async def test_neither_changes_what_is_the_other_s(sip):
    """Once both are on the team they read each other's actions; before that they know of none."""
    unseen = await patch(sip, staff("k1"), "r2-0", status="received")
    assert 404 == unseen.status_code
    assert 404 == (await sip.delete("Task/r2-0", headers=staff("k1"))).status_code
    assert 404 == (await sip.delete("Task/no-such", headers=staff("k1"))).status_code
    assert [200, 200] == await asyncio.gather(*(by_patch(sip, who, 0, status="accepted") for who in OWN))
    for who, other in (("k1", "r2"), ("r2", "k1")):
        assert 200 == (await sip.get(f"Task/{other}-0", headers=staff(who))).status_code
        bearer, place = staff(who), f"Task/{other}-0"
        theirs = own(other, 0, status="in-progress")
        refused = [
            await sip.put(place, json=theirs, headers=bearer),
            await patch(sip, bearer, f"{other}-0", note=[{"text": "Vår"}]),
            await patch(sip, bearer, f"{other}-0", owner=at(OWN[who])),
            await sip.post("", json=a_bundle(an_entry("PUT", place, theirs)), headers=bearer),
        ]
        assert [(403, ["action-no-party"])] * 4 == [(it.status_code, issue_keys(it.json())) for it in refused]
        assert (await sip.delete(place, headers=bearer)).status_code in {403, 404, 409}
        assert 200 == await by_patch(sip, who, 0, status="in-progress")
        assert 409 == await by_patch(sip, who, 0, status="received")
        assert 200 == await by_patch(sip, who, 0, note=[{"text": "Vår"}])
    assert ["requested"] * 2 == [(await get(sip, f"Task/{who}-1"))["status"] for who in OWN]


async def test_of_two_who_say_yes_to_a_handover_at_once_one_coordinates(sip):
    asked = {"k1": "PractitionerRole/ck1", "k2": "PractitionerRole/ck2"}
    await load(sip, *(a_handover(f"by-{who}", owner=at(place)) for who, place in asked.items()))

    told = await asyncio.gather(*(patch(sip, staff(who), f"by-{who}", status="accepted") for who in asked))

    won = {who: answer.status_code for who, answer in zip(asked, told, strict=True)}
    assert [200, 409] == sorted(won.values())
    refused = next(answer for answer in told if answer.status_code == 409)
    assert ["handover-not-held"] == issue_keys(refused.json())
    team = await get(sip, "CareTeam/team")
    coding = team["participant"][0]["role"][0]["coding"]
    contacts = [one for one in team["participant"] if one["role"][0].get("coding") == coding]
    assert [asked[who] for who, status in won.items() if status == 200] == [
        one["member"]["reference"] for one in contacts if "end" not in one.get("period", {})
    ]
    assert 2 == len(contacts)
    statuses = {who: (await get(sip, f"Task/by-{who}"))["status"] for who in asked}
    assert {who: "accepted" if status == 200 else "requested" for who, status in won.items()} == statuses
