"""The separators of a search value, and the backslash that takes their meaning away.

https://hl7.org/fhir/R4/search.html#escaping
"""

import re

_SPECIAL = re.compile(r"\\([,|$\\])")


def split(text: str, separator: str) -> list[str]:
    """The parts between separators that no backslash precedes, still escaped."""
    if "\\" not in text:
        return text.split(separator)
    parts, start, place = [], 0, 0
    while place < len(text):
        if text[place] == separator:
            parts.append(text[start:place])
            start = place + 1
        place += 2 if _SPECIAL.match(text, place) else 1
    return [*parts, text[start:]]


def plain(text: str) -> str:
    """The text without the backslashes that escape something; any other backslash means itself."""
    return _SPECIAL.sub(r"\1", text) if "\\" in text else text
