"""Section E: nobody writes more into a resource, or over it, than is theirs to say."""

import asyncio
import json

import pytest

from tests.access.abuse.conftest import CONFIDENTIALITY, documented
from tests.access.abuse.told import a_goal, a_message, keys, whole
from tests.access.worlds import DOCUMENTED_BY

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

FHIR_JSON = {"Content-Type": "application/fhir+json"}
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
RESTRICTED = {"system": CONFIDENTIALITY, "code": "R"}
OF_A = "?patient=Patient/a"


def labels(resource) -> list[dict[str, str]]:
    return resource["meta"].get("security", [])


def written_for(resource) -> list[str]:
    extension = resource["meta"].get("extension", [])
    return [it["valueReference"]["reference"] for it in extension if it["url"] == DOCUMENTED_BY]


async def test_e_01_version_and_time_are_the_servers(api, as_citizen, as_system):
    told = {"versionId": "99", "lastUpdated": "2001-01-01T00:00:00Z"}
    for bearer in (as_citizen(), as_system):
        made = (await api.post("Communication", json=a_message(meta=told), headers=bearer)).json()
        assert "1" == made["meta"]["versionId"]
        assert made["meta"]["lastUpdated"] > "2026"


async def test_e_01_nor_are_they_put_in_place(api, as_system, world):
    told = {**world["Goal/a-goal"], "meta": {"versionId": "99", "lastUpdated": "2001-01-01T00:00:00Z"}}
    put = (await api.put("Goal/a-goal", json=told, headers=as_system)).json()
    assert "2" == put["meta"]["versionId"]
    assert put["meta"]["lastUpdated"] > "2026"


@pytest.fixture
async def labelled(api, as_system, world):
    """The observation of A with a label that staff may not take away."""
    was = {**world["Observation/a-observation"], **documented("u1", RESTRICTED)}
    assert 200 == (await api.put("Observation/a-observation", json=was, headers=as_system)).status_code
    return was


async def test_e_02_staff_take_no_label_away_by_put(api, as_staff, labelled):
    without = {**labelled, **documented("u1")}
    refused = await api.put("Observation/a-observation", json=without, headers=as_staff())
    assert (403, ["label-lowered"]) == (refused.status_code, keys(refused))
    raised = {**labelled, **documented("u1", RESTRICTED, {"system": CONFIDENTIALITY, "code": "N"})}
    assert 200 == (await api.put("Observation/a-observation", json=raised, headers=as_staff())).status_code


@pytest.mark.parametrize("path", ["/meta/security", "/meta", "/meta/security/1/code"])
async def test_e_02_staff_take_no_label_away_by_patch(api, as_staff, labelled, path):
    patch = json.dumps([{"op": "remove", "path": path}])
    refused = await api.patch("Observation/a-observation", content=patch, headers={**as_staff(), **JSON_PATCH})
    assert (403, ["label-lowered"]) == (refused.status_code, keys(refused))
    other = json.dumps([{"op": "add", "path": "/meta/security/-", "value": {"system": CONFIDENTIALITY, "code": "N"}}])
    added = await api.patch("Observation/a-observation", content=other, headers={**as_staff(), **JSON_PATCH})
    assert 200 == added.status_code


async def test_e_02_staff_take_no_label_away_by_meta_delete(api, as_staff, as_system, labelled):
    body = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"security": [RESTRICTED]}}]}
    refused = await api.post("Observation/a-observation/$meta-delete", json=body, headers=as_staff())
    assert (403, ["label-lowered"]) == (refused.status_code, keys(refused))
    assert RESTRICTED in labels((await api.get("Observation/a-observation", headers=as_system)).json())
    lowered = await api.post("Observation/a-observation/$meta-delete", json=body, headers=as_system)
    assert 200 == lowered.status_code
    assert RESTRICTED not in labels((await api.get("Observation/a-observation", headers=as_system)).json())


@pytest.mark.parametrize("member", ["_acl", "_id", "$set", "__proto__", "constructor", "_class", "acl.patient"])
async def test_e_03_a_member_that_fhir_does_not_know_is_refused(api, as_citizen, as_system, member):
    for bearer in (as_citizen(), as_system):
        refused = await api.post("Communication", json=a_message(**{member: {"patient": "a"}}), headers=bearer)
        assert 422 == refused.status_code, refused.text
        assert 201 == (await api.post("Communication", json=a_message(), headers=bearer)).status_code


async def test_e_03_for_whom_it_was_written_is_not_for_a_client_to_say(api, as_citizen, as_system):
    told = a_message(**documented("u1"))
    assert [] == written_for((await api.post("Communication", json=told, headers=as_citizen())).json())
    both = ["Organization/region", "Organization/u1"]
    assert both == written_for((await api.post("Communication", json=told, headers=as_system)).json())


async def test_e_03_staff_write_for_their_own_unit_whatever_they_say(api, as_staff, as_system, world):
    own = ["Organization/region", "Organization/u1"]
    told = {**world["Observation/a-observation"], **documented("u4")}
    made = await api.post("Observation", json={**told, "id": "x"}, headers=as_staff())
    assert own == written_for(made.json())
    put = await api.put("Observation/a-observation", json=told, headers=as_staff())
    assert own == written_for(put.json())
    moved = await api.put("Observation/a-observation", json=told, headers=as_system)
    assert ["Organization/second", "Organization/u4"] == written_for(moved.json())


async def test_e_03_a_tag_that_looks_like_ours_opens_nothing(api, as_citizen, as_system, world):
    tag = {"system": "https://fhir-care-plan-server.example/CodeSystem/acl", "code": "patient-a"}
    tagged = {**world["CarePlan/b-plan"]}
    tagged["meta"] = {**tagged["meta"], "tag": [tag]}
    assert 200 == (await api.put("CarePlan/b-plan", json=tagged, headers=as_system)).status_code
    assert 404 == (await api.get("CarePlan/b-plan", headers=as_citizen())).status_code
    assert 200 == (await api.get("CarePlan/b-plan", headers=as_citizen("b"))).status_code


async def test_e_04_an_id_of_ones_own_is_passed_over(api, as_citizen, as_system):
    for bearer in (as_citizen(), as_system):
        made = (await api.post("Communication", json=a_message(id="b-communication"), headers=bearer)).json()
        assert made["id"] != "b-communication"
    theirs = (await api.get("Communication/b-communication", headers=as_system)).json()
    assert ("1", "Patient/b") == (theirs["meta"]["versionId"], theirs["subject"]["reference"])


async def test_e_05_the_id_is_that_of_the_address(api, as_system, world):
    refused = await api.put("Goal/a-goal", json={**world["Goal/a-goal"], "id": "b-goal"}, headers=as_system)
    assert (400, ["id-mismatch"]) == (refused.status_code, keys(refused))
    assert 200 == (await api.put("Goal/a-goal", json=world["Goal/a-goal"], headers=as_system)).status_code


@pytest.mark.parametrize(("method", "path"), [("POST", "Task"), ("PUT", "Task/a-goal")])
async def test_e_06_the_type_is_that_of_the_address(api, as_system, world, method, path):
    refused = await api.request(method, path, json=world["Goal/a-goal"], headers=as_system)
    assert (400, ["type-mismatch"]) == (refused.status_code, keys(refused))
    right = path.replace("Task", "Goal")
    assert (await api.request(method, right, json=world["Goal/a-goal"], headers=as_system)).status_code in {200, 201}


AN_AUDIT_EVENT = {
    "resourceType": "AuditEvent",
    "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
    "recorded": "2026-11-01T10:00:00Z",
    "agent": [{"requestor": True, "who": {"display": "an app"}}],
    "source": {"observer": {"display": "an app"}},
}
A_PROVENANCE = {
    "resourceType": "Provenance",
    "target": [{"reference": "CarePlan/a-plan"}],
    "recorded": "2026-11-01T10:00:00Z",
    "agent": [{"who": {"reference": "Organization/u1"}}],
}


@pytest.mark.parametrize("sent", [AN_AUDIT_EVENT, A_PROVENANCE], ids=["AuditEvent", "Provenance"])
async def test_e_07_what_happened_is_not_for_apps_to_tell(api, as_citizen, as_staff, as_system, sent):
    for bearer in (as_citizen(), as_staff(), as_staff(role=["administrator"])):
        refused = await api.post(sent["resourceType"], json=sent, headers=bearer)
        assert (403, ["role-missing"]) == (refused.status_code, keys(refused))
    assert 201 == (await api.post(sent["resourceType"], json=sent, headers=as_system)).status_code


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_e_07_nobody_changes_what_is_in_the_audit(api, as_citizen, as_staff, as_system, method):
    made = (await api.post("AuditEvent", json=AN_AUDIT_EVENT, headers=as_system)).json()
    for bearer in (as_system, as_citizen(), as_staff(role=["administrator", "log-reviewer"])):
        refused = await api.request(method, f"AuditEvent/{made['id']}", json=made, headers=bearer)
        assert 405 == refused.status_code
    assert made == (await api.get(f"AuditEvent/{made['id']}", headers=as_system)).json()


async def test_e_08_a_patch_of_what_is_hidden_is_a_patch_of_nothing(api, as_narrow):
    narrow = {**as_narrow(f"system/CarePlan.ru{OF_A}"), **JSON_PATCH}
    for title, status in (("Plan b", 404), ("nonsense", 404)):
        patch = json.dumps([{"op": "test", "path": "/title", "value": title}])
        hidden = await api.patch("CarePlan/b-plan", content=patch, headers=narrow)
        assert status == hidden.status_code
        assert whole(await api.patch("CarePlan/no-such", content=patch, headers=narrow)) == whole(hidden)
    for title, status in (("Plan a", 200), ("nonsense", 422)):
        patch = json.dumps([{"op": "test", "path": "/title", "value": title}])
        assert status == (await api.patch("CarePlan/a-plan", content=patch, headers=narrow)).status_code


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        ([{"op": "test", "path": "/title", "value": "Plan a"}] * 1_000, 200),
        ([{"op": "test", "path": "/title", "value": "Plan a"}] * 10_000, 413),
        ([{"op": "move", "from": "/subject", "path": "/subject/identifier"}], 422),
        ([{"op": "copy", "from": "", "path": "/subject"}], 422),
        ([{"op": "replace", "path": "/id", "value": "b-plan"}], 422),
        ([{"op": "replace", "path": "/resourceType", "value": "Goal"}], 422),
        ([{"op": "replace", "path": "/title", "value": "Planen"}], 200),
    ],
)
async def test_e_08_a_patch_has_its_bounds(api, as_system, operations, status):
    answer = await api.patch("CarePlan/a-plan", content=json.dumps(operations), headers={**as_system, **JSON_PATCH})
    assert status == answer.status_code, answer.text[:500]


async def test_e_08_staff_patch_no_plan_into_anothers(api, as_staff):
    patch = json.dumps([{"op": "replace", "path": "/subject/reference", "value": "Patient/b"}])
    refused = await api.patch("CarePlan/a-plan", content=patch, headers={**as_staff(), **JSON_PATCH})
    assert (422, ["anchor-moved"]) == (refused.status_code, keys(refused))
    patch = json.dumps([{"op": "replace", "path": "/title", "value": "Planen"}])
    allowed = await api.patch("CarePlan/a-plan", content=patch, headers={**as_staff(), **JSON_PATCH})
    assert 200 == allowed.status_code


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("CarePlan.repeat(descendants()).descendants()", 400),
        ("CarePlan.descendants().descendants().descendants()", 400),
        ("%resource.descendants().title", 400),
        ("CarePlan.title", 200),
    ],
)
async def test_e_09_a_path_patch_has_its_bounds(api, as_system, path, status):
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": path},
        {"name": "value", "valueString": "Planen"},
    ]
    body = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    answer = await asyncio.wait_for(
        api.patch("CarePlan/a-plan", content=json.dumps(body), headers={**as_system, **FHIR_JSON}), 5
    )
    assert status == answer.status_code, answer.text[:500]


async def test_e_10_a_stale_version_is_refused(api, as_system, world):
    plan = world["CarePlan/a-plan"]
    first = await api.put("CarePlan/a-plan", json=plan, headers={**as_system, "If-Match": 'W/"1"'})
    assert 200 == first.status_code
    stale = await api.put("CarePlan/a-plan", json=plan, headers={**as_system, "If-Match": 'W/"1"'})
    assert (412, ["stale"]) == (stale.status_code, keys(stale))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("limits", [{"if_match": "required"}])
async def test_e_10_where_a_version_is_asked_for_its_absence_is_refused(api, as_system, world, method):
    sent = world["CarePlan/a-plan"] if method == "PUT" else {"title": "Planen"}
    content = {"content": json.dumps(sent)} if method != "DELETE" else {}
    kind = {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else FHIR_JSON

    async def told(**headers: str):
        return await api.request(method, "CarePlan/a-plan", headers={**as_system, **kind, **headers}, **content)

    for absent in ({}, {"If-Match": "*"}):
        refused = await told(**absent)
        assert (428, ["version-unnamed"]) == (refused.status_code, keys(refused))
    assert 412 == (await told(**{"If-Match": 'W/"7"'})).status_code
    assert "1" == (await api.get("CarePlan/a-plan", headers=as_system)).json()["meta"]["versionId"]
    assert (await told(**{"If-Match": 'W/"1"'})).status_code in {200, 204}


@pytest.mark.parametrize("limits", [{"if_match": "required"}])
async def test_e_10_only_what_is_there_has_a_version_to_name(api, as_system, as_narrow):
    narrow = as_narrow(f"system/Goal.u{OF_A}")
    hidden = await api.put("Goal/b-goal", json=a_goal(id="b-goal"), headers=narrow)
    assert whole(await api.put("Goal/no-such", json=a_goal(id="no-such"), headers=narrow)) == whole(hidden)
    assert 404 == hidden.status_code
    assert 201 == (await api.put("Goal/new", json=a_goal(id="new"), headers=as_system)).status_code
    assert 428 == (await api.put("Goal/new", json=a_goal(id="new"), headers=as_system)).status_code
    assert 404 == (await api.delete("Goal/no-such", headers=as_system)).status_code
    assert 428 == (await api.delete("Goal/new", headers=as_system)).status_code
    by_condition = await api.put("Goal?_id=new", json=a_goal(id="new"), headers=as_system)
    assert 200 == by_condition.status_code


async def test_e_11_of_fifty_who_name_one_version_one_wins(api, as_system, world):
    plan = world["CarePlan/a-plan"]
    told = await asyncio.gather(
        *(
            api.put("CarePlan/a-plan", json={**plan, "title": f"{n}"}, headers={**as_system, "If-Match": 'W/"1"'})
            for n in range(50)
        )
    )
    assert [200, *[412] * 49] == sorted(answer.status_code for answer in told)
    assert "2" == (await api.get("CarePlan/a-plan", headers=as_system)).json()["meta"]["versionId"]


@pytest.mark.parametrize("type", ["CareTeam", "Consent", "RelatedPerson"])
async def test_e_12_nobody_lets_themselves_in(api, as_citizen, as_staff, as_system, world, type):
    place = {
        "CareTeam": "CareTeam/a-team",
        "Consent": "Consent/a-consent",
        "RelatedPerson": "RelatedPerson/a-relatedperson",
    }
    own = world[place[type]]
    for bearer in (as_citizen("b"), as_staff("k2"), as_staff("r1"), as_staff("k2", role=["administrator"])):
        told = [
            await api.post(type, json=own, headers=bearer),
            await api.put(place[type], json=own, headers=bearer),
            await api.patch(
                place[type], content='[{"op":"test","path":"/id","value":"x"}]', headers={**bearer, **JSON_PATCH}
            ),
            await api.delete(place[type], headers=bearer),
        ]
        assert [(403, ["role-missing"])] * 4 == [(answer.status_code, keys(answer)) for answer in told]
    assert 201 == (await api.post(type, json=own, headers=as_system)).status_code


async def test_e_12_nobody_grafts_a_link_onto_a_patient(api, as_citizen, as_staff, as_system, world):
    linked = {**world["Patient/b"], "link": [{"other": {"reference": "Patient/a"}, "type": "seealso"}]}
    for bearer in (as_citizen("b"), as_citizen("a"), as_staff("k2")):
        assert 403 == (await api.put("Patient/b", json=linked, headers=bearer)).status_code
    assert 200 == (await api.put("Patient/b", json=linked, headers=as_system)).status_code
    assert 404 == (await api.get("CarePlan/a-plan", headers=as_citizen("b"))).status_code


@pytest.mark.parametrize("part", ["_summary=true", "_elements=status", "_summary=data"])
async def test_e_14_a_part_that_was_read_is_not_put_back(api, as_system, part):
    shown = (await api.get(f"CarePlan/a-plan?{part}", headers=as_system)).json()
    refused = await api.put("CarePlan/a-plan", json=shown, headers=as_system)
    assert 422 == refused.status_code, refused.text
    assert "Plan a" == (await api.get("CarePlan/a-plan", headers=as_system)).json()["title"]
    all_of_it = (await api.get("CarePlan/a-plan", headers=as_system)).json()
    assert 200 == (await api.put("CarePlan/a-plan", json=all_of_it, headers=as_system)).status_code


@pytest.mark.parametrize(
    "changed",
    [
        {"implicitRules": "https://elsewhere.example/rules"},
        {"modifierExtension": [{"url": "https://elsewhere.example/not", "valueBoolean": True}]},
        {"payload": [{"contentString": "ja", "modifierExtension": [{"url": "urn:t:not", "valueBoolean": True}]}]},
    ],
)
async def test_e_15_nobody_changes_a_meaning_by_what_is_not_known(api, as_citizen, as_system, changed):
    refused = await api.post("Communication", json=a_message(**changed), headers=as_citizen())
    assert (422, ["meaning-changed"]) == (refused.status_code, keys(refused))
    plain = a_message(extension=[{"url": "https://elsewhere.example/not", "valueBoolean": True}])
    assert 201 == (await api.post("Communication", json=plain, headers=as_citizen())).status_code
    assert 201 == (await api.post("Communication", json=a_message(**changed), headers=as_system)).status_code


async def test_e_15_staff_keep_a_meaning_that_was_changed_before(api, as_staff, as_system, world):
    modified = {**world["Observation/a-observation"], "implicitRules": "https://elsewhere.example/rules"}
    assert 200 == (await api.put("Observation/a-observation", json=modified, headers=as_system)).status_code
    assert 200 == (await api.put("Observation/a-observation", json=modified, headers=as_staff())).status_code
    other = {**modified, "implicitRules": "https://elsewhere.example/others"}
    assert 422 == (await api.put("Observation/a-observation", json=other, headers=as_staff())).status_code


async def test_e_16_what_is_deleted_and_hidden_is_not_brought_back(api, as_narrow, as_system):
    narrow = as_narrow(f"system/Goal.cu{OF_A}")
    for who in "ab":
        assert 204 == (await api.delete(f"Goal/{who}-goal", headers=as_system)).status_code
    hidden = await api.put("Goal/b-goal", json=a_goal(id="b-goal"), headers=narrow)
    assert (404, ["not-found"]) == (hidden.status_code, keys(hidden))
    assert 410 == (await api.get("Goal/b-goal", headers=as_system)).status_code
    assert (await api.put("Goal/a-goal", json=a_goal(id="a-goal"), headers=narrow)).status_code in {200, 201}


async def test_e_16_staff_bring_nothing_back_that_is_hidden(api, as_staff, as_system):
    assert 204 == (await api.delete("Goal/b-goal", headers=as_system)).status_code
    hidden = await api.put("Goal/b-goal", json=a_goal(id="b-goal"), headers=as_staff())
    assert 404 == hidden.status_code
    assert whole(await api.put("Goal/no-such", json=a_goal(id="no-such"), headers=as_staff())) == whole(hidden)
    assert 410 == (await api.get("Goal/b-goal", headers=as_system)).status_code
