"""Writes the tables in `docs/actions.md`: who may move an action or a handover, and write what in it (`security/Parameters-…-moves.json`).

python -m tools.describe_actions
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fhir_server.access.moves import ACTION, KINDS, Content, Move, load_moves

PAGE = Path(__file__).parent.parent / "docs/actions.md"


def main() -> None:
    """Puts the tables in their places."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """The page with the tables of today."""
    for kind in KINDS:
        table, prefix = load_moves(kind), "" if kind == ACTION else f"{kind}-"
        text = _replaced(text, f"{prefix}moves", _moves(table.moves))
        text = _replaced(text, f"{prefix}contents", _contents(table.contents))
    return text


def _replaced(text: str, name: str, lines: Iterator[str]) -> str:
    before, begins, rest = text.partition(f"<!-- {name} -->\n")
    _, ends, after = rest.partition(f"<!-- /{name} -->\n")
    return f"{before}{begins}\n" + "\n".join(lines) + f"\n\n{ends}{after}"


def _moves(rows: Sequence[Move]) -> Iterator[str]:
    yield "| from | to | by | says why | why so | source |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        demands = f"`{row.demands}`" if row.demands else "-"
        yield f"| {_listed(row.start)} | `{row.to}` | {row.by} | {demands} | {row.reason} | {row.source} |"


def _contents(rows: Sequence[Content]) -> Iterator[str]:
    yield "| elements | by | while it is | why so | source |"
    yield "|---|---|---|---|---|"
    for row in rows:
        within = _listed(row.within) or "whatever it is"
        yield f"| {_listed(row.elements)} | {' and '.join(row.by)} | {within} | {row.reason} | {row.source} |"


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(f"`{code}`" for code in codes)


if __name__ == "__main__":
    main()
