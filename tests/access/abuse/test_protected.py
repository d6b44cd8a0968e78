"""K-14: somebody whose identity is protected is masked on every way, and found by nothing that is masked."""

from typing import Any

import pytest

from tests.access.abuse.protected import FLAGGED, SECRETS, TYPES, leaks, path, the_patient, written
from tests.access.abuse.told import bundled, found, statuses
from tests.access.worlds import OURS, RESERVE

pytestmark = pytest.mark.anyio

OF_C = {"Patient": "_id=c", "Appointment": "actor=Patient/c"}


@pytest.fixture
async def protected(api, as_system, world):
    return await written(api, as_system)


def reads() -> list[str]:
    """Every way to something of C's that only reads."""
    own = [path(type) for type in TYPES]
    asked = {type: OF_C.get(type, "patient=c") for type in TYPES}
    return [
        *own,
        *(f"{one}/_history/{version}" for one in own for version in (1, 2, 3)),
        *(f"{one}/_history" for one in own),
        *(f"{type}/_history?_count=100" for type in TYPES[:4]),
        *(f"{type}?{query}" for type, query in asked.items()),
        "Appointment?patient=c&_include=*&_include:iterate=*",
        "Encounter?patient=c&_include=Encounter:location",
        "ServiceRequest?patient=c&_include=*",
        f"Patient?_id=c&{'&'.join(f'_revinclude={type}:patient' for type in TYPES[1:])}",
        "Patient?_id=c&_revinclude=Appointment:patient&_include:iterate=Appointment:location",
        "Patient?_id=c&_elements=address,telecom,contact",
        "Appointment?patient=c&_elements=participant",
        "Encounter?patient=c&_summary=true",
        "Patient/c/Appointment",
        "Patient/c/*",
        "?_type=Patient,RelatedPerson,Appointment",
        "Patient/c/$everything",
        "Patient/c/$patientkontrakt",
        "Patient/c/$everything?_elements=Patient.address,RelatedPerson.address",
        *(f"{one}/$meta" for one in own),
        "AuditEvent?patient=c",
    ]


async def test_k_14_whoever_may_see_all_is_told_each_secret(api, as_staff, as_system, protected):
    for bearer in (as_system, as_staff(**FLAGGED)):
        told = "".join([(await api.get(path(type), headers=bearer)).text for type in TYPES])
        assert set(SECRETS.values()) == {it for it in SECRETS.values() if it in told}
    whole = (await api.get("Patient/c", headers=as_staff(**FLAGGED))).json()
    assert "tag" not in whole["meta"]


@pytest.mark.parametrize("who", ["r1", "k1", "r2", "c"])
async def test_k_14_nobody_else_is_told_any_on_any_way(api, as_citizen, as_staff, protected, who):
    bearer = as_citizen(who) if who == "c" else as_staff(who)
    answers = {one: await api.get(one, headers=bearer) for one in reads()}
    assert {} == {one: told for one, answer in answers.items() if (told := leaks(answer))}
    assert {200, 403, 404} >= {answer.status_code for answer in answers.values()}
    everywhere = await api.get("_history?_count=1000", headers=bearer)  # which has the place itself, that is nobody's
    assert set() == leaks(everywhere) - {SECRETS["place"]}
    assert f'"reference":"Location/{SECRETS["place"]}"' not in everywhere.text
    batch = await api.post("", json=bundled(*(("GET", path(type)) for type in TYPES), type="batch"), headers=bearer)
    assert (200, set()) == (batch.status_code, leaks(batch))
    # the twin: the plan is read as ever
    assert {"r2": 404}.get(who, 200) == (await api.get("CarePlan/c-plan", headers=bearer)).status_code


async def test_k_14_what_is_masked_is_said_to_be_a_part_and_keeps_its_version(api, as_staff, as_system, protected):
    for type in TYPES:
        seen = await api.get(path(type), headers=as_staff())
        all_of_it = await api.get(path(type), headers=as_system)
        assert (200, all_of_it.headers["etag"]) == (seen.status_code, seen.headers["etag"])
        assert "SUBSETTED" in [tag["code"] for tag in seen.json()["meta"]["tag"]]
        assert "tag" not in all_of_it.json()["meta"]
    plan = await api.get("CarePlan/c-plan", headers=as_staff())
    assert "tag" not in plan.json()["meta"]


async def test_k_14_who_is_related_knows_whom_it_treats_and_who_is_not_does_not(api, as_staff, protected):
    assert [{"family": "ProvC"}] == (await api.get("Patient/c", headers=as_staff("r1"))).json()["name"]
    assert "Prov C" == (await api.get("Task/c-task", headers=as_staff("r1"))).json()["for"]["display"]
    unrelated = (await api.get("Task/c-task", headers=as_staff("r2"))).json()
    assert {"reference": "Patient/c"} == unrelated["for"]


async def test_k_14_in_which_municipality_she_lives_is_not_told_with_her_case(api, as_staff, as_system, protected):
    stay = protected["Encounter"] | {
        "episodeOfCare": [{"reference": "EpisodeOfCare/c-episodeofcare"}],
        "serviceProvider": {"reference": "Organization/u1"},
    }
    notice = {
        **protected["Communication"],
        "id": "c-notice",
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/message", "code": "inskrivning"}]}],
        "encounter": {"reference": "Encounter/c-encounter"},
        "sent": "2026-11-01T10:00:00+01:00",
    }
    told = [("municipality", "valueReference", {"reference": "Organization/u4"}), ("since", "valueDate", "2020-01-01")]
    parts = [{"url": name, member: value} for name, member, value in (*told, ("reason", "valueString", "beslut"))]
    case = protected["EpisodeOfCare"] | {
        "extension": [{"url": f"{OURS}/StructureDefinition/placement", "extension": parts}]
    }
    for one in (case, stay, notice):
        answer = await api.put(f"{one['resourceType']}/{one['id']}", json=one, headers=as_system)
        assert answer.status_code in {200, 201}, answer.text
    process = "EpisodeOfCare/c-episodeofcare/$process"

    flagged, party = await api.get(process, headers=as_staff(**FLAGGED)), await api.get(process, headers=as_staff("r1"))

    assert (200, True, True) == (flagged.status_code, "u4" in flagged.text, "5 kap. 2 §" in flagged.text)
    assert (200, False, False) == (party.status_code, "u4" in party.text, "5 kap. 2 §" in party.text)
    for bearer, seen in ((as_staff(**FLAGGED), True), (as_staff("r1"), False)):
        read = await api.get("EpisodeOfCare/c-episodeofcare", headers=bearer)
        assert (200, seen) == (read.status_code, "u4" in read.text)
    assert '"notified"' in party.text
    assert 404 == (await api.get(process, headers=as_staff("r2"))).status_code


async def test_k_14_she_is_found_by_nothing_that_is_masked(api, as_staff, as_system, protected):
    by_place = f"Location/{SECRETS['place']}"
    asked = [
        "Patient?address=Rönnstigen",
        "Patient?address-city=Undanby",
        "Patient?address-postalcode=999 17",
        "Patient?phone=070-174 06 99",
        "Patient?telecom=070-174 06 99",
        "Patient?birthdate=1980-02-03",
        "Patient?name=ProvC",
        "Patient?family=ProvC",
        "Patient?address:missing=false",
        "Patient?_id=c&address=Rönnstigen",
        "Patient?_filter=address sw Rönn",
        "Patient?_id=c&_sort=address",
        "Patient?_content=Undanby",
        "Patient?_text=syster",
        "RelatedPerson?address=Björkgränd",
        "RelatedPerson?phone=070-174 06 97",
        f"Appointment?location={by_place}",
        f"Appointment?actor={by_place}",
        f"Encounter?location={by_place}",
        "Encounter?location:missing=false",
        "CarePlan?subject:Patient.address=Rönnstigen",
        "Appointment?patient.address-city=Undanby",
        "Patient?_has:RelatedPerson:patient:address=Björkgränd",
        f"Patient?_has:Appointment:patient:location={by_place}",
        f"CarePlan?subject:Patient._has:Appointment:patient:actor={by_place}",
        f"Location?_id={SECRETS['place']}&_has:Appointment:actor:patient=c",
        f"Location?_id={SECRETS['place']}&_has:Encounter:location:status=in-progress",
        "Appointment?location.name=Mottagning",
    ]
    for one in asked:
        answer = await api.get(one, headers=as_staff())
        assert (one, 200, set(), 0) == (one, answer.status_code, found(answer), answer.json()["total"])
        assert found(await api.get(one, headers=as_staff(**FLAGGED))), one
    along = f"Location?_id={SECRETS['place']}&_revinclude=Appointment:location&_revinclude=Encounter:location"
    assert {by_place} == found(await api.get(along, headers=as_staff()))
    assert 3 == len(found(await api.get(along, headers=as_staff(**FLAGGED))))


async def test_k_14_she_is_found_by_what_is_not(api, as_staff, as_system, protected):
    system = f"identifier={RESERVE}|reserve-c"
    for one in (
        f"Patient?{system}",
        f"Patient?{system}&name=ProvC",
        "Patient?_id=c&_sort=birthdate",
        "Patient?gender:missing=true",
    ):
        assert "Patient/c" in found(await api.get(one, headers=as_staff())), one
    for one in ("Appointment?actor=Patient/c", "Appointment?date=2026-12-01", "Appointment?patient=c&_sort=date"):
        assert {"Appointment/c-appointment"} == found(await api.get(one, headers=as_staff())), one
    assert set() == found(await api.get(f"Patient?{system}&name=Annan", headers=as_staff()))
    others = "Patient?_filter=not (address sw Nowhere)"
    assert {"Patient/a"} == found(await api.get(others, headers=as_staff()))
    assert {"Patient/a", "Patient/c"} <= found(await api.get(others, headers=as_staff(**FLAGGED)))
    opposite = "CarePlan?_filter=not (subject:Patient.address sw {})"
    told = [found(await api.get(opposite.format(it), headers=as_staff())) for it in ("Rönnstigen", "Nowhere")]
    assert told[0] == told[1]
    assert "CarePlan/c-plan" in told[0]


async def test_k_14_what_was_asked_for_is_masked_in_the_audit(api, as_staff, as_system, protected):
    asked = await api.get("Patient?address=Rönnstigen 4711", headers=as_staff(**FLAGGED))
    assert {"Patient/c"} == found(asked)
    reviewer = {"role": ["log-reviewer"]}

    async def queries(**claims: Any) -> list[str]:
        events = await api.get("AuditEvent?patient=c", headers=as_staff(**claims))
        return [it["query"] for entry in events.json()["entry"] for it in entry["resource"]["entity"] if "query" in it]

    assert [] == await queries(**reviewer)
    assert await queries(role=["log-reviewer", "protected-identity"])


async def test_k_14_the_label_of_today_counts_also_when_it_goes(api, as_staff, as_system, protected):
    await api.put("Patient/c", json=the_patient(), headers=as_system)
    assert SECRETS["display"] in (await api.get("Encounter/c-encounter", headers=as_staff())).text
    assert SECRETS["line"] in (await api.get("Patient/c/_history/2", headers=as_staff())).text
    assert set() == leaks(await api.get("Patient/c/_history/3", headers=as_staff()))  # it was protected then
    assert found(await api.get("Patient?address=Rönnstigen", headers=as_staff()))
    assert 204 == (await api.delete("Patient/c", headers=as_system)).status_code
    assert set() == leaks(await api.get("Encounter/c-encounter", headers=as_staff()))  # nobody says that she was not


async def test_k_14_a_write_answers_as_a_read_does(api, as_staff, protected):
    appointment = {**protected["Appointment"], "id": "x"}
    made = await api.post("Appointment", json=appointment, headers=as_staff())
    assert (201, set()) == (made.status_code, leaks(made)), made.text
    again = {"If-None-Exist": "patient=c&status=booked&date=2026-12-01&_id=" + made.json()["id"]}
    matched = await api.post("Appointment", json=appointment, headers={**as_staff(), **again})
    assert (200, set()) == (matched.status_code, leaks(matched))
    task = {**protected["Task"]}
    bundle = bundled(
        ("POST", "Task", task), ("PUT", "Goal/c-goal", protected["Goal"]), ("GET", "Encounter/c-encounter")
    )
    joined = await api.post("", json=bundle, headers=as_staff())
    assert ([201, 200, 200], set()) == (statuses(joined), leaks(joined))
    whole = await api.post("", json=bundle, headers=as_staff(**FLAGGED))
    assert leaks(whole)
    checked = await api.post("Task/$validate", json=task, headers=as_staff())
    assert (200, set()) == (checked.status_code, leaks(checked))
    blind = await api.put("Appointment?patient=c&location=Location/hideout", json=appointment, headers=as_staff())
    assert blind.status_code in {201, 400, 404}
    assert set() == leaks(blind)
