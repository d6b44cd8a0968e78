"""The rules as data: who is meant, what is permitted and forbidden, and what the start refuses."""

from copy import deepcopy

import pytest

from fhir_server.access.rules import FILE, load_rules, rules_of
from fhir_server.access.standing import Standing
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.search.query import NOTHING, settled_for

RULES = load_rules()
DEFINITION = dict(read("security"))[FILE]
CITIZEN = Standing("citizen", patient="a")
NURSE = Standing(
    "staff",
    purpose="TREAT",
    actors=frozenset({"Organization/u1"}),
    provider="Organization/region",
    unit="Organization/u1",
)


def test_every_rule_says_why_and_by_what_right():
    assert all(rule.reason and rule.source for rule in RULES.rules)
    assert len(RULES.rules) == len({rule.id for rule in RULES.rules})


def test_a_citizen_reads_the_own_and_writes_answers_alone():
    assert RULES.allow(CITIZEN, "CarePlan", "r")
    assert not RULES.allow(CITIZEN, "CarePlan", "u")
    assert RULES.allow(CITIZEN, "QuestionnaireResponse", "c")


def test_staff_write_what_they_document_and_not_what_access_is_made_of():
    assert RULES.allow(NURSE, "CarePlan", "c")
    assert not any(RULES.allow(NURSE, type, letter) for type in ("CareTeam", "Consent") for letter in "cud")


def test_a_role_and_a_purpose_open_what_nothing_else_does():
    administrator = Standing("staff", roles=frozenset({"administrator"}), purpose="TREAT")
    assert not RULES.allow(NURSE, "Organization", "u")
    assert RULES.allow(administrator, "Organization", "u")
    assert not RULES.allow(Standing("staff", purpose="HOPERAT"), "CarePlan", "r")


@pytest.mark.parametrize("kind", ["nobody", "citizen", "staff"])
def test_who_is_nobody_here_sees_nothing_about_anybody(kind):
    standing = Standing(kind, purpose="TREAT")

    assert NOTHING == settled_for(RULES.criterion(standing, {}, 0), "CarePlan")
    assert NOTHING != settled_for(RULES.criterion(standing, {}, 0), "Organization")


def changed(change) -> dict:
    definition = deepcopy(DEFINITION)
    change(next(it for it in definition["parameter"] if it["name"] == "rule"))
    return definition


def value(rule: dict, name: str) -> dict:
    return next(part for part in rule["part"] if part["name"] == name)


@pytest.mark.parametrize(
    ("name", "unknown"), [("caller", "somebody"), ("on", "NoType"), ("letter", "x"), ("holds", "luck")]
)
def test_a_rule_that_names_what_nobody_knows_is_refused(name, unknown):
    def spoil(rule):
        part = {"name": name, "valueCode": unknown}
        rule["part"] = [*(it for it in rule["part"] if it["name"] != name), part]

    assert rules_of(changed(lambda rule: None)).rules
    with pytest.raises(BadDefinition, match=unknown):
        rules_of(changed(spoil))
