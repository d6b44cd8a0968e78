"""CarePlan/[id]/$process: where a coordinated individual plan stands, as it is written, approved, changed and closed."""

import pytest

from fhir_server.fhir.canonical import OURS, structure
from fhir_server.fhir.instant import instant, span
from tests.builders import a_patient, issue_keys
from tests.process.playing import parts, state_of, value

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

PROCESS = "CarePlan/sip/$process"
GOAL = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"
CATEGORY = [{"coding": [{"system": "https://fhir.inera.se/CodeSystem/typeofcareplan-cs", "code": "SIP"}]}]


def at(place):
    return {"reference": place}


def a_plan(status, **members):
    return {
        "resourceType": "CarePlan",
        "id": "sip",
        "status": status,
        "title": "Samordnad individuell plan",
        "intent": "plan",
        "category": CATEGORY,
        "careTeam": [at("CareTeam/team")],
        "period": {"start": "2026-03-03"},
        "subject": at("Patient/p1"),
        "contributor": [at("Organization/clinic"), at("Organization/town")],
        "created": "2026-03-02T10:00:00+01:00",
        "activity": [{"reference": at("ServiceRequest/shower")}, {"reference": at("Task/shower")}],
        **members,
    }


def a_request(*goals):
    return {
        "resourceType": "ServiceRequest",
        "id": "shower",
        "status": "active",
        "intent": "order",
        "subject": at("Patient/p1"),
        "extension": [{"url": GOAL, "valueReference": at(goal)} for goal in goals],
    }


def a_task(status):
    return {
        "resourceType": "Task",
        "id": "shower",
        "status": status,
        "intent": "order",
        "basedOn": [at("CarePlan/sip")],
        "for": at("Patient/p1"),
        "owner": at("Organization/town"),
        "authoredOn": "2026-03-02T11:00:00+01:00",
        "restriction": {"period": {"end": "2026-04-01"}},
    }


def a_team(**members):
    team = {"resourceType": "CareTeam", "id": "team", "status": "active", "subject": at("Patient/p1")}
    return {**team, "participant": [{"member": at("PractitionerRole/nurse")}], **members}


WRITTEN = [
    a_patient(id="p1"),
    *({"resourceType": "Organization", "id": id, "name": id} for id in ("clinic", "town")),
    {"resourceType": "PractitionerRole", "id": "nurse", "organization": at("Organization/clinic")},
    {"resourceType": "Goal", "id": "safe", "lifecycleStatus": "active", "description": {"text": "Trygg"}}
    | {"subject": at("Patient/p1")},
    a_request("Goal/safe"),
    a_task("requested"),
    a_team(),
    a_plan("draft"),
]


@pytest.fixture
async def plan(api):
    """A draft of a plan."""
    await put(api, *WRITTEN)
    return api


async def put(api, *resources):
    for one in resources:
        answer = await api.put(f"{one['resourceType']}/{one['id']}", json={k: v for k, v in one.items() if v != []})
        assert answer.status_code in {200, 201}, answer.text


async def approve(api, party):
    given = [
        {"name": "party", "valueReference": at(party)},
        {"name": "means", "valueCode": "digitally"},
    ]
    answer = await api.post("CarePlan/sip/$approve", json={"resourceType": "Parameters", "parameter": given})
    assert answer.status_code == 201, answer.text


async def told(api, when=None, **headers):
    answer = await api.get(PROCESS, params={"at": when} if when else {}, headers=headers)
    assert 200 == answer.status_code, answer.text
    return answer.json()


def happened(answer):
    return [it["code"] for it in parts(answer, "event")]


def flags(answer):
    return [it["code"] for it in parts(answer, "flag")]


def approved(answer):
    return {it["by"]["reference"] for it in parts(answer, "due") if it["code"] == "approve" and "done" in it}


async def made(api):
    """When the plan as it stands was written."""
    return (await api.get("CarePlan/sip")).json()["meta"]["lastUpdated"]


def since(answer):
    return next(value(it) for it in answer["parameter"] if it["name"] == "since")


async def test_a_plan_is_established_when_that_is_written_and_approvals_fall_with_a_new_version(plan):
    assert ("proposed", []) == (state_of(await told(plan)), happened(await told(plan)))

    await put(plan, a_plan("active", goal=[at("Goal/safe")]))
    established = await told(plan)
    assert ("established", await made(plan)) == (state_of(established), since(established))

    await approve(plan, "Patient/p1")
    await approve(plan, "PractitionerRole/nurse")
    assert ("established", {"Patient/p1", "Organization/clinic"}) == (
        state_of(await told(plan)),
        approved(await told(plan)),
    )
    await approve(plan, "Organization/town")
    assert ("approved", 3) == (state_of(await told(plan)), len(approved(await told(plan))))

    await put(plan, a_plan("active", goal=[at("Goal/safe")], description="Ny"))
    revised = await told(plan)
    assert ("established", set()) == (state_of(revised), approved(revised))
    before = await told(plan, instant(span(await made(plan))[0] - 1))
    assert ("approved", 3) == (state_of(before), len(approved(before)))

    met = {"coding": [{"system": f"{OURS}/CodeSystem/closing-reason", "code": "goals-met"}]}
    why = [{"url": structure("closing-reason"), "valueCodeableConcept": met}]
    await put(plan, a_plan("completed", goal=[at("Goal/safe")], description="Ny", extension=why))
    closed = await told(plan)
    assert ("closed", await made(plan)) == (state_of(closed), since(closed))
    assert ["established", "approved", "approved", "approved", "all-approved", "revised", "closed"] == happened(closed)


async def test_an_action_waits_for_its_party_and_then_for_its_end(plan):
    def waits(answer):
        return [
            (it["code"], it["by"]["reference"], it["late"]) for it in parts(answer, "due") if "action" in it["code"]
        ]

    asked = await told(plan, "2026-04-01")
    await put(plan, a_task("accepted"))
    taken = await told(plan, "2026-04-01")

    doing = ("do-action", "Organization/town", False)
    assert [("answer-action", "Organization/town", False), doing] == waits(asked)
    assert [doing] == waits(taken)
    assert [("do-action", "Organization/town", True)] == waits(await told(plan, "2026-04-02"))

    await put(plan, {name: value for name, value in a_task("accepted").items() if name != "owner"})
    assert [("do-action", False)] == [
        (it["code"], "by" in it) for it in parts(await told(plan, "2026-04-01"), "due") if "action" in it["code"]
    ]


async def test_what_a_plan_in_force_lacks_is_told_with_its_source(plan):
    await put(plan, a_plan("active", goal=[at("Goal/safe")]))
    lacking = await told(plan)
    assert ["no-consent", "no-responsible", "no-coordinator", "no-follow-up"] == flags(lacking)

    await put(plan, a_request())
    aimless = await told(plan)
    (found,) = [it for it in parts(aimless, "flag") if it["code"] == "no-goal"]
    assert ({"reference": "ServiceRequest/shower"}, "An action of the plan has no goal.") == (
        found["focus"],
        found["text"],
    )
    (found,) = [it for it in parts(aimless, "flag") if it["code"] == "no-consent"]
    assert "16 kap. 4 §" in found["source"]


async def test_words_are_in_swedish_for_who_prefers_them(plan):
    await put(plan, a_plan("active", goal=[at("Goal/safe")]))

    swedish, english = await told(plan, **{"Accept-Language": "sv"}), await told(plan)

    assert ("Upprättad", "Established") == tuple(
        next(value(it)["display"] for it in answer["parameter"] if it["name"] == "state")
        for answer in (swedish, english)
    )
    assert "Ingen samordnar planen." in [it["text"] for it in parts(swedish, "flag")]


async def test_what_is_no_moment_and_what_is_no_sip_is_refused(plan):
    refused = await plan.get(PROCESS, params={"at": "yesterday"})
    assert (400, ["parameter-value"]) == (refused.status_code, issue_keys(refused.json()))
    assert 200 == (await plan.get(PROCESS, params={"at": "2026-03"})).status_code

    other = [{"coding": [{"system": CATEGORY[0]["coding"][0]["system"], "code": "SPU"}]}]
    await put(plan, a_plan("draft", category=other))
    refused = await plan.get(PROCESS)
    assert (400, ["process-no-sip"]) == (refused.status_code, issue_keys(refused.json()))


async def test_a_plan_that_is_not_there_is_404_and_one_that_is_deleted_is_gone(plan):
    assert 200 == (await plan.get(PROCESS)).status_code
    assert 404 == (await plan.get("CarePlan/nowhere/$process")).status_code
    await plan.delete("CarePlan/sip")
    assert 410 == (await plan.get(PROCESS)).status_code
