"""EpisodeOfCare/[id]/$process: where a discharge case stands, told and not kept."""

import pytest

from fhir_server.fhir.canonical import structure
from tests.builders import a_patient, issue_keys
from tests.process.case_house import a_case, a_message, a_stay, at
from tests.process.playing import lines, owed, parts, state_of, value

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

PROCESS = "EpisodeOfCare/case/$process"
READY = a_message("utskrivningsklar", "09 13:00", id="ready")
UNITS = (
    {"resourceType": "Organization", "id": "region", "name": "Region Exempel"},
    {"resourceType": "Organization", "id": "ward", "name": "Avdelning 4", "partOf": at("Organization/region")},
    {"resourceType": "Organization", "id": "town", "name": "Björkviks kommun"},
    {"resourceType": "Organization", "id": "help", "name": "Biståndsenheten", "partOf": at("Organization/town")},
    {"resourceType": "Organization", "id": "clinic", "name": "Vårdcentralen", "partOf": at("Organization/region")},
)
NOTICE = a_message(
    "inskrivning", "02 12:00", id="notice", recipient=[at("Organization/help"), at("Organization/clinic")]
)


@pytest.fixture
async def case(api):
    await put(api, a_patient(id="p1"), a_case(), *UNITS, a_stay(serviceProvider=at("Organization/ward")), NOTICE)
    return api


async def put(api, *resources):
    for resource in resources:
        answer = await api.put(f"{resource['resourceType']}/{resource['id']}", json=resource)
        assert answer.status_code in {200, 201}, answer.text


async def told_at(api, when, **headers):
    answer = await api.get(PROCESS, params={"at": when}, headers=headers)
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def test_a_case_tells_its_state_and_since_when(case):
    told = {it["name"]: value(it) for it in (await told_at(case, "2026-02-05"))["parameter"]}

    assert {"reference": "EpisodeOfCare/case"} == told["case"]
    assert "2026-02-05T22:59:59.999Z" == told["at"]  # a day ends by Stockholm's clocks
    assert ("notified", "Notified") == (told["state"]["code"], told["state"]["display"])
    assert "2026-02-02T11:00:00.000Z" == told["since"]


async def test_by_get_and_by_post_it_is_one_answer_and_nothing_is_changed(case):
    asked = {"resourceType": "Parameters", "parameter": [{"name": "at", "valueDateTime": "2026-02-05T12:00:00+01:00"}]}

    posted = await case.post(PROCESS, json=asked)

    assert (200, await told_at(case, "2026-02-05T12:00:00+01:00")) == (posted.status_code, posted.json())
    assert "1" == (await case.get("EpisodeOfCare/case")).json()["meta"]["versionId"]


async def test_without_a_moment_it_is_told_of_now(case):
    answer = await case.get(PROCESS)

    told = {it["name"]: value(it) for it in answer.json()["parameter"]}
    assert (await case.get("Patient/p1")).json()["meta"]["lastUpdated"] < told["at"]
    assert "notified" == told["state"]["code"]


@pytest.mark.parametrize("moment", ["yesterday", "2026-02-31", ""])
async def test_what_is_no_moment_is_refused(case, moment):
    answer = await case.get(PROCESS, params={"at": moment})

    assert (400, ["parameter-value"]) == (answer.status_code, issue_keys(answer.json()))
    assert 200 == (await case.get(PROCESS, params={"at": "2026-02"})).status_code


async def test_a_case_that_is_not_there_is_404_and_one_that_is_deleted_is_gone(case):
    await put(case, a_case("other"))
    assert 200 == (await case.get("EpisodeOfCare/other/$process")).status_code
    await case.delete("EpisodeOfCare/other")

    assert 404 == (await case.get("EpisodeOfCare/nowhere/$process")).status_code
    assert 410 == (await case.get("EpisodeOfCare/other/$process")).status_code


async def test_a_case_without_a_stay_has_not_begun(case):
    await put(case, a_case("other"))

    told = (await case.get("EpisodeOfCare/other/$process")).json()

    assert ("not-begun", []) == (state_of(told), parts(told, "event"))


async def test_what_was_stored_before_its_stay_is_told_as_out_of_order(case):
    stray = a_message(
        "utskrivningsklar", "03 12:00", stay="Encounter/later", corrects="Communication/nowhere", id="stray"
    )
    await put(case, stray, a_case("other"), a_stay("later", case="EpisodeOfCare/other"))

    answer = await case.get("EpisodeOfCare/other/$process")

    assert 200 == answer.status_code, answer.text
    assert ("assessed", ["out-of-order"]) == (
        state_of(answer.json()),
        [it["code"] for it in parts(answer.json(), "flag")],
    )


async def test_words_are_in_swedish_for_who_prefers_them(case):
    await put(case, READY)
    swedish = await told_at(case, "2026-02-10", **{"Accept-Language": "sv"})
    english = await told_at(case, "2026-02-10")

    assert ("Utskrivningsklar", "Discharge-ready") == tuple(
        next(value(it)["display"] for it in told["parameter"] if it["name"] == "state") for told in (swedish, english)
    )
    assert "Ingen överenskommelse mellan parterna gäller ärendet: lagen tillämpas." == lines(swedish)[0]
    assert "No agreement of the two speaks of this case: the statute applies." == lines(english)[0]


async def test_what_was_phoned_first_counts_from_then_and_is_shown_as_late(case):
    given = [
        {"url": "given", "valueDateTime": "2026-02-03T09:00:00+01:00"},
        {"url": "way", "valueCode": "telephone"},
        {"url": "reason", "valueString": "Driftstopp"},
        {"url": "by", "valueString": "Anna Bergqvist"},
        {"url": "to", "valueString": "Sara Lundmark"},
    ]
    phoned = a_message("fast-vardkontakt", "04 10:00", id="contact")
    late = {**phoned, "extension": [{"url": structure("late-registration"), "extension": given}]}
    await put(case, late)

    told = await told_at(case, "2026-02-05")

    assert ("2026-02-03T08:00:00.000Z", True) == next(
        (it["at"], it["late"]) for it in parts(told, "event") if it["code"] == "fast-vardkontakt"
    )
    assert [("registered-late", "fast-vardkontakt")] == [(it["code"], it["about"]) for it in parts(told, "flag")]


async def test_the_municipality_is_the_one_above_the_units_that_were_told(case):
    (found,) = parts(await told_at(case, "2026-02-05"), "liability")
    assert {"reference": "Organization/town", "display": "Björkviks kommun"} == found["municipality"]

    await put(case, a_message("inskrivning", "04 12:00", id="again", recipient=[at("Organization/clinic")]))
    (found,) = parts(await told_at(case, "2026-02-05"), "liability")
    assert "municipality" not in found


async def test_an_organization_is_found_by_its_address_here_as_by_its_type_and_id(case):
    base = str(case.base_url).rstrip("/")
    ward, clinic, help = (one for one in UNITS if one["id"] in {"ward", "clinic", "help"})
    nurse = {"resourceType": "PractitionerRole", "id": "nurse", "organization": at(f"{base}/Organization/help")}
    await put(
        case, nurse, *(one | {"partOf": at(f"{base}/{one['partOf']['reference']}")} for one in (ward, clinic, help))
    )
    to_nurse = [at("PractitionerRole/nurse"), at("Organization/clinic")]
    await put(case, a_stay(serviceProvider=at(f"{base}/Organization/ward")), NOTICE | {"recipient": to_nurse})

    (found,) = parts(await told_at(case, "2026-02-05"), "liability")

    assert {"reference": "Organization/town", "display": "Björkviks kommun"} == found["municipality"]


async def test_a_municipality_that_has_placed_the_person_elsewhere_stays_liable(case):
    await put(case, {"resourceType": "Organization", "id": "other", "name": "Granvikens kommun"})

    def a_placement(until):
        told = [("municipality", "valueReference", at("Organization/other")), ("since", "valueDate", "2025-06-01")]
        told += [("until", "valueDate", until), ("reason", "valueString", "Särskilt boende")]
        parts = [{"url": name, member: value} for name, member, value in told]
        return {"extension": [{"url": structure("placement"), "extension": parts}]}

    for until, name in (("2026-12-31", "Granvikens kommun"), ("2026-01-31", "Björkviks kommun")):
        await put(case, a_case(**a_placement(until)))
        told = await told_at(case, "2026-02-05")
        assert name == parts(told, "liability")[0]["municipality"]["display"]
    assert "The municipality where the person is registered is liable." == lines(told)[-1]


async def test_who_is_liable_depends_on_what_open_care_has_said(case):
    await put(case, READY)
    assert "not-yet 2026-02-13 days 0" == owed(await told_at(case, "2026-02-16T08:00:00+01:00"))

    readiness = {"system": "https://fhir-care-plan-server.example/CodeSystem/open-care-readiness", "code": "available"}
    await put(case, a_message("oppenvard-insats", "10 09:00", id="said", topic={"coding": [readiness]}))
    told = await told_at(case, "2026-02-16T08:00:00+01:00")

    assert "yes 2026-02-13 days 3" == owed(told)
    assert not {"rate", "amount", "agreement"} & parts(told, "liability")[0].keys()
    assert any(value(it).get("unverified") for it in _steps(told))


def _steps(told):
    (found,) = [it for it in told["parameter"] if it["name"] == "liability"]
    return [it for it in found["part"] if it["name"] == "reasoning"]


async def test_a_case_that_is_over_without_a_liable_day_owes_nothing(case):
    await put(case, READY, a_message("hemgang", "10 11:00", id="home"))

    assert "no 2026-02-13 days 0" == owed(await told_at(case, "2026-02-20"))
    assert "not-yet 2026-02-13 days 0" == owed(await told_at(case, "2026-02-09"))


# ------------------------------------------------------------------------------------------------ readmission


def an_earlier(**stay):
    ended = {"start": "2026-01-10T09:00:00+01:00", "end": "2026-01-20T11:00:00+01:00"}
    return a_case("before", period={"start": "2025-12-01"}), {
        **a_stay(episodeOfCare=[at("EpisodeOfCare/before")], serviceProvider=at("Organization/ward")),
        "id": "before-stay",
        "status": "finished",
        "period": ended,
        **stay,
    }


async def readmission(api):
    told = await told_at(api, "2026-02-05")
    return [{it["name"]: value(it) for it in one["part"]} for one in told["parameter"] if one["name"] == "readmission"]


async def test_who_comes_back_within_thirty_days_is_told_of_with_the_case_before(case):
    assert [] == await readmission(case)
    await put(case, *an_earlier())
    assert [{"of": at("EpisodeOfCare/before"), "days": 13}] == await readmission(case)
    await put(case, *an_earlier(period={"start": "2025-12-10T09:00:00+01:00", "end": "2025-12-20T11:00:00+01:00"}))
    assert [] == await readmission(case)


async def test_a_discharge_that_was_undone_is_none_to_come_back_from(case):
    await put(case, *an_earlier())
    assert 1 == len(await readmission(case))
    await put(case, an_earlier(status="in-progress", period={"start": "2026-01-10T09:00:00+01:00"})[1])
    assert [] == await readmission(case)


async def test_who_is_moved_from_another_hospital_has_not_come_back(case):
    await put(case, *an_earlier())
    source = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/admit-source", "code": "hosp-trans"}]}
    moved = a_stay(serviceProvider=at("Organization/ward"), hospitalization={"admitSource": source})
    await put(case, moved)
    assert [] == await readmission(case)
