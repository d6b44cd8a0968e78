"""Section F: a Bundle opens nothing that its entries, each by itself, do not."""

import pytest

from tests.access.abuse.told import a_goal, a_message, bundled, found, keys, statuses, whole
from tests.access.worlds import RESERVE

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]

OF_A = "?patient=Patient/a"
PERSON = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
PLAN = "urn:uuid:1c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"


async def messages(api, bearer) -> int:
    total: int = (await api.get("Communication?_total=accurate&_count=0", headers=bearer)).json()["total"]
    return total


@pytest.mark.parametrize(
    "forbidden",
    [
        ("POST", "Goal", a_goal()),
        ("PUT", "Goal/a-goal", a_goal(id="a-goal")),
        ("DELETE", "Goal/a-goal"),
        ("DELETE", "Goal/b-goal"),
        ("DELETE", "Goal/no-such"),
        ("DELETE", "Goal?patient=a"),
        ("GET", "AuditEvent"),
    ],
)
async def test_f_01_one_entry_that_is_forbidden_refuses_the_whole(api, as_citizen, as_system, forbidden):
    before = await messages(api, as_system)
    allowed = ("POST", "Communication", a_message())
    refused = await api.post("", json=bundled(allowed, forbidden), headers=as_citizen())
    assert 403 == refused.status_code, refused.text
    assert "Bundle.entry[1]" == refused.json()["issue"][0]["expression"][0]
    assert before == await messages(api, as_system)
    assert 200 == (await api.get("Goal/a-goal", headers=as_system)).status_code

    told = await api.post("", json=bundled(allowed, ("GET", "Goal/a-goal")), headers=as_citizen())
    assert [201, 200] == statuses(told)
    assert before + 1 == await messages(api, as_system)


async def test_f_01_one_entry_about_another_refuses_the_whole(api, as_citizen, as_system):
    before = await messages(api, as_system)
    allowed, hidden = (("POST", "Communication", a_message(who)) for who in "ab")
    refused = await api.post("", json=bundled(allowed, hidden), headers=as_citizen())
    assert (404, ["not-found"]) == (refused.status_code, keys(refused))
    nobody = ("POST", "Communication", a_message("no-such"))
    assert whole(await api.post("", json=bundled(allowed, nobody), headers=as_citizen())) == whole(refused)
    assert before == await messages(api, as_system)
    assert [201, 201] == statuses(await api.post("", json=bundled(allowed, allowed), headers=as_citizen()))


@pytest.mark.parametrize("kind", ["transaction", "batch"])
@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (("PUT", "Goal/a-goal", a_goal(id="a-goal")), 200),
        (("PUT", "Goal/b-goal", a_goal("b", id="b-goal")), 404),
        (("PUT", "Goal/b-goal", a_goal("a", id="b-goal")), 404),
        (("PUT", "Goal/a-goal", a_goal("b", id="a-goal")), 404),
        (("DELETE", "Task/a-task"), 204),
        (("DELETE", "Task/b-task"), 404),
        (("POST", "Goal", a_goal("a")), 201),
        (("POST", "Goal", a_goal("b")), 404),
    ],
)
async def test_f_01_each_entry_is_held_to_what_its_own_letter_reaches(
    api, as_narrow, as_system, world, kind, entry, status
):
    """All is read, and of another nothing is written: what one entry may is not what another may."""
    narrow = as_narrow(f"system/*.rs system/Goal.cu{OF_A} system/Task.d{OF_A} system/Communication.c")
    other = ("POST", "Communication", a_message("b"))
    answer = await api.post("", json=bundled(other, entry, type=kind), headers=narrow)
    if kind == "batch" or status < 300:
        assert [201, status] == statuses(answer)
    else:
        assert status == answer.status_code, answer.text
    unchanged = {
        place: world[place]["subject" if "Goal" in place else "for"] for place in ("Goal/b-goal", "Task/b-task")
    }
    for place, subject in unchanged.items():
        now = (await api.get(place, headers=as_system)).json()
        assert ("1", subject) == (now["meta"]["versionId"], now["subject" if "Goal" in place else "for"])


async def test_f_01_staff_write_each_type_by_its_own_rule(api, as_staff, as_system, world):
    """A task is answered by who owns it; the plan that it is of is another's to change."""
    task = {**world["Task/a-task"], "status": "accepted"}
    goal = {**world["Goal/a-goal"], "lifecycleStatus": "cancelled"}
    both = bundled(("PUT", "Task/a-task", task), ("DELETE", "Goal/a-goal"))
    assert 404 == (await api.post("", json=both, headers=as_staff("k1"))).status_code
    assert "requested" == (await api.get("Task/a-task", headers=as_system)).json()["status"]
    shared = bundled(("PUT", "Task/a-task", task), ("PUT", "Goal/a-goal", goal))
    assert [200, 200] == statuses(await api.post("", json=shared, headers=as_staff("k1")))


async def test_f_02_each_entry_of_a_batch_stands_alone(api, as_citizen, as_system):
    before = await messages(api, as_system)
    answer = await api.post(
        "",
        json=bundled(
            ("GET", "CarePlan/a-plan"),
            ("GET", "CarePlan/b-plan"),
            ("POST", "Communication", a_message()),
            ("POST", "Communication", a_message("b")),
            ("DELETE", "CarePlan/a-plan"),
            ("GET", "AuditEvent"),
            ("GET", "CarePlan?patient=b"),
            type="batch",
        ),
        headers=as_citizen(),
    )
    assert [200, 404, 201, 404, 403, 403, 200] == statuses(answer)
    assert 0 == answer.json()["entry"][6]["resource"]["total"]
    assert before + 1 == await messages(api, as_system)


async def test_f_02_a_batch_asks_for_no_scope_of_its_own(api, as_citizen):
    one = as_citizen(scope="patient/Goal.r")
    for kind in ("batch", "transaction"):
        assert [200] == statuses(await api.post("", json=bundled(("GET", "Goal/a-goal"), type=kind), headers=one))
    answer = await api.post("", json=bundled(("GET", "CarePlan/a-plan"), type="batch"), headers=one)
    assert [403] == statuses(answer)


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "https://elsewhere.example/fhir/CarePlan/a-plan", 400),
        ("GET", "//elsewhere.example/fhir/CarePlan/a-plan", 404),
        ("GET", "../metadata", 400),
        ("GET", "CarePlan/../../metadata", 400),
        ("GET", "file:///etc/passwd", 400),
        ("POST", "http://127.0.0.1:8080/fhir/", 400),
        ("POST", "/", 400),
        ("GET", "$export", 404),
        ("GET", "Patient/$export", 404),
        ("TRACE", "CarePlan/a-plan", 422),
        ("GET", "http://127.0.0.1:8080/fhir/CarePlan/a-plan", 200),
        ("GET", "/CarePlan/a-plan", 200),
    ],
)
async def test_f_03_an_entry_goes_nowhere_else(api, as_citizen, kind, method, url, status):
    sent = bundled((method, url), type=kind)
    if method == "POST":
        sent["entry"][0]["resource"] = bundled(("GET", "CarePlan/a-plan"), type="batch")
    answer = await api.post("", json=sent, headers=as_citizen())
    assert status == answer.status_code, answer.text
    if status == 200:
        assert [200] == statuses(answer)


async def test_f_04_a_reference_by_condition_does_not_tell_who_is_known(api, as_citizen, as_system):
    async def told(number: str, bearer):
        sent = a_message(about=[{"reference": f"Patient?identifier={RESERVE}|{number}"}])
        return await api.post("", json=bundled(("POST", "Communication", sent)), headers=bearer)

    hidden = await told("reserve-b", as_citizen())
    assert (422, ["reference-unresolved"]) == (hidden.status_code, keys(hidden))
    assert whole(hidden) == whole(await told("reserve-z", as_citizen()))
    assert [201] == statuses(await told("reserve-a", as_citizen()))
    assert [201] == statuses(await told("reserve-b", as_system))


async def test_f_04_a_reference_by_condition_wants_the_scope_of_a_search(api, as_citizen):
    sent = a_message(about=[{"reference": f"Patient?identifier={RESERVE}|reserve-a"}])
    one = bundled(("POST", "Communication", sent))
    reads = as_citizen(scope="patient/Communication.c patient/Patient.r")
    assert 403 == (await api.post("", json=one, headers=reads)).status_code
    searches = as_citizen(scope="patient/Communication.c patient/Patient.rs")
    assert [201] == statuses(await api.post("", json=one, headers=searches))


async def test_f_04_entries_point_at_one_another_and_at_nothing_hidden(api, as_citizen):
    def sent(place: str):
        one, other = a_message(), a_message(about=[{"reference": PLAN}, {"reference": place}])
        made = bundled(("POST", "Communication", one), ("POST", "Communication", other))
        made["entry"][0]["fullUrl"] = PLAN
        return made

    hidden = await api.post("", json=sent("CarePlan/b-plan"), headers=as_citizen())
    assert (422, ["reference-unseen"]) == (hidden.status_code, keys(hidden))
    assert ["Bundle.entry[1].resource.about[1].reference"] == hidden.json()["issue"][0]["expression"]
    assert whole(hidden) == whole(await api.post("", json=sent("CarePlan/no-such"), headers=as_citizen()))
    assert [201, 201] == statuses(await api.post("", json=sent("CarePlan/a-plan"), headers=as_citizen()))


@pytest.mark.parametrize(("count", "status"), [(1_000, 200), (1_001, 413), (10_001, 413)])
async def test_f_05_a_bundle_has_so_many_entries(api, as_citizen, count, status):
    sent = bundled(*[("GET", "Goal/a-goal?_summary=true")] * count, type="batch")
    answer = await api.post("", json=sent, headers=as_citizen("a", "patient/Patient.r"))
    assert status == answer.status_code


async def test_f_05_a_bundle_has_so_many_bytes(api, as_citizen):
    sent = bundled(("POST", "Communication", a_message(note=[{"text": "x" * 9_000_000}])))
    assert 413 == (await api.post("", json=sent, headers=as_citizen())).status_code
    sent = bundled(("POST", "Communication", a_message(note=[{"text": "x" * 9_000}])))
    assert [201] == statuses(await api.post("", json=sent, headers=as_citizen()))


async def test_f_06_no_two_entries_have_one_name_or_one_place(api, as_system):
    same_name = bundled(("POST", "Goal", a_goal()), ("POST", "Goal", a_goal()))
    for entry in same_name["entry"]:
        entry["fullUrl"] = PLAN
    same_place = bundled(*[("PUT", "Goal/a-goal", a_goal(id="a-goal"))] * 2)
    for sent, status, key in ((same_name, 422, "constraint"), (same_place, 400, "entry-twice")):
        refused = await api.post("", json=sent, headers=as_system)
        assert (status, [key]) == (refused.status_code, keys(refused))
    assert "1" == (await api.get("Goal/a-goal", headers=as_system)).json()["meta"]["versionId"]


async def test_f_06_entries_may_point_at_each_other_in_a_circle(api, as_citizen):
    sent = bundled(
        ("POST", "Communication", a_message(about=[{"reference": PERSON}])),
        ("POST", "Communication", a_message(about=[{"reference": PLAN}])),
    )
    for entry, name in zip(sent["entry"], (PLAN, PERSON), strict=True):
        entry["fullUrl"] = name
    answer = await api.post("", json=sent, headers=as_citizen())
    assert [201, 201] == statuses(answer)
    first, second = (entry["resource"] for entry in answer.json()["entry"])
    assert f"Communication/{second['id']}" == first["about"][0]["reference"]
    assert f"Communication/{first['id']}" == second["about"][0]["reference"]


async def test_f_07_a_fault_in_the_middle_leaves_nothing(api, as_system):
    before = await messages(api, as_system)
    made = ("POST", "Communication", a_message())
    for version, told in (('W/"7"', 412), ('W/"1"', 200)):
        sent = bundled(made, ("PUT", "Goal/a-goal", a_goal(id="a-goal")), made)
        sent["entry"][1]["request"]["ifMatch"] = version
        assert told == (await api.post("", json=sent, headers=as_system)).status_code
        assert before + (2 if told == 200 else 0) == await messages(api, as_system)


async def test_f_08_a_read_in_a_transaction_is_held_to_its_scope(api, as_citizen):
    scope = as_citizen(scope="patient/Communication.c patient/Goal.rs")
    made = ("POST", "Communication", a_message())
    for asked in ("CarePlan/a-plan", "CarePlan", "CarePlan/a-plan/_history"):
        refused = await api.post("", json=bundled(made, ("GET", asked)), headers=scope)
        assert (403, ["scope-missing"]) == (refused.status_code, keys(refused))
        assert [201, 200] == statuses(
            await api.post(
                "",
                json=bundled(
                    made, ("GET", asked.replace("CarePlan/a-plan", "Goal/a-goal").replace("CarePlan", "Goal"))
                ),
                headers=scope,
            )
        )


async def test_f_08_a_read_in_a_transaction_shows_nothing_hidden(api, as_citizen):
    made = ("POST", "Communication", a_message())
    sent = bundled(made, ("GET", "Goal/b-goal"), ("GET", "Goal/no-such"), ("GET", "Goal"), ("GET", "Goal/a-goal"))
    answer = await api.post("", json=sent, headers=as_citizen())
    assert [201, 404, 404, 200, 200] == statuses(answer)
    entries = answer.json()["entry"]
    assert entries[1] == entries[2]
    assert ["a-goal"] == [it["resource"]["id"] for it in entries[3]["resource"]["entry"]]
    assert {"Goal/a-goal"} == found(await api.get("Goal", headers=as_citizen()))
