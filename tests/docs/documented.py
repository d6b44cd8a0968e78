"""What docs/search.md shows, as it can be asked of a server: addresses below the base."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "search.md").read_text("utf-8")
ADDRESSES = re.findall(r"^ {4}GET +\[base\](.+)$", TEXT, re.MULTILINE)
FORMS = [
    address
    for line in re.findall(r"^ {4}POST +(.+)$", TEXT, re.MULTILINE)
    for address in re.findall(r"\[base\]([^\s,]+)", line)
]


def worklists() -> dict[str, list[str]]:
    """The examples of each worklist, by its name as it stands in bold."""
    section = TEXT.split("\n## Worklists\n")[1].split("\n## ")[0]
    _, *parts = re.split(r"^\*\*(.+?)\*\*", section, flags=re.MULTILINE)
    return {
        name: re.findall(r"^ {4}GET +\[base\](.+)$", told, re.MULTILINE)
        for name, told in zip(parts[::2], parts[1::2], strict=True)
    }
