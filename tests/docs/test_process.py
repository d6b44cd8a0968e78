"""`docs/process.md` tells the discharge as its definition has it: `python -m tools.describe_process` writes the tables."""

from fhir_server.process.definition import load_workflow
from tools.describe_process import PAGE, with_tables


def test_the_tables_are_those_of_today():
    text = PAGE.read_text(encoding="utf-8")

    assert with_tables(text) == text


def test_every_state_and_every_event_has_its_row():
    text = PAGE.read_text(encoding="utf-8")

    assert [] == [it for it in (*load_workflow().states, *load_workflow().actions) if f"\n| `{it}` |" not in text]
