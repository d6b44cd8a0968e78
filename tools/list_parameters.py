"""Writes the lists that follow from the definitions in `search/`: the CapabilityStatement's, type by type, and the README's table.

    python tools/list_parameters.py

Everything else in both is written by hand; tests keep them true.
"""

import json
from pathlib import Path
from typing import Any

from fhir_server.fhir.definitions import read
from fhir_server.search.parameter import load_parameters

ROOT = Path(__file__).parent.parent
STATEMENT = ROOT / "capability/CapabilityStatement-care-plan-server.json"
README = ROOT / "search/README.md"
START, END = "<!-- parameters -->\n", "<!-- /parameters -->\n"


def main() -> None:
    """Puts both lists in their places."""
    statement = json.loads(STATEMENT.read_text(encoding="utf-8"))
    for row in statement["rest"][0]["resource"]:
        row["searchParam"] = parameters_of(row["type"])
    STATEMENT.write_text(json.dumps(statement, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


def parameters_of(type: str) -> list[dict[str, Any]]:
    """The search parameters of a type as a CapabilityStatement lists them."""
    return [{"name": one.code, "definition": one.url, "type": one.kind} for one in load_parameters().of(type).values()]


def with_table(text: str) -> str:
    """The README with the table of today."""
    rows = sorted((one["code"], one["type"], ", ".join(one["base"]), one["id"]) for _, one in read("search"))
    lines = [f"| `{code}` | {kind} | {types} | [{id}](SearchParameter-{id}.json) |" for code, kind, types, id in rows]
    table = "\n".join(["", "| code | type | of | definition |", "|---|---|---|---|", *lines, "", ""])
    return text[: text.index(START) + len(START)] + table + text[text.index(END) :]


if __name__ == "__main__":
    main()
