"""The separators of a search value, and the backslash that takes their meaning away.

https://hl7.org/fhir/R4/search.html#escaping
"""

import re

_SPECIAL = re.compile(r"\\([,|$\\])")
_PARTS = {separator: re.compile(rf"(?:[^{re.escape(separator)}\\]++|\\[,|$\\]?+)*+", re.DOTALL) for separator in ",|$"}


def split(text: str, separator: str) -> list[str]:
    """The parts between separators that no backslash precedes, still escaped."""
    if "\\" not in text:
        return text.split(separator)
    parts, start = list[str](), 0
    while start <= len(text):
        part = _PARTS[separator].match(text, start)
        assert part is not None, "a part may be empty"
        parts.append(part[0])
        start = part.end() + 1
    return parts


def plain(text: str) -> str:
    """The text without the backslashes that escape something; any other backslash means itself."""
    return _SPECIAL.sub(r"\1", text) if "\\" in text else text


def escaped(text: str) -> str:
    """The text as a value in which nothing separates."""
    return re.sub(r"([\\,|$])", r"\\\1", text)


def storable(text: str) -> bool:
    """Whether it is text that FHIR can store: neither a NUL nor half a surrogate pair is.
    https://hl7.org/fhir/R4/datatypes.html#string
    """
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
