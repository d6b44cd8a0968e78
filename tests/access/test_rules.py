"""The rules as data: who is meant, what is permitted and forbidden, and what the start refuses."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest

from fhir_server.access.emergency import Emergency
from fhir_server.access.rules import FILE, load_rules, rules_of
from fhir_server.access.standing import Standing
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.search.parameter import load_parameters
from fhir_server.search.query import NOTHING, BlockedBy, Without, settled_for

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


def test_what_a_rule_follows_is_a_search_parameter_of_each_of_its_types():
    known = load_parameters()
    for rule in RULES.rules:
        for path in rule.asked.parameters:
            for type in rule.types:
                *steps, last = path.split(".")
                for step in steps:
                    code, _, led = step.partition(":")
                    assert led in known.of(type)[code].targets, (rule.id, path)
                    type = led  # noqa: PLW2901  # the chain goes on from there
                assert "reference" == known.of(type)[last].kind, (rule.id, path)


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


def in_emergency(mode: str) -> Standing:
    return replace(NURSE, emergencies=(Emergency(mode, "SE1-N", "SE1-C", "a", 100, 200),))


@pytest.mark.parametrize("mode", ["no-consent", "inner-block"])
def test_an_emergency_opens_while_it_lasts_and_not_a_millisecond_longer(mode):
    def opened(at: int) -> bool:
        """Whether somebody without a team, whose only way is the emergency, reaches any Patient."""
        alone = replace(in_emergency(mode), actors=frozenset())
        return NOTHING != settled_for(RULES.criterion(alone, {}, at), "Patient")

    assert [False, True, True, False] == [opened(at) for at in (99, 100, 199, 200)]


def test_its_rules_speak_of_nobody_else_and_never_of_writing():
    spoken = {rule.id for rule in RULES.of(in_emergency("no-consent"))} - {rule.id for rule in RULES.of(NURSE)}

    assert {"emergency-person", "emergency-no-consent"} == spoken
    assert spoken | {"emergency-inner-block"} == {rule.id for rule in RULES.rules if rule.is_of_emergency}
    assert {"r", "s"} == frozenset().union(*(rule.letters for rule in RULES.rules if rule.is_of_emergency))
    assert [] == [rule for rule in RULES.of(in_emergency("who-blocks")) if rule.is_of_emergency]


def test_an_emergency_is_told_with_its_rules_while_it_lasts():
    assert (("a", "emergency-inner-block emergency-person"),) == RULES.emergencies(in_emergency("inner-block"), 150)
    assert () == RULES.emergencies(in_emergency("inner-block"), 200)
    assert () == RULES.emergencies(in_emergency("who-blocks"), 150)


def test_what_lifts_an_inner_block_to_read_lifts_none_to_write():
    def blocks(letter: str) -> list[BlockedBy]:
        criterion = RULES.criterion(in_emergency("inner-block"), {"Goal": letter}, 150)
        return list(blocked_in(settled_for(Without(criterion), "Goal")))

    both, inner, outer = (
        frozenset(kinds) for kinds in (("inner-block", "outer-block"), ("inner-block",), ("outer-block",))
    )
    assert {inner, outer} == {one.kinds for one in blocks("r")}
    assert {both} == {one.kinds for one in blocks("u")}


def blocked_in(criterion) -> Iterator[BlockedBy]:
    if isinstance(criterion, BlockedBy):
        yield criterion
    for part in getattr(criterion, "parts", [getattr(criterion, "part", None)]):
        if part is not None:
            yield from blocked_in(part)


def changed(change) -> dict:
    definition = deepcopy(DEFINITION)
    change(next(it for it in definition["parameter"] if it["name"] == "rule"))
    return definition


def value(rule: dict, name: str) -> dict:
    return next(part for part in rule["part"] if part["name"] == name)


@pytest.mark.parametrize(
    ("name", "unknown"),
    [("caller", "somebody"), ("on", "NoType"), ("letter", "x"), ("holds", "luck"), ("mode", "at-will")],
)
def test_a_rule_that_names_what_nobody_knows_is_refused(name, unknown):
    def spoil(rule):
        part = {"name": name, "valueCode": unknown}
        rule["part"] = [*(it for it in rule["part"] if it["name"] != name), part]

    assert rules_of(changed(lambda rule: None)).rules
    with pytest.raises(BadDefinition, match=unknown):
        rules_of(changed(spoil))
