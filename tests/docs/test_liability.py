"""`docs/liability.md` tells the rows of the policy as they are, and an agreement that could be used."""

import re
from pathlib import Path
from typing import Any

from fhir_server.fhir.codec import decode
from fhir_server.fhir.definitions import parts_of, read
from fhir_server.process.policy import FILE, policies_of
from fhir_server.validation.profile import load_profiles
from fhir_server.validation.validate import Validator

PAGE = (Path(__file__).parents[2] / "docs" / "liability.md").read_text("utf-8")
SHIPPED = dict(read("profiles"))[FILE]
EXAMPLE = decode(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1].encode())


def told(row: dict[str, Any]) -> str:
    """The row as the page has it."""
    parts = {name: values[0] for name, values in parts_of(row).items()}
    if row["name"] == "rate":
        return f"| {parts['year']} | {parts['value']['value']} | {parts['source']} |"
    value = str(parts["value"]).lower() if isinstance(parts["value"], bool) else parts["value"]
    checking = "yes" if "unverified" in parts else ""
    return f"| `{row['name']}` | {value} | {checking} | {parts['reason']} | {parts['source']} |"


def test_the_tables_are_those_of_today():
    rows = [line for line in PAGE.splitlines() if re.match(r"\| (`|[0-9])", line)]

    assert [told(row) for row in SHIPPED["parameter"]] == rows


def test_the_agreement_of_the_page_is_one():
    assert [] == [issue.text() for issue in Validator(load_profiles()).issues(EXAMPLE) if issue.blocks]

    found = policies_of({FILE: SHIPPED, "Parameters-discharge-policy-exempel.json": EXAMPLE})

    assert ["exempel-2026"] == [one.id for one in found.agreements]
    assert 30 == found.agreements[0].policy.days
    assert 1 == found.statute.rate_of(2026)
