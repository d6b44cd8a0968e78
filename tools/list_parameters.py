"""Writes into the CapabilityStatement which search parameters each type has, as `search/` defines them.

    python tools/list_parameters.py

The rest of the statement is written by hand. A test keeps the two together; this saves the typing.
"""

import json
from pathlib import Path
from typing import Any

from fhir_server.search.parameter import load_parameters

STATEMENT = Path(__file__).parent.parent / "capability/CapabilityStatement-care-plan-server.json"


def main() -> None:
    """Reads the statement, puts each type's parameters in, in the order of the alphabet, and writes it back."""
    statement = json.loads(STATEMENT.read_text(encoding="utf-8"))
    parameters = load_parameters()
    for row in statement["rest"][0]["resource"]:
        listed = [
            {"name": one.code, "definition": one.url, "type": one.kind} for one in parameters.of(row["type"]).values()
        ]
        _place(row, listed)
    STATEMENT.write_text(json.dumps(statement, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _place(row: dict[str, Any], listed: list[dict[str, str]]) -> None:
    """Where the list stands already it stays; a type without parameters has none."""
    row["searchParam"] = listed
    if not listed:
        del row["searchParam"]


if __name__ == "__main__":
    main()
