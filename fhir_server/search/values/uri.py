"""Addresses, compared exactly: case, slashes and all.

https://hl7.org/fhir/R4/search.html#uri
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.search.query import Token
from fhir_server.search.values.escape import plain

Pair: TypeAlias = tuple[str, str]
EXPECTED = "URI"


def _of_uri(value: str) -> Sequence[Pair]:
    return (("", value),)


def _of_canonical(value: str) -> Sequence[Pair]:
    """With its version, and without: who asks for no version means any.
    https://hl7.org/fhir/R4/references.html#canonical
    """
    return (("", value), ("", value.partition("|")[0])) if "|" in value else (("", value),)


URIS: Mapping[str, Callable[[Any], Sequence[Pair]]] = {
    "canonical": _of_canonical,
    **dict.fromkeys(("oid", "uri", "url", "uuid"), _of_uri),
}
"""What a value of a type gives: a token without a system."""


def uri(parameter: str, text: str) -> Token | None:
    """What a value asks of a uri parameter; None for an empty one."""
    return Token(parameter, None, plain(text)) if text else None
