"""The story of the blocks tells whose data are blocked, for whom, since when, and that the person's own team goes on."""

import pytest

from fhir_server.access.relation import relations
from tests.stories.story import Story, load_stories

STORY = load_stories()["sparr"]
INNER, OUTER = (
    next(one for one in STORY.all("Consent") if one["category"][0]["coding"][0]["code"] == code)
    for code in ("inner-block", "outer-block")
)


def names(story: Story, actors: list[dict]) -> list[str]:
    return [story.at(actor["reference"])["name"] for actor in actors]


@pytest.mark.parametrize(
    ("block", "whose", "whom", "law"),
    [
        (
            INNER,
            "Psykiatriska öppenvården Björkvik",
            ["Björkviks vårdcentral", "Primärvårdsrehab Björkvik"],
            "4 kap. 4 § patientdatalagen",
        ),
        (OUTER, "Region Exempel", ["Granvikens kommun"], "2 kap. 3 § lagen (2022:913)"),
    ],
)
def test_a_block_tells_whose_data_are_blocked_and_for_whom(block, whose, whom, law):
    (owner,) = block["organization"]

    assert ("active", "deny") == (block["status"], block["provision"]["type"])
    assert whose == STORY.at(owner)["name"]
    assert whom == names(STORY, block["provision"]["actor"])
    assert block["policyRule"]["text"].startswith(law)


def test_the_inner_block_is_between_units_of_one_provider_and_the_outer_towards_another():
    def huvudmen(block):
        parties = [*block["organization"], *(actor["reference"] for actor in block["provision"]["actor"])]
        return {STORY.huvudman(STORY.at(party)) for party in parties}

    assert {"Region Exempel"} == huvudmen(INNER)
    assert {"Region Exempel", "Granvikens kommun"} == huvudmen(OUTER)


def test_the_inner_block_is_of_what_the_unit_wrote_and_of_nothing_else():
    """Each closes what its organization documented; nobody is kept from the rest, of their own least of all."""
    (data,) = INNER["provision"]["data"]

    assert ("authoredby", STORY.at(INNER["organization"][0])) == (data["meaning"], STORY.at(data["reference"]))
    assert [["inner-block"], ["outer-block"]] == [
        [row.kind for row in relations(block, block["id"], ("sven",), "")] for block in (INNER, OUTER)
    ]


def test_the_plan_goes_on_with_its_team_and_nobody_blocked_is_in_it():
    plan, team = STORY.only("CarePlan"), STORY.only("CareTeam")
    members = [STORY.at(one["member"]) for one in team["participant"]]
    blocked = [STORY.at(actor["reference"]) for block in (INNER, OUTER) for actor in block["provision"]["actor"]]

    assert [team] == [STORY.at(one) for one in plan["careTeam"]]
    assert all(block in [STORY.at(one) for one in plan["supportingInfo"]] for block in (INNER, OUTER))
    assert "Psykiatriska öppenvården Björkvik" in {STORY.unit(member)["name"] for member in members}
    assert not any(STORY.unit(member) in blocked for member in members)


def test_the_consent_keeps_from_a_unit_what_the_plan_is_about_and_lets_in_everybody_in_the_team():
    provision = STORY.at({"reference": "Consent/sparr-samtycke"})["provision"]
    (left_out,) = provision["provision"]
    team = [STORY.unit(STORY.at(one["member"]))["name"] for one in STORY.only("CareTeam")["participant"]]

    assert set(team) == set(names(STORY, provision["actor"]))
    assert ("deny", ["Björkviks vårdcentral"]) == (left_out["type"], names(STORY, left_out["actor"]))
    assert left_out["code"][0]["text"]
