"""https://hl7.org/fhir/R4/resource-operation-validate.html"""

import pytest

from tests.builders import TOLD, a_care_plan, issue_keys

pytestmark = pytest.mark.anyio


async def test_a_valid_plan_has_no_issues_and_is_not_written(api):
    answer = await api.post("CarePlan/$validate", json=a_care_plan(text=TOLD))

    assert 200 == answer.status_code
    assert ["all-good"] == issue_keys(answer.json())
    assert 0 == (await api.get("CarePlan")).json()["total"]


async def test_an_invalid_plan_is_told_all_its_issues(api):
    answer = await api.post("CarePlan/$validate", json=a_care_plan(text=TOLD, status="actve", colour="red"))

    assert 200 == answer.status_code
    assert {"CarePlan.status", "CarePlan.colour"} == {issue["expression"][0] for issue in answer.json()["issue"]}


async def test_the_plan_may_come_in_parameters(api):
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": a_care_plan(text=TOLD, status="x")}],
    }

    assert ["CarePlan.status"] == (await api.post("CarePlan/$validate", json=parameters)).json()["issue"][0][
        "expression"
    ]


async def test_the_issues_are_told_in_swedish_to_whoever_prefers_it(api):
    english = await api.post("CarePlan/$validate", json=a_care_plan(text=TOLD))
    swedish = await api.post(
        "CarePlan/$validate", json=a_care_plan(text=TOLD), headers={"Accept-Language": "sv-SE, en;q=0.5"}
    )

    assert "No issues were found." == english.json()["issue"][0]["details"]["text"]
    assert "Inga brister hittades." == swedish.json()["issue"][0]["details"]["text"]


async def test_a_plan_of_another_type_is_refused(api):
    assert 400 == (await api.post("Patient/$validate", json=a_care_plan())).status_code


async def test_advice_is_told_as_a_warning_and_does_not_block(api):
    advised = await api.post("CarePlan/$validate", json=a_care_plan())

    assert [("warning", "dom-6")] == [(issue["severity"], issue["diagnostics"]) for issue in advised.json()["issue"]]
    assert 201 == (await api.post("CarePlan", json=a_care_plan())).status_code


async def test_content_of_any_type_is_validated_at_the_base(api):
    assert ["all-good"] == issue_keys((await api.post("$validate", json=a_care_plan(text=TOLD))).json())
    assert ["CarePlan.status"] == (await api.post("$validate", json=a_care_plan(text=TOLD, status="x"))).json()[
        "issue"
    ][0]["expression"]


@pytest.mark.parametrize(("id", "keys"), [("sip", ["all-good"]), ("annan", ["id-mismatch"])])
async def test_what_is_meant_for_an_update_must_carry_the_id_of_its_address(api, id, keys):
    plan = {"name": "resource", "resource": a_care_plan(text=TOLD, id=id)}
    parameters = {"resourceType": "Parameters", "parameter": [plan, {"name": "mode", "valueCode": "update"}]}

    assert keys == issue_keys((await api.post("CarePlan/sip/$validate", json=parameters)).json())


async def test_a_deletion_is_validated_by_what_is_there(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))

    assert 200 == (await api.get("CarePlan/sip/$validate?mode=delete")).status_code
    assert 404 == (await api.get("CarePlan/none/$validate?mode=delete")).status_code


async def test_a_mode_that_is_none_is_refused(api):
    assert 400 == (await api.post("CarePlan/$validate?mode=maybe", json=a_care_plan())).status_code
    assert 200 == (await api.post("CarePlan/$validate?mode=create", json=a_care_plan())).status_code


CORE = "http://hl7.org/fhir/StructureDefinition/"
ACCEPTED = "https://fhir-care-plan-server.example/StructureDefinition/accepted-canonical"


@pytest.mark.parametrize("profile", [f"{CORE}CarePlan", f"{CORE}CarePlan|4.0.1", f"{CORE}DomainResource"])
async def test_content_is_held_to_the_profile_that_is_named(api, profile):
    told = await api.post("CarePlan/$validate", params={"profile": profile}, json=a_care_plan(text=TOLD))

    assert (200, ["all-good"]) == (told.status_code, issue_keys(told.json()))


async def test_the_profile_may_come_in_parameters_and_be_about_another_type(api):
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": a_care_plan(text=TOLD)},
            {"name": "profile", "valueUri": f"{CORE}Patient"},
        ],
    }

    told = await api.post("CarePlan/$validate", json=parameters)

    assert (200, ["profile-other-type"]) == (told.status_code, issue_keys(told.json()))


@pytest.mark.parametrize("profile", [f"{CORE}vitalsigns", f"{ACCEPTED}|9.9", "urn:nobody"])
async def test_a_profile_that_the_server_does_not_have_is_refused(api, profile):
    refused = await api.post("CarePlan/$validate", params={"profile": profile}, json=a_care_plan(text=TOLD))

    assert (404, ["no-such-profile"]) == (refused.status_code, issue_keys(refused.json()))
    assert profile not in refused.json()["issue"][0]["details"]["text"]


async def test_a_claim_that_the_server_does_not_know_is_a_warning_and_does_not_block(api):
    plan = a_care_plan(text=TOLD, meta={"profile": ["https://example.org/StructureDefinition/x"]})

    told = await api.post("CarePlan/$validate", json=plan)

    assert [("warning", "profile-unknown", ["CarePlan.meta.profile[0]"])] == [
        (issue["severity"], issue["details"]["coding"][0]["code"], issue["expression"])
        for issue in told.json()["issue"]
    ]
    assert 201 == (await api.post("CarePlan", json=plan)).status_code


async def test_a_claim_of_another_type_blocks(api):
    plan = a_care_plan(text=TOLD, meta={"profile": [f"{CORE}Patient"]})

    refused = await api.post("CarePlan", json=plan)

    assert (422, ["profile-other-type"]) == (refused.status_code, issue_keys(refused.json()))


async def test_a_profile_that_a_client_posts_is_never_executed(api):
    url = "https://example.org/StructureDefinition/posted"
    plan = a_care_plan(text=TOLD, meta={"profile": [url]})
    posted = {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": "Posted",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "CarePlan",
        "baseDefinition": f"{CORE}CarePlan",
        "derivation": "constraint",
        "differential": {"element": [{"path": "CarePlan"}, {"path": "CarePlan.title", "min": 1, "fixedString": "x"}]},
    }

    assert 201 != (await api.post("StructureDefinition", json=posted)).status_code
    assert 201 == (await api.post("CarePlan", json=plan)).status_code
