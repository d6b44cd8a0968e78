"""Tokens: codes, identifiers and flags, as pairs of system and code. A system that has several forms stands in the preferred one.

https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.fhir.naming import folded
from fhir_server.search.query import Criterion, Token, Under, some
from fhir_server.search.values.escape import plain, split

Pair: TypeAlias = tuple[str, str]
EXPECTED = "code, system|code, |code, system|"


def _of_concept(concept: dict[str, Any]) -> Sequence[Pair]:
    coding = concept.get("coding")
    return [pair for one in coding for pair in _pair(one, "code")] if type(coding) is list else ()


def _of_coding(coding: Any) -> Sequence[Pair]:
    return _pair(coding, "code")


def _of_identifier(identifier: Any) -> Sequence[Pair]:
    return _pair(identifier, "value")


def _of_contact(contact: dict[str, Any]) -> Sequence[Pair]:
    """Found by its value alone: its system (phone, email) is no URI and cannot be asked for."""
    value = contact.get("value")
    return (("", value),) if type(value) is str else ()


def _pair(value: Any, member: str) -> Sequence[Pair]:
    """A system and the code of a coding or value of an identifier; one of them may be empty, not both."""
    if type(value) is not dict:
        return ()
    system, code = value.get("system"), value.get(member)
    if type(code) is str:
        return ((folded(system) if type(system) is str else "", code),)
    return ((folded(system), ""),) if type(system) is str else ()


def _of_text(value: str) -> Sequence[Pair]:
    return (("", value),)


def _of_string(value: str) -> Sequence[Pair]:
    """The one token that is compared without case."""
    return (("", value.casefold()),)


def _of_flag(value: bool) -> Sequence[Pair]:
    return (("", "true" if value else "false"),)


TOKENS: Mapping[str, Callable[[Any], Sequence[Pair]]] = {
    "CodeableConcept": _of_concept,
    "Coding": _of_coding,
    "ContactPoint": _of_contact,
    "Identifier": _of_identifier,
    "boolean": _of_flag,
    "string": _of_string,
    **dict.fromkeys(("canonical", "code", "id", "oid", "uri", "url", "uuid"), _of_text),
}
"""What a value of a type gives. A code stands without the system that its element implies."""

BARE = frozenset({"ContactPoint", "boolean", "canonical", "id", "oid", "string", "uri", "url", "uuid"})
"""Types without a system: a bar is not used in what is asked of them."""


def token(parameter: str, text: str, implied: frozenset[str] = frozenset()) -> Token | None:
    """What a value asks of a token parameter; None for one that is malformed. A system that is `implied` by the element is
    the same as none: it is not stored.
    """
    parts = [plain(part) for part in split(text, "|")]
    if not any(parts):
        return None
    if len(parts) == 1:
        return Token(parameter, None, parts[0])
    if len(parts) > 2:  # noqa: PLR2004  # system and code
        return None
    system = "" if parts[0] in implied else folded(parts[0])
    return Token(parameter, system, parts[1] or None)


EXPECTED_BARE = "code"


def bare(parameter: str, text: str, types: Collection[str]) -> Token | None:
    """What a value asks of a parameter of BARE `types` alone; None for one that is malformed."""
    code = plain(text)
    if not code or len(split(text, "|")) > 1:
        return None
    return Token(parameter, None, code.casefold() if "string" in types else code)


EXPECTED_FLAG = "true|false"


def flag(parameter: str, text: str) -> Token | None:
    """What a value asks of a yes or no; None for one that is neither."""
    return Token(parameter, None, text) if text in {"true", "false"} else None


EXPECTED_OF_TYPE = "system|code|value"


def of_type(parameter: str, text: str) -> Token | None:
    """What `:of-type` asks: a number that is given as one of this type; None for a value that is malformed.
    https://hl7.org/fhir/R4/search.html#token
    """
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004  # the type's system and code, the value
        return None
    return Token(parameter, folded(parts[0]), f"{parts[1]}|{parts[2]}")


EXPECTED_MEDIA_TYPE = "media type"


def media_type(parameter: str, text: str) -> Criterion | None:
    """What `:below` asks: a media type with whatever parameters; None for an empty one.
    https://hl7.org/fhir/R4/search.html#mimetype
    """
    asked = plain(text)
    return some(Token(parameter, None, asked), Under(parameter, f"{asked};")) if asked else None
