"""What holds of every profile: it only ever asks for more, and what it asks for is told where it is missing."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.definitions import json_name, r4
from fhir_server.validation.profile import Profiles
from fhir_server.validation.validate import Validator
from tests.validation.made import full
from tests.validation.mutate import mutate
from tests.validation.profiled import (
    OURS,
    SYSTEM,
    coded,
    element,
    extension,
    kind,
    profile,
    slicing,
    value_set,
)
from tests.validation.seeds import seed

BASE = Validator()
MUTATIONS = 3_000
MEETING = {"url": f"{OURS}meeting", "valueDateTime": "2024-01-01"}

DEMANDING = (
    profile(
        "plan",
        "CarePlan",
        element(
            "CarePlan",
            constraint=[{"key": "plan-1", "severity": "error", "human": "x", "expression": "activity.count() < 3"}],
        ),
        element("CarePlan.category", min=1, slicing=slicing(("pattern", "$this"), rules="openAtEnd", ordered=True)),
        element("CarePlan.category:sip", min=1, patternCodeableConcept=coded("sip")),
        element("CarePlan.extension:meeting", min=1, type=[kind("Extension", f"{OURS}meeting")]),
        element("CarePlan.created.extension:meeting", max="1", type=[kind("Extension", f"{OURS}meeting")]),
        element("CarePlan.contained", slicing=slicing(("type", "$this"))),
        element("CarePlan.contained:goal", min=1, type=[kind("Goal")]),
        element("CarePlan.contained:goal.description.text", maxLength=10),
        element("CarePlan.goal", type=[kind("Reference", to=(f"{OURS}aim",))]),
        element("CarePlan.subject.identifier.value", min=1),
        element("CarePlan.activity", slicing=slicing(("exists", "detail"), rules="closed")),
        element("CarePlan.activity:planned.detail", min=1),
        element("CarePlan.activity:planned.detail.scheduledTiming.repeat.bounds[x]", type=[kind("Period")]),
        element("CarePlan.activity.detail.code", binding={"strength": "required", "valueSet": f"{OURS}codes"}),
        element("CarePlan.note.author[x]", type=[kind("string")]),
        element("CarePlan.status", fixedCode="draft"),
    ),
    profile("aim", "Goal", element("Goal.target.detail[x]", type=[kind("Quantity")]), element("Goal.note", min=1)),
    extension("meeting", element("Extension.value[x]", type=[kind("dateTime")]), on="CarePlan"),
    {**value_set("codes", include=[{"system": SYSTEM}]), "url": f"{OURS}codes"},
)


def issues(validator: Validator, resource: Any, *profiles: str) -> list[tuple[str, str, str]]:
    found = validator.issues(resource, profiles=profiles)
    return [(issue.key, issue.expression, issue.source) for issue in found]


def test_a_profile_takes_no_issue_away_and_never_raises() -> None:
    """Whatever is valid by a profile is valid by base R4, and no JSON is too odd to be held to one."""
    validator = Validator(Profiles(DEMANDING))
    validator.profiles.check()
    chance = random.Random(20241122)
    told = set()
    for _ in range(MUTATIONS):
        resource = {**seed("CarePlan"), "extension": [MEETING, {"url": "urn:x", "extension": [MEETING]}]}
        for _ in range(chance.choice((1, 2, 4, 8))):
            mutate(resource, chance)
        if resource.get("resourceType") == "CarePlan":
            by_base, by_profile = issues(BASE, resource), issues(validator, resource, f"{OURS}plan")
            more = [issue for issue in by_profile if issue not in by_base]
            assert [] == [issue for issue in by_base if issue not in by_profile]
            assert all(OURS in source or key in {"modifier-unknown", "too-many-issues"} for key, _, source in more)
            told |= {key for key, _, _ in more}
    assert {"profile-slice-missing", "profile-fixed", "profile-constraint", "profile-type", "profile-code"} & told


KINDS = sorted(r4().resource_types - {"Bundle", "Parameters"})


@st.composite
def required(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A type, and some of its elements that a profile demands and R4 does not."""
    kind = draw(st.sampled_from(KINDS))
    optional = [
        row.name for row in r4().elements(kind).values() if not row.min and row.name not in {"meta", "contained"}
    ]
    return kind, draw(st.lists(st.sampled_from(optional), min_size=1, max_size=6, unique=True))


def path(of: str, name: str) -> str:
    return f"{of}.{name}[x]" if r4().elements(of)[name].choice else f"{of}.{name}"


@given(required())
def test_what_is_left_out_and_demanded_is_told_and_nothing_else(asked: tuple[str, list[str]]) -> None:
    of, names = asked
    validator = Validator(Profiles([profile("p", of, *(element(path(of, name), min=1) for name in names))]))
    resource = full(of)
    before = issues(validator, resource, f"{OURS}p")
    assert [] == [key for key, _, _ in before if key.startswith("profile-m")]
    for name in names:
        row = r4().elements(of)[name]
        without = {member: value for member, value in resource.items() if member != json_name(row, row.types[0])}
        expected = [("profile-missing", f"{of}.{name}", f"{OURS}p#{path(of, name)}")]
        assert expected == [
            issue for issue in issues(validator, without, f"{OURS}p") if issue[0].startswith("profile-m")
        ]


@given(required(), st.data())
def test_rules_may_be_spread_over_a_chain_and_stand_in_a_snapshot(
    asked: tuple[str, list[str]], data: st.DataObject
) -> None:
    of, names = asked
    cut = data.draw(st.integers(0, len(names)))
    rules = [element(path(of, name), min=1) for name in names]
    whole = profile("p", of, *rules)
    base = profile("base", of, *rules[:cut])
    split = profile("p", of, *rules[cut:], base=base["url"])
    snapshot = {**whole, "snapshot": whole["differential"]}
    del snapshot["differential"]
    resource = {"resourceType": of}
    told = [
        sorted((key, place) for key, place, _ in issues(Validator(Profiles(given)), resource, f"{OURS}p"))
        for given in ([whole], [split, base], [snapshot])
    ]
    assert len(names) == sum(key == "profile-missing" for key, _ in told[0])
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("resource", [None, [], 1, "x", {}, {"resourceType": "CarePlan"}, {"resourceType": "X"}])
def test_what_is_hardly_a_resource_is_told_by_base_r4_first(resource: Any) -> None:
    validator = Validator(Profiles(DEMANDING))
    assert {key for key, _, _ in issues(BASE, resource)} <= {
        key for key, _, _ in issues(validator, resource, f"{OURS}plan")
    }
