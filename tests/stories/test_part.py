"""The story of the nested plan: the employer's plan is part of the whole, and tells nothing of the rest."""

from datetime import date

from tests.stories.story import load_stories, references

STORY = load_stories()["delplan"]


def at(place):
    return STORY.at({"reference": place})


WHOLE, PART = at("CarePlan/delplan"), at("CarePlan/delplan-arbete")
EMPLOYER = next(one for one in STORY.all("Organization") if one["name"] == "Tallkottens förskola")


def reached(plan):
    """What a plan refers to, and what that refers to, as far as it goes; but not by partOf, which names the whole alone."""
    found, left = [], [plan]
    while left:
        resource = left.pop()
        if resource in found:
            continue
        found.append(resource)
        kept = {name: value for name, value in resource.items() if name != "partOf"}
        left += [STORY.at(one) for one in references(kept)]
    return found


def place(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def units(resources):
    return [one for one in resources if one["resourceType"] == "Organization"]


def members(plan):
    return [STORY.at(one["member"]) for one in STORY.at(plan["careTeam"][0])["participant"]]


def test_the_part_names_the_whole_and_the_whole_nothing_of_the_part():
    assert [WHOLE] == [STORY.at(one) for one in PART["partOf"]]
    assert PART not in [STORY.at(one) for one in references(WHOLE)]


def test_the_employer_is_in_the_team_of_the_part_alone():
    assert 1 == [STORY.unit(one) for one in members(PART)].count(EMPLOYER)
    assert 0 == [STORY.unit(one) for one in members(WHOLE)].count(EMPLOYER)


def test_nothing_of_the_whole_is_reached_from_the_part():
    theirs = reached(PART)

    assert WHOLE not in theirs
    assert not [one for one in theirs if one["resourceType"] in {"Condition", "Consent"}]
    assert not {"Psykiatriska öppenvården Björkvik", "Individ- och familjeomsorgen"} & {
        one.get("name") for one in units(theirs)
    }
    assert [PART["goal"][0]] == [{"reference": f"Goal/{one['id']}"} for one in theirs if one["resourceType"] == "Goal"]


def test_the_consent_lets_the_employer_know_of_each_resource_of_the_part_and_of_none_of_the_whole():
    consent = at("Consent/delplan-samtycke-arbete")
    (denied,) = consent["provision"]["provision"]

    def told(provision):
        assert EMPLOYER in [STORY.at(actor["reference"]) for actor in provision["actor"]]
        return [STORY.at(one["reference"]) for one in provision["data"]]

    own = {"CarePlan", "CareTeam", "Goal", "ServiceRequest", "Task"}
    assert ("permit", "deny") == (consent["provision"]["type"], denied["type"])
    assert {place(one) for one in reached(PART) if one["resourceType"] in own} == {
        place(one) for one in told(consent["provision"])
    }
    rest = [one for one in reached(WHOLE) if one["resourceType"] in own | {"Condition", "Appointment"}]
    assert {place(one) for one in rest} == {place(one) for one in told(denied)}


def test_each_plan_has_a_crisis_plan_that_holds_and_says_whom_to_ring():
    for plan in (WHOLE, PART):
        (crisis,) = [one for one in plan["extension"] if one["url"].endswith("/crisis-plan")]
        parts = {part["url"]: part for part in crisis["extension"]}
        assert {"sign", "do", "ring", "until"} == parts.keys()
        assert date.fromisoformat(parts["until"]["valueDate"]) > STORY.now.date()
