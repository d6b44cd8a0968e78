"""Section D: whether there is something, and what, is told to nobody who may not see it."""

import asyncio
import time
from statistics import median

import pytest

from tests.access.abuse.told import a_goal, a_message, bundled, found, keys, nowhere, place, statuses, whole
from tests.access.worlds import RESERVE
from tests.process.case_house import a_case, a_stay, at
from tests.process.case_house import a_message as told

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

OF_A = "?patient=Patient/a"
NUMBERS = "urn:goals"


def named_goal(who: str, number: str, **members: object) -> dict[str, object]:
    return a_goal(who, identifier=[{"system": NUMBERS, "value": number}], **members)


# ------------------------------------------------------------------------------------------------ by id


async def test_d_01_a_put_to_what_is_hidden_is_a_put_to_nothing(api, as_narrow, as_system, world):
    narrow = as_narrow(f"system/CarePlan.ru{OF_A}")
    told = [
        whole(await api.put(f"CarePlan/{id}", json={**world["CarePlan/a-plan"], "id": id}, headers=narrow))
        for id in ("b-plan", "no-such")
    ]
    assert 404 == told[0][0]
    assert told[1] == told[0]
    assert "Plan b" == (await api.get("CarePlan/b-plan", headers=as_system)).json()["title"]
    assert 200 == (await api.put("CarePlan/a-plan", json=world["CarePlan/a-plan"], headers=narrow)).status_code


async def test_d_01_staff_put_to_what_is_hidden_as_to_nothing(api, as_staff, as_system, world):
    told = [
        whole(await api.put(f"CarePlan/{id}", json={**world["CarePlan/a-plan"], "id": id}, headers=as_staff()))
        for id in ("b-plan", "no-such")
    ]
    assert 404 == told[0][0]
    assert told[1] == told[0]
    assert "Plan b" == (await api.get("CarePlan/b-plan", headers=as_system)).json()["title"]
    assert 200 == (await api.put("CarePlan/a-plan", json=world["CarePlan/a-plan"], headers=as_staff())).status_code


async def test_d_01_who_may_update_nothing_is_told_the_same_of_every_id(api, as_citizen, as_system, world):
    told = [
        whole(await api.put(f"CarePlan/{id}", json={**world["CarePlan/a-plan"], "id": id}, headers=as_citizen()))
        for id in ("a-plan", "b-plan", "no-such")
    ]
    assert [403] * 3 == [status for status, _, _ in told]
    assert told[0] == told[1] == told[2]
    assert 200 == (await api.put("CarePlan/a-plan", json=world["CarePlan/a-plan"], headers=as_system)).status_code


async def test_d_04_what_a_case_rests_on_is_as_little_there_to_be_deleted(api, as_staff, as_system):
    of_n = {"patient": at("Patient/n")}, {"subject": at("Patient/n")}
    notice = told("inskrivning", "02 12:00", id="notice", **of_n[1])
    planned = told("planering", "04 12:00", id="planned", **of_n[1])
    person = {"resourceType": "Patient", "id": "n", "name": [{"family": "ProvN"}]}
    case = [person, a_case(**of_n[0]), a_stay(**of_n[1]), notice, planned]
    written = bundled(*(("PUT", f"{it['resourceType']}/{it['id']}", it) for it in case))
    assert {201} == set(statuses(await api.post("", json=written, headers=as_system)))

    stranger = [whole(await api.delete(f"Communication/{id}", headers=as_staff("k2"))) for id in ("notice", "no-such")]
    assert 404 == stranger[0][0]
    assert stranger[0] == stranger[1]
    assert ["case-breaks-later"] == keys(await api.delete("Communication/notice", headers=as_system))


async def test_d_04_what_is_hidden_is_not_deleted(api, as_narrow, as_system):
    narrow = as_narrow(f"system/Goal.d{OF_A}")
    told = [whole(await api.delete(f"Goal/{id}", headers=narrow)) for id in ("b-goal", "no-such")]
    assert 404 == told[0][0]
    assert told[1] == told[0]
    assert 200 == (await api.get("Goal/b-goal", headers=as_system)).status_code
    assert 204 == (await api.delete("Goal/a-goal", headers=narrow)).status_code


async def test_d_04_staff_delete_nothing_that_is_hidden(api, as_staff, as_system):
    told = [whole(await api.delete(f"Goal/{id}", headers=as_staff())) for id in ("b-goal", "no-such")]
    assert 404 == told[0][0]
    assert told[1] == told[0]
    assert 200 == (await api.get("Goal/b-goal", headers=as_system)).status_code
    assert 204 == (await api.delete("Goal/a-goal", headers=as_staff())).status_code


@pytest.mark.parametrize("asked", [{"If-None-Match": 'W/"1"'}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}])
async def test_d_05_nothing_is_said_to_be_unchanged_that_is_hidden(api, as_citizen, asked):
    hidden = whole(await api.get("CarePlan/b-plan", headers={**as_citizen(), **asked}))
    assert await nowhere(api, "CarePlan/no-such", {**as_citizen(), **asked}) == hidden
    assert 404 == hidden[0]
    assert 304 == (await api.get("CarePlan/a-plan", headers={**as_citizen(), **asked})).status_code


async def test_d_07_no_id_is_guessed(api, as_citizen):
    guesses = [f"{who}-{kind}" for who in "bcde" for kind in ("plan", "team", "goal", "task")]
    guesses += [str(number) for number in range(40)]
    told = {str(whole(await api.get(f"CarePlan/{guess}", headers=as_citizen()))) for guess in guesses}
    assert 1 == len(told)
    assert 200 == (await api.get("CarePlan/a-plan", headers=as_citizen())).status_code


async def test_d_08_what_is_hidden_takes_as_long_as_what_is_nowhere(api, as_citizen):
    bearer, times = as_citizen(), {"b-plan": [], "no-such": []}
    for _ in range(200):
        for id, taken in times.items():
            began = time.perf_counter()
            assert 404 == (await api.get(f"CarePlan/{id}", headers=bearer)).status_code
            taken.append(time.perf_counter() - began)
    hidden, missing = (median(taken) for taken in times.values())
    assert abs(hidden - missing) < 0.005


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize(
    "path",
    ["{}", "{}/_history", "{}/_history/1", "{}?_summary=true", "{}?_elements=status", "{}?_pretty=true", "{}/$meta"],
)
async def test_d_10_the_refusal_of_what_is_hidden_is_that_of_what_is_nowhere(api, as_citizen, path, language):
    bearer = {**as_citizen(), "Accept-Language": language}
    hidden = whole(await api.get(path.format("CarePlan/b-plan"), headers=bearer))
    assert await nowhere(api, path.format("CarePlan/no-such"), bearer) == hidden
    assert 404 == hidden[0]
    assert 200 == (await api.get(path.format("CarePlan/a-plan"), headers=bearer)).status_code


async def test_d_10_everything_about_another_is_not_found(api, as_citizen):
    hidden = whole(await api.get("Patient/b/$everything", headers=as_citizen()))
    assert await nowhere(api, "Patient/no-such/$everything", as_citizen()) == hidden
    assert 404 == hidden[0]
    assert "Patient/a" in found(await api.get("Patient/a/$everything", headers=as_citizen()))


async def test_d_12_a_batch_of_probes_tells_what_each_would(api, as_citizen):
    ids = [("a-plan", 200), *((f"{who}-plan", 404) for who in "bcde"), *((f"x{number}", 404) for number in range(45))]
    answer = await api.post(
        "", json=bundled(*(("GET", f"CarePlan/{id}") for id, _ in ids), type="batch"), headers=as_citizen()
    )
    assert [status for _, status in ids] == statuses(answer)
    assert 1 == len({str(entry) for entry in answer.json()["entry"][1:]})


# ------------------------------------------------------------------------------------------------ by condition


def a_person(number: str) -> dict[str, object]:
    return {"resourceType": "Patient", "identifier": [{"system": RESERVE, "value": number}]}


def blind(answer) -> tuple[int, str, dict[str, str]]:
    """All that is told, but where the person is: that is an id without meaning, known or new."""
    status, text, headers = whole(answer)
    assert headers.pop("location", "").rpartition("/")[0] in {"", "http://127.0.0.1:8080/fhir/Patient"}
    return status, text, headers


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_d_02_a_number_that_is_known_is_answered_as_one_that_is_not(api, as_system, method):
    async def told(number: str):
        asked = f"identifier={RESERVE}|{number}"
        if method == "PUT":
            return blind(await api.put(f"Patient?{asked}", json=a_person(number), headers=as_system))
        return blind(await api.post("Patient", json=a_person(number), headers={**as_system, "If-None-Exist": asked}))

    assert (200, "") == (await told("reserve-b"))[:2]
    assert await told("reserve-unused") == await told("reserve-b")
    assert 1 == (await api.get(f"Patient?identifier={RESERVE}|reserve-b", headers=as_system)).json()["total"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_d_02_who_could_not_make_the_person_is_not_told_of_one(api, as_narrow, as_system, method):
    narrow = as_narrow(f"system/Patient.cus?identifier={RESERVE}|reserve-own")

    async def told(number: str):
        asked = f"identifier={RESERVE}|{number}"
        if method == "PUT":
            return blind(await api.put(f"Patient?{asked}", json=a_person(number), headers=narrow))
        return blind(await api.post("Patient", json=a_person(number), headers={**narrow, "If-None-Exist": asked}))

    assert 404 == (await told("reserve-b"))[0]
    assert await told("reserve-unused") == await told("reserve-b")
    assert (200, "") == (await told("reserve-own"))[:2]


async def test_d_02_who_makes_no_patients_is_told_the_same_of_every_number(api, as_citizen, as_staff, as_system):
    for bearer in (as_citizen(), as_staff()):
        told = [
            whole(
                await api.post(
                    "Patient",
                    json=a_person(number),
                    headers={**bearer, "If-None-Exist": f"identifier={RESERVE}|{number}"},
                )
            )
            for number in ("reserve-b", "reserve-unused")
        ]
        assert 403 == told[0][0]
        assert told[1] == told[0]
    assert 5 == (await api.get("Patient", headers=as_system)).json()["total"]


async def test_d_02_if_none_exist_looks_at_what_a_search_would_show(api, as_narrow, as_system):
    narrow = as_narrow(f"system/Goal.cs{OF_A}")
    for who in ("a", "b"):
        assert 201 == (await api.post("Goal", json=named_goal(who, f"{who}1"), headers=as_system)).status_code

    def asking(number: str) -> dict[str, str]:
        return {**narrow, "If-None-Exist": f"identifier={NUMBERS}|{number}"}

    assert 201 == (await api.post("Goal", json=named_goal("a", "b1"), headers=asking("b1"))).status_code
    assert 201 == (await api.post("Goal", json=named_goal("a", "c1"), headers=asking("c1"))).status_code
    assert 200 == (await api.post("Goal", json=named_goal("a", "a1"), headers=asking("a1"))).status_code


async def test_d_03_several_that_are_hidden_match_as_none(api, as_narrow, as_system):
    narrow = as_narrow(f"system/Goal.cruds{OF_A}")
    for _ in range(2):
        assert 201 == (await api.post("Goal", json=named_goal("b", "twice"), headers=as_system)).status_code
    asked = f"Goal?identifier={NUMBERS}|twice"

    hidden = whole(await api.delete(asked, headers=narrow))
    assert 204 == hidden[0]
    assert whole(await api.delete(f"Goal?identifier={NUMBERS}|nothing", headers=narrow)) == hidden
    assert 412 == (await api.delete(asked, headers=as_system)).status_code
    assert 2 == (await api.get(asked, headers=as_system)).json()["total"]

    assert 201 == (await api.put(asked, json=named_goal("a", "twice"), headers=narrow)).status_code
    assert 200 == (await api.put(asked, json=named_goal("a", "twice"), headers=narrow)).status_code
    assert 412 == (await api.put(asked, json=named_goal("a", "twice"), headers=as_system)).status_code
    assert 204 == (await api.delete(asked, headers=narrow)).status_code
    assert 2 == (await api.get(asked, headers=as_system)).json()["total"]


@pytest.mark.parametrize(("who", "statuses"), [("b", (404, 404, 404)), ("a", (200, 200, 204))])
async def test_d_03_what_is_found_to_be_read_is_not_therefore_changed(api, as_narrow, as_system, who, statuses):
    narrow = as_narrow(f"system/Goal.rs system/Goal.cud{OF_A}")
    made = (await api.post("Goal", json=named_goal(who, "one"), headers=as_system)).json()
    asked = f"Goal?identifier={NUMBERS}|one"
    patch = {
        "headers": {**narrow, "Content-Type": "application/merge-patch+json"},
        "content": '{"statusDate":"2026-01-01"}',
    }

    assert {f"Goal/{made['id']}"} == found(await api.get(asked, headers=narrow))
    assert statuses == (
        (await api.put(asked, json=named_goal("a", "one", id=made["id"]), headers=narrow)).status_code,
        (await api.patch(asked, **patch)).status_code,
        (await api.delete(asked, headers=narrow)).status_code,
    )
    assert (410 if who == "a" else 200) == (await api.get(f"Goal/{made['id']}", headers=as_system)).status_code


async def test_d_03_staff_change_by_condition_what_they_could_change_by_id(api, as_staff, as_system, world):
    asked = f"Goal?identifier={NUMBERS}|one"
    shared = {**world["Goal/a-goal"], **named_goal("a", "one")}
    made = (await api.post("Goal", json={**shared, "id": "x"}, headers=as_system)).json()
    assert {f"Goal/{made['id']}"} == found(await api.get(asked, headers=as_staff("k1")))
    assert 404 == (await api.delete(f"Goal/{made['id']}", headers=as_staff("k1"))).status_code
    assert 404 == (await api.delete(asked, headers=as_staff("k1"))).status_code
    assert 204 == (await api.delete(asked, headers=as_staff("r1"))).status_code


async def test_d_06_a_number_finds_only_whom_one_may_see(api, as_citizen):
    asked = "Patient?identifier={}"
    hidden = await api.get(asked.format(f"{RESERVE}|reserve-b"), headers=as_citizen())
    unused = await api.get(asked.format(f"{RESERVE}|reserve-z"), headers=as_citizen())
    assert hidden.text.replace("reserve-b", "reserve-z") == unused.text
    assert set() == found(hidden)
    assert {"Patient/a"} == found(await api.get(asked.format(f"{RESERVE}|reserve-a"), headers=as_citizen()))


async def test_d_06_staff_without_a_relation_find_nobody_by_number(api, as_staff):
    asked = f"Patient?identifier={RESERVE}|reserve-a"
    assert set() == found(await api.get(asked, headers=as_staff("k2")))
    assert {"Patient/a"} == found(await api.get(asked, headers=as_staff("r1")))


# ------------------------------------------------------------------------------------------------ by reference


async def test_d_09_validate_does_not_look_for_what_is_pointed_at(api, as_citizen):
    told = [
        whole(
            await api.post(
                "Communication/$validate",
                json=a_message(about=[{"reference": f"CarePlan/{id}"}]),
                headers=as_citizen(),
            )
        )
        for id in ("a-plan", "b-plan", "no-such")
    ]
    assert 200 == told[0][0]
    assert told[0] == told[1] == told[2]


async def test_d_09_validate_knows_of_nothing_hidden_to_delete(api, as_citizen):
    asked = "CarePlan/{}/$validate?mode=delete"
    hidden = whole(await api.get(asked.format("b-plan"), headers=as_citizen()))
    assert await nowhere(api, asked.format("no-such"), as_citizen()) == hidden
    assert 404 == hidden[0]
    assert 200 == (await api.get(asked.format("a-plan"), headers=as_citizen())).status_code


@pytest.mark.parametrize("form", ["{}", "http://127.0.0.1:8080/fhir/{}", "{}/_history/1"])
async def test_c_22_and_d_09_pointing_at_what_is_hidden_is_pointing_at_nothing(api, as_citizen, form):
    async def told(place_: str):
        sent = a_message(about=[{"reference": form.format(place_)}])
        return await api.post("Communication", json=sent, headers=as_citizen())

    for type in ("CarePlan", "Condition", "Consent"):
        hidden = await told(place(type, "b"))
        assert (422, ["reference-unseen"]) == (hidden.status_code, keys(hidden))
        assert ["Communication.about[0].reference"] == hidden.json()["issue"][0]["expression"]
        assert whole(hidden) == whole(await told(f"{type}/no-such"))
        assert 201 == (await told(place(type, "a"))).status_code


async def test_c_22_what_no_scope_reads_is_not_there_to_be_pointed_at(api, as_citizen):
    sent = a_message(about=[{"reference": "Goal/a-goal"}])
    without = as_citizen(scope="patient/Communication.cruds")
    assert 422 == (await api.post("Communication", json=sent, headers=without)).status_code
    both = as_citizen(scope="patient/Communication.cruds patient/Goal.r")
    assert 201 == (await api.post("Communication", json=sent, headers=both)).status_code


async def test_c_22_what_is_deleted_and_what_is_never_kept_is_not_there_either(api, as_citizen, as_system):
    assert 201 == (await api.put("Goal/a-gone", json=a_goal(id="a-gone"), headers=as_system)).status_code
    for place_, status in (("Goal/a-gone", 201), ("Device/d1", 422), ("Patient/a", 201)):
        sent = a_message(about=[{"reference": place_}])
        assert status == (await api.post("Communication", json=sent, headers=as_citizen())).status_code
    assert 204 == (await api.delete("Goal/a-gone", headers=as_system)).status_code
    sent = a_message(about=[{"reference": "Goal/a-gone"}])
    assert 422 == (await api.post("Communication", json=sent, headers=as_citizen())).status_code


@pytest.mark.parametrize(
    "named",
    [
        {"identifier": {"system": NUMBERS, "value": "b1"}},
        {"reference": "https://elsewhere.example/fhir/CarePlan/b-plan"},
        {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
    ],
)
async def test_c_22_what_is_elsewhere_or_named_otherwise_is_not_looked_for(api, as_citizen, named):
    answer = await api.post("Communication", json=a_message(about=[named]), headers=as_citizen())
    assert 201 == answer.status_code, answer.text


async def test_c_22_what_is_contained_points_within_the_same_bounds(api, as_citizen):
    for id, status in (("b-goal", 422), ("no-such", 422), ("a-goal", 201)):
        plan = {
            "resourceType": "CarePlan",
            "id": "c1",
            "status": "draft",
            "intent": "plan",
            "subject": {"reference": "Patient/a"},
            "goal": [{"reference": f"Goal/{id}"}],
        }
        sent = a_message(contained=[plan], about=[{"reference": "#c1"}])
        answer = await api.post("Communication", json=sent, headers=as_citizen())
        assert status == answer.status_code, answer.text


async def test_c_22_staff_keep_what_a_plan_points_at_though_they_do_not_see_it(api, as_staff, as_system, world):
    hidden = {**world["CarePlan/a-plan"], "goal": [{"reference": "Goal/b-goal"}]}
    assert 200 == (await api.put("CarePlan/a-plan", json=hidden, headers=as_system)).status_code
    assert 200 == (await api.put("CarePlan/a-plan", json={**hidden, "title": "x"}, headers=as_staff())).status_code
    more = {**hidden, "goal": [*hidden["goal"], {"reference": "Goal/no-such"}]}
    assert 422 == (await api.put("CarePlan/a-plan", json=more, headers=as_staff())).status_code


@pytest.mark.parametrize("path", ["$export", "Patient/$export", "Group/g/$export", "$export-poll-status?_jobId=1"])
async def test_d_11_there_is_no_export_to_ask_for(api, as_citizen, as_system, path):
    assert {404} == {(await api.get(path, headers=bearer)).status_code for bearer in (as_citizen(), as_system)}
    assert 200 == (await api.get("Patient/a", headers=as_citizen())).status_code


async def test_d_11_nobody_goes_on_with_anothers_page(api, as_citizen, as_system, world):
    for number in range(3):
        more = {**world["Goal/a-goal"], "id": f"a-goal{number}"}
        assert 201 == (await api.put(f"Goal/{more['id']}", json=more, headers=as_system)).status_code
    first = (await api.get("Goal?_count=1", headers=as_system)).json()
    next = {link["relation"]: link["url"] for link in first["link"]}["next"]
    assert 1 == len(found(await api.get(next, headers=as_system)))
    other = await asyncio.gather(*(api.get(next, headers=as_citizen(who)) for who in ("b", "c")))
    assert [set(), set()] == [{it for it in found(answer) if "/a" in it} for answer in other]
