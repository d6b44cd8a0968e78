"""CarePlan/$write-sip: a whole SIP from ten lines of text, all or nothing."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir.reference import references_in
from tests.builders import a_bundle, a_patient, an_entry, issue_keys
from tests.sip import DOCUMENT, PLANNED, TEXT, changed, the_people, without

pytestmark = pytest.mark.anyio

WRITE = "CarePlan/$write-sip"
IDENTIFIER = "urn:uuid:99503670-8729-4f7b-b83c-345740bc94f8"
NAMED = DOCUMENT + f"Identifierare: {IDENTIFIER}\n"


@pytest.fixture(autouse=True)
async def people(api):
    assert 200 == (await api.post("", json=the_people())).status_code


async def write(api, text, **headers):
    return await api.post(WRITE, content=text.encode(), headers=TEXT | headers)


async def found(api, type, **parameters):
    bundle = (await api.get(type, params={"_count": "1000", **parameters})).json()
    return [entry["resource"] for entry in bundle.get("entry", ())]


async def counted(api):
    return {type: (await api.get(type, params={"_summary": "count"})).json()["total"] for type in PLANNED}


async def test_ten_lines_become_a_plan_that_is_answered_with_its_address(api):
    answer = await write(api, DOCUMENT)

    assert 201 == answer.status_code
    plan = answer.json()
    assert answer.headers["location"].endswith(f"/CarePlan/{plan['id']}/_history/1")
    assert plan == (await api.get(f"CarePlan/{plan['id']}")).json()
    assert ("active", {"start": "2026-02-26"}) == (plan["status"], plan["period"])
    assert {
        "CarePlan": 1,
        "CareTeam": 1,
        "Consent": 1,
        "Goal": 1,
        "ServiceRequest": 2,
        "Task": 2,
        "Appointment": 1,
        "Condition": 0,
    } == await counted(api)


async def test_whatever_it_writes_refers_to_what_is_there(api):
    more = "Behov: Hjärtsvikt\nMöte: 2026-02-26 13:00\nDeltar: RelatedPerson/rune-barnbarn-elin | Barnbarn\n"
    await write(api, DOCUMENT + more)

    referred = {it for type in PLANNED for one in await found(api, type) for it in references_in(one)}
    assert "RelatedPerson/rune-barnbarn-elin" in referred
    for reference in referred:
        assert 200 == (await api.get(reference)).status_code, reference


async def test_each_resource_is_found_by_the_person_and_valid(api):
    await write(api, DOCUMENT + "Behov: Hjärtsvikt\n")

    (rune,) = await found(api, "Patient", identifier="195009072553")
    for type in PLANNED:
        written = await found(api, type, patient=rune["id"])
        assert written, type
        for resource in written:
            said = (await api.post(f"{type}/$validate", json=resource)).json()["issue"]
            assert [] == [issue for issue in said if issue["severity"] not in {"information", "warning"}]


async def test_the_coordinator_is_the_author_and_the_teams_coordinator(api):
    plan = (await write(api, DOCUMENT)).json()

    (maria,) = await found(api, "PractitionerRole", identifier="SE2321000131-U000000123401")
    assert {"reference": f"PractitionerRole/{maria['id']}", "display": "Maria Ekdahl"} == plan["author"]
    (team,) = await found(api, "CareTeam", participant=f"PractitionerRole/{maria['id']}")
    assert [{"reference": f"CareTeam/{team['id']}"}] == plan["careTeam"]


async def test_the_document_may_be_a_parameter(api):
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "document", "valueString": DOCUMENT}]}

    assert 201 == (await api.post(WRITE, json=wrapped)).status_code
    for body in (None, {"resourceType": "Parameters"}, {"resourceType": "CarePlan"}):
        refused = await api.post(WRITE, json=body)
        assert (400, ["no-document"]) == (refused.status_code, issue_keys(refused.json()))


async def test_prefer_is_honoured(api):
    answer = await write(api, DOCUMENT, Prefer="return=minimal")

    assert (201, b"") == (answer.status_code, answer.content)
    assert 200 == (await api.get(answer.headers["location"])).status_code


@pytest.mark.parametrize("word", ["Person", "Huvudansvar", "Samordnare", "Samtycke", "Mål", "Insats"])
async def test_without_a_line_that_it_needs_it_says_which_and_writes_nothing(api, word):
    refused = await write(api, without(word), **{"Accept-Language": "sv"})

    assert 422 == refused.status_code
    (issue,) = refused.json()["issue"]
    assert f"'{word}' saknas" in issue["details"]["text"]
    assert f"Skriv så här: {word}: " in issue["details"]["text"]
    assert "expression" not in issue
    assert {0} == set((await counted(api)).values())
    assert 201 == (await write(api, DOCUMENT)).status_code


async def test_everything_wrong_is_said_at_once_and_who_is_unknown_with_it(api):
    text = changed("Huvudansvar", "Huvudansvar: SE2321000131-E000000199999", changed("Från", "Från: igår"))
    refused = await write(api, changed("Samordnare", "Samordnare: SE2321000131-E000000123401", without("Mål", text)))

    assert [
        ("sip-unknown-unit", ["document.line[2]"]),
        ("sip-unknown-staff", ["document.line[3]"]),
        ("sip-line-date", ["document.line[5]"]),
        ("sip-no-goal", None),
    ] == [(it["details"]["coding"][0]["code"], it.get("expression")) for it in refused.json()["issue"]]
    assert "199999" not in refused.text
    assert 422 == refused.status_code
    assert {0} == set((await counted(api)).values())


async def test_one_who_is_named_twice_here_is_no_name(api):
    twin = {
        "resourceType": "Organization",
        "name": "X",
        "identifier": [{"system": "urn:oid:2.5.4.97", "value": "2321000131"}],
    }
    line = "Huvudansvar: 232100-0131"
    await api.put("Organization/one", json={**twin, "id": "one"})
    assert 201 == (await write(api, changed("Huvudansvar", line))).status_code

    await api.put("Organization/two", json={**twin, "id": "two"})
    refused = await write(api, changed("Huvudansvar", line))
    assert (422, ["sip-several"]) == (refused.status_code, issue_keys(refused.json()))
    assert 201 == (await write(api, changed("Huvudansvar", "Huvudansvar: Organization/two"))).status_code


@pytest.mark.parametrize(
    "named", ["RelatedPerson/rune-barnbarn-elin", "20030202-2389", "närstående RelatedPerson/rune-barnbarn-elin"]
)
async def test_a_relative_is_the_persons_own(api, named):
    line = f"Insats: Handla | {named}"
    assert 201 == (await write(api, changed("Insats", line))).status_code

    await api.put("Patient/anna", json=a_patient(id="anna"))
    other = changed("Person", "Person: Patient/anna", changed("Insats", line))
    refused = await write(api, other)
    assert (422, ["sip-unknown-relative"]) == (refused.status_code, issue_keys(refused.json()))


HEALTH_CENTRE = "SE2321000131-E000000123402"
HOME_CARE = "SE2321000131-E000000123405"


async def test_what_is_excluded_is_denied_in_the_consent(api):
    lines = f"Undantag: {HEALTH_CENTRE}\nUndantag: {HOME_CARE} | Det som rör ekonomin\n"
    assert 201 == (await write(api, DOCUMENT + lines)).status_code

    (consent,) = await found(api, "Consent")
    units = [
        (await found(api, "Organization", identifier=f"urn:oid:1.2.752.29.4.19|{unit}"))[0]["id"]
        for unit in (HEALTH_CENTRE, HOME_CARE)
    ]
    assert [("deny", units[0], None), ("deny", units[1], [{"text": "Det som rör ekonomin"}])] == [
        (one["type"], one["actor"][0]["reference"]["reference"].partition("/")[2], one.get("code"))
        for one in consent["provision"]["provision"]
    ]


async def test_nobody_is_wholly_excluded_from_a_plan_they_act_in_however_they_are_named(api):
    (unit,) = await found(api, "Organization", identifier=f"urn:oid:1.2.752.29.4.19|{HOME_CARE}")
    for named in (HOME_CARE, f"Organization/{unit['id']}"):
        refused = await write(api, DOCUMENT + f"Undantag: {named}\n")
        assert (422, ["sip-exclusion-takes-part"]) == (refused.status_code, issue_keys(refused.json()))
    assert {0} == set((await counted(api)).values())
    assert 201 == (await write(api, DOCUMENT + f"Undantag: Organization/{unit['id']} | Ekonomi\n")).status_code


async def test_a_plan_is_part_of_one_of_the_same_person(api):
    whole = (await write(api, DOCUMENT)).json()
    line = f"Del av: CarePlan/{whole['id']}"

    part = await write(api, DOCUMENT + line)
    assert (201, [{"reference": f"CarePlan/{whole['id']}"}]) == (part.status_code, part.json()["partOf"])
    await api.put("Patient/anna", json=a_patient(id="anna"))
    refused = await write(api, changed("Person", "Person: Patient/anna") + "\n" + line)
    assert (422, ["sip-unknown-plan"]) == (refused.status_code, issue_keys(refused.json()))


async def test_the_same_identifier_again_is_the_same_plan(api):
    made = await write(api, NAMED)
    again = await write(api, changed("Titel", "Titel: En annan", NAMED + "Titel: x"))

    assert (201, 200) == (made.status_code, again.status_code)
    assert made.json() == again.json()
    assert made.headers["location"] == again.headers["location"]
    assert 1 == (await counted(api))["CareTeam"]
    assert 201 == (await write(api, NAMED.replace("99503670", "99503671"))).status_code


@pytest.mark.parametrize("uri", ["https://kommun.example/sip?a=1,2|b=$3", "urn:x:a\\b"])
async def test_an_identifier_with_signs_that_a_search_knows_is_itself(api, uri):
    made = await write(api, DOCUMENT + f"Identifierare: {uri}\n")
    again = await write(api, DOCUMENT + f"Identifierare: {uri}\n")

    assert [201, 200] == [made.status_code, again.status_code]
    assert uri == again.json()["identifier"][0]["value"]


async def test_another_persons_identifier_is_refused(api):
    await write(api, NAMED)
    await api.put("Patient/anna", json=a_patient(id="anna"))

    refused = await write(api, changed("Person", "Person: Patient/anna", NAMED))
    assert (409, ["sip-identifier-taken"]) == (refused.status_code, issue_keys(refused.json()))
    assert 200 == (await write(api, NAMED)).status_code


async def test_of_many_with_one_identifier_at_once_one_writes(api):
    answers = await asyncio.gather(*(write(api, NAMED) for _ in range(6)))

    assert [200] * 5 + [201] == sorted(answer.status_code for answer in answers)
    assert 1 == len({answer.json()["id"] for answer in answers})
    assert {"CarePlan": 1, "Goal": 1, "Task": 2} == {
        type: number for type, number in (await counted(api)).items() if type in {"CarePlan", "Goal", "Task"}
    }


@pytest.mark.parametrize(
    ("headers", "status", "key"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "media-type"),
        ({"Content-Type": "text/plain; charset=latin-1"}, 415, "media-type"),
        ({"Content-Type": "text/plain", "Accept": "application/fhir+xml"}, 406, "not-acceptable"),
    ],
)
async def test_it_is_plain_text_in_utf_8(api, headers, status, key):
    refused = await api.post(WRITE, content=DOCUMENT.encode(), headers=headers)
    assert (status, [key]) == (refused.status_code, issue_keys(refused.json()))

    assert 201 == (await api.post(WRITE, content=DOCUMENT.encode(), headers={"Content-Type": "text/plain"})).status_code


async def test_bytes_that_are_no_text_are_refused(api):
    refused = await api.post(WRITE, content=DOCUMENT.encode("latin-1"), headers=TEXT)

    assert (400, ["not-text"]) == (refused.status_code, issue_keys(refused.json()))


async def test_plain_text_is_for_the_document_alone(api):
    refused = await api.post("CarePlan/$validate", content=DOCUMENT.encode(), headers=TEXT)

    assert (415, ["media-type"]) == (refused.status_code, issue_keys(refused.json()))


async def test_a_document_in_a_batch_is_written_too(api):
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "document", "valueString": DOCUMENT}]}
    answer = await api.post("", json=a_bundle(an_entry("POST", WRITE, wrapped), type="batch"))

    assert ["201 Created"] == [entry["response"]["status"] for entry in answer.json()["entry"]]


TOLD = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="|\n"), min_size=1).filter(
    lambda text: text.strip() and any(map(str.isprintable, text.strip()))
)
FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(
    text=st.text()
    | st.lists(st.sampled_from([*DOCUMENT.splitlines(), "Person: Patient/x", "Mål: \x00", "|", ":"]), max_size=14).map(
        "\n".join
    )
)
async def test_any_text_is_written_whole_or_not_at_all(api, text):
    before = await counted(api)
    answer = await write(api, text)

    assert answer.status_code in {201, 422}
    after = await counted(api)
    if answer.status_code == 201:
        assert all(after[type] > before[type] for type in ("CarePlan", "CareTeam", "Consent", "Goal", "Task"))
    else:
        assert before == after
        assert "OperationOutcome" == answer.json()["resourceType"]


@FEW
@given(goals=st.lists(TOLD, min_size=1, max_size=4), actions=st.lists(TOLD, min_size=1, max_size=4))
async def test_a_sound_document_read_back_has_every_goal_and_action_once(api, goals, actions):
    lines = [*(f"Mål: {text}" for text in goals), *(f"Insats: {text} | personen" for text in actions)]
    answer = await write(api, without("Mål", without("Insats")) + "\n".join(lines))

    assert 201 == answer.status_code, answer.text
    plan = answer.json()
    read = [(await api.get(it["reference"])).json()["description"]["text"] for it in plan["goal"]]
    assert [text.strip() for text in goals] == read
    done = [(await api.get(it["reference"]["reference"])).json() for it in plan["activity"][:-1]]
    assert [text.strip() for text in actions] == [one["code"]["text"] for one in done[::2]]
    assert [text.strip() for text in actions] == [one["description"] for one in done[1::2]]
