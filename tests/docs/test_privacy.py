"""`docs/privacy.md` tells the rules as they are."""

from fhir_server.access.condition import CONDITIONS
from tools.describe_access import CONDITIONS as TOLD
from tools.describe_access import PAGE, with_rules


def test_the_table_is_the_one_of_today():
    text = PAGE.read_text(encoding="utf-8")

    assert with_rules(text) == text


def test_every_condition_is_told_in_words():
    assert CONDITIONS.keys() == TOLD.keys()
