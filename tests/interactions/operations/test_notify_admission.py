"""Encounter/[id]/$notify-admission: the notice, and the case that begins with it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.definitions import read
from tests.builders import a_patient, issue_keys
from tests.process.playing import parts

pytestmark = pytest.mark.anyio

NOTIFY = "Encounter/stay/$notify-admission"
FIRST, SECOND, THIRD = (f"urn:uuid:00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
START = "2026-03-02T09:00:00+01:00"
PERSON = a_patient(
    id="p1",
    name=[{"use": "official", "family": "Berglund", "given": ["Anita"]}],
    birthDate="1961-01-18",
    address=[{"line": ["Kvarnvägen 12"], "postalCode": "999 01", "city": "Björkvik"}],
    telecom=[{"system": "phone", "value": "070-174 06 20"}],
)
INPATIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}


def a_stay(id="stay", **told):
    return {
        "resourceType": "Encounter",
        "id": id,
        "extension": [{"url": structure("estimated-discharge"), "valueDateTime": "2026-03-09"}],
        "status": "in-progress",
        "class": INPATIENT,
        "subject": {"reference": "Patient/p1"},
        "period": {"start": START},
        "reasonCode": [{"text": "höftfraktur"}],
        "serviceProvider": {"reference": "Organization/ward"},
        **told,
    }


@pytest.fixture(autouse=True)
async def stored(api):
    register = dict(read("examples/base-data"))["adressregister.json"]
    assert 200 == (await api.post("", json=register)).status_code
    region = {"resourceType": "Organization", "id": "region", "name": "Regionen"}
    ward = {"resourceType": "Organization", "id": "ward", "name": "Avdelning 4", "partOf": at("Organization/region")}
    for one in (region, ward, {"resourceType": "Organization", "id": "school", "name": "Skolan"}, PERSON, a_stay()):
        assert 201 == (await api.put(f"{one['resourceType']}/{one['id']}", json=one)).status_code


def at(place):
    return {"reference": place}


def asked(identifier=FIRST, *recipients: str, **more: Any):
    told = [("identifier", "valueUri", identifier)] if identifier else []
    told += [("recipient", "valueReference", at(one)) for one in recipients]
    told += [(name.replace("_", "-"), "valueDateTime", it) for name, it in more.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": name, member: it} for name, member, it in told]}


async def names(api, references):
    return [(await api.get(one["reference"])).json()["name"] for one in references]


async def everything(api):
    """How many versions there are of what a notice writes."""
    found = [(await api.get(f"{type}/_history")).json()["total"] for type in WRITTEN]
    return dict(zip(WRITTEN, found, strict=True))


WRITTEN = ("Communication", "EpisodeOfCare", "CareTeam", "Encounter")
UNITS = ["Biståndsenheten", "Björkviks hemsjukvård", "Björkviks vårdcentral"]


async def test_a_notice_tells_the_four_facts_and_begins_the_case(api):
    made = await api.post(NOTIFY, json=asked(assessed="2026-03-03"))

    assert 201 == made.status_code, made.text
    message = made.json()
    assert made.headers["Location"].endswith(f"Communication/{message['id']}/_history/1")
    assert "Anita Berglund" == message["subject"]["display"]
    assert PERSON["identifier"][0] == message["subject"]["identifier"]
    assert ["Folkbokföringsadress: Kvarnvägen 12, 999 01 Björkvik", "Beräknad tidpunkt för utskrivning"] == [
        it["contentString"] for it in message["payload"]
    ]
    assert "2026-03-09" == message["payload"][1]["extension"][0]["valueDateTime"]
    assert "höftfraktur" not in made.text
    assert "070-174" not in made.text
    assert UNITS == await names(api, message["recipient"])
    assert ["Avdelning 4"] == await names(api, [message["sender"]])
    stay = (await api.get("Encounter/stay")).json()
    case = (await api.get(stay["episodeOfCare"][0]["reference"])).json()
    assert ("active", "2026-03-03") == (case["status"], case["period"]["start"])
    assert "Organization/region" == case["managingOrganization"]["reference"]
    team = (await api.get(case["team"][0]["reference"])).json()
    assert ["Avdelning 4", *UNITS] == await names(api, [it["member"] for it in team["participant"]])


async def test_a_notice_that_comes_again_is_sent_once(api):
    first, *rest = await asyncio.gather(*(api.post(NOTIFY, json=asked()) for _ in range(3)))
    later = await api.post(NOTIFY, json=asked(FIRST.upper().replace("URN:UUID", "urn:uuid")))
    assert 201 == (await api.put("Encounter/elsewhere", json=a_stay("elsewhere"))).status_code
    other = await api.post("Encounter/elsewhere/$notify-admission", json=asked())

    assert [200, 200, 201] == sorted(it.status_code for it in (first, *rest))
    assert 200 == later.status_code
    assert 1 == len({it.json()["id"] for it in (first, *rest, later)})
    assert (409, ["notice-identifier-taken"]) == (other.status_code, issue_keys(other.json()))
    assert {"Communication": 1, "EpisodeOfCare": 1, "CareTeam": 1, "Encounter": 3} == await everything(api)


async def test_who_has_been_told_is_not_told_again_and_a_new_unit_becomes_a_party(api):
    await api.post(NOTIFY, json=asked())
    again = await api.post(NOTIFY, json=asked(SECOND))
    new = await api.post(NOTIFY, json=asked(THIRD, "Organization/school", "Organization/ward"))

    assert (409, ["notice-told"]) == (again.status_code, issue_keys(again.json()))
    assert 201 == new.status_code, new.text
    assert ["Skolan", "Avdelning 4"] == await names(api, new.json()["recipient"])
    (team,) = [it["resource"] for it in (await api.get("CareTeam")).json()["entry"]]
    assert ["Avdelning 4", *UNITS, "Skolan"] == await names(api, [it["member"] for it in team["participant"]])
    assert 1 == (await everything(api))["EpisodeOfCare"]
    stay = (await api.get("Encounter/stay")).json()
    end = datetime.now(UTC).isoformat(timespec="milliseconds")
    home = {**stay, "status": "finished", "period": {"start": START, "end": end}}
    assert 200 == (await api.put("Encounter/stay", json=home)).status_code
    late = await api.post(NOTIFY, json=asked(SECOND))
    assert (409, ["case-not-now"]) == (late.status_code, issue_keys(late.json()))


async def test_two_who_begin_a_case_at_once_begin_one(api):
    made = await asyncio.gather(
        api.post(NOTIFY, json=asked(FIRST, "Organization/school")), api.post(NOTIFY, json=asked(SECOND))
    )

    assert [201, 201] == [it.status_code for it in made]
    assert {"EpisodeOfCare": 1, "CareTeam": 2, "Communication": 2, "Encounter": 2} == await everything(api)


async def test_what_cannot_be_told_is_refused_with_what_is_allowed(api):
    put = {
        "home": a_stay("home", status="finished", period={"start": START, "end": "2026-03-05"}),
        "planned": a_stay("planned", status="planned"),
        "visit": a_stay("visit", **{"class": {**INPATIENT, "code": "AMB"}}),
        "blank": a_stay("blank", extension=[{"url": "https://example.org/x", "valueString": "x"}]),
        "away": a_stay("away", subject=at("Patient/away")),
    }
    away = {
        **PERSON,
        "id": "away",
        "address": [{"city": "Annanstans"}],
        "identifier": [{"system": "urn:x", "value": "1"}],
    }
    assert 201 == (await api.put("Patient/away", json=away)).status_code
    for id, stay in put.items():
        assert 201 == (await api.put(f"Encounter/{id}", json=stay)).status_code
    refused = {
        id: await api.post(f"Encounter/{id}/$notify-admission", json=asked(SECOND)) for id in (*put, "none")
    }  # fmt: skip

    keys = {id: (it.status_code, issue_keys(it.json())[0]) for id, it in refused.items()}
    assert {
        "home": (409, "case-not-now"),
        "planned": (409, "notice-no-stay"),
        "visit": (409, "notice-no-stay"),
        "blank": (422, "notice-no-estimate"),
        "away": (422, "notice-nobody"),
        "none": (404, "not-found"),
    } == keys
    assert "discharged" in refused["home"].json()["issue"][0]["details"]["text"]
    told = asked(SECOND, estimated_discharge="2026-03-10")
    assert 201 == (await api.post("Encounter/blank/$notify-admission", json=told)).status_code
    assert (
        201
        == (await api.post("Encounter/away/$notify-admission", json=asked(THIRD, "Organization/school"))).status_code
    )


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(asked(""), id="no identifier"),
        pytest.param(asked("urn:uuid:1"), id="no uuid"),
        pytest.param(asked(FIRST, "Patient/p1"), id="no unit"),
        pytest.param(asked(assessed="2026-03-01"), id="assessed before the admission"),
        pytest.param(asked(assessed="2999-01-01"), id="assessed in the future"),
        pytest.param(asked(estimated_discharge="snart"), id="no moment"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite:///:memory:"], ids=["sqlite"])
async def test_what_is_malformed_is_refused_and_nothing_is_written(api, told):
    refused = await api.post(NOTIFY, json=told)

    assert 400 == refused.status_code
    assert {"Communication": 0, "EpisodeOfCare": 0, "CareTeam": 0, "Encounter": 1} == await everything(api)


# ------------------------------------------------------------------------------------------------ registered late

LATE = {
    "given": ("valueDateTime", "2026-03-02T10:15:00+01:00"),
    "way": ("valueCode", "telephone"),
    "reason": ("valueString", "Driftstopp"),
    "by": ("valueString", "Anna Bergqvist"),
    "to": ("valueString", "Sara Lundmark"),
}


def phoned(identifier=FIRST, without="", recipients=("Organization/school",), **said):
    told = [(name, member, said.get(name, value)) for name, (member, value) in LATE.items() if name != without]
    late = {"name": "late", "part": [{"name": name, member: value} for name, member, value in told]}
    notice = asked(identifier, *recipients)
    return {**notice, "parameter": [*notice["parameter"], late]}


async def test_a_notice_that_was_phoned_first_counts_from_then_and_comes_again_as_the_same(api):
    made, again = await api.post(NOTIFY, json=phoned()), await api.post(NOTIFY, json=phoned())

    assert (201, 200) == (made.status_code, again.status_code), made.text
    assert made.json() == again.json()
    (said,) = [it for it in made.json()["extension"] if it["url"] == structure("late-registration")]
    assert [{"url": name, member: value} for name, (member, value) in LATE.items()] == said["extension"]
    case = (await api.get("Encounter/stay")).json()["episodeOfCare"][0]["reference"]
    told = (await api.get(f"{case}/$process")).json()
    assert ("2026-03-02T09:15:00.000Z", True) == next(
        (it["at"], it["late"]) for it in parts(told, "event") if it["code"] == "inskrivning"
    )
    assert ("registered-late", "inskrivning") in [(it["code"], it["about"]) for it in parts(told, "flag")]
    assert not [it for it in parts(told, "due") if it["code"] == "inskrivning" and it["late"]]


async def test_what_was_sent_now_is_late_where_what_was_phoned_is_not(api):
    assert 201 == (await api.post(NOTIFY, json=asked())).status_code
    case = (await api.get("Encounter/stay")).json()["episodeOfCare"][0]["reference"]
    told = (await api.get(f"{case}/$process")).json()
    assert [it for it in parts(told, "due") if it["code"] == "inskrivning" and it["late"]]
    assert "registered-late" not in [it["code"] for it in parts(told, "flag")]


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        *(pytest.param(phoned(without=name), (400, "parameter-missing"), id=f"no {name}") for name in LATE),
        pytest.param(phoned(by=" "), (400, "parameter-value"), id="a blank name"),
        pytest.param(phoned(given="nyss"), (400, "parameter-value"), id="no moment"),
        pytest.param(phoned(way=7), (400, "parameter-value"), id="no code"),
        pytest.param(phoned(recipients=()), (400, "parameter-missing"), id="nobody named"),
        pytest.param(phoned(way="pigeon"), (422, "profile-code"), id="no way"),
        pytest.param(phoned(to="Anna Bergqvist"), (422, "profile-constraint"), id="one person"),
        pytest.param(phoned(given="2026-03-02"), (422, "late-no-clock"), id="a day alone"),
        pytest.param(phoned(given="2999-03-02T10:15:00+01:00"), (422, "late-future"), id="ahead"),
        pytest.param(phoned(given="2026-03-02T08:59:59+01:00"), (409, "late-before-stay"), id="before the stay"),
        pytest.param(phoned(given="0001-01-01T00:00:00+14:00"), (409, "late-before-stay"), id="long ago"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite:///:memory:"], ids=["sqlite"])
async def test_a_late_notice_that_cannot_be_true_is_refused_and_nothing_is_written(api, told, refused):
    answer = await api.post(NOTIFY, json=told)

    assert refused == (answer.status_code, issue_keys(answer.json())[0])
    assert {"Communication": 0, "EpisodeOfCare": 0, "CareTeam": 0, "Encounter": 1} == await everything(api)
    assert 201 == (await api.post(NOTIFY, json=phoned())).status_code


@pytest.mark.parametrize(
    "late",
    [
        {"name": "late"},
        {"name": "late", "part": []},
        {"name": "late", "part": None},
        {"name": "late", "part": "given"},
        {"name": "late", "part": [None]},
        {"name": "late", "part": [{"name": "colour", "valueString": "red"}]},
        {"name": "late", "part": [{"name": ["given"], "valueString": "red"}]},
        {"name": "late", "valueString": "telephone"},
    ],
)
@pytest.mark.parametrize("database", ["sqlite:///:memory:"], ids=["sqlite"])
async def test_a_late_that_is_no_parts_is_refused(api, late):
    notice = asked(FIRST, "Organization/school")
    answer = await api.post(NOTIFY, json={**notice, "parameter": [*notice["parameter"], late]})

    assert 400 == answer.status_code, answer.text
    assert 400 == (await api.post(f"{NOTIFY}?late=telephone", json=notice)).status_code
