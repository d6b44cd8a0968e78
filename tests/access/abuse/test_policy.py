"""K: the Swedish rules, each refusal beside what is allowed and differs from it in one thing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.access.abuse.conftest import documented, hsa
from tests.access.abuse.told import found, keys, nowhere, whole
from tests.access.worlds import OURS

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

PLAN, NOWHERE = "CarePlan/a-plan", "CarePlan/nobody-plan"


async def put(api, as_system, *resources: dict[str, Any]) -> None:
    for one in resources:
        answer = await api.put(f"{one['resourceType']}/{one['id']}", json=one, headers=as_system)
        assert answer.status_code in {200, 201}, answer.text


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def a_block(kind: str, organization: str) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": f"a-{kind}",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/consent-kind", "code": kind}]}],
        "patient": {"reference": "Patient/a"},
        "organization": [{"reference": f"Organization/{organization}"}],
        "policyRule": {"text": "4 kap. 4 § PDL"},
        "dateTime": "2026-01-01",
        "provision": {"type": "deny"},
    }


async def is_hidden(api, bearer: dict[str, str], place: str = PLAN) -> None:
    """Read by id and searched, it is as if it were not there."""
    type, _, _ = place.partition("/")
    told = whole(await api.get(place, headers=bearer))
    missing = await nowhere(api, f"{type}/nobody", bearer)
    assert 404 == told[0]
    assert missing == told
    assert place not in found(await api.get(type, headers=bearer))


async def is_seen(api, bearer: dict[str, str], place: str = PLAN) -> None:
    type, _, _ = place.partition("/")
    assert 200 == (await api.get(place, headers=bearer)).status_code
    assert place in found(await api.get(type, headers=bearer))


async def test_k_01_another_unit_of_the_same_provider_that_is_in_no_team_sees_nothing(api, as_staff):
    await is_hidden(api, as_staff("r2"))
    await is_seen(api, as_staff("r1"))


async def test_k_02_a_consent_that_was_withdrawn_ends_what_others_see_at_once(api, as_staff, as_system, world):
    own = {
        "resourceType": "Goal",
        "id": "a-own",
        "lifecycleStatus": "active",
        "description": {"text": "gå"},
        "subject": {"reference": "Patient/a"},
        **documented("u3"),
    }
    await put(api, as_system, own)
    await is_seen(api, as_staff("k1"))

    await put(api, as_system, world["Consent/a-consent"] | {"status": "inactive"})

    await is_hidden(api, as_staff("k1"))
    await is_seen(api, as_staff("k1"), "Goal/a-own")
    await is_seen(api, as_staff("r1"))


@pytest.mark.parametrize(("last", "sees"), [(-1, False), (1, True)], ids=["ended", "lasting"])
async def test_k_03_a_membership_counts_while_it_lasts(api, as_staff, as_system, world, last, sees):
    team = world["CareTeam/a-team"]
    members = [it | {"period": {"start": day(-30), "end": day(last)}} for it in team["participant"]]
    await put(api, as_system, team | {"participant": members})

    await (is_seen if sees else is_hidden)(api, as_staff("k1"))


async def test_k_04_an_inner_block_closes_what_a_unit_wrote_to_the_other_units_of_its_provider(
    api, as_staff, as_system, world
):
    team = world["CareTeam/a-team"]
    u2 = {"member": {"reference": "Organization/u2"}}
    await put(api, as_system, team | {"participant": [*team["participant"], u2]})
    await is_seen(api, as_staff("r2"))

    await put(api, as_system, a_block("inner-block", "u1"))

    await is_hidden(api, as_staff("r2"))
    await is_seen(api, as_staff("r2"), "Consent/a-inner-block")  # that something is closed may be shown: 4 kap. 4 § PDL
    await is_seen(api, as_staff("r1"))


async def test_k_05_an_outer_block_wins_over_a_consent(api, as_staff, as_system):
    await is_seen(api, as_staff("k1"))

    await put(api, as_system, a_block("outer-block", "region"))

    await is_hidden(api, as_staff("k1"))
    await is_seen(api, as_staff("r1"))


async def test_k_01_where_a_plan_stands_is_told_to_who_sees_it_and_of_its_actions_what_each_may_read(
    api, as_staff, as_system, world
):
    sip = [{"coding": [{"system": "https://fhir.inera.se/CodeSystem/typeofcareplan-cs", "code": "SIP"}]}]
    await put(api, as_system, world[PLAN] | {"category": sip, "status": "draft"})
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "basedOn": [{"reference": PLAN}],
        "for": {"reference": "Patient/a"},
        "owner": {"reference": "Organization/u1"},
        "authoredOn": "2026-03-02T10:00:00+01:00",
    }
    await put(api, as_system, task | documented("u1") | {"id": "a-shared"})
    unshared = {"extension": documented("u1")["meta"]["extension"]}
    await put(api, as_system, task | {"meta": unshared, "id": "a-kept"})
    process = f"{PLAN}/$process"

    own, other, stranger = [await api.get(process, headers=as_staff(who)) for who in ("r1", "k1", "r2")]

    assert (200, 200, 404) == (own.status_code, other.status_code, stranger.status_code)
    assert whole(stranger) == await nowhere(api, "CarePlan/nobody/$process", as_staff("r2"))
    assert (True, True) == ("Task/a-shared" in own.text, "Task/a-kept" in own.text)
    assert (True, False) == ("Task/a-shared" in other.text, "Task/a-kept" in other.text)
    assert (2, 1) == tuple(answer.text.count("answer-action") for answer in (own, other))
    narrow = await api.get(process, headers=as_staff("r1", scope="user/CarePlan.r"))
    assert (200, 0) == (narrow.status_code, narrow.text.count("answer-action"))


@pytest.mark.parametrize(("basis", "sees"), [("lvod-2-6", False), ("lvod-care", True)])
async def test_k_09_what_was_made_available_without_the_persons_consent_is_not_theirs_to_read(
    api, as_citizen, as_system, world, basis, sees
):
    plan = world[PLAN]
    label = {"system": f"{OURS}/CodeSystem/sharing-basis", "code": basis}
    await put(api, as_system, plan | {"meta": plan["meta"] | {"security": [label]}})

    await (is_seen if sees else is_hidden)(api, as_citizen("a"))


@pytest.mark.parametrize(("basis", "sees"), [("osl-consent", False), ("lvod-social", True)])
async def test_k_10_what_was_disclosed_in_one_case_is_open_to_no_other_organization(
    api, as_staff, as_system, world, basis, sees
):
    plan = world[PLAN]
    label = {"system": f"{OURS}/CodeSystem/sharing-basis", "code": basis}
    await put(api, as_system, plan | {"meta": plan["meta"] | {"security": [label]}})

    await (is_seen if sees else is_hidden)(api, as_staff("k1"))
    await is_seen(api, as_staff("r1"))


async def test_k_10_a_message_reaches_the_unit_that_it_names(api, as_staff, as_system, world):
    message = world["Communication/a-communication"]
    label = {"system": f"{OURS}/CodeSystem/sharing-basis", "code": "osl-consent"}
    closed = message | {"meta": message["meta"] | {"security": [label]}}

    await put(api, as_system, closed)
    await is_seen(api, as_staff("k1"), "Communication/a-communication")

    await put(api, as_system, closed | {"recipient": [{"reference": "Organization/u4"}]})
    await is_hidden(api, as_staff("k1"), "Communication/a-communication")


async def test_k_11_before_consent_the_parties_of_a_case_see_the_case_and_no_plan(api, as_staff, as_system, world):
    episode, stay = "EpisodeOfCare/a-episodeofcare", "Encounter/a-encounter"
    case = {
        "resourceType": "CareTeam",
        "id": "a-case",
        "status": "active",
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "discharge-case"}]}],
        "subject": {"reference": "Patient/a"},
        "participant": [{"member": {"reference": "Organization/u4"}}],
    }
    await is_hidden(api, as_staff("k2"), "Patient/a")

    await put(api, as_system, case)
    await is_seen(api, as_staff("k2"), "Patient/a")
    for another in (episode, stay):
        await is_hidden(api, as_staff("k2"), another)
    assert 404 == (await api.get(f"{episode}/$process", headers=as_staff("k2"))).status_code

    await put(api, as_system, world[episode] | {"team": [{"reference": "CareTeam/a-case"}]})
    await is_seen(api, as_staff("k2"), episode)
    assert 200 == (await api.get(f"{episode}/$process", headers=as_staff("k2"))).status_code
    await is_hidden(api, as_staff("k2"), stay)

    await put(api, as_system, world[stay] | {"episodeOfCare": [{"reference": episode}]})
    await is_seen(api, as_staff("k2"), stay)
    for hidden in (PLAN, "Observation/a-observation", "Condition/a-condition", "Consent/a-consent", "CareTeam/a-team"):
        await is_hidden(api, as_staff("k2"), hidden)


async def test_k_16_the_other_patient_of_one_person_is_not_opened_by_a_link(api, as_staff, as_system, world):
    linked = world["Patient/a"] | {"link": [{"other": {"reference": "Patient/b"}, "type": "seealso"}]}

    refused = await api.put("Patient/a", json=linked, headers=as_staff("r1"))
    assert (403, ["role-missing"]) == (refused.status_code, keys(refused))
    await put(api, as_system, linked)

    await is_seen(api, as_staff("r1"), "Patient/a")
    await is_hidden(api, as_staff("r1"), "Patient/b")
    await is_hidden(api, as_staff("r1"), "CarePlan/b-plan")


@pytest.mark.parametrize(("status", "sees"), [("inactive", False), ("active", True)])
async def test_k_17_with_the_team_ends_what_it_sees(api, as_staff, as_system, world, status, sees):
    await put(api, as_system, world[PLAN] | {"status": "completed"})
    await put(api, as_system, world["Patient/a"] | {"deceasedDateTime": "2026-11-01"})

    await put(api, as_system, world["CareTeam/a-team"] | {"status": status})

    await (is_seen if sees else is_hidden)(api, as_staff("r1"))
    await (is_seen if sees else is_hidden)(api, as_staff("k1"))


async def test_k_18_staff_read_about_somebody_by_a_relation_alone(api, as_staff, as_system, world):
    await is_hidden(api, as_staff("k2"), "Patient/a")
    team = world["CareTeam/a-team"]

    await put(
        api,
        as_system,
        team | {"participant": [*team["participant"], {"member": {"reference": "Practitioner/k2"}}]},
    )

    await is_seen(api, as_staff("k2"), "Patient/a")


async def test_k_19_what_somebody_sees_is_of_the_commission_and_not_of_the_person(api, as_staff):
    first = as_staff("r1")
    second = as_staff("r1", commission=hsa("cr2"), unit=hsa("u2"))

    for _ in range(2):
        await is_seen(api, first)
        await is_hidden(api, second)
