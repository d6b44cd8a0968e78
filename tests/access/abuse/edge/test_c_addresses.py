"""Section C, what is left of it: pages, messages about others, files, and what is not built."""

import pytest

from tests.access.abuse.told import a_goal, a_message, found, keys, nowhere, whole

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]


async def test_c_06_a_message_to_somebody_about_another_is_the_others(api, as_citizen, as_system, world):
    message = {
        **world["Communication/b-communication"],
        "recipient": [{"reference": "Patient/a"}],
        "basedOn": [{"reference": "CarePlan/b-plan"}],
    }
    assert 200 == (await api.put("Communication/b-communication", json=message, headers=as_system)).status_code
    for place in ("Communication/b-communication", "CarePlan/b-plan"):
        assert 404 == (await api.get(place, headers=as_citizen())).status_code
        assert 200 == (await api.get(place, headers=as_citizen("b"))).status_code
    for asked in ("recipient=Patient/a", "_include=Communication:based-on", "recipient=Patient/a&_include=*"):
        seen = found(await api.get(f"Communication?{asked}", headers=as_citizen()))
        assert not {it for it in seen if "/b" in it}
    along = await api.get("Communication?_include=Communication:based-on", headers=as_citizen("b"))
    assert {"Communication/b-communication", "CarePlan/b-plan"} <= found(along)


async def test_c_06_staff_read_the_message_that_is_to_them_and_not_the_plan_that_it_is_about(
    api, as_staff, as_system, world
):
    message = {
        **world["Communication/b-communication"],
        "recipient": [{"reference": "Organization/u2"}],
        "basedOn": [{"reference": "CarePlan/b-plan"}],
    }
    assert 200 == (await api.put("Communication/b-communication", json=message, headers=as_system)).status_code
    asked = "Communication?_id=b-communication&_include=Communication:based-on"
    assert {"Communication/b-communication"} == found(await api.get(asked, headers=as_staff("r2")))
    assert 404 == (await api.get("CarePlan/b-plan", headers=as_staff("r2"))).status_code
    assert set() == found(await api.get(asked, headers=as_staff("r1")))
    assert {"Communication/b-communication", "CarePlan/b-plan"} == found(await api.get(asked, headers=as_staff("k2")))


@pytest.mark.parametrize("sort", ["patient.name", "subject:Patient.name", "careTeam.name", "-patient.birthdate", "x"])
async def test_c_13_nothing_is_sorted_by_what_is_elsewhere(api, as_citizen, sort):
    assert 400 == (await api.get(f"CarePlan?_sort={sort}", headers=as_citizen())).status_code
    assert {"CarePlan/a-plan"} == found(await api.get("CarePlan?_sort=-_lastUpdated", headers=as_citizen()))


@pytest.fixture
async def next_page(api, as_staff, as_system, world) -> str:
    """The address of the second page of A's goals, as it was given to a member of A's team."""
    for number in range(3):
        more = {**world["Goal/a-goal"], "id": f"a-goal{number}"}
        assert (await api.put(f"Goal/{more['id']}", json=more, headers=as_system)).status_code in {200, 201}
    first = await api.get("Goal?_count=1&_sort=_lastUpdated", headers=as_staff("r1"))
    return {link["relation"]: link["url"] for link in first.json()["link"]}["next"]


async def test_c_14_a_page_is_decided_anew_for_whoever_asks(api, as_staff, as_citizen, next_page):
    assert 1 == len(found(await api.get(next_page, headers=as_staff("r1"))))
    assert set() == found(await api.get(next_page, headers=as_staff("r2")))
    assert set() == found(await api.get(next_page, headers=as_staff("k2"))) - {"Goal/b-goal"}
    assert set() == found(await api.get(next_page, headers=as_citizen("b"))) - {"Goal/b-goal"}
    assert 401 == (await api.get(next_page)).status_code
    assert 403 == (await api.get(next_page, headers=as_staff("r1", "user/CarePlan.rs"))).status_code
    elsewhere = next_page.replace("/Goal?", "/CarePlan?")
    assert 400 == (await api.get(elsewhere, headers=as_staff("r1"))).status_code


async def test_c_15_a_page_is_gone_on_with_by_its_own_token_alone(api, as_staff, next_page):
    base, _, token = next_page.partition("_page=")
    token, _, rest = token.partition("&")
    for wrong in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        ("A" if token[0] != "A" else "B") + token[1:],
        token + "A",
        token[:-4],
        token + "=",
        "x",
        "../x",
        token * 2,
    ):
        answer = await api.get(f"{base}_page={wrong}&{rest}", headers=as_staff("r1"))
        assert (wrong, 400) == (wrong, answer.status_code)
    other = await api.get(next_page.replace("_count=1", "_count=2"), headers=as_staff("r1"))
    assert 400 == other.status_code
    assert 200 == (await api.get(next_page, headers=as_staff("r1"))).status_code


@pytest.mark.parametrize(
    "contained",
    [
        {"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": "Patient/b"}},
        {"resourceType": "Goal", **{k: v for k, v in a_goal("b").items() if k != "resourceType"}, "id": "r"},
        {"resourceType": "Provenance", "id": "r", "target": [{"reference": "Patient/b"}], "recorded": "2026-01-01T00:00:00Z",
         "agent": [{"who": {"reference": "Patient/a"}}]},
    ],
    ids=["related person", "goal", "provenance"],
)  # fmt: skip
async def test_c_19_nothing_of_another_is_contained(api, as_citizen, contained):
    message = a_message(contained=[contained], sender={"reference": "#r"})
    if contained["resourceType"] != "RelatedPerson":
        message = a_message(contained=[contained], about=[{"reference": "#r"}])
    refused = await api.post("Communication", json=message, headers=as_citizen())
    assert (422, ["patient-other"]) == (refused.status_code, keys(refused))
    own = {**message, "contained": [_of_a(contained)]}
    assert 201 == (await api.post("Communication", json=own, headers=as_citizen())).status_code


def _of_a(value):
    if isinstance(value, dict):
        return {name: _of_a(own) for name, own in value.items()}
    return [_of_a(own) for own in value] if isinstance(value, list) else "Patient/a" if value == "Patient/b" else value


async def test_c_19_staff_put_nothing_of_another_into_a_plan(api, as_staff, world):
    relative = {"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": "Patient/b"}}
    plan = {**world["CarePlan/a-plan"], "contained": [relative], "contributor": [{"reference": "#r"}]}
    refused = await api.put("CarePlan/a-plan", json=plan, headers=as_staff())
    assert (422, ["patient-other"]) == (refused.status_code, keys(refused))
    own = {**plan, "contained": [{**relative, "patient": {"reference": "Patient/a"}}]}
    assert 200 == (await api.put("CarePlan/a-plan", json=own, headers=as_staff())).status_code


async def test_c_20_a_file_of_another_is_as_one_that_is_not_there(api, as_citizen, as_staff, as_system):
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "QUJD"}
    for who in "ab":
        owned = {**binary, "id": f"{who}-file", "securityContext": {"reference": f"Patient/{who}"}}
        assert (await api.put(f"Binary/{who}-file", json=owned, headers=as_system)).status_code in {200, 201}
    for bearer in (as_citizen(), as_staff()):
        hidden = whole(await api.get("Binary/b-file", headers=bearer))
        assert await nowhere(api, "Binary/no-such", bearer) == hidden
        assert hidden[0] in {403, 404}
        assert "QUJD" not in hidden[1]
    assert 200 == (await api.get("Binary/b-file", headers=as_system)).status_code


async def test_c_21_nothing_is_made_anothers(api, as_staff, as_system, world):
    for type, id, member in (
        ("CarePlan", "a-plan", "subject"),
        ("Goal", "a-goal", "subject"),
        ("Task", "a-task", "for"),
    ):
        kept = world[f"{type}/{id}"]
        moved = {**kept, member: {"reference": "Patient/b"}}
        refused = await api.put(f"{type}/{id}", json=moved, headers=as_staff())
        assert 422 == refused.status_code, (type, refused.text)
        patch = [{"op": "replace", "path": f"/{member}/reference", "value": "Patient/b"}]
        headers = {**as_staff(), "Content-Type": "application/json-patch+json"}
        assert 422 == (await api.patch(f"{type}/{id}", json=patch, headers=headers)).status_code
        seen = (await api.get(f"{type}/{id}", headers=as_system)).json()
        assert {"reference": "Patient/a"} == seen[member]
        same = [{**patch[0], "value": "Patient/a"}]
        assert 200 == (await api.patch(f"{type}/{id}", json=same, headers=headers)).status_code


@pytest.mark.parametrize(
    "path", ["$graphql", "Patient/a/$graphql", "Patient/b/$graphql", "Patient/$graph", "Patient/a/$graph", "$graph"]
)
async def test_c_23_there_is_no_graph_to_ask(api, as_citizen, as_system, path):
    asked = {"query": "{ PatientList { id } }"}
    for bearer in (as_citizen(), as_system):
        assert 404 == (await api.get(path, params=asked, headers=bearer)).status_code
        assert 404 == (await api.post(path, json=asked, headers=bearer)).status_code
    assert "Patient/a" in found(await api.get("Patient/a/$everything", headers=as_citizen()))


async def test_e_13_a_plan_that_was_never_active_is_not_completed(api, as_staff, as_system, world):
    kept = world["CarePlan/a-plan"]
    headers = {**as_staff(), "Content-Type": "application/json-patch+json"}
    completed = [{"op": "replace", "path": "/status", "value": "completed"}]
    draft = {**kept, "id": "a-draft", "status": "draft"}
    assert 201 == (await api.put("CarePlan/a-draft", json=draft, headers=as_system)).status_code
    ways = [
        await api.put("CarePlan/a-draft", json={**draft, "status": "completed"}, headers=as_staff()),
        await api.patch("CarePlan/a-draft", json=completed, headers=headers),
    ]
    assert [(422, ["status-skipped"])] * 2 == [(answer.status_code, keys(answer)) for answer in ways]
    active = [{**completed[0], "value": "active"}]
    assert 200 == (await api.patch("CarePlan/a-draft", json=active, headers=headers)).status_code
    assert 200 == (await api.patch("CarePlan/a-draft", json=completed, headers=headers)).status_code


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1+1)", "\t=1+1", '=HYPERLINK("http://x")']
)
async def test_h_07_no_answer_is_a_table_that_would_reckon(api, as_citizen, text):
    message = a_message(note=[{"text": text}])
    made = await api.post("Communication", json=message, headers=as_citizen())
    assert (201, text) == (made.status_code, made.json()["note"][0]["text"])
    for path in ("Communication", f"Communication/{made.json()['id']}"):
        for format in (
            "text/csv",
            "csv",
            "application/vnd.ms-excel",
            "text/tab-separated-values",
            "application/fhir+ndjson",
        ):
            assert 406 == (await api.get(path, params={"_format": format}, headers=as_citizen())).status_code
            assert 406 == (await api.get(path, headers={**as_citizen(), "Accept": format})).status_code
        answer = await api.get(path, headers=as_citizen())
        assert "application/fhir+json; charset=utf-8" == answer.headers["content-type"]
