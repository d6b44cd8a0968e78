"""`docs/actions.md` tells who may move an action, a handover, and a report that is asked for, as it is."""

from tools.describe_actions import PAGE, with_tables


def test_the_tables_of_actions_are_those_of_today():
    text = PAGE.read_text(encoding="utf-8")

    assert with_tables(text) == text
    assert 3 == text.count("| `requested`, `received` | `accepted` | owner |")
