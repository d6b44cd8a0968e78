"""Writes the lists that follow from the definitions in `search/`: the CapabilityStatement's, type by type, and the README's tables.

    python -m tools.list_parameters

Everything else in both is written by hand; tests keep them true.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fhir_server.fhir.definitions import r4, read
from fhir_server.search.include import references_of
from fhir_server.search.parameter import APART, Parameters, load_parameters
from tools.take_parameters import EXTENSIONS, LEFT_OUT, STATEMENT

README = Path(__file__).parent.parent / "search/README.md"


def main() -> None:
    """Puts the lists in their places."""
    statement = json.loads(STATEMENT.read_text(encoding="utf-8"))
    rows = statement["rest"][0]["resource"]
    statement["rest"][0]["resource"] = with_lists(rows, load_parameters())
    STATEMENT.write_text(json.dumps(statement, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")


def with_lists(rows: list[dict[str, Any]], parameters: Parameters) -> list[dict[str, Any]]:
    """The rows of the types with the lists of today, what may be asked for and what may come along, in the order of R4."""
    types = [row["type"] for row in rows]
    listed = [row | dict(_lists(row["type"], types, parameters)) for row in rows]
    order = r4().elements("CapabilityStatement.rest.resource")
    return [{name: row[name] for name in order if row.get(name, []) != []} for row in listed]


def _lists(type: str, types: Iterable[str], parameters: Parameters) -> Iterator[tuple[str, list[Any]]]:
    yield "searchInclude", [f"{type}:{code}" for code in references_of(parameters, type)]
    yield "searchRevInclude", [f"{source}:{code}" for source in types for code in _naming(source, type, parameters)]
    found = parameters.of(type).values()
    yield "searchParam", [{"name": one.code, "definition": one.url, "type": one.kind} for one in found]


def _naming(source: str, type: str, parameters: Parameters) -> Iterator[str]:
    """The references of one type that lead to another; what stands apart comes along with nothing."""
    if APART & {source, type}:
        return
    for code, parameter in references_of(parameters, source).items():
        if parameter.leads and type in (parameter.targets or {type}):
            yield code


def with_tables(text: str) -> str:
    """The README with the tables of today."""
    defined = [one for name, one in read("search") if name.startswith("SearchParameter-")]
    rows = sorted((one["code"], one["type"], ", ".join(one["base"]), one["id"]) for one in defined)
    lines = [f"| `{code}` | {kind} | {types} | [{id}](SearchParameter-{id}.json) |" for code, kind, types, id in rows]
    text = _with(text, "parameters", ["| code | type | of | definition |", "|---|---|---|---|", *lines])
    reasons = LEFT_OUT | {f"…{part}…": reason for part, reason in EXTENSIONS.items()}
    return _with(
        text, "left out", ["| file | why |", "|---|---|", *(f"| `{name}` | {why} |" for name, why in reasons.items())]
    )


def _with(text: str, name: str, lines: Iterable[str]) -> str:
    """The text with these lines between the marks of a table."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    return text[: text.index(start) + len(start)] + "\n".join(["", *lines, "", ""]) + text[text.index(end) :]


if __name__ == "__main__":
    main()
