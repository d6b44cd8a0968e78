"""Patient/$patientkontrakt: a person's plans, contacts, meetings and messages as one FHIR document."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fhir_server.assembly import Assembly, assembled, claim_index
from fhir_server.fhir.codec import decode, encode
from tests.builders import a_bundle, a_care_plan, a_patient, an_entry, issue_keys
from tests.stories.story import Story, load_stories
from tests.witness import witnessed

pytestmark = pytest.mark.anyio
Json = dict[str, Any]

STORIES = load_stories()
NAMES = ("sip-hemma", "utskrivning", "skyddad-identitet", "ombud")
HERE_ALONE = pytest.mark.parametrize("database", ["sqlite:///:memory:"], ids=["sqlite"])
"""The store has no part in it."""


@pytest.fixture
async def assembly(settings, time) -> AsyncIterator[Assembly]:
    async with assembled(settings) as house:
        assert await claim_index(house)
        async with witnessed(house) as seen:
            yield seen


async def contract(api, patient: str, query: str = "", language: str = "sv") -> Json:
    answer = await api.get(f"Patient/{patient}/$patientkontrakt{query}", headers={"Accept-Language": language})
    assert 200 == answer.status_code, answer.text
    document: Json = decode(answer.content)
    return document


async def load(api, *resources: Json) -> None:
    entries = [an_entry("PUT", f"{one['resourceType']}/{one['id']}", one) for one in resources]
    assert 200 == (await api.post("", json=a_bundle(*entries))).status_code


async def tell(api, story: Story) -> str:
    """The id of the story's person, once the story is loaded."""
    sent = {"content": encode(story.bundle), "headers": {"Content-Type": "application/fhir+json"}}
    assert 200 == (await api.post("", **sent)).status_code
    identifier = story.only("Patient")["identifier"][0]
    asked = {"identifier": f"{identifier['system']}|{identifier['value']}"}
    (entry,) = (await api.get("Patient", params=asked)).json()["entry"]
    return str(entry["resource"]["id"])


def composition(document: Json) -> Json:
    found: Json = document["entry"][0]["resource"]
    return found


def listed(document: Json, code: str) -> list[str]:
    """What a section lists, by Type/id."""
    (section,) = (one for one in composition(document)["section"] if code == one["code"]["coding"][0]["code"])
    return ["/".join(one["reference"].split("/")[-2:]) for one in section.get("entry", ())]


def words(document: Json) -> str:
    """What the document says, as it is read."""
    texts = [composition(document)["text"], *(one["text"] for one in composition(document)["section"])]
    return "\n".join(re.sub("<[^>]+>", "\n", text["div"]) for text in texts)


async def test_a_story_becomes_a_document_that_tells_it(api, assembly, time):
    documents = {}
    for name in NAMES:
        patient = await tell(api, STORIES[name])
        time.stop("2026-03-02T16:00:00+01:00")
        documents[name] = await contract(api, patient)
        time.stopped = 0
        is_whole(documents[name], patient, assembly)
        for code, type in (("contacts", "CareTeam"), ("messages", "Communication"), ("plans", "CarePlan")):
            told = {f"{type}/{one['id']}" for one in STORIES[name].all(type)}
            assert told == set(listed(documents[name], code)), (name, code)
        done = {f"{one['resourceType']}/{one['id']}" for type in DONE for one in STORIES[name].all(type)}
        assert done == set(listed(documents[name], "goals-and-actions"))
        ahead = [f"Appointment/{one['id']}" for one in STORIES[name].all("Appointment") if one["status"] == "booked"]
        assert ahead == listed(documents[name], "appointments")
        for sentence in TOLD[name]:
            assert sentence in words(documents[name]), (name, sentence)


DONE = ("Goal", "ServiceRequest", "Task")
TOLD = {
    "sip-hemma": [
        "Patientkontrakt, sammanställt måndag 2 mars 2026 kl. 16.00.",
        "Samordnad individuell plan. Pågår. Från 26 februari 2026 till 31 augusti 2026. Samordnas av Maria Ekdahl,",
        "Jag vill bo kvar i mitt hus och kunna gå ut till mina höns varje dag. Pågår.",
        "Hjälp med dusch. Ansvarar: Amir Nouri, undersköterska, Hemtjänsten Björkvik norr, Björkviks kommun. Pågår.",
        "Väga sig varje morgon. Ansvarar: personen själv. Pågår.",
        "Runes SIP-team",
        "Fast läkarkontakt i primärvård: Anders Nyström, läkare, Björkviks vårdcentral, Region Exempel. Telefon 0980-319 210.",
        "Närstående: Elin Almkvist, barnbarn. Telefon 070-174 06 11.",
        "torsdag 9 april 2026 kl. 13.00\N{EN DASH}13.45: Uppföljning av samordnad individuell plan. Bokad. Plats: Hemma hos Rune.",
        "måndag 2 mars 2026 kl. 08.20, från Amir Nouri, undersköterska,",
        "Kallelse till samordnad individuell planering. Välkommen till ett möte",
    ],
    "utskrivning": [
        "Planering inför utskrivning. Pågår.",
        "Fast vårdkontakt: Maria Ekdahl, distriktssköterska, Björkviks vårdcentral, Region Exempel. Telefon 0980-319 211.",
        "Samordnad individuell planering inför hemgång. Bokad. Plats: Samtalsrummet på avdelning 7.",
        "Underrättelse om utskrivningsklar.",
    ],
    "skyddad-identitet": ["Viktigt för mig: Att ingen får veta var jag bor.", "Det finns inga meddelanden att visa."],
    "ombud": ["Signes SIP-team", "tisdag 14 april 2026 kl. 13.00\N{EN DASH}13.45: Uppföljning av Signes plan. Bokad."],
}


def is_whole(document: Json, patient: str, assembly: Assembly) -> None:
    """Valid by all that R4 says of a document, each resource in it once, under its address; what it refers to is there."""
    said = [str(issue) for issue in assembly.server.content.validator.issues(document, type="Bundle")]
    assert [] == [it for it in said if "dom-6" not in it]  # a recommendation, and not ours to make of what was sent
    assert ("document", False, "2026-03-02T15:00:00.000Z") == (
        document["type"],
        "total" in document,
        document["timestamp"],
    )
    urls = [entry["fullUrl"] for entry in document["entry"]]
    assert len(urls) == len(set(urls))
    base = assembly.server.base
    assert all(url.startswith(f"{base}/") for url in urls[1:])
    assert [True, True] == [it.startswith("urn:uuid:") for it in (urls[0], document["identifier"]["value"])]
    assert f"{base}/Patient/{patient}" == urls[1] == composition(document)["subject"]["reference"]
    sections = composition(document)["section"]
    assert {one["reference"] for section in sections for one in section.get("entry", ())} <= set(urls)


async def test_who_and_what_is_shown_follows_what_is_asked_and_the_state(api, time):
    subject = {"subject": {"reference": "Patient/p1"}}
    plans = [
        a_care_plan(id="now", period={"start": "2026-02-01"}),
        a_care_plan(id="later", period={"start": "2026-02-15"}),
        a_care_plan(id="rests", status="on-hold"),
        a_care_plan(id="year", status="completed", period={"end": "2025-03-02"}),
        a_care_plan(id="old", status="completed", period={"end": "2025-03-01"}),
        a_care_plan(id="draft", status="draft"),
        a_care_plan(id="wrong", status="entered-in-error"),
        a_care_plan(id="other", subject={"reference": "Patient/p2"}),
    ]
    meetings = [
        an_appointment("today", "2026-03-02T00:00:00+01:00"),
        an_appointment("tomorrow", "2026-03-03T08:00:00+01:00"),
        an_appointment("yesterday", "2026-03-01T23:59:59+01:00", status="fulfilled"),
        an_appointment("off", "2026-03-03T08:00:00+01:00", status="cancelled"),
    ]
    messages = [
        {"resourceType": "Communication", "id": id, "status": status, "sent": f"2026-03-0{day}T08:00:00Z", **subject}
        for id, status, day in (("a", "completed", 1), ("b", "in-progress", 2), ("c", "preparation", 2))
    ]
    teams = [
        {"resourceType": "CareTeam", "id": id, "status": status, **subject}
        for id, status in (("t", "active"), ("u", "inactive"))
    ]
    await load(api, a_patient(id="p1"), a_patient(id="p2"), *plans, *meetings, *messages, *teams)
    time.stop("2026-03-02T16:00:00+01:00")

    found = await contract(api, "p1")
    assert [f"CarePlan/{it}" for it in ("later", "now", "rests", "year")] == listed(found, "plans")
    assert ["Appointment/today", "Appointment/tomorrow"] == listed(found, "appointments")
    assert ["Communication/b", "Communication/a"] == listed(found, "messages")
    assert ["CareTeam/t"] == listed(found, "contacts")

    earlier = await contract(api, "p1", "?start=2025-03-01")
    assert ["CarePlan/year", "CarePlan/old"] == listed(earlier, "plans")[3:]
    assert [f"Appointment/{it}" for it in ("yesterday", "today", "tomorrow")] == listed(earlier, "appointments")
    again = await contract(api, "p1", "?start=2025-03-01")
    assert composition(earlier) == composition(again)
    assert [it["fullUrl"] for it in earlier["entry"][1:]] == [it["fullUrl"] for it in again["entry"][1:]]
    assert document_id(earlier) != document_id(again)

    none = await contract(api, "p2", "?start=2027-01-01")
    assert (["CarePlan/other"], []) == (listed(none, "plans"), listed(none, "appointments"))
    assert 404 == (await api.get("Patient/none/$patientkontrakt")).status_code


def an_appointment(id: str, start: str, **members: Any) -> Json:
    return {
        "resourceType": "Appointment",
        "id": id,
        "status": "booked",
        "start": start,
        "end": start.replace(":00+", ":01+").replace(":59+", ":59+"),
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
        **members,
    }


def document_id(document: Json) -> str:
    return str(document["identifier"]["value"])


@HERE_ALONE
async def test_who_has_no_plan_is_told_so_in_the_language_asked_for_the_titles(api):
    await load(api, a_patient(id="p1"))
    found = await contract(api, "p1")
    english = await contract(api, "p1", language="en")

    assert ["Avtalet och planerna", "Mål och insatser", "Mina kontakter", "Bokade tider", "Meddelanden"] == titles(
        found
    )
    assert ["The agreement and the plans", "Goals and actions", "My contacts", "Booked meetings", "Messages"] == titles(
        english
    )
    assert ("Patientkontrakt", "Patient contract") == (composition(found)["title"], composition(english)["title"])
    assert "Det finns ingen plan att visa." in composition(found)["text"]["div"]
    assert 2 == len(found["entry"])

    await load(api, a_care_plan(id="a"))
    assert "ingen plan" not in words(await contract(api, "p1"))


def titles(document: Json) -> list[str]:
    return [one["title"] for one in composition(document)["section"]]


@HERE_ALONE
async def test_of_messages_the_newest_hundred_are_shown_and_that_there_are_more_is_said(api):
    sent = [
        {
            "resourceType": "Communication",
            "id": f"m{number:03}",
            "status": "completed",
            "sent": f"2026-02-01T10:{number // 60:02}:{number % 60:02}Z",
            "subject": {"reference": "Patient/p1"},
        }
        for number in range(101)
    ]
    await load(api, a_patient(id="p1"), *sent[:100])
    assert "mer än vad som visas" not in words(await contract(api, "p1"))

    await load(api, sent[100])
    found = await contract(api, "p1")
    assert [f"Communication/m{number:03}" for number in range(100, 0, -1)] == listed(found, "messages")
    assert "Det finns mer än vad som visas här." in words(found)


@HERE_ALONE
async def test_what_is_named_comes_along_once_and_nobody_elses_does(api):
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "Practitioner/s"},
        "organization": {"reference": "Organization/o"},
    }
    await load(
        api,
        a_patient(id="p1"),
        a_patient(id="p2"),
        role,
        {"resourceType": "Practitioner", "id": "s"},
        {"resourceType": "Practitioner", "id": "stranger"},
        {"resourceType": "Organization", "id": "o", "name": "Enheten"},
        {"resourceType": "RelatedPerson", "id": "own", "patient": {"reference": "Patient/p1"}},
        {"resourceType": "RelatedPerson", "id": "others", "patient": {"reference": "Patient/p2"}},
        {"resourceType": "Goal", "id": "others", "lifecycleStatus": "active", "description": {"text": "x"}}
        | {"subject": {"reference": "Patient/p2"}},
        a_care_plan(
            id="a",
            author={"reference": "PractitionerRole/r"},
            contributor=[{"reference": it} for it in ("RelatedPerson/own", "RelatedPerson/others", "Organization/o")],
            goal=[{"reference": "Goal/others"}],
        ),
    )
    found = await contract(api, "p1")

    assert [
        "Patient/p1",
        "CarePlan/a",
        "Organization/o",
        "PractitionerRole/r",
        "RelatedPerson/own",
        "Practitioner/s",
    ] == ["/".join(entry["fullUrl"].split("/")[-2:]) for entry in found["entry"][1:]]
    assert [] == listed(found, "goals-and-actions")


@HERE_ALONE
async def test_a_code_without_words_has_those_of_its_system(api):
    kinds = "https://terminologitjansten.inera.se/inera-kodverksforvaltning/kodverk/kv_typ_av_fast_kontakt"
    contact = {"role": [{"coding": [{"system": kinds, "code": "2"}]}], "member": {"display": "Anders"}}
    subject = {"subject": {"reference": "Patient/p1"}}
    message = {"coding": [{"system": "https://fhir-care-plan-server.example/CodeSystem/message", "code": "hemgang"}]}
    await load(
        api,
        a_patient(id="p1"),
        {"resourceType": "CareTeam", "id": "t", "status": "active", "participant": [contact], **subject},
        {"resourceType": "Communication", "id": "m", "status": "completed", "category": [message], **subject},
    )
    said = words(await contract(api, "p1", language="en"))

    assert "fast läkarkontakt i primärvård: Anders." in said
    assert "Utskrivning och informationsöverföring." in said


@HERE_ALONE
async def test_what_is_data_is_no_mark_up(api, assembly):
    hostile = '<img src="https://evil.example/x"/> & <script>'
    await load(api, a_patient(id="p1"), a_care_plan(id="a", title=hostile))
    found = await contract(api, "p1")

    assert (
        "<p>&lt;img src=&#34;https://evil.example/x&#34;/&gt; &amp; &lt;script&gt;."
        in composition(found)["section"][0]["text"]["div"]
    )
    assert [] == [
        str(it)
        for it in assembly.server.content.validator.issues(composition(found), type="Composition")
        if "dom-6" not in str(it)
    ]


@HERE_ALONE
async def test_a_part_of_a_document_and_what_is_unknown_are_refused(api):
    await load(api, a_patient(id="p1"))
    for query, key in (
        ("_summary=true", "document-whole"),
        ("_summary=count", "document-whole"),
        ("_elements=title", "document-whole"),
        ("_page=x", "document-whole"),
        ("start=2026-03", "parameter-value"),
        ("start=2026-02-30", "parameter-value"),
        ("start=2026-03-02T10:00:00Z", "parameter-value"),
        ("start=2026-03-02&start=2026-03-03", "parameter-repeated"),
        ("colour=red", "unknown-parameter"),
    ):
        refused = await api.get(f"Patient/p1/$patientkontrakt?{query}")
        assert (400, [key]) == (refused.status_code, issue_keys(refused.json())), query
    for query in (
        "_summary=false",
        "start=2026-03-02",
        "start=0001-01-01",
        "start=9999-12-31",
        "_pretty=true&_format=json",
    ):
        assert 200 == (await api.get(f"Patient/p1/$patientkontrakt?{query}")).status_code, query


@HERE_ALONE
async def test_the_start_may_be_a_parameter_of_the_body(api):
    await load(api, a_patient(id="p1"), an_appointment("past", "2020-03-01T08:00:00+01:00"))
    body = {"resourceType": "Parameters", "parameter": [{"name": "start", "valueDate": "2020-03-01"}]}
    answer = await api.post("Patient/p1/$patientkontrakt", json=body)

    assert ["Appointment/past"] == listed(answer.json(), "appointments")
    assert [] == listed((await api.post("Patient/p1/$patientkontrakt")).json(), "appointments")
    body["parameter"][0] = {"name": "start", "valueInteger": 2020}
    assert 400 == (await api.post("Patient/p1/$patientkontrakt", json=body)).status_code
