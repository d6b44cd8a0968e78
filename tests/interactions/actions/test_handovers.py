"""A handover is said yes to by who takes over, and until then nothing has changed; then the role is theirs, in the same Commit."""

import pytest

from fhir_server.access.moves import HANDOVER, NEW, NOBODY, OWNER, REQUESTER, load_moves
from tests.access.abuse.conftest import documented
from tests.access.worlds import OURS
from tests.acting import (
    COORDINATOR,
    K1,
    R1,
    SUBJECT,
    WHY,
    a_handover,
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
from tests.builders import a_bundle, an_entry

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

SIDE = {OWNER: "k1", REQUESTER: "r1"}
TABLE = load_moves(HANDOVER)
ROWS = [(start, move) for move in TABLE.moves for start in move.start]
CK1 = "PractitionerRole/ck1"
FIXED = {**COORDINATOR, "code": "1"}


@pytest.fixture
async def sip(api):
    """A SIP that r1 coordinates and another wrote, so that r1 asks by the role alone."""
    await load(api, *directory(), *a_plan(author=at("Organization/u4")))
    return api


def a_contact(**members):
    """r1 is the fixed contact."""
    return {
        **a_team(),
        "id": "contact",
        **documented("u1", profile=[f"{OURS}/StructureDefinition/fixed-contact"]),
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "fast-kontakt"}]}],
        "period": {"start": "2026-01-19"},
        "participant": [
            {"role": [{"coding": [FIXED]}], "member": at(R1), "period": {"start": "2026-01-19"}},
        ],
        **members,
    }


async def coordinators(api):
    """Who coordinates the plan now."""
    team = await get(api, "CareTeam/team")
    return [
        one["member"]["reference"]
        for one in team["participant"]
        if "end" not in one.get("period", {}) and one["role"][0].get("coding") == [COORDINATOR]
    ]


# ------------------------------------------------------------------------------------------------ the steps


async def step(api, bearer, id, start, move):
    if start == NEW:
        return await api.post("Task", json=a_handover(status=move.to), headers=bearer)
    why = {"statusReason": WHY} if move.demands else {}
    return await patch(api, bearer, id, status=move.to, **why)


async def test_each_step_of_the_table_is_for_its_own_side_alone(sip):
    for number, (start, move) in enumerate(ROWS):
        id, said_no = f"row-{number}", {"statusReason": WHY} if start == "rejected" else {}
        await load(sip, a_team("Organization/u2"))
        if start != NEW:
            await load(sip, a_handover(id, status=start, **said_no))
        for side in sorted(SIDE.keys() - {move.by}):
            other = "r2" if start == NEW else SIDE[side]
            refused = await step(sip, staff(other), id, start, move)
            assert (403, ["handover-not-yours"]) == outcome_of(refused), (start, move)
            assert TABLE.allowed(start) in refused.json()["issue"][0]["details"]["text"]
        taker = system() if move.by == NOBODY else staff(SIDE[move.by])
        taken = await step(sip, taker, id, start, move)
        assert taken.status_code in {200, 201}, (start, move, taken.text)
        assert [CK1 if move.to == "accepted" else R1] == await coordinators(sip), (start, move)


async def test_what_has_no_row_cannot_happen_and_a_no_says_why(sip):
    await load(sip, a_handover())
    for who in (staff("k1"), system()):
        assert (409, ["handover-not-now"]) == outcome_of(await patch(sip, who, "handover", status="completed"))
    assert (422, ["handover-reason"]) == outcome_of(await patch(sip, staff("k1"), "handover", status="rejected"))
    assert 200 == (await patch(sip, staff("k1"), "handover", status="rejected", statusReason=WHY)).status_code
    assert [R1] == await coordinators(sip)


async def test_who_is_no_party_writes_nothing_in_it(sip):
    await load(sip, a_handover())
    refused = await patch(sip, staff("r2"), "handover", status="cancelled")
    assert (403, ["handover-no-party"]) == outcome_of(refused)
    assert 200 == (await patch(sip, staff("r1"), "handover", status="cancelled")).status_code


async def test_what_is_handed_over_and_by_whom_stays_as_it_was_asked(sip):
    """Not claiming the profile frees nobody."""
    unclaimed = {name: it for name, it in a_handover()["meta"].items() if name != "profile"}
    await load(sip, {**a_handover(), "meta": unclaimed}, a_contact())
    for change in ({"requester": at("Organization/u1")}, {"code": None}, {"focus": at("CareTeam/contact")}):
        for who in ("r1", "k1"):
            refused = outcome_of(await patch(sip, staff(who), "handover", **change))
            unseen = who == "k1" and "focus" in change
            assert ((422, ["reference-unseen"]) if unseen else (403, ["handover-content"])) == refused
    told = {"description": "Från måndag"}
    assert (403, ["handover-content"]) == outcome_of(await patch(sip, staff("k1"), "handover", **told))
    assert 200 == (await patch(sip, staff("r1"), "handover", **told)).status_code


# ------------------------------------------------------------------------------------------------ who may ask, and whom


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param({"requester": at("PractitionerRole/cr2")}, (409, ["handover-not-held"]), id="another-member"),
        pytest.param({"requester": at("Organization/u2")}, (409, ["handover-not-held"]), id="unit-on-the-team"),
        pytest.param({}, (403, ["handover-not-yours"]), id="in-the-name-of-the-coordinator"),
    ],
)
async def test_nobody_hands_over_what_another_holds(sip, asked, told):
    refused = await sip.post("Task", json=a_handover(**asked), headers=staff("r2"))
    assert told == outcome_of(refused)
    assert 201 == (await sip.post("Task", json=a_handover(), headers=staff("r1"))).status_code


async def test_what_is_not_held_or_is_another_s_is_not_handed_over(sip):
    await load(sip, a_contact(id="closed", status="inactive"))
    for focus in ("CareTeam/closed", "Goal/goal"):
        refused = await sip.post("Task", json=a_handover(focus=at(focus)), headers=staff("r1"))
        assert (409, ["handover-not-held"]) == outcome_of(refused), focus
    relative = await sip.post("Task", json=a_handover(owner=at("Patient/a")), headers=staff("r1"))
    assert (422, ["handover-whom"]) == outcome_of(relative)


async def test_the_author_asks_in_the_name_of_who_coordinates(sip):
    await load(sip, *a_plan(author=at("PractitionerRole/cr2")))
    assert 201 == (await sip.post("Task", json=a_handover(), headers=staff("r2"))).status_code


async def test_nobody_comes_to_a_team_by_a_plan_of_the_own_that_has_it_too(sip):
    own = {**a_sip(author=at("PractitionerRole/cr2")), "id": "own"}
    await load(sip, own)
    for focus in ("CareTeam/team", "CarePlan/own", "CarePlan/sip"):
        asked = a_handover(focus=at(focus), owner=at("PractitionerRole/cr2"))
        assert (403, ["handover-not-yours"]) == outcome_of(await sip.post("Task", json=asked, headers=staff("r2")))
        assert 201 == (await sip.post("Task", json=asked, headers=staff("r1"))).status_code
    new = {**own, "status": "draft"}
    plan = "urn:uuid:7b1ce7cf-2a3f-4d6f-8a52-1a8d0f3c1f01"
    asked = a_handover(focus=at(plan), owner=at("PractitionerRole/cr2"))
    entries = [an_entry("POST", "CarePlan", new, full_url=plan), an_entry("POST", "Task", asked)]
    refused = await sip.post("", json=a_bundle(*entries), headers=staff("r2"))
    assert (403, ["handover-not-yours"]) == outcome_of(refused)
    assert 200 == (await sip.post("", json=a_bundle(entries[0]), headers=staff("r2"))).status_code


async def test_a_unit_that_is_asked_says_with_the_yes_who_of_its_own_it_is(sip):
    await load(sip, a_handover(owner=at(K1)))
    k1 = staff("k1")
    assert (422, ["handover-whom"]) == outcome_of(await patch(sip, k1, "handover", status="accepted"))
    elsewhere = await patch(sip, k1, "handover", status="accepted", owner=at("PractitionerRole/cr2"))
    assert (403, ["handover-delegated"]) == outcome_of(elsewhere)
    assert 200 == (await patch(sip, k1, "handover", status="accepted", owner=at(CK1))).status_code
    assert [CK1] == await coordinators(sip)


# ------------------------------------------------------------------------------------------------ what follows


async def test_the_old_one_coordinates_until_the_yes_and_the_new_one_from_then_on(sip):
    await load(sip, a_handover(), an_action("first"), an_action("second"), an_action("third"))
    await patch(sip, staff("k1"), "handover", status="received")
    assert 200 == (await patch(sip, staff("r1"), "first", description="Mer")).status_code
    assert (403, ["action-content"]) == outcome_of(await patch(sip, staff("k1"), "second", description="Mer"))

    assert 200 == (await patch(sip, staff("k1"), "handover", status="accepted")).status_code
    await load(sip, an_action("third", requester=at(CK1)))
    assert 200 == (await patch(sip, staff("k1"), "second", description="Mer")).status_code
    gone = await patch(sip, staff("r1"), "third", description="Mer")
    assert (403, ["action-no-party"]) == outcome_of(gone)
    assert 200 == (await sip.get("CarePlan/sip", headers=staff("k1"))).status_code


async def test_the_team_keeps_both_with_their_days_and_its_history_both_versions(sip):
    display = {**at(CK1), "display": "Sköterskan"}
    await load(sip, a_handover(owner=display, focus=at("CarePlan/sip")))
    before = await get(sip, "CareTeam/team")
    await patch(sip, staff("k1"), "handover", status="accepted")

    after = await get(sip, "CareTeam/team")
    left, *others, came = after["participant"]
    assert before["participant"][1:] == others
    assert {"role": [{"coding": [COORDINATOR]}], "member": at(R1), "period": {"end": came["period"]["start"]}} == left
    assert ({"start"}, display, left["role"]) == (came["period"].keys(), came["member"], came["role"])
    versions = (await get(sip, "CareTeam/team/_history"))["entry"]
    assert [len(before["participant"]) + 1, len(before["participant"])] == [
        len(one["resource"]["participant"]) for one in versions
    ]
    told = (await sip.get("Provenance?target=CareTeam/team", headers=system())).json()
    targets = [{it["reference"] for it in one["resource"]["target"]} for one in told["entry"]]
    assert any({"Task/handover/_history/2", "CareTeam/team/_history/2"} <= some for some in targets)


async def test_who_is_more_than_the_coordinator_or_does_something_stays_for_that(sip):
    team, own = a_team(), an_action("own", owner=at(R1), status="accepted")
    nurse = {"role": [{"coding": [COORDINATOR]}, {"text": "Sjuksköterska"}], "member": at(R1)}
    for participant, role in ((nurse, "Sjuksköterska"), (team["participant"][0], "Utför insats")):
        await load(sip, {**team, "participant": [participant]}, own, a_handover(f"from-{len(role)}"))
        assert 200 == (await patch(sip, staff("k1"), f"from-{len(role)}", status="accepted")).status_code
        assert [CK1] == await coordinators(sip)
        stays = [one for one in (await get(sip, "CareTeam/team"))["participant"] if one["member"] == at(R1)]
        assert [(True, 1), (False, 1)] == [("end" in one.get("period", {}), len(one["role"])) for one in stays]
        assert [{"text": role}] == stays[1]["role"]


async def test_of_two_in_one_transaction_neither_is_written(sip):
    other = {"owner": at("PractitionerRole/ck2")}
    await load(sip, a_handover("one"), a_handover("other", **other))
    entries = [
        an_entry("PUT", "Task/one", a_handover("one", status="accepted")),
        an_entry("PUT", "Task/other", a_handover("other", status="accepted", **other)),
    ]
    refused = await sip.post("", json=a_bundle(*entries), headers=system())
    assert (409, ["handover-not-held"]) == outcome_of(refused)
    assert [R1] == await coordinators(sip)
    assert 200 == (await sip.post("", json=a_bundle(entries[0]), headers=system())).status_code


async def test_what_a_system_loads_as_it_ended_moves_nobody(sip):
    before = await members(sip)
    await load(sip, a_handover("done", status="accepted"))
    assert before == await members(sip)


async def test_a_fixed_contact_s_team_ends_and_another_begins(sip):
    await load(sip, a_contact(), a_handover(focus=at("CareTeam/contact")))
    assert 200 == (await patch(sip, staff("k1"), "handover", status="accepted")).status_code

    ended = await get(sip, "CareTeam/contact")
    found = (await get(sip, f"CareTeam?participant={CK1}&status=active"))["entry"]
    (begun,) = [one["resource"] for one in found]
    assert ("inactive", "2026-01-19") == (ended["status"], ended["period"]["start"])
    assert ended["period"] == ended["participant"][0]["period"]
    assert {"start": ended["period"]["end"]} == begun["period"] == begun["participant"][0]["period"]
    assert (SUBJECT, ended["category"]) == (begun["subject"], begun["category"])
    assert ([{"coding": [FIXED]}], at(CK1)) == (begun["participant"][0]["role"], begun["participant"][0]["member"])
    assert ended["meta"]["profile"] == begun["meta"]["profile"]
    assert "managingOrganization" not in begun
    assert 200 == (await sip.get(f"CareTeam/{begun['id']}", headers=staff("k1"))).status_code


async def test_a_case_is_handed_over_by_a_provider_that_takes_part_in_it(sip):
    case = {"resourceType": "EpisodeOfCare", "id": "case", **documented("u1"), "status": "active", "patient": SUBJECT}
    case |= {"managingOrganization": at("Organization/region"), "team": [at("CareTeam/parties")]}
    parties = {
        **a_team(),
        "id": "parties",
        "participant": [{"member": at("Organization/u3")}, {"role": [{"text": "Någon"}]}],
    }
    asked = a_handover(focus=at("EpisodeOfCare/case"), requester=at("Organization/u1"))
    await load(sip, case, parties)
    assert (409, ["handover-not-held"]) == outcome_of(await sip.post("Task", json=asked, headers=staff("r1")))
    await load(sip, {**a_team(), "id": "parties"})
    made = await sip.post("Task", json=asked, headers=staff("r1"))
    assert 201 == made.status_code
    team = await get(sip, "CareTeam/parties")
    assert 200 == (await patch(sip, staff("k1"), made.json()["id"], status="accepted")).status_code
    assert team == await get(sip, "CareTeam/parties")


async def test_the_person_takes_over_nothing_whoever_says_so(sip):
    await load(sip, a_handover(owner=at("Patient/a")))
    assert (404, ["not-found"]) == outcome_of(await patch(sip, citizen(), "handover", status="accepted"))
    assert (422, ["handover-whom"]) == outcome_of(await patch(sip, system(), "handover", status="accepted"))
    assert 200 == (await patch(sip, system(), "handover", status="accepted", owner=at(CK1))).status_code
    assert [CK1] == await coordinators(sip)
