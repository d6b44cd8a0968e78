"""https://hl7.org/fhir/R4/http.html#patch"""

import asyncio
from base64 import b64encode
from typing import Any

import pytest

from fhir_server.fhir.codec import encode
from fhir_server.fhir.subset import SUBSETTED
from tests.builders import TOLD, a_bundle, a_care_plan, a_patient, an_entry, issue_keys

pytestmark = pytest.mark.anyio

JSON_PATCH, MERGE_PATCH, FHIR_JSON = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/fhir+json",
)


def replaced(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def path_patch(type: str, path: str, **parts: dict[str, Any]) -> dict[str, Any]:
    """A FHIRPath Patch of one operation; a part is told by its value: `name={"valueString": "title"}`."""
    told = {"type": {"valueCode": type}, "path": {"valueString": path}, **parts}
    operation = {"name": "operation", "part": [{"name": name, **value} for name, value in told.items()]}
    return {"resourceType": "Parameters", "parameter": [operation]}


def titled(title: str) -> dict[str, Any]:
    return path_patch("replace", "CarePlan.title", value={"valueString": title})


async def patch(api, body: Any, media_type: str = JSON_PATCH, url: str = "CarePlan/sip", **headers: str):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.patch(url, content=encode(body), headers={"Content-Type": media_type, **headers})


@pytest.fixture
async def plan(api):
    answer = await api.put("CarePlan/sip", json=a_care_plan(id="sip", title="utkast"))
    assert 201 == answer.status_code
    return answer


async def the_plan(api) -> dict[str, Any]:
    return (await api.get("CarePlan/sip")).json()


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (JSON_PATCH, [replaced("/title", "ny")]),
        (f"{JSON_PATCH}; charset=utf-8", [replaced("/title", "ny")]),
        (MERGE_PATCH, {"title": "ny"}),
        ("application/json", {"title": "ny"}),
        ("application/json", {"resourceType": "CarePlan", "id": "sip", "title": "ny"}),
        (FHIR_JSON, titled("ny")),
        (f"{FHIR_JSON}; fhirVersion=4.0", titled("ny")),
        ("application/json", titled("ny")),
    ],
)
async def test_a_patch_makes_the_next_version(api, plan, media_type, body):
    answer = await patch(api, body, media_type)

    assert 200 == answer.status_code
    assert 'W/"2"' == answer.headers["etag"]
    assert {**plan.json(), "title": "ny", "meta": answer.json()["meta"]} == answer.json()
    assert answer.content == (await api.get("CarePlan/sip")).content
    assert plan.content == (await api.get("CarePlan/sip/_history/1")).content


async def test_what_the_patch_does_not_name_stays_as_it_was_to_the_last_digit(api):
    text = (
        b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"vikt"},'
        b'"valueQuantity":{"value":70.00,"unit":"kg"},"note":[{"text":"a"}]}'
    )
    await api.put("Observation/o", content=text, headers={"Content-Type": FHIR_JSON})

    answer = await patch(api, [replaced("/note/0/text", "b")], url="Observation/o")

    assert b'"valueQuantity":{"value":70.00,"unit":"kg"},"note":[{"text":"b"}]' in answer.content
    assert ["resourceType", "id", "meta", "status", "code", "valueQuantity", "note"] == list(answer.json())


async def test_the_patched_plan_is_found_by_what_it_became(api, plan):
    await patch(api, [replaced("/status", "completed")])

    assert 1 == (await api.get("CarePlan?status=completed")).json()["total"]
    assert 0 == (await api.get("CarePlan?status=active")).json()["total"]


async def test_the_history_says_that_it_was_a_patch(api, plan):
    await patch(api, [replaced("/title", "ny")])

    entries = (await api.get("CarePlan/sip/_history")).json()["entry"]
    assert ["PATCH", "PUT"] == [entry["request"]["method"] for entry in entries]


async def test_a_patch_cannot_number_or_date_the_version(api, plan):
    changed = {"meta": {"versionId": "9", "lastUpdated": "2001-01-01T00:00:00Z", "tag": [{"code": "x"}]}}

    meta = (await patch(api, changed, MERGE_PATCH)).json()["meta"]

    assert ("2", [{"code": "x"}]) == (meta["versionId"], meta["tag"])
    assert plan.json()["meta"]["lastUpdated"] < meta["lastUpdated"]


async def test_prefer_minimal_leaves_the_body_out(api, plan):
    answer = await patch(api, [replaced("/title", "ny")], Prefer="return=minimal")

    assert (200, b"", 'W/"2"') == (answer.status_code, answer.content, answer.headers["etag"])


# ------------------------------------------------------------------------------------------------ refusals


async def test_what_is_not_there_cannot_be_patched(api, plan):
    answer = await patch(api, [replaced("/title", "ny")], url="CarePlan/annan")

    assert 404 == answer.status_code
    assert 404 == (await api.get("CarePlan/annan")).status_code


async def test_what_is_deleted_cannot_be_patched(api, plan):
    await api.delete("CarePlan/sip")

    assert 410 == (await patch(api, [replaced("/title", "ny")])).status_code


@pytest.mark.parametrize(
    ("media_type", "body", "status", "key"),
    [
        (JSON_PATCH, {"op": "replace"}, 400, "patch-not-a-list"),
        (JSON_PATCH, [{"op": "replace", "path": "/title"}], 400, "patch-operation"),
        (JSON_PATCH, [replaced("title", "ny")], 400, "patch-pointer"),
        (JSON_PATCH, [replaced("/goal/0", {})], 422, "patch-nothing-there"),
        (JSON_PATCH, [{"op": "test", "path": "/title", "value": "annan"}], 422, "patch-test-failed"),
        (JSON_PATCH, [{"op": "remove", "path": "/title"}] * 1001, 413, "patch-too-long"),
        (MERGE_PATCH, ["ny"], 400, "patch-not-an-object"),
        (FHIR_JSON, {"title": "ny"}, 400, "patch-parameters"),
        (FHIR_JSON, path_patch("delete", "CarePlan.titel"), 400, "unknown-element"),
        (
            FHIR_JSON,
            path_patch("replace", "CarePlan.description", value={"valueString": "x"}),
            422,
            "patch-path-nothing",
        ),
        ("application/xml-patch+xml", [], 415, "media-type"),
        ("text/plain", [], 415, "media-type"),
    ],
)
async def test_a_patch_that_cannot_be_read_or_applied_changes_nothing(api, plan, media_type, body, status, key):
    answer = await patch(api, body, media_type)

    assert status == answer.status_code
    assert [key] == issue_keys(answer.json())
    assert plan.content == (await api.get("CarePlan/sip")).content


async def test_no_refusal_repeats_what_the_resource_or_the_patch_says(api, plan):
    answer = await patch(api, [{"op": "test", "path": "/title", "value": "191212121212"}])

    assert "utkast" not in answer.text
    assert "191212121212" not in answer.text


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ([replaced("/status", "på gång")], "CarePlan.status"),
        ([{"op": "remove", "path": "/intent"}], "CarePlan.intent"),
        ([{"op": "add", "path": "/titel", "value": "x"}], "CarePlan.titel"),
        ([{"op": "add", "path": "/activity", "value": [None]}], "CarePlan.activity[0]"),
    ],
)
async def test_what_a_patch_makes_is_validated_like_any_update(api, plan, body, where):
    answer = await patch(api, body)

    assert 422 == answer.status_code
    assert [where] == answer.json()["issue"][0]["expression"]
    assert plan.content == (await api.get("CarePlan/sip")).content


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (JSON_PATCH, [replaced("/id", "annan")]),
        (JSON_PATCH, [{"op": "remove", "path": "/id"}]),
        (JSON_PATCH, [replaced("/resourceType", "CareTeam")]),
        (JSON_PATCH, [replaced("", "x")]),
        (JSON_PATCH, [replaced("", a_care_plan(id="annan"))]),
        (MERGE_PATCH, {"id": "annan"}),
        (MERGE_PATCH, {"resourceType": None}),
        (FHIR_JSON, path_patch("replace", "CarePlan.id", value={"valueId": "annan"})),
    ],
)
async def test_a_patch_makes_nothing_else_of_the_resource(api, plan, media_type, body):
    answer = await patch(api, body, media_type)

    assert 422 == answer.status_code
    assert ["patch-identity"] == issue_keys(answer.json())
    assert plan.content == (await api.get("CarePlan/sip")).content


async def test_a_patch_makes_no_part_of_the_whole(api, plan):
    other = await patch(api, {"meta": {"tag": [{**SUBSETTED, "code": "other"}]}}, MERGE_PATCH)
    answer = await patch(api, {"meta": {"tag": [dict(SUBSETTED)]}}, MERGE_PATCH)

    assert 200 == other.status_code
    assert (422, ["subsetted"]) == (answer.status_code, issue_keys(answer.json()))


@pytest.mark.parametrize(("status", "stays"), [("generated", False), ("additional", True)])
async def test_a_text_made_from_the_data_goes_when_the_data_change(api, status, stays):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", title="utkast", text=TOLD | {"status": status}))

    assert stays is ("text" in (await patch(api, [replaced("/title", "ny")])).json())


# ------------------------------------------------------------------------------------------------ concurrency


@pytest.mark.parametrize(("etag", "status"), [('W/"1"', 200), ("*", 200), ('W/"2"', 412), ('W/"0"', 412)])
async def test_the_version_named_is_the_one_that_is_patched(api, plan, etag, status):
    answer = await patch(api, [replaced("/title", "ny")], If_Match=etag)

    assert status == answer.status_code
    assert ("ny" if status == 200 else "utkast") == (await the_plan(api))["title"]


async def test_a_stale_version_is_told_before_anything_that_is_wrong_with_the_patch(api, plan):
    answer = await patch(api, [replaced("/goal/0", {})], If_Match='W/"7"')

    assert (412, ["stale"]) == (answer.status_code, issue_keys(answer.json()))


async def test_of_thirty_two_patches_of_one_version_one_wins(api, plan):
    answers = await asyncio.gather(
        *(patch(api, [replaced("/title", str(number))], If_Match='W/"1"') for number in range(32))
    )

    assert [200] + [412] * 31 == sorted(answer.status_code for answer in answers)
    assert "2" == (await the_plan(api))["meta"]["versionId"]


def a_note(number: int) -> list[dict[str, Any]]:
    return [{"op": "add", "path": "/note/-", "value": {"text": str(number)}}]


async def test_patches_that_overtake_each_other_are_all_applied(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", note=[{"text": "0"}]))

    answers = await asyncio.gather(*(patch(api, a_note(number)) for number in (1, 2, 3)))

    assert [200] * 3 == [answer.status_code for answer in answers]
    assert {"0", "1", "2", "3"} == {note["text"] for note in (await the_plan(api))["note"]}


async def test_of_many_patches_each_that_was_acknowledged_holds_once(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", note=[{"text": "first"}]))

    answers = await asyncio.gather(*(patch(api, a_note(number)) for number in range(24)))

    assert {answer.status_code for answer in answers} <= {200, 409}
    held = [str(number) for number, answer in enumerate(answers) if answer.status_code == 200]
    plan = await the_plan(api)
    assert sorted(["first", *held]) == sorted(note["text"] for note in plan["note"])
    assert len(held) + 1 == int(plan["meta"]["versionId"])


async def test_a_plan_that_is_deleted_while_it_is_patched_is_gone_and_not_unknown(api):
    for number in range(8):
        plan = f"CarePlan/sip-{number}"
        await api.put(plan, json=a_care_plan(id=f"sip-{number}", title="utkast"))
        _, plain, guarded = await asyncio.gather(
            api.delete(plan),
            patch(api, [replaced("/title", "ny")], url=plan),
            patch(api, [replaced("/title", "nyare")], url=plan, If_Match='W/"1"'),
        )

        assert plain.status_code in {200, 410}
        assert guarded.status_code in {200, 410, 412}


# ------------------------------------------------------------------------------------------------ conditional, in Bundles


async def test_a_patch_may_name_what_it_must_match_as_fhirpy_does(api):
    await api.put("Patient/p1", json=a_patient(id="p1"))
    await api.put("Patient/p2", json={"resourceType": "Patient", "id": "p2"})
    match = "Patient?identifier=http://electronichealth.se/identifier/personnummer|191212121212"

    one = await patch(api, {"gender": "other"}, "application/json", match)
    none = await patch(api, {"gender": "other"}, "application/json", match.replace("1912", "1812"))
    several = await patch(api, {"gender": "other"}, "application/json", "Patient?_id=p1,p2")

    assert (200, "p1", "other") == (one.status_code, one.json()["id"], one.json()["gender"])
    assert 404 == none.status_code
    assert (412, ["several-match"]) == (several.status_code, issue_keys(several.json()))


def in_binary(document: Any, media_type: str = JSON_PATCH) -> dict[str, Any]:
    return {"resourceType": "Binary", "contentType": media_type, "data": b64encode(encode(document)).decode()}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize(
    "body",
    [
        titled("ny"),
        in_binary([replaced("/title", "ny")]),
        in_binary([replaced("/title", "ny")], f"{JSON_PATCH}; charset=utf-8"),
        in_binary({"title": "ny"}, MERGE_PATCH),
        in_binary(titled("ny"), FHIR_JSON),
    ],
)
async def test_a_bundle_carries_patches(api, plan, kind, body):
    bundle = a_bundle(an_entry("PATCH", "CarePlan/sip", body), type=kind)

    answer = await api.post("", content=encode(bundle), headers={"Content-Type": FHIR_JSON})

    (entry,) = answer.json()["entry"]
    assert ("200 OK", 'W/"2"') == (entry["response"]["status"], entry["response"]["etag"])
    assert "ny" == (await the_plan(api))["title"]


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        (titled("ny") | {"parameter": []}, 200, None),
        (path_patch("replace", "CarePlan.description", value={"valueString": "x"}), 422, "patch-path-nothing"),
        (path_patch("delete", "CarePlan.status"), 422, "missing"),
        ({"resourceType": "Binary", "contentType": JSON_PATCH}, 400, "patch-binary"),
        ({"resourceType": "Binary", "contentType": JSON_PATCH, "data": "%"}, 400, "patch-binary"),
        (in_binary([], "application/xml"), 415, "media-type"),
        (in_binary({}), 400, "patch-not-a-list"),
    ],
)
async def test_a_transaction_with_a_patch_that_cannot_be_applied_writes_nothing(api, plan, body, status, key):
    team = an_entry("PUT", "CareTeam/t", {"resourceType": "CareTeam", "id": "t"})
    bundle = a_bundle(team, an_entry("PATCH", "CarePlan/sip", body))

    answer = await api.post("", content=encode(bundle), headers={"Content-Type": FHIR_JSON})

    assert status == answer.status_code
    assert (200 if status == 200 else 404) == (await api.get("CareTeam/t")).status_code
    if key is not None:
        assert [key] == issue_keys(answer.json())
        assert answer.json()["issue"][0]["expression"][0].startswith("Bundle.entry[1]")
