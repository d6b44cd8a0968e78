"""Organization/[id]/$worklist: a unit's day, each list told by hand. It is the tenth of February 2026, eight in the morning."""

import pytest

from fhir_server.fhir.canonical import structure
from fhir_server.process.definition import SYSTEM
from fhir_server.process.worklist.definition import load_worklists
from tests.builders import a_bundle, a_care_plan, a_patient, an_entry, issue_keys
from tests.process.case_house import a_case, a_message, a_stay, at

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

WORKLIST = "Organization/help/$worklist"
MORNING = "2026-02-10T08:00:00+01:00"
HELP, CLINIC, WARD = at("Organization/help"), at("Organization/clinic"), at("Organization/ward")
SARA = {"reference": "PractitionerRole/sara", "display": "Sara Lundmark"}
SIP = {"coding": [{"system": "https://fhir.inera.se/CodeSystem/typeofcareplan-cs", "code": "SIP"}]}


def a_unit(id):
    return {"resourceType": "Organization", "id": id, "name": id}


def a_team(id, person, *members, category="discharge-case"):
    return {
        "resourceType": "CareTeam",
        "id": id,
        "status": "active",
        "category": [{"coding": [{"system": f"{SYSTEM}care-team", "code": category}]}],
        "subject": at(person),
        "managingOrganization": [at("Organization/town")],
        "participant": [{"role": [{"text": "part"}], "member": it} for it in members],
    }


def a_task(id, code, owner, person="Patient/p1", due="", status="requested", **told):
    until = {"restriction": {"period": {"end": due}}} if due else {}
    return {
        "resourceType": "Task",
        "id": id,
        "status": status,
        "intent": "order",
        "code": {"coding": [{"system": f"{SYSTEM}task", "code": code}]},
        "for": at(person),
        "owner": owner,
        "authoredOn": "2026-02-09T09:00:00+01:00",
        **until,
        **told,
    }


def a_meeting(id, start, *called, status="booked", answer="needs-action", person="Patient/p1"):
    actors = [{"actor": at(person), "status": "accepted"}, *({"actor": it, "status": answer} for it in called)]
    hour_later = start.replace("T10:", "T11:")
    return {
        "resourceType": "Appointment",
        "id": id,
        "status": status,
        "description": "Planering",
        "start": start,
        "end": hour_later,
        "participant": [{**it, "required": "required"} for it in actors],
    }


def a_sip(id, *meetings, **told):
    return a_care_plan(
        id=id,
        title=f"Plan {id}",
        category=[SIP],
        period={"start": "2026-01-01"},
        careTeam=[at("CareTeam/sip")],
        goal=[at("Goal/home")],
        activity=[{"reference": at(f"Appointment/{it}")} for it in meetings],
        **told,
    )


def a_person_s_case(number, admitted, *members, status="in-progress", end="", **told):
    """A person's stay, the case of it, and its parties."""
    person, case, stay = f"Patient/p{number}", f"EpisodeOfCare/c{number}", f"s{number}"
    period = {"start": admitted, **({"end": end} if end else {})}
    return [
        a_patient(id=f"p{number}", identifier=[{"system": "urn:x", "value": str(number)}]),
        a_team(f"t{number}", person, WARD, *members),
        a_case(f"c{number}", patient=at(person), team=[at(f"CareTeam/t{number}")], period={"start": admitted}, **told),
        a_stay(stay, case, subject=at(person), status=status, period=period),
    ]


def sent(number, code, when, **told):
    return a_message(code, when, stay=f"Encounter/s{number}", subject=at(f"Patient/p{number}"), **told)


def estimated(day):
    extension = [
        {"url": f"{SYSTEM.replace('CodeSystem', 'StructureDefinition')}estimated-discharge", "valueDateTime": day}
    ]
    return [{"extension": extension, "contentString": "Beräknad tidpunkt för utskrivning"}]


def a_notice(number, when, day, *recipients, **told):
    return sent(number, "inskrivning", when, id=f"n{number}", recipient=[*recipients], payload=estimated(day), **told)


DAY = [
    *map(a_unit, ("town", "help", "clinic", "ward")),
    {"resourceType": "Practitioner", "id": "sara"},
    {"resourceType": "PractitionerRole", "id": "sara", "organization": HELP, "practitioner": at("Practitioner/sara")},
    {"resourceType": "HealthcareService", "id": "sol", "providedBy": HELP},
    # Anita is discharge-ready: the notice was received, and she is called to planning
    *a_person_s_case(1, "2026-02-02T08:00:00+01:00", HELP, CLINIC),
    a_notice(1, "02 12:00", "2026-02-12", HELP, CLINIC),
    a_task("ack-1", "acknowledge", HELP, status="completed", focus=at("Communication/n1"), encounter=at("Encounter/s1")),
    sent(1, "utskrivningsklar", "09 09:00", id="r1"),
    sent(1, "kallelse-sip", "09 15:00", id="k1"),
    a_task("answer-1", "answer-call", SARA, due="2026-02-09", status="in-progress", description="Svara vårdcentralen"),
    a_meeting("meet-1", "2026-02-11T10:00:00+01:00", SARA),
    # Bo went home this morning, and nobody has told of it
    *a_person_s_case(2, "2026-02-03T08:00:00+01:00", HELP, status="finished", end="2026-02-10T07:30:00+01:00"),
    a_notice(2, "03 12:00", "2026-02-10", HELP),
    sent(2, "fast-vardkontakt", "04 12:00", id="f2"),
    # Cecilia was admitted the day before yesterday, and no notice was sent
    *a_person_s_case(3, "2026-02-08T10:00:00+01:00", HELP),
    # David's notice came yesterday, and the clinic alone has received it
    *a_person_s_case(4, "2026-02-09T10:00:00+01:00", SARA, CLINIC),
    a_notice(4, "09 15:00", "2026-02-20T13:00:00+01:00", HELP, CLINIC),
    a_task("ack-4", "acknowledge", HELP, "Patient/p4", "2026-02-10", focus=at("Communication/n4")),
    a_task("ack-4-clinic", "acknowledge", CLINIC, "Patient/p4", status="accepted", focus=at("Communication/n4")),
    # Erik's notice was broken off with the case; Frida's case is the clinic's alone
    *a_person_s_case(5, "2026-02-09T08:00:00+01:00", HELP),
    a_notice(5, "09 09:00", "2026-02-19", HELP),
    sent(5, "avbrott", "09 11:00", id="a5"),
    *a_person_s_case(6, "2026-02-09T08:00:00+01:00", CLINIC),
    a_notice(6, "09 09:00", "2026-02-19", CLINIC),
    # meetings that ask for nothing any more, and plans to follow up
    a_meeting("answered", "2026-02-11T10:00:00+01:00", at("HealthcareService/sol"), answer="accepted"),
    a_meeting("over", "2026-02-09T10:00:00+01:00", SARA),
    a_meeting("missed", "2026-02-05T10:00:00+01:00"),
    a_meeting("held", "2026-02-04T10:00:00+01:00", status="fulfilled"),
    a_meeting("soon", "2026-02-23T10:00:00+01:00"),
    a_meeting("later", "2026-02-24T10:00:00+01:00"),
    {"resourceType": "Goal", "id": "home", "lifecycleStatus": "active", "description": {"text": "hem"}, "subject": at("Patient/p1")},
    a_team("sip", "Patient/p1", HELP, category="sip-team"),
    a_sip("plan-missed", "missed", "later"),
    a_sip("plan-soon", "held", "soon"),
    a_sip("plan-later", "held", "later"),
]  # fmt: skip


@pytest.fixture
async def day(api):
    await put(api, *DAY)
    return api


async def put(api, *resources):
    entries = [an_entry("PUT", f"{it['resourceType']}/{it['id']}", it) for it in resources]
    answer = await api.post("", json=a_bundle(*entries))
    assert 200 == answer.status_code, answer.text


def named(parts, name):
    return [next(value for key, value in it.items() if key != "name") for it in parts if it["name"] == name]


async def told_of(api, *lists, when=MORNING, path=WORKLIST, **more):
    """The lists by their codes: of each its rows as dicts."""
    answer = await api.get(path, params={"at": when, "list": [*lists], **more})
    assert 200 == answer.status_code, answer.text
    parts = [named([it], "list")[0] for it in answer.json()["parameter"] if it["name"] == "list"]
    return {named(one, "code")[0]: one for one in parts}


def rows(one):
    return [
        {it["name"]: next(value for key, value in it.items() if key != "name") for it in row}
        for row in named(one, "row")
    ]


def brief(one):
    """Each row in a line: what it is about, whose, what, since and until when (days and hours, UTC), and whether it is late."""
    return [
        " ".join(
            [
                row["reference"]["reference"],
                row["person"]["reference"].removeprefix("Patient/"),
                row.get("what", {}).get("code", "-"),
                row["until"][8:16] if "until" in row else "-",
                *(["late"] if row["late"] else []),
            ]
        )
        for row in rows(one)
    ]


async def test_a_unit_s_day_is_told_list_by_list(day):
    told = await told_of(day)

    assert list(load_worklists()) == list(told)
    assert {
        "new-notices": ["Communication/n4 p4 inskrivning 10T22:59"],
        "unacknowledged": ["Task/ack-4 p4 acknowledge 10T22:59"],
        "due-today": [
            "EpisodeOfCare/c3 p3 inskrivning 09T09:00 late",
            "Task/answer-1 p1 answer-call 09T22:59 late",
            "Task/ack-4 p4 acknowledge 10T22:59",
            "EpisodeOfCare/c2 p2 hemgang 10T22:59",
        ],
        "calls": ["Task/answer-1 p1 answer-call 09T22:59 late", "Appointment/meet-1 p1 - 11T09:00"],
        "reports": [],
        "untaken": ["Task/ack-4 p4 acknowledge 10T22:59"],
        "mine": [],
        "follow-up": ["CarePlan/plan-missed p1 - 05T09:00 late", "CarePlan/plan-soon p1 - 23T09:00"],
        "inpatients": [
            "EpisodeOfCare/c1 p1 discharge-ready 12T22:59",
            "EpisodeOfCare/c4 p4 notified 20T12:00",
            "EpisodeOfCare/c3 p3 assessed -",
        ],
        "homecomings": ["EpisodeOfCare/c1 p1 discharge-ready 12T22:59", "EpisodeOfCare/c4 p4 notified 20T12:00"],
        "states": [],
    } == {code: brief(one) for code, one in told.items()}
    counts = {code: named(one, "count")[0] for code, one in told.items()}
    assert {code: len(rows(one)) for code, one in told.items()} | {"states": 5} == counts
    states = [(part[0]["valueCoding"]["code"], part[1]["valueUnsignedInt"]) for part in named(told["states"], "state")]
    assert [("assessed", 1), ("notified", 1), ("discharge-ready", 1), ("discharged", 1), ("cancelled", 1)] == states
    days = [(part[0]["valueDate"], part[1]["valueUnsignedInt"]) for part in named(told["homecomings"], "day")]
    assert [f"2026-02-{day}" for day in range(10, 24)] == [day for day, _ in days]
    assert [("2026-02-12", 1), ("2026-02-20", 1)] == [it for it in days if it[1]]


async def test_a_row_tells_who_has_taken_it_and_whose_it_is_to_do_in_the_words_of_the_reader(day):
    told = await told_of(day, "due-today")

    notice, answer, *_ = rows(told["due-today"])
    assert ("inpatient", "Notice of admission") == (notice["by"], notice["what"]["display"])
    assert (SARA, "Svara vårdcentralen", "2026-02-09T08:00:00.000Z") == (
        answer["taken"],
        answer["text"],
        answer["since"],
    )
    swedish = await day.get(WORKLIST, params={"list": "states"}, headers={"Accept-Language": "sv"})
    assert "Ärenden per läge" in swedish.text
    assert "Utskrivningsklar" in swedish.text


async def test_at_another_moment_other_things_are_late_and_what_had_not_happened_is_not_told(day):
    before = await told_of(day, "new-notices", "due-today", "inpatients", when="2026-02-09T11:00:00+01:00")
    after = await told_of(day, "due-today", "follow-up", "homecomings", when="2026-02-13")

    assert [] == brief(before["new-notices"])
    assert "EpisodeOfCare/c3 p3 inskrivning 09T09:00 late" in brief(before["due-today"])
    assert "EpisodeOfCare/c2 p2 notified 10T22:59" in brief(before["inpatients"])
    assert "EpisodeOfCare/c2 p2 hemgang 10T22:59 late" in brief(after["due-today"])
    assert [f"CarePlan/plan-{one}" for one in ("missed", "soon", "later")] == [
        row["reference"]["reference"] for row in rows(after["follow-up"])
    ]
    assert "EpisodeOfCare/c1 p1 discharge-ready 12T22:59 late" == brief(after["homecomings"])[0]
    assert {0} == {part[1]["valueUnsignedInt"] for part in named(after["homecomings"], "day")[:7]}


@pytest.mark.parametrize(
    ("day_of_change", "last", "next_day"),
    [
        ("2026-03-29", "2026-03-29T21:59:59.999Z", "2026-03-29T22:00:00.000Z"),
        ("2026-10-25", "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00.000Z"),
    ],
    ids=["spring", "autumn"],
)
async def test_a_day_on_which_the_clocks_change_ends_by_stockholm_s_calendar(api, day_of_change, last, next_day):
    dues = {"the-day": day_of_change, "last": last, "next": next_day}
    await put(api, a_unit("help"), *(a_task(id, "follow-up", HELP, due=due) for id, due in dues.items()))

    (due,) = (await told_of(api, "due-today", when=f"{day_of_change}T00:30:00Z")).values()

    expected = [("Task/last", last), ("Task/the-day", last)]
    assert expected == [(row["reference"]["reference"], row["until"]) for row in rows(due)]


async def test_what_is_not_told_is_counted(api):
    await put(api, a_unit("help"), *(a_task(f"t{number}", "follow-up", HELP) for number in range(3)))

    (two,) = (await told_of(api, "untaken", count=2)).values()
    (all_of_them,) = (await told_of(api, "untaken", count=3)).values()
    (none,) = (await told_of(api, "untaken", count=0)).values()
    assert (3, [1], 2) == (named(two, "count")[0], named(two, "left"), len(rows(two)))
    assert (3, [], 3) == (named(all_of_them, "count")[0], named(all_of_them, "left"), len(rows(all_of_them)))
    assert (3, [3], 0) == (named(none, "count")[0], named(none, "left"), len(rows(none)))


async def test_by_post_it_is_the_same_answer_and_nothing_is_changed(day):
    asked = [{"name": "at", "valueDateTime": MORNING}, {"name": "list", "valueCode": "calls"}]
    posted = await day.post(WORKLIST, json={"resourceType": "Parameters", "parameter": asked})

    assert (200, await told_of(day, "calls")) == (
        posted.status_code,
        {"calls": next(it["part"] for it in posted.json()["parameter"] if it["name"] == "list")},
    )
    assert "1" == (await day.get("Task/answer-1")).json()["meta"]["versionId"]


async def test_what_is_no_moment_no_list_or_no_number_is_refused_with_what_is_allowed(api):
    await put(api, a_unit("help"))
    for bad in ({"at": "yesterday"}, {"list": "others"}, {"count": "-1"}):
        refused = await api.get(WORKLIST, params=bad)
        assert (400, ["parameter-value"]) == (refused.status_code, issue_keys(refused.json()))
    assert "new-notices" in (await api.get(WORKLIST, params={"list": "others"})).text

    assert 200 == (await api.get(WORKLIST, params={"at": "2026-02", "list": "mine", "count": "1"})).status_code
    assert 404 == (await api.get("Organization/nowhere/$worklist")).status_code


async def test_a_notice_that_was_registered_late_says_so_in_its_row(day):
    said = [("given", "valueDateTime", "2026-02-09T14:00:00+01:00"), ("way", "valueCode", "telephone")]
    said += [("reason", "valueString", "Driftstopp"), ("by", "valueString", "Anna"), ("to", "valueString", "Sara")]
    late = {
        "url": structure("late-registration"),
        "extension": [{"url": name, member: value} for name, member, value in said],
    }
    (before,) = rows((await told_of(day, "new-notices"))["new-notices"])

    await put(day, a_notice(4, "09 15:00", "2026-02-20T13:00:00+01:00", HELP, CLINIC, extension=[late]))

    (after,) = rows((await told_of(day, "new-notices"))["new-notices"])
    assert "registered-late" not in before
    assert after == {**before, "registered-late": True}
