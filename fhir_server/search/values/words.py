"""Words: what `_text` finds in the narrative of a resource and `_content` anywhere in it.

R4 leaves to the server how text is searched. Here a value is words, all of which must be there, folded and whole; of two
values with a comma between them one is enough. https://hl7.org/fhir/R4/search.html#text
"""

import re
from html import unescape
from typing import Any

from fhir_server.search.query import Words
from fhir_server.search.values.escape import plain
from fhir_server.search.values.string import folded_words

EXPECTED = "words"
TEXT, CONTENT = "_text", "_content"

_TAGS = re.compile(r"<[^<>]*>")
_DATE = re.compile(r"\d{4}-\d\d")
_NO_WORDS = frozenset(
    {
        "contentType",
        "data",
        "div",
        "hash",
        "id",
        "lastUpdated",
        "reference",
        "resourceType",
        "system",
        "url",
        "versionId",
    }
)
"""Members whose texts are addresses, ids and bytes; the narrative is told apart."""


def words_of(resource: dict[str, Any]) -> dict[str, list[str]]:
    """The folded words of a resource, sorted: of its narrative under `_text`, of all of it but meta, dates, addresses and ids
    under `_content`.
    """
    told = set(_told(resource))
    content = {name: value for name, value in resource.items() if name != "meta"}
    everything = told.union(folded_words("\n".join(_texts(content))))
    return {code: sorted(found) for code, found in ((TEXT, told), (CONTENT, everything)) if found}


def _told(resource: dict[str, Any]) -> list[str]:
    narrative = resource.get("text")
    div = narrative.get("div") if type(narrative) is dict else None
    return folded_words(unescape(_TAGS.sub(" ", div))) if type(div) is str else []


def _texts(value: Any) -> list[str]:
    """All texts, in whatever depth; a list that grows while it is walked, for a generator in a generator is slow."""
    left, found = [value], list[str]()
    for one in left:
        if type(one) is list:
            left += one
        elif type(one) is str:
            found.append(one)
        elif type(one) is dict:
            for name, child in one.items():
                if type(child) is not str:
                    left.append(child)
                elif name not in _NO_WORDS and not (child[:1].isdigit() and _DATE.match(child)):
                    found.append(child)
    return found


def words(parameter: str, text: str) -> Words | None:
    """What a value asks of `_text` or `_content`; None where there is no word in it."""
    found = frozenset(folded_words(plain(text)))
    return Words(parameter, found) if found else None
