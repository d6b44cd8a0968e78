"""E-08, E-14, K-15: what somebody does not see stays as it is, whatever is written over it. The store has no part in that."""

import json
from typing import Any

import pytest

from tests.access.abuse.protected import FLAGGED, LABEL, SECRETS, leaks, path, place, the_patient, written
from tests.access.abuse.told import bundled, keys

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

FHIR_JSON = {"Content-Type": "application/fhir+json"}
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
async def protected(api, as_system, world):
    return await written(api, as_system)


async def test_e_14_what_was_masked_is_not_put_back_but_kept(api, as_staff, as_system, protected):
    for type in ("Appointment", "Task", "ServiceRequest", "Communication"):
        shown = (await api.get(path(type), headers=as_staff())).json()
        refused = await api.put(path(type), json=shown, headers=as_staff())
        assert (422, ["subsetted"]) == (refused.status_code, keys(refused))
        shown["meta"].pop("tag")
        shown |= {"status": {"Appointment": "arrived", "Task": "accepted"}.get(type, shown["status"])}
        kept = await api.put(path(type), json=shown, headers=as_staff())
        assert (200, set()) == (kept.status_code, leaks(kept)), kept.text
        all_of_it = (await api.get(path(type), headers=as_system)).json()
        assert {**protected[type], "status": shown["status"]} == {**all_of_it, "meta": protected[type]["meta"]}
        whole = (await api.get(path(type), headers=as_staff(**FLAGGED))).json()
        assert 200 == (await api.put(path(type), json=whole, headers=as_staff(**FLAGGED))).status_code


async def test_e_14_what_is_not_masked_is_patched(api, as_staff, as_system, protected):
    bearer = {**as_staff(), **JSON_PATCH}
    change = [
        {"op": "replace", "path": "/status", "value": "arrived"},
        {
            "op": "add",
            "path": "/participant/-",
            "value": {"actor": {"reference": "Practitioner/r2"}, "status": "accepted"},
        },
    ]
    patched = await api.patch("Appointment/c-appointment", content=json.dumps(change), headers=bearer)
    assert (200, set()) == (patched.status_code, leaks(patched)), patched.text
    whole = (await api.get("Appointment/c-appointment", headers=as_system)).json()
    assert ("arrived", place()) == (whole["status"], whole["participant"][1]["actor"])
    merged = await api.patch("Task/c-task", content='{"status": "accepted"}', headers={**as_staff(), **MERGE_PATCH})
    assert (200, set()) == (merged.status_code, leaks(merged)), merged.text
    assert place() == (await api.get("Task/c-task", headers=as_system)).json()["location"]
    operation = {
        "name": "operation",
        "part": [
            {"name": "type", "valueCode": "replace"},
            {"name": "path", "valueString": "Task.status"},
            {"name": "value", "valueCode": "in-progress"},
        ],
    }
    body = {"resourceType": "Parameters", "parameter": [operation]}
    walked = await api.patch("Task/c-task", content=json.dumps(body), headers={**as_staff(), **FHIR_JSON})
    assert (200, set()) == (walked.status_code, leaks(walked)), walked.text
    assert place() == (await api.get("Task/c-task", headers=as_system)).json()["location"]
    labels = {
        "resourceType": "Parameters",
        "parameter": [{"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "seen"}]}}],
    }
    assert 200 == (await api.post("Task/c-task/$meta-add", json=labels, headers=as_staff())).status_code
    assert place() == (await api.get("Task/c-task", headers=as_system)).json()["location"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/location/reference", "value": "Location/{}"},
        {"op": "test", "path": "/location", "value": {"reference": "Location/{}", "display": "Gömda mottagningen"}},
        {"op": "copy", "from": "/location/reference", "path": "/description"},
        {"op": "remove", "path": "/location"},
        {"op": "add", "path": "/location", "value": {"reference": "Location/{}"}},
    ],
    ids=["test", "test-whole", "copy", "remove", "add"],
)
async def test_e_08_a_patch_is_told_nothing_of_what_is_masked(api, as_staff, protected, operation):
    async def told(guess: str) -> Any:
        text = json.dumps([operation]).replace("{}", guess)
        answer = await api.patch("Task/c-task", content=text, headers={**as_staff(), **JSON_PATCH})
        return answer.status_code, answer.json()["issue"]

    right = await told(SECRETS["place"])
    assert 422 == right[0]
    assert await told("elsewhere") == right
    seen = json.dumps([{"op": "test", "path": "/status", "value": "requested"}])
    assert 200 == (await api.patch("Task/c-task", content=seen, headers={**as_staff(), **JSON_PATCH})).status_code


async def test_e_08_nor_is_a_place_moved(api, as_staff, as_system, protected):
    for change in (
        [{"op": "remove", "path": "/participant/0"}],
        [{"op": "move", "from": "/participant/1", "path": "/participant/0"}],
        [{"op": "replace", "path": "/participant/1/status", "value": "declined"}],
        [{"op": "remove", "path": "/participant"}],
    ):
        refused = await api.patch(
            "Appointment/c-appointment", content=json.dumps(change), headers={**as_staff(), **JSON_PATCH}
        )
        assert (422, ["masked-touched"]) == (refused.status_code, keys(refused))
    assert place() == (await api.get("Appointment/c-appointment", headers=as_system)).json()["participant"][1]["actor"]


async def test_k_15_nobody_but_a_system_lowers_her_label(api, as_citizen, as_staff, as_system, protected):
    removed = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"security": [LABEL]}}]}
    patch = '[{"op": "remove", "path": "/meta/security"}]'
    for bearer in (as_staff(), as_staff(role=["administrator"]), as_staff(**FLAGGED), as_citizen("c")):
        told = [
            await api.put("Patient/c", json=the_patient(), headers=bearer),
            await api.patch("Patient/c", content=patch, headers={**bearer, **JSON_PATCH}),
            await api.post("Patient/c/$meta-delete", json=removed, headers=bearer),
            await api.post("", json=bundled(("PUT", "Patient/c", the_patient())), headers=bearer),
            await api.delete("Patient/c", headers=bearer),
        ]
        assert [403] * 5 == [answer.status_code for answer in told]
    assert [LABEL] == (await api.get("Patient/c", headers=as_system)).json()["meta"]["security"]
    assert 200 == (await api.post("Patient/c/$meta-delete", json=removed, headers=as_system)).status_code


async def test_k_15_one_who_is_merged_is_protected_under_both_ids(api, as_staff, as_system, protected):
    old = {"resourceType": "Patient", "id": "c-old", "address": [{"line": ["Gamla vägen 4715"]}]}
    assert 201 == (await api.put("Patient/c-old", json=old, headers=as_system)).status_code
    names = {"source-patient": "Patient/c-old", "target-patient": "Patient/c"}
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueReference": {"reference": it}} for name, it in names.items()],
    }
    assert 200 == (await api.post("Patient/$merge", json=body, headers=as_system)).status_code
    for id in ("c-old", "c"):
        assert [LABEL] == (await api.get(f"Patient/{id}", headers=as_system)).json()["meta"]["security"]
