"""A document split into resources, each valid by itself and held to its profile's rules."""

from datetime import datetime
from itertools import count

import pytest

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.definitions import read
from fhir_server.fhir.path import constraint
from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.process.sip.document import read_document
from fhir_server.process.sip.split import Found, split
from tests.sip import DOCUMENT, changed, without

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=STOCKHOLM)
RUNE = {"reference": "Patient/rune"}
ELIN = "RelatedPerson/elin"
CALLED = {
    "195009072553": "Patient/rune",
    "SE2321000131-E000000123401": "Organization/region",
    "SE2321000131-U000000123401": "PractitionerRole/maria",
    "SE2321000131-E000000123405": "Organization/hemtjanst",
    "SE2321000131-U000000123405": "PractitionerRole/amir",
    "SE2321000131-U000000123403": "PractitionerRole/sara",
    "SE2321000131-E000000123402": "Organization/vardcentral",
    "elin": ELIN,
    "sip-hemma": "CarePlan/sip-hemma",
}


def whole(text, now=NOW):
    document, issues = read_document(text, now.date())
    assert [] == issues
    found = {
        name: Found(place)
        for _, name in document.names
        for value, place in CALLED.items()
        if name.value.endswith(value)
    }
    numbers = count(1)
    return split(document, found, lambda kind: f"{kind.lower()}-{next(numbers)}", now)


def of(resources, type):
    return [resource for resource in resources if resource["resourceType"] == type]


def only(resources, type):
    (resource,) = of(resources, type)
    return resource


def place(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def test_the_plan_comes_first_and_refers_to_all_the_others():
    plan, *others = whole(DOCUMENT + "Behov: Hjärtsvikt\nMöte: 2026-02-26 13:00\n")

    groups = (plan["careTeam"], plan["addresses"], plan["supportingInfo"], plan["goal"])
    told = [it["reference"] for group in groups for it in group] + [
        it["reference"]["reference"] for it in plan["activity"]
    ]
    assert sorted(place(other) for other in others) == sorted(told)
    assert len(told) == len(set(told))
    assert "CarePlan" == plan["resourceType"]


def test_each_claims_its_profile():
    profiles = {(one["resourceType"], *one["meta"]["profile"]) for one in whole(DOCUMENT + "Behov: Hjärtsvikt\n")}

    assert profiles == {
        (type, structure(name))
        for type, name in {
            "CarePlan": "sip",
            "CareTeam": "sip-team",
            "Consent": "sip-consent",
            "Condition": "need",
            "Goal": "goal",
            "ServiceRequest": "decided-action",
            "Task": "action",
            "Appointment": "sip-meeting",
        }.items()
    }


RICH = (
    DOCUMENT
    + "Behov: Hjärtsvikt\nMöte: 2026-02-26 13:00\nDeltar: RelatedPerson/elin | Barnbarn\nKrisplan gör: Ring\nTill: 2026-08-31\n"
    "Undantag: SE2321000131-E000000123402\nUndantag: alla | Det som rör ekonomin\nDel av: CarePlan/sip-hemma\n"
)
PROFILES = {one["url"]: one for _, one in read("profiles") if one["resourceType"] == "StructureDefinition"}


@pytest.mark.parametrize("text", [DOCUMENT, RICH, f"{RICH}Status: utkast\n"], ids=["readme", "rich", "draft"])
def test_each_keeps_the_rules_of_its_profile(text):
    for resource in whole(text):
        for element in elements(PROFILES[resource["meta"]["profile"][0]]):
            assert [] == list(broken(resource, element)), (resource["resourceType"], element["id"])


def test_a_rule_of_a_profile_is_broken_where_a_member_is_left_out():
    plan = whole(DOCUMENT)[0]
    rules = list(elements(PROFILES[structure("sip")]))

    found = {name: [rule for element in rules for rule in broken(without_member(plan, name), element)] for name in plan}
    assert ["plan-1"] == found["activity"]
    assert ["sip-1"] == found["goal"]
    assert ["plan-2"] == found["careTeam"]
    assert ["plan-4"] == found["period"]
    assert ["title"] == found["title"]
    assert {"category"} == set(found["category"])
    assert [] == found["contributor"]


def without_member(resource, name):
    return {own: value for own, value in resource.items() if own != name}


def elements(profile):
    """What a profile and those it stands on say of each element, but for slices of extensions, told by the extensions."""
    base = PROFILES.get(profile["baseDefinition"])
    yield from elements(base) if base else ()
    yield from (one for one in profile["differential"]["element"] if "extension" not in one["path"])


def broken(resource, element):
    """The rules of an element that a resource does not keep: its invariants, how often it stands, its pattern."""
    type, *names = element["path"].split(".")
    for rule in element.get("constraint", ()):
        if constraint(rule["expression"], type)(resource, resource) is False:
            yield rule["key"]
    if names:
        for parent in nodes([resource], names[:-1]):
            values = nodes([parent], names[-1:])
            pattern = next((element[name] for name in element if name.startswith(("pattern", "fixed"))), None)
            kept = [value for value in values if pattern is None or contains(value, pattern)]
            most = element.get("max", "*")
            wrong = pattern is not None and "sliceName" not in element and len(kept) < len(values)
            if len(kept) < element.get("min", 0) or (most != "*" and len(kept) > int(most)) or wrong:
                yield names[-1]


def nodes(found, names):
    for name in names:
        found = [
            one for it in found for one in (it.get(name, []) if isinstance(it.get(name, []), list) else [it[name]])
        ]
    return found


def contains(value, pattern):
    if isinstance(pattern, dict):
        return all(contains(value.get(name), inner) for name, inner in pattern.items())
    if isinstance(pattern, list):
        return all(any(contains(one, inner) for one in value or ()) for inner in pattern)
    return value == pattern


def test_an_action_is_what_is_decided_and_who_does_it():
    resources = whole(DOCUMENT)
    plan, (goal,) = resources[0], of(resources, "Goal")
    showers, cooks = zip(of(resources, "ServiceRequest"), of(resources, "Task"), strict=True)

    for decided, task in (showers, cooks):
        assert [{"reference": place(plan)}] == decided["basedOn"] == task["basedOn"]
        assert {"reference": place(decided)} == task["focus"]
        assert RUNE == task["for"] == decided["subject"]
        assert {"reference": place(goal)} == decided["extension"][0]["valueReference"]
    assert ("Organization/hemtjanst", "PractitionerRole/amir") == (
        showers[0]["performer"][0]["reference"],
        showers[1]["owner"]["reference"],
    )
    assert [RUNE] == cooks[0]["performer"]
    assert RUNE == cooks[1]["owner"]
    assert "2026-08-31" == cooks[1]["restriction"]["period"]["end"]


def test_an_action_serves_the_goal_it_names_and_none_where_there_are_several_to_choose_from():
    goals = changed("Mål", "Mål: Ett\nMål: Två")
    resources = whole(changed("Insats", "Insats: A | personen | mål 2\nInsats: B | personen", goals))
    _, second = of(resources, "Goal")

    named, unnamed = of(resources, "ServiceRequest")
    assert [{"reference": place(second)}] == [one["valueReference"] for one in named["extension"]]
    assert "extension" not in unnamed


def test_the_team_is_the_coordinator_those_who_do_something_and_those_who_take_part_each_once():
    more = (
        "Deltar: SE2321000131-U000000123403 | Biståndshandläggare\n"
        "Deltar: SE2321000131-U000000123401 | Distriktssköterska\n"
        "Insats: Handla | närstående RelatedPerson/elin\n"
    )
    team = only(whole(DOCUMENT + more), "CareTeam")

    roles = {one["member"]["reference"]: [role["text"] for role in one["role"]] for one in team["participant"]}
    assert {
        "PractitionerRole/maria": ["Samordnare", "Distriktssköterska"],
        "PractitionerRole/sara": ["Biståndshandläggare"],
        "Organization/hemtjanst": ["Utför insats"],
        "PractitionerRole/amir": ["Utför insats"],
        ELIN: ["Närstående"],
    } == roles
    assert len(roles) == len(team["participant"])
    codes = [coding["code"] for one in team["participant"] for role in one["role"] for coding in role.get("coding", ())]
    assert ["4"] == codes
    assert [{"reference": "Organization/region"}] == team["managingOrganization"]


def test_a_consent_tells_how_it_was_given_who_recorded_it_and_who_may_know():
    consent = only(whole(DOCUMENT), "Consent")

    assert ["orally", {"reference": "PractitionerRole/maria"}] == [
        one.get("valueCode") or one["valueReference"] for one in consent["extension"]
    ]
    assert {"start": "2026-02-17", "end": "2026-08-31"} == consent["provision"]["period"]
    assert {"PractitionerRole/maria", "Organization/hemtjanst", "PractitionerRole/amir"} == {
        actor["reference"]["reference"] for actor in consent["provision"]["actor"]
    }
    assert [RUNE] == consent["performer"]


def test_a_consent_may_be_given_digitally_by_a_relative_and_then_nobody_recorded_it():
    consent = only(whole(changed("Samtycke", "Samtycke: 2026-02-17 digitalt av RelatedPerson/elin")), "Consent")

    assert ["digitally"] == [one["valueCode"] for one in consent["extension"]]
    assert [{"reference": ELIN}] == consent["performer"]
    assert {"start": "2026-02-17"} == consent["provision"]["period"]


def test_what_the_consent_leaves_out_is_denied_within_it():
    lines = (
        "Undantag: SE2321000131-E000000123402\n"
        "Undantag: RelatedPerson/elin | Det som rör ekonomin\n"
        "Undantag: alla | Det som rör min brors sjukdom\n"
    )
    with_it, without_it = only(whole(DOCUMENT + lines), "Consent"), only(whole(DOCUMENT), "Consent")

    role = with_it["provision"]["actor"][0]["role"]
    who = [{"role": role, "reference": {"reference": place}} for place in ("Organization/vardcentral", ELIN)]
    assert [
        {"type": "deny", "actor": who[:1]},
        {"type": "deny", "actor": who[1:], "code": [{"text": "Det som rör ekonomin"}]},
        {"type": "deny", "code": [{"text": "Det som rör min brors sjukdom"}]},
    ] == with_it["provision"].pop("provision")
    assert with_it["provision"] == without_it["provision"]


def test_a_plan_may_be_part_of_another():
    assert [{"reference": "CarePlan/sip-hemma"}] == whole(DOCUMENT + "Del av: CarePlan/sip-hemma\n")[0]["partOf"]
    assert "partOf" not in whole(DOCUMENT)[0]


@pytest.mark.parametrize(
    ("line", "status", "came"),
    [
        ("Möte: 2026-03-02 14:30-15:59", "fulfilled", "accepted"),
        ("Möte: 2026-03-02 14:30-16:01", "pending", "needs-action"),
    ],
)
def test_a_meeting_that_lies_behind_was_held_and_one_ahead_is_called(line, status, came):
    meeting, follow_up = of(whole(DOCUMENT + line + "\nDeltar: RelatedPerson/elin | Barnbarn\n"), "Appointment")

    assert status == meeting["status"]
    assert [
        ("Patient/rune", "required", came),
        ("PractitionerRole/maria", "required", came),
        (ELIN, "optional", came),
        ("PractitionerRole/amir", "required", came),
    ] == [(one["actor"]["reference"], one["required"], one["status"]) for one in meeting["participant"]]
    assert ("pending", 60) == (follow_up["status"], follow_up["minutesDuration"])


def test_a_draft_is_a_draft_all_through():
    resources = whole("Status: utkast\n" + DOCUMENT)

    assert {
        "CarePlan": {"draft"},
        "CareTeam": {"proposed"},
        "ServiceRequest": {"draft"},
        "Task": {"draft"},
        "Consent": {"active"},
        "Appointment": {"pending"},
    } == {
        type: {one["status"] for one in of(resources, type)}
        for type in {it["resourceType"] for it in resources} - {"Goal"}
    }
    assert ["proposed"] == [goal["lifecycleStatus"] for goal in of(resources, "Goal")]


def test_a_plan_begins_today_on_the_legal_bases_of_a_sip_unless_it_says_otherwise():
    plan = whole(without("Från"))[0]
    other = whole(
        DOCUMENT
        + "Till: 2026-08-31\nLagrum: losus-4-2\nTitel: Runes plan\nIdentifierare: urn:uuid:99503670-8729-4f7b-b83c-345740bc94f8\n"
    )[0]

    bases = [[one["valueCodeableConcept"]["coding"][0]["code"] for one in it["extension"][:-1]] for it in (plan, other)]
    assert [["hsl-16-4", "sol-10-8"], ["losus-4-2"]] == bases
    assert [{"start": "2026-03-02"}, {"start": "2026-02-26", "end": "2026-08-31"}] == [plan["period"], other["period"]]
    assert ["Samordnad individuell plan", "Runes plan"] == [plan["title"], other["title"]]
    assert "identifier" not in plan
    assert "urn:uuid:99503670-8729-4f7b-b83c-345740bc94f8" == other["identifier"][0]["value"]


def test_the_crisis_plan_has_its_parts():
    lines = "Krisplan ring: 0980-319 230\nKrisplan gör: Ring\nKrisplan tecken: Andfådd\nKrisplan tecken: Svullen\nKrisplan till: 2026-08-31\n"
    plan = whole(DOCUMENT + lines)[0]

    (crisis,) = [one for one in plan["extension"] if one["url"].endswith("/crisis-plan")]
    assert ["sign", "sign", "do", "ring", "until"] == [part["url"] for part in crisis["extension"]]
    assert {"system": "phone", "value": "0980-319 230"} == crisis["extension"][3]["valueContactPoint"]
