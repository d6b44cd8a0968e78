"""Questionnaire/$populate, and what follows from the answers: a report from the question to the ward."""

import pytest

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.definitions import read
from tests.builders import a_bundle, a_patient, an_entry, issue_keys
from tests.interactions.test_reports import CLINIC, HOME, a_row, a_team, notice, put_all, reports
from tests.messages import WARD, at, tasks, the_parties

pytestmark = pytest.mark.anyio

FORM = f"{OURS}/Questionnaire/statusrapport"
GOAL = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Gå till brevlådan"}}
ACTION = {
    "resourceType": "Task",
    "status": "accepted",
    "intent": "plan",
    "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
    "description": "Hjälp med dusch två gånger i veckan",
}
ABLE = ("flytta", "toalett", "dusch", "kla", "ata")


@pytest.fixture
async def house(api):
    forms = dict(read("examples/base-data"))["formular.json"]
    assert 200 == (await api.post("", json=forms)).status_code
    known = [
        {**GOAL, "id": "walk", "subject": at("Patient/p1")},
        {**GOAL, "id": "over", "subject": at("Patient/p1"), "lifecycleStatus": "completed"},
        {**GOAL, "id": "others", "subject": at("Patient/p2"), "description": {"text": "En annans"}},
        {**ACTION, "id": "shower", "for": at("Patient/p1")},
        {"resourceType": "RelatedPerson", "id": "daughter", "patient": at("Patient/p1"), "telecom": [{"system": "phone", "value": "070-174 06 05"}]},
    ]  # fmt: skip
    await put_all(api, a_patient(id="p2"), *the_parties(), a_row(HOME, "home-care"), a_team(HOME, CLINIC), *known)
    return api


async def populate(api, subject="Patient/p1", **told):
    asked = {"questionnaire": FORM, "subject": subject, **told}
    return await api.get("Questionnaire/$populate", params={name: it for name, it in asked.items() if it})


def filled_in(answer):
    """The answers by their questions, and the issues."""
    told = {one["name"]: one["resource"] for one in answer.json()["parameter"]}
    found = {}
    for group in told["response"]["item"]:
        for one in group.get("item", ()):
            found[one["linkId"]] = [value for it in one.get("answer", ()) for value in it.values()]
    return found, issue_keys(told["issues"]) if "issues" in told else []


async def test_a_form_comes_filled_in_with_what_is_known_of_the_person(house):
    answer = await populate(house)

    assert 200 == answer.status_code, answer.text
    found, issues = filled_in(answer)
    assert [] == issues
    assert ["Gå till brevlådan"] == found["mal"]
    assert ["Hjälp med dusch två gånger i veckan"] == found["beviljade"]
    assert ["070-174 06 05"] == found["narstaende"]
    assert [[]] * 5 == [found[link] for link in ABLE]
    response = answer.json()["parameter"][0]["resource"]
    assert ("in-progress", f"{FORM}|1", at("Patient/p1")) == (
        response["status"],
        response["questionnaire"],
        response["subject"],
    )
    assert 200 == (await house.post("QuestionnaireResponse/$validate", json=response)).status_code
    assert 201 == (await house.post("QuestionnaireResponse", json=response)).status_code
    one = await house.get("Questionnaire/statusrapport/$populate", params={"subject": "Patient/p1"})
    assert filled_in(one) == (found, issues)


async def test_the_report_before_fills_in_the_next(house):
    first = completed((await populate(house)).json()["parameter"][0]["resource"])
    assert 201 == (await house.post("QuestionnaireResponse", json=first)).status_code
    found, _ = filled_in(await populate(house))
    assert [["Behöver viss hjälp"]] * 5 == [found[link] for link in ABLE]
    assert ["Rollator"] == found["har"]
    assert [] == filled_in(await populate(house, "Patient/p2"))[0]["har"]


async def test_what_is_asked_wrongly_is_refused(house):
    for told, status, key in (
        ({"subject": ""}, 400, "parameter-missing"),
        ({"subject": "Patient/none"}, 404, "not-found"),
        ({"subject": "Goal/walk"}, 400, "parameter-value"),
        ({"questionnaire": ""}, 400, "parameter-missing"),
        ({"questionnaire": f"{FORM}|9"}, 404, "form-unknown"),
        ({"questionnaire": "https://example.org/none"}, 404, "form-unknown"),
    ):
        refused = await populate(house, **told)
        assert (status, [key]) == (refused.status_code, issue_keys(refused.json())), told
    assert 200 == (await populate(house, questionnaire=f"{FORM}|1")).status_code


def variable(name, query, language="application/x-fhir-query"):
    expression = {"name": name, "language": language, "expression": query}
    return {"url": "http://hl7.org/fhir/StructureDefinition/variable", "valueExpression": expression}


def a_question(link, expression, **more):
    url = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-initialExpression"
    told = {"url": url, "valueExpression": {"language": "text/fhirpath", "expression": expression}}
    return {"linkId": link, "type": "string", "extension": [told], **more}


async def test_what_cannot_be_filled_in_is_told_and_the_rest_is_there(house):
    form = {
        "resourceType": "Questionnaire",
        "status": "active",
        "extension": [
            variable("all", "Goal?lifecycle-status=active"),
            variable("nothing", "Nothing?patient={{%patient.id}}"),
            variable("odd", "Goal?patient={{%patient.id}}&odd={{%other}}"),
            variable("cql", "Goals", "text/cql"),
            variable("unknown", "Goal?patient={{%patient.id}}&unheard-of=1"),
        ],
        "item": [
            a_question("family", "%patient.identifier.value"),
            a_question("all", "%all.entry.resource.ofType(Goal).description.text"),
            a_question("broken", "%patient.name.where("),
            a_question("number", "%patient.identifier.value", type="integer"),
            a_question("day", "%patient.identifier.value", type="date"),
            {"linkId": "given", "type": "string", "initial": [{"valueString": "från början"}]},
        ],
    }
    told = [{"name": "questionnaire", "resource": form}, {"name": "subject", "valueReference": at("Patient/p1")}]
    answer = await house.post("Questionnaire/$populate", json={"resourceType": "Parameters", "parameter": told})
    assert 200 == answer.status_code, answer.text
    response, issues = (one["resource"] for one in answer.json()["parameter"])
    given = {one["linkId"]: one.get("answer") for one in response["item"]}
    assert [{"valueString": "från början"}] == given["given"]
    assert ["form-source"] * 5 + ["form-expression"] * 2 + ["form-not-fitting"] * 2 == issue_keys(issues)
    assert [None] * 4 == [given[link] for link in ("all", "broken", "number", "day")]
    assert given["family"] is not None


# ------------------------------------------------------------------------------------------------ what follows


def completed(response):
    """The response with its questions answered."""
    answers = {link: ["Behöver viss hjälp"] for link in ABLE} | {
        "har": ["Rollator"],
        "ring": ["Hemtjänsten 0999-123 40"],
    }
    for group in response["item"]:
        for one in group["item"]:
            if one["linkId"] in answers:
                one["answer"] = [{"valueString": it} for it in answers[one["linkId"]]]
    return {**response, "status": "completed"}


async def test_a_report_goes_from_the_question_to_the_ward(house):
    place = await notice(house, HOME)
    (task,) = await reports(house)
    response = completed((await populate(house, questionnaire=task["input"][0]["valueCanonical"])).json()["parameter"][0]["resource"])  # fmt: skip
    stored = (await house.post("QuestionnaireResponse", json=response)).json()

    extracted = await house.get(f"QuestionnaireResponse/{stored['id']}/$extract")
    assert 200 == extracted.status_code, extracted.text
    assert ["requested"] == [it["status"] for it in await reports(house)]
    posted = await house.post("", json=extracted.json())
    assert 200 == posted.status_code, posted.text

    (done,) = await reports(house)
    assert ("completed", at(f"QuestionnaireResponse/{stored['id']}")) == (
        done["status"],
        done["output"][0]["valueReference"],
    )
    sent = posted.json()["entry"][0]["response"]["location"].partition("/_history")[0].partition("fhir/")[2]
    message = (await house.get(sent)).json()
    assert (at(HOME), [at(WARD)], at("Encounter/visit")) == (
        message["sender"],
        message["recipient"],
        message["encounter"],
    )
    told = "\n".join(one["contentString"] for one in message["payload"])
    assert "Duscha: Behöver viss hjälp" in told
    assert "Vilka hjälpmedel finns?: Rollator" in told
    (unread,) = await tasks(house, sent)
    assert (at(WARD), "requested") == (unread["owner"], unread["status"])
    assert place == done["focus"]["reference"]


async def test_nothing_follows_from_what_nobody_asked_for_or_what_is_not_done(house):
    unasked = completed((await populate(house)).json()["parameter"][0]["resource"])
    first = (await house.post("QuestionnaireResponse", json=unasked)).json()
    await notice(house, HOME)
    begun = {**unasked, "status": "in-progress"}
    second = (await house.post("QuestionnaireResponse", json=begun)).json()
    other = {**unasked, "subject": at("Patient/p2")}
    third = (await house.post("QuestionnaireResponse", json=other)).json()
    for id, status in ((first["id"], 200), (second["id"], 422), (third["id"], 422), ("none", 404)):
        assert status == (await house.get(f"QuestionnaireResponse/{id}/$extract")).status_code
    refused = await house.get(f"QuestionnaireResponse/{second['id']}/$extract")
    assert ["form-nothing-asked"] == issue_keys(refused.json())


# ------------------------------------------------------------------------------------------------ what is held to the form


async def test_a_response_is_held_to_its_questionnaire_whichever_way_it_is_written(house):
    good = completed((await populate(house)).json()["parameter"][0]["resource"])
    bad = {**good, "item": good["item"][1:]}
    for wrong in (
        await house.post("QuestionnaireResponse", json=bad),
        await house.put("QuestionnaireResponse/r", json={**bad, "id": "r"}),
    ):
        assert (422, ["form-unanswered"] * 0 + issue_keys(wrong.json())) == (
            wrong.status_code,
            issue_keys(wrong.json()),
        )
    entry = an_entry("POST", "QuestionnaireResponse", {**good, "item": [*good["item"], {"linkId": "extra"}]})
    refused = await house.post("", json=a_bundle(entry))
    assert (422, ["form-unknown-item"]) == (refused.status_code, issue_keys(refused.json()))
    told = await house.post("QuestionnaireResponse/$validate", json=entry["resource"])
    assert "form-unknown-item" in issue_keys(told.json())
    assert 200 == (await house.post("", json=a_bundle(an_entry("POST", "QuestionnaireResponse", good)))).status_code
    free = {**entry["resource"], "questionnaire": "https://example.org/unknown"}
    assert 201 == (await house.post("QuestionnaireResponse", json=free)).status_code
