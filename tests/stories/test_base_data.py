"""What every county has: the addressing register and the forms, and the same units as in the stories."""

from itertools import pairwise

import pytest

from fhir_server.fhir.definitions import read
from fhir_server.process.addressing.recipients import Register
from tests.discharge import ms
from tests.stories.story import Story, load_stories, references

OURS = "https://fhir-care-plan-server.example"
BASE = {name.removesuffix(".json"): Story(name, bundle) for name, bundle in read("examples/base-data")}
REGISTER = BASE["adressregister"]
FORMS = BASE["formular"]


def test_the_units_are_those_of_the_stories():
    told = {entry["fullUrl"]: entry for story in load_stories().values() for entry in story.entries}
    shared = [entry for entry in REGISTER.entries if entry["fullUrl"] in told]

    assert len(shared) > 8
    assert [told[entry["fullUrl"]] for entry in shared] == shared


@pytest.mark.parametrize("story", BASE.values(), ids=BASE)
def test_every_reference_leads_to_one_resource_beside_it(story):
    for resource in story.resources:
        for reference in references(resource):
            assert len(story.named(reference)) == 1, reference["reference"]


def test_every_row_says_what_a_unit_takes_where_and_since_when():
    for row in REGISTER.all("HealthcareService"):
        named = {extension["url"].rpartition("/")[2] for extension in row["extension"]}
        assert "validity" in named
        assert REGISTER.at(row["providedBy"])["resourceType"] == "Organization"
        assert all(REGISTER.at(area)["resourceType"] == "Location" for area in row["coverageArea"])


def test_rows_that_divide_the_month_leave_no_day_out_and_take_none_twice():
    spans = sorted(
        tuple(part["valuePositiveInt"] for part in extension["extension"])
        for row in REGISTER.all("HealthcareService")
        for extension in row["extension"]
        if extension["url"].endswith("/birth-days")
    )

    assert (1, 31) == (spans[0][0], spans[-1][1])
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(spans))


def test_each_municipality_has_one_catch_all():
    (row,) = [one for one in REGISTER.all("HealthcareService") if one["type"][0]["coding"][0]["code"] == "catch-all"]

    assert "Location/bjorkviks-kommun" == row["coverageArea"][0]["reference"]


def test_the_register_finds_everybody_in_the_stories_whose_registered_address_is_told():
    register = Register(REGISTER.all("HealthcareService"), REGISTER.all("Location"))
    people = {name: person for name, story in load_stories().items() for person in story.all("Patient")}
    lacking = {
        name: {one.reason for one in register.addressed(person, "inskrivning", ms("2026-03-02 10:00")).missing}
        for name, person in people.items()
    }

    elsewhere = {"lpt", "samtycke-aterkallat", "skyddad-identitet"}
    assert {it: {"address-missing", "nobody"} for it in elsewhere} == {it: why for it, why in lacking.items() if why}


def test_a_form_asks_in_codes_that_the_server_can_list():
    known = {one["url"] for name, one in read("profiles") if name.startswith("ValueSet-")}
    asked = {value for form in FORMS.resources for value in sets_in(form["item"])}

    assert asked
    assert asked <= known


def test_the_evaluation_in_the_stories_answers_a_form_that_is_here():
    forms = {form["url"]: {item["linkId"] for item in form["item"]} for form in FORMS.resources}
    answers = [answer for story in load_stories().values() for answer in story.all("QuestionnaireResponse")]

    assert answers
    for answer in answers:
        assert {item["linkId"] for item in answer["item"]} <= forms[answer["questionnaire"]]


def sets_in(items):
    for item in items:
        if "answerValueSet" in item:
            yield item["answerValueSet"]
        yield from sets_in(item.get("item", ()))
