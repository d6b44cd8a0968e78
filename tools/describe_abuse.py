"""Writes the table of abuse cases in `docs/security.md`: what is tried (tests/access/cases.py), and what happens (the tests).

python -m tools.describe_abuse
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.access.cases import CASES

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/security.md"
BEGINS, ENDS = "<!-- abuse -->\n", "<!-- /abuse -->\n"
NAMED = re.compile(r"(?:^test|(?<=\d\d))_([a-l])_(\d\d)(?=_)")
"""A test's name may carry several ids, one after the other."""
MARKED = re.compile(r"^([A-L])-(\d\d)\b")
"""The id of a parameter begins with the case's."""


def main() -> None:
    """Puts the table in its place."""
    PAGE.write_text(with_cases(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_cases(text: str) -> str:
    """The page with the table of today."""
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}\n{table(carried())}\n{ENDS}{after}"


def table(tests: Mapping[str, Sequence[str]]) -> str:
    """The cases as a table in Markdown."""
    head = "| case | what is tried | what happens |\n|---|---|---|\n"
    rows = (
        f"| {case} | {tried} | {'; '.join(tests.get(case, ['**no test yet**']))} |\n" for case, tried in CASES.items()
    )
    return head + "".join(rows)


def carried() -> dict[str, list[str]]:
    """By the id of a case, what its tests say."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for case, sentence in _told(ast.parse(path.read_text(encoding="utf-8"))):
            if sentence not in found.setdefault(case, []):
                found[case].append(sentence)
    return found


def _told(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for letter, number in NAMED.findall(node.name):
                yield f"{letter.upper()}-{number}", _sentence(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (mark := MARKED.match(node.value)):
            yield f"{mark[1]}-{mark[2]}", node.value[mark.end() :].strip(" :")


def _sentence(name: str) -> str:
    return NAMED.sub("", name).strip("_").replace("_", " ")


if __name__ == "__main__":
    main()
