"""Every resource about the story's person says for whom it was written, and on which basis others may read it."""

from fhir_server.access.condition import SHARING_BASIS
from fhir_server.access.guard import DOCUMENTED_BY
from tests.stories.story import Json, Story, load_stories
from tests.stories.test_stories import CONDITIONAL

NOTICES = {
    "admission-notice",
    "changed-estimate",
    "discharge-ready",
    "discharge-ready-withdrawn",
    "homecoming",
    "open-care-readiness",
}
OUTSIDE = {"barn-bup", "lpt"}
"""The preschool and compulsory care stand outside the act on shared documentation (2022:913)."""
SOCIAL = ("Biståndsenheten", "Hemtjänsten", "Individ- och familjeomsorgen")


def clinical(story: Story) -> list[Json]:
    return [resource for resource in story.resources if resource["resourceType"] not in CONDITIONAL]


def documented_by(resource: Json, story: Story) -> list[Json]:
    marks = [one["valueReference"] for one in resource["meta"]["extension"] if one["url"] == DOCUMENTED_BY]
    return [story.at(mark) for mark in marks]


def basis(resource: Json) -> str:
    (label,) = [one["code"] for one in resource["meta"]["security"] if one["system"] == SHARING_BASIS]
    return str(label)


def test_each_is_written_for_a_provider_and_mostly_for_a_unit_of_it(story: Story) -> None:
    for resource in clinical(story):
        provider, *units = documented_by(resource, story)

        assert "partOf" not in provider
        assert len(units) < 2
        assert {provider["name"]} == {story.huvudman(one) for one in (provider, *units)}


def test_each_has_one_basis_by_who_wrote_it_and_what_it_is(story: Story) -> None:
    for resource in clinical(story):
        profiles = {one.rpartition("/")[2] for one in resource["meta"].get("profile", ())}
        social = documented_by(resource, story)[-1]["name"].startswith(SOCIAL)
        within = "osl-consent" if story.bundle["id"] in OUTSIDE else "lvod-social" if social else "lvod-care"

        assert ("losus-notice" if profiles & NOTICES else within) == basis(resource), resource["id"]


def test_whoever_signs_works_at_the_unit_it_was_written_for(story: Story) -> None:
    """So what a block closes of an organization is what its people wrote."""
    for type, member in (("CarePlan", "author"), ("Condition", "recorder"), ("Communication", "sender")):
        for resource in story.all(type):
            actor = story.at(resource[member])
            if actor["resourceType"] in {"Organization", "PractitionerRole"}:
                assert story.unit(actor) == documented_by(resource, story)[-1], resource["id"]


def test_all_bases_that_open_a_plan_to_its_parties_are_told_of() -> None:
    told = {basis(resource) for story in load_stories().values() for resource in clinical(story)}

    assert {"lvod-care", "lvod-social", "losus-notice", "osl-consent"} == told
