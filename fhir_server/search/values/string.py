"""Strings: names, addresses and titles, compared without case, accents and punctuation; and the order a Swede expects.

https://hl7.org/fhir/R4/search.html#string
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from unicodedata import normalize

from fhir_server.search.query import Text
from fhir_server.search.values.escape import plain

Entry: TypeAlias = tuple[str, str, str]
"""The key that puts it in order, the folded text, the text as it stands (empty: a later word of a name)."""

EXPECTED = "text"
LONGEST_KEY = 100
"""Characters of a key: two texts that are alike so far stand in the order of their ids."""
MOST_BEGINNINGS = 8
"""So many words of a part of a name may a search begin at."""

_WITHIN = {"'": "", "’": ""}  # noqa: RUF001  # the typographic one is meant
"""What stands within a word: O'Brien."""

_OTHERWISE = {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th"} | _WITHIN
"""Letters that no accent is taken off from."""

_PLACES = {"å": "{", **dict.fromkeys("äæę", "|"), **dict.fromkeys("öøőœô", "}"), "ü": "y", "ű": "y"}
_PLACED = str.maketrans(_PLACES | _WITHIN | dict.fromkeys("{|}", " "))
"""The letters after z, as the characters after z; ü as y: https://www.unicode.org/cldr/charts/latest/collation/sv.html"""

_ODD = re.compile(f"[{''.join(_OTHERWISE)}]")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_WORDS = re.compile(r"[^\W_]+")
_KEY_WORDS = re.compile(r"(?:[^\W_]|[{|}])+")


def folded_words(text: str) -> list[str]:
    """The words of a text as `fold` has them."""
    if text.isascii() or not _BEYOND.search(text):
        return text.encode("latin-1").translate(_LETTERS, b"'").decode().split()
    return _words(text)


def _words(text: str) -> list[str]:
    return _WORDS.findall(_bare(text).casefold().replace("'", ""))


def fold(text: str) -> str:
    """The text without case, accents, punctuation and superfluous blanks: `Åsa  Öberg-Lind` is `asa oberg lind`."""
    return " ".join(folded_words(text))


def key(text: str) -> str:
    """What puts texts in Swedish order by code point: å, ä and ö after z, other accents passed over."""
    if text.isascii():
        return fold(text)[:LONGEST_KEY]
    placed = _bare(normalize("NFC", text).casefold().translate(_PLACED))
    return " ".join(_KEY_WORDS.findall(placed))[:LONGEST_KEY]


def _bare(text: str) -> str:
    """The text without accents; what is not ASCII then, without case too."""
    bare = _ACCENTS.sub("", normalize("NFKD", text))
    if bare.isascii():
        return bare
    folded = _ACCENTS.sub("", normalize("NFKD", bare.casefold()))
    return _ODD.sub(lambda odd: _OTHERWISE[odd[0]], folded)


def _single(character: str) -> bytes:
    """What one character of Latin-1 comes to; nothing where that is no single letter of ASCII, and no blank either."""
    found = " ".join(_words(character)) or " "
    return found.encode() if found.isascii() and len(found) == 1 else b""


_LATIN = [bytes([byte]).decode("latin-1") for byte in range(256)]
_LETTERS = b"".join(_single(character) or b" " for character in _LATIN)
"""What Latin-1's letters and digits come to, all else being blanks: ten times as fast as the pattern."""
_BEYOND = re.compile(f"[^{re.escape(''.join(filter(_single, _LATIN)))}]")
"""What this table cannot tell."""


def _of_text(text: str) -> Sequence[Entry]:
    return ((key(text), fold(text), text),) if text else ()


def of_name(text: str) -> Sequence[Entry]:
    """A part of a person's name: a search begins at each of its words, so that Lind finds Öberg Lind."""
    own, words = _of_text(text), folded_words(text)
    later = range(1, min(len(words), MOST_BEGINNINGS))
    return [*own, *((key(text), " ".join(words[place:]), "") for place in later)]


def _of_parts(names: tuple[str, ...], made: Callable[[str], Sequence[Entry]]) -> Callable[[Any], Sequence[Entry]]:
    """Each part by itself."""

    def parts(value: dict[str, Any]) -> Sequence[Entry]:
        return [entry for name in names for text in _texts(value.get(name)) for entry in made(text)]

    return parts


def _texts(value: Any) -> Iterator[str]:
    for text in value if type(value) is list else (value,):
        if type(text) is str:
            yield text


STRINGS: Mapping[str, Callable[[Any], Sequence[Entry]]] = {
    "HumanName": _of_parts(("text", "family", "given", "prefix", "suffix"), of_name),
    "Address": _of_parts(("text", "line", "city", "district", "state", "country", "postalCode"), _of_text),
    **dict.fromkeys(("markdown", "string"), _of_text),
}
"""What a value of a type gives."""

HOW = {"": "starts", "contains": "contains", "exact": "exact", "equals": "equals", "ends": "ends"}
"""How a modifier compares; the last two are `_filter`'s alone."""


def string(parameter: str, text: str, modifier: str = "") -> Text | None:
    """What a value asks of a string parameter; None where nothing is left of it to look for."""
    how, asked = HOW[modifier], plain(text)
    wanted = asked if how == "exact" else fold(asked)
    return Text(parameter, how, wanted) if wanted else None
