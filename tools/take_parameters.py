"""Writes into `search/` HL7's own definitions of what can be searched by, for every type that the CapabilityStatement names.

    python -m tools.take_parameters [hl7.fhir.r4.core.tgz]

Files of ours (their url is not HL7's) stay as they are. Then `python -m tools.list_parameters` writes the lists.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fhir_server.search.parameter import OFFICIAL
from tools.generate_r4 import Definitions, package

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "search"
STATEMENT = ROOT / "capability/CapabilityStatement-care-plan-server.json"
COMMON = {"Resource", "DomainResource"}

LEFT_OUT = {
    "SearchParameter-example.json": "an example of a definition",
    "SearchParameter-example-extension.json": "an example of a definition",
    "SearchParameter-example-reference.json": "an example of a definition",
    "SearchParameter-filter.json": "no expression: it is a language, and the parser's own",
    "SearchParameter-Resource-query.json": "no named queries are defined",
    "SearchParameter-Location-near.json": "special: distances are not indexed",
    "SearchParameter-individual-phonetic.json": "R4 names no way to write down how a name sounds",
    "CompartmentDefinition-example.json": "an example of a definition",
    **{
        f"SearchParameter-AuditEvent-{code}.json": "the rows of the trail are not found by it"
        for code in (
            "address",
            "agent-name",
            "agent-role",
            "altid",
            "entity-name",
            "entity-role",
            "entity-type",
            "policy",
            "source",
        )
    },
}
"""What the package has and nobody can ask for here, with the reason."""

EXTENSIONS = {
    "-genetic-": "of the extensions of a genetic finding, which a care plan has none of",
    "patient-extensions-": "of extensions that do not exist, or without an expression",
    "device-extensions-": "of an extension that does not exist",
    "questionnaireresponse-extensions-": "its id is longer than an id may be",
}
"""Parts of the names of definitions about extensions, with the reason why they are left out."""


def main(path: Path | None) -> None:
    """Writes what is wanted; what was taken before and is no longer wanted goes."""
    wanted = dict(chosen(package(path), types()))
    for old in FOLDER.glob("*-*.json"):
        if json.loads(old.read_text(encoding="utf-8"))["url"].startswith(OFFICIAL) and old.name not in wanted:
            old.unlink()
    for name, definition in wanted.items():
        text = json.dumps(definition, ensure_ascii=False, indent=2) + "\n"
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(wanted)} definitions in {FOLDER.name}/")


def types() -> set[str]:
    """The types that the CapabilityStatement names."""
    statement = json.loads(STATEMENT.read_text(encoding="utf-8"))
    return {row["type"] for row in statement["rest"][0]["resource"]}


def chosen(definitions: Definitions, types: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those of the package that are about one of the types, or all of them; and the compartments."""
    for name, definition in definitions.items():
        kind = definition.get("resourceType")
        if name in LEFT_OUT or any(part in name for part in EXTENSIONS):
            continue
        about = set(definition.get("base", ())) & (types | COMMON)
        if (kind == "SearchParameter" and about) or kind == "CompartmentDefinition":
            yield name, definition


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
