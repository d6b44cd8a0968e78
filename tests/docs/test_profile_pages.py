"""The pages of docs/profiles/ are as the definitions have them: `python -m tools.describe_profiles` writes them."""

import re

import pytest

from fhir_server.fhir.definitions import read
from fhir_server.validation.rules import swedish
from tools.describe_profiles import DOCS, pages

WRITTEN = dict(pages())


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_is_as_the_definitions_have_it(name):
    assert WRITTEN[name] == (DOCS / name).read_text(encoding="utf-8"), "python -m tools.describe_profiles"


def test_no_page_is_of_a_profile_that_is_gone():
    assert WRITTEN.keys() == {page.name for page in DOCS.glob("*.md")}


def test_the_links_of_the_pages_lead_somewhere():
    for text in WRITTEN.values():
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert (DOCS / link).exists(), link


def test_every_rule_speaks_swedish_too():
    rules = [
        rule
        for _, one in read("profiles")
        if one["resourceType"] == "StructureDefinition"
        for element in one["differential"]["element"]
        for rule in element.get("constraint", ())
    ]

    assert rules
    assert [] == [rule["key"] for rule in rules if not swedish(rule)]
