"""CarePlan/[id]/$approve: each party's approval of a version of a plan."""

import asyncio

import pytest

from tests.builders import a_care_plan, a_care_team, a_patient, issue_keys

pytestmark = pytest.mark.anyio

APPROVE = "CarePlan/sip/$approve"
MEANS = "https://fhir-care-plan-server.example/StructureDefinition/means"
NURSE = "PractitionerRole/nurse"


def at(place):
    return {"reference": place}


PLAN = a_care_plan(
    id="sip",
    contributor=[at("Organization/contributor"), at("Patient/other")],
    careTeam=[at("CareTeam/team")],
    activity=[
        {"reference": at("ServiceRequest/decided")},
        {"reference": at("Task/done")},
        {"reference": at("Task/gone")},
    ],
)
WRITTEN = [
    a_patient(id="p1"),
    a_patient(id="other", identifier=[]),
    *(
        {"resourceType": "Organization", "id": id, "name": id}
        for id in ("contributor", "performer", "authority", "stranger")
    ),
    *({"resourceType": "PractitionerRole", "id": id} for id in ("nurse", "owner", "member")),
    {"resourceType": "RelatedPerson", "id": "daughter", "patient": at("Patient/p1")},
    {
        "resourceType": "ServiceRequest",
        "id": "decided",
        "status": "active",
        "intent": "plan",
        "subject": at("Patient/p1"),
        "performer": [at("Organization/performer")],
    },
    {
        "resourceType": "Task",
        "id": "done",
        "status": "requested",
        "intent": "plan",
        "owner": at("PractitionerRole/owner"),
    },
    a_care_team(
        id="team",
        participant=[{"member": at("PractitionerRole/member")}, {"member": at("RelatedPerson/daughter")}],
        managingOrganization=[at("Organization/authority")],
    ),
    PLAN,
]


@pytest.fixture(autouse=True)
async def stored(api):
    for resource in WRITTEN:
        made = {name: value for name, value in resource.items() if value != []}
        assert 201 == (await api.put(f"{made['resourceType']}/{made['id']}", json=made)).status_code


def asked(party="Organization/contributor", means="digitally", **more):
    given = [("party", "valueReference", party and at(party)), ("means", "valueCode", means)]
    given += [("recordedBy", "valueReference", at(more["by"]))] if "by" in more else []
    given += [("when", "valueDateTime", more["when"])] if "when" in more else []
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, member: value} for name, member, value in given if value],
    }


async def approvals(api):
    return (await api.get("Provenance", params={"target": "CarePlan/sip", "_summary": "count"})).json()["total"]


async def test_an_approval_is_a_provenance_of_the_version_that_stands(api):
    answer = await api.post(APPROVE, json=asked(means="orally", by=NURSE, when="2026-02-26T14:10:00+01:00"))

    assert 201 == answer.status_code
    made = answer.json()
    assert answer.headers["location"].endswith(f"/Provenance/{made['id']}/_history/1")
    assert made == (await api.get(f"Provenance/{made['id']}")).json()
    assert [at("CarePlan/sip/_history/1"), at("Patient/p1")] == made["target"]
    assert [{"url": MEANS, "valueCode": "orally"}] == made["extension"]
    assert "2026-02-26T14:10:00+01:00" == made["occurredDateTime"]
    assert [("attester", "Organization/contributor"), ("enterer", NURSE)] == [
        (agent["type"]["coding"][0]["code"], agent["who"]["reference"]) for agent in made["agent"]
    ]
    assert 200 == (await api.get(made["target"][0]["reference"])).status_code
    assert [] == [
        it for it in (await api.post("Provenance/$validate", json=made)).json()["issue"] if it["severity"] == "error"
    ]


async def test_an_approval_is_its_persons_and_nobody_elses(api):
    made = (await api.post(APPROVE, json=asked())).json()
    of_other = a_care_plan(id="others", subject=at("Patient/other"), contributor=[at("Organization/contributor")])
    await api.put("CarePlan/others", json=of_other)
    others = (await api.post("CarePlan/others/$approve", json=asked())).json()

    for person, own in (("p1", made), ("other", others)):
        for place in (f"Patient/{person}/$everything?_type=Provenance", f"Provenance?patient={person}"):
            found = (await api.get(place)).json().get("entry", ())
            assert [own["id"]] == [it["resource"]["id"] for it in found if it["search"]["mode"] == "match"]


async def test_an_approval_of_a_plan_for_nobody_here_has_the_plan_alone_for_its_target(api):
    group = a_care_plan(id="group", subject=at("Group/g"), contributor=[at("Organization/contributor")])
    await api.put("CarePlan/group", json=group)

    made = (await api.post("CarePlan/group/$approve", json=asked())).json()
    assert [at("CarePlan/group/_history/1")] == made["target"]


async def test_it_was_given_now_where_nothing_is_said(api):
    made = (await api.post(APPROVE, json=asked())).json()

    assert made["recorded"][:4] == made["occurredDateTime"][:4]
    assert ["attester"] == [agent["type"]["coding"][0]["code"] for agent in made["agent"]]


@pytest.mark.parametrize(
    "party",
    [
        "Patient/p1",
        "Organization/contributor",
        "Organization/performer",
        "PractitionerRole/owner",
        "PractitionerRole/member",
        "RelatedPerson/daughter",
        "Organization/authority",
    ],
)
async def test_whoever_is_a_party_may_approve(api, party):
    assert 201 == (await api.post(APPROVE, json=asked(party))).status_code


@pytest.mark.parametrize(
    "party", ["Organization/stranger", "Patient/other", "PractitionerRole/nurse", "Patient/nobody"]
)
async def test_whoever_is_no_party_may_not(api, party):
    refused = await api.post(APPROVE, json=asked(party))

    assert (422, ["approve-no-party"]) == (refused.status_code, issue_keys(refused.json()))
    assert 0 == await approvals(api)


async def test_the_same_party_approves_a_version_once(api):
    made = await api.post(APPROVE, json=asked())
    again = await api.post(APPROVE, json=asked(f"{str(api.base_url).rstrip('/')}/Organization/contributor"))

    assert [(201, made.json()), (200, made.json())] == [(it.status_code, it.json()) for it in (made, again)]
    assert 201 == (await api.post(APPROVE, json=asked("Patient/p1"))).status_code
    assert 2 == await approvals(api)


async def test_an_approval_that_was_deleted_may_be_given_again(api):
    made = (await api.post(APPROVE, json=asked())).json()
    await api.delete(f"Provenance/{made['id']}")

    again = await api.post(APPROVE, json=asked())
    assert (201, made["id"], "3") == (again.status_code, again.json()["id"], again.json()["meta"]["versionId"])


async def test_who_recorded_an_approval_has_not_given_one(api):
    await api.post(APPROVE, json=asked(means="in-writing", by="PractitionerRole/member"))

    assert 201 == (await api.post(APPROVE, json=asked("PractitionerRole/member"))).status_code


async def test_of_many_at_once_one_is_written(api):
    answers = await asyncio.gather(*(api.post(APPROVE, json=asked()) for _ in range(8)))

    assert [200] * 7 + [201] == sorted(answer.status_code for answer in answers)
    assert 1 == await approvals(api)


async def test_a_changed_plan_wants_a_new_approval_and_the_old_one_stands(api):
    old = (await api.post(APPROVE, json=asked())).json()
    await api.put("CarePlan/sip", json={**PLAN, "title": "Ny"})

    new = await api.post(APPROVE, json=asked())
    assert (201, at("CarePlan/sip/_history/2")) == (new.status_code, new.json()["target"][0])
    assert old == (await api.get(f"Provenance/{old['id']}")).json()
    assert 2 == await approvals(api)


async def test_if_match_holds_it_to_the_version_that_was_read(api):
    refused = await api.post(APPROVE, json=asked(), headers={"If-Match": 'W/"2"'})

    assert (412, ["stale"]) == (refused.status_code, issue_keys(refused.json()))
    assert 201 == (await api.post(APPROVE, json=asked(), headers={"If-Match": 'W/"1"'})).status_code


@pytest.mark.parametrize(
    ("refused", "key", "accepted"),
    [
        (asked(means="orally"), "approve-not-recorded", asked(means="orally", by=NURSE)),
        (asked(means="in-writing"), "approve-not-recorded", asked(means="in-writing", by=NURSE)),
        (asked(means="orally", by="Practitioner/nobody"), "approve-recorder", asked(means="orally", by=NURSE)),
        (asked(when="2999-01-01"), "approve-future", asked(when="2026-01-01")),
        (asked(when="2026-01-01T10:00"), "value-dateTime", asked(when="2026-01-01T10:00:00Z")),
    ],
)
async def test_what_is_against_the_rules_of_recording_is_refused(api, refused, key, accepted):
    answer = await api.post(APPROVE, json=refused)

    assert (422, [key]) == (answer.status_code, issue_keys(answer.json()))
    assert 201 == (await api.post(APPROVE, json=accepted)).status_code


async def test_all_that_is_against_the_rules_is_said_at_once(api):
    answer = await api.post(APPROVE, json=asked("Organization/stranger", means="orally", when="2999-01-01"))

    assert ["approve-no-party", "approve-not-recorded", "approve-future"] == issue_keys(answer.json())


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (None, "parameter-missing"),
        (asked(party=None), "parameter-missing"),
        (asked(means=None), "parameter-missing"),
        (asked(party="Device/x"), "parameter-value"),
        (asked(party="https://elsewhere.example/fhir/Organization/contributor"), "parameter-value"),
        (asked(party="#x"), "parameter-value"),
        (asked(means="by pigeon"), "parameter-value"),
        (asked(by="Patient/p1"), "parameter-value"),
        (asked(when="yesterday"), "parameter-value"),
    ],
)
async def test_a_parameter_that_cannot_be_understood_is_refused(api, body, key):
    answer = await api.post(APPROVE, json=body)

    assert (400, [key]) == (answer.status_code, issue_keys(answer.json()))
    assert 201 == (await api.post(APPROVE, json=asked())).status_code


@pytest.mark.parametrize(
    ("status", "answered"),
    [
        ("draft", 201),
        ("active", 201),
        ("on-hold", 409),
        ("completed", 409),
        ("revoked", 409),
        ("entered-in-error", 409),
    ],
)
async def test_only_a_plan_that_is_draft_or_active_is_approved(api, status, answered):
    await api.put("CarePlan/sip", json={**PLAN, "status": status})

    answer = await api.post(APPROVE, json=asked())
    assert answered == answer.status_code
    if answered == 409:
        assert ["approve-status"] == issue_keys(answer.json())


async def test_a_plan_that_is_not_there_is_not_approved(api):
    assert 404 == (await api.post("CarePlan/nobody/$approve", json=asked())).status_code
    await api.delete("CarePlan/sip")
    assert 410 == (await api.post(APPROVE, json=asked())).status_code
