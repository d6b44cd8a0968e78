"""`docs/privacy.md` tells the rules, and for how long what is kept, as they are."""

from fhir_server.access.condition import CONDITIONS
from tools.describe_access import CONDITIONS as TOLD
from tools.describe_access import PAGE, with_tables


def test_the_tables_are_those_of_today():
    text = PAGE.read_text(encoding="utf-8")

    assert with_tables(text) == text


def test_every_condition_is_told_in_words():
    assert CONDITIONS.keys() == TOLD.keys()
