"""Addresses, compared exactly: case, slashes and all.

https://hl7.org/fhir/R4/search.html#uri
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.search.query import Criterion, Token, Under, some
from fhir_server.search.values.escape import plain

Pair: TypeAlias = tuple[str, str]
EXPECTED = "URI"
EXPECTED_PATH = "URL"


def _of_uri(value: str) -> Sequence[Pair]:
    return (("", value),)


def of_canonical(url: str) -> Sequence[Pair]:
    """With its version, and without: who asks for no version means any.
    https://hl7.org/fhir/R4/search.html#versions
    """
    return (("", url), ("", url.partition("|")[0])) if "|" in url else (("", url),)


URIS: Mapping[str, Callable[[Any], Sequence[Pair]]] = {
    "canonical": of_canonical,
    **dict.fromkeys(("oid", "uri", "url", "uuid"), _of_uri),
}
"""What a value of a type gives: a token without a system."""


def uri(parameter: str, text: str) -> Token | None:
    """What a value asks of a uri parameter; None for an empty one."""
    return Token(parameter, None, plain(text)) if text else None


def above(parameter: str, text: str) -> Criterion | None:
    """What `:above` asks: the address itself, or one that it lies under; None for an empty one, and for a URN."""
    asked = _path(text)
    ends = [
        place
        for place, character in enumerate(asked)
        if character == "/" and asked[place - 1 : place] not in {"/", ":"}
    ]
    found = {asked, *(asked[: end + more] for end in ends for more in (0, 1))}
    return some(*(Token(parameter, None, one) for one in sorted(found))) if asked else None


def below(parameter: str, text: str) -> Under | None:
    """What `:below` asks: the address itself, or one that begins with it; None for an empty one, and for a URN."""
    asked = _path(text)
    return Under(parameter, asked) if asked else None


def _path(text: str) -> str:
    """The address; empty for a URN, which has nothing above or below it."""
    asked = plain(text)
    return "" if asked.startswith("urn:") else asked
