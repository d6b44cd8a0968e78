"""https://hl7.org/fhir/R4/search.html#include"""

import pytest

from fhir_server.search.include import EVERY, Include, include, references_of
from tests.search.reading import PARAMETERS, PARSER, refusal


@pytest.mark.parametrize(
    ("name", "value", "asked"),
    [
        ("_include", "CarePlan:subject", Include("CarePlan", "subject")),
        ("_include", "CarePlan:subject:Patient", Include("CarePlan", "subject", "Patient")),
        ("_include", "CarePlan:*", Include("CarePlan", EVERY)),
        ("_include", "CarePlan:*:Patient", Include("CarePlan", EVERY, "Patient")),
        ("_include", "*", Include(EVERY, EVERY)),
        ("_include", "QuestionnaireResponse:questionnaire", Include("QuestionnaireResponse", "questionnaire")),
        ("_include", "Task:focus:Questionnaire", Include("Task", "focus", "Questionnaire")),
        ("_include:iterate", "CarePlan:subject", Include("CarePlan", "subject", iterate=True)),
        ("_revinclude", "Task:focus", Include("Task", "focus", reverse=True)),
        ("_revinclude", "Task:focus:CarePlan", Include("Task", "focus", "CarePlan", reverse=True)),
        ("_revinclude", "*", Include(EVERY, EVERY, reverse=True)),
        ("_revinclude:iterate", "Task:*", Include("Task", EVERY, reverse=True, iterate=True)),
    ],
)
def test_what_comes_along_is_named_by_type_and_reference(name, value, asked):
    assert asked == include(PARAMETERS, name, value)


@pytest.mark.parametrize(
    ("name", "wrong", "right", "known"),
    [
        ("_include", "", "*", "-"),
        ("_include", "Colour:*", "CarePlan:*", "-"),
        ("_include", "Colour:subject", "CarePlan:subject", "-"),
        ("_include", "CarePlan", "CarePlan:*", "subject"),
        ("_include", "CarePlan:", "CarePlan:*", "subject"),
        ("_include", ":subject", "CarePlan:subject", "-"),
        ("_include", "CarePlan:status", "CarePlan:subject", "subject"),
        ("_include", "CarePlan:care-team-participant", "CarePlan:care-team", "care-team"),
        ("_include", "CarePlan:subject:Goal", "CarePlan:subject:Group", "subject"),
        ("_include", "CarePlan:*:Colour", "CarePlan:*:Goal", "subject"),
        ("_include", "Task:focus:Colour", "Task:focus:Goal", "focus"),
        ("_include", "CarePlan:subject:Patient:x", "CarePlan:subject:Patient", "subject"),
        ("_include", "CarePlan:subject,CarePlan:goal", "CarePlan:goal", "subject"),
        ("_include", "*:subject", "CarePlan:subject", "-"),
        ("_revinclude", "QuestionnaireResponse:questionnaire", "QuestionnaireResponse:subject", "subject"),
    ],
)
def test_what_is_not_known_is_refused_with_the_references_of_the_type(name, wrong, right, known):
    include(PARAMETERS, name, right)

    for lenient in (False, True):
        issue = refusal((name, wrong), lenient=lenient)
        assert ("include", name) == (issue.key, issue.said["name"])
        assert known in issue.said["allowed"].split(", ")


@pytest.mark.parametrize("modifier", ["", "recurse", "iterate:x", "Iterate"])
def test_the_one_modifier_is_iterate(modifier):
    include(PARAMETERS, "_include:iterate", "*")

    issue = refusal((f"_include:{modifier}", "*"))
    assert ("unknown-modifier", ":iterate") == (issue.key, issue.said["allowed"])


def test_what_comes_along_is_no_criterion_and_is_asked_for_once():
    pairs = [("_include", "CarePlan:subject"), ("status", "a"), ("_revinclude", "*"), ("_include", "CarePlan:subject")]
    search = PARSER.parse("CarePlan", pairs)

    assert (Include("CarePlan", "subject"), Include(EVERY, EVERY, reverse=True)) == search.includes
    assert (("status", "a"), ("_include", "CarePlan:subject"), ("_revinclude", "*")) == search.understood


def test_another_name_for_a_chain_is_no_reference_of_its_own():
    assert "care-team-participant" not in references_of(PARAMETERS, "CarePlan")
    assert {} == references_of(PARAMETERS, "Colour")
