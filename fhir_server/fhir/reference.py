"""The forms that `Reference.reference` may have, taken apart by hand.

https://hl7.org/fhir/R4/references.html#literal
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fhir_server.fhir.definitions import r4

ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."
HEX = "0123456789abcdefABCDEF"


class Literal(NamedTuple):
    """A reference taken apart.

    `form` is relative, absolute, contained, urn or conditional. `type` and `id` name the resource as far as the text
    tells: of an absolute one only where it ends as FHIR's own addresses do; of a contained one the fragment is `id`.
    `base` is the address before `type` of an absolute one.
    """

    form: str
    type: str = ""
    id: str = ""
    version: str = ""
    base: str = ""


def own_reference(resource: Mapping[str, Any]) -> str:
    """The reference that leads to a resource: `Type/id`."""
    return f"{resource['resourceType']}/{resource['id']}"


def references_in(value: Any) -> Iterator[str]:
    """Every `reference` text in a resource, wherever it stands, in the order of the document. Takes any JSON."""
    if isinstance(value, dict):
        for name, child in value.items():
            if name == "reference" and isinstance(child, str):
                yield child
            else:
                yield from references_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from references_in(child)


def placed_references(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every `reference` text in what stands at `where`, each after its FHIRPath."""
    if isinstance(value, dict):
        for name, child in value.items():
            if name == "reference" and isinstance(child, str):
                yield f"{where}.{name}", child
            else:
                yield from placed_references(child, f"{where}.{name}")
    elif isinstance(value, list):
        for place, child in enumerate(value):
            yield from placed_references(child, f"{where}[{place}]")


def redirected(value: Any, direct: Callable[[str], str]) -> Any:
    """The same JSON with every `reference` text in it replaced by what `direct` makes of it."""
    if isinstance(value, dict):
        return {
            name: direct(child) if name == "reference" and isinstance(child, str) else redirected(child, direct)
            for name, child in value.items()
        }
    return [redirected(child, direct) for child in value] if isinstance(value, list) else value


def parse_reference(text: str) -> Literal | None:
    """The parts of a reference; None for a text that is no reference at all."""
    if text[:1] == "#":
        return Literal("contained", id=text[1:]) if text == "#" or is_id(text[1:]) else None
    if text.startswith("urn:"):
        return Literal("urn", id=text) if is_urn(text) else None
    if text.startswith(("http://", "https://")):
        return _absolute(text)
    return _conditional(text) if "?" in text else _relative(text)


def is_id(text: str) -> bool:
    """Whether the text is an id: 1 to 64 letters, digits, hyphens and dots."""
    return 0 < len(text) <= 64 and not text.strip(ID_CHARACTERS)  # noqa: PLR2004  the spec's own limit


def is_urn(text: str) -> bool:
    """Whether the text is a URN; of urn:uuid: and urn:oid: the form is checked too."""
    scheme, _, rest = text.partition(":")
    name, _, value = rest.partition(":")
    if scheme != "urn" or not (name and value) or value.split() != [value]:
        return False
    if name == "uuid":
        return is_uuid(value)
    return is_oid(value) if name == "oid" else True


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in groups of 8, 4, 4, 4 and 12 hexadecimal digits."""
    groups = text.split("-")
    return [len(group) for group in groups] == [8, 4, 4, 4, 12] and not any(group.strip(HEX) for group in groups)


def is_oid(text: str) -> bool:
    """Whether the text is an object identifier: numbers without leading zeros, the first of them 0, 1 or 2."""
    first, *rest = text.split(".")
    return first in {"0", "1", "2"} and bool(rest) and all(map(_is_arc, rest))


def _is_arc(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")


def _relative(text: str) -> Literal | None:
    parts = text.split("/")
    if len(parts) not in {2, 4} or parts[0] not in r4().resource_types or not is_id(parts[1]):
        return None
    if len(parts) == 2:  # noqa: PLR2004  Type/id
        return Literal("relative", parts[0], parts[1])
    if parts[2] != "_history" or not is_id(parts[3]):
        return None
    return Literal("relative", parts[0], parts[1], parts[3])


def _absolute(text: str) -> Literal | None:
    """An absolute URL is a reference whatever it looks like; what ends like [base]/Type/id names its type and id."""
    if text.split() != [text] or not text.partition("://")[2].strip("/"):
        return None
    parts = text.split("/")
    size = 4 if parts[-2] == "_history" else 2
    own = _relative("/".join(parts[-size:])) if len(parts) > size + 2 else None
    return own._replace(form="absolute", base="/".join(parts[:-size])) if own else Literal("absolute", id=text)


def _conditional(text: str) -> Literal | None:
    """`Type?query`: a reference that a transaction resolves; https://hl7.org/fhir/R4/http.html#trules."""
    kind, _, query = text.partition("?")
    return Literal("conditional", kind, query) if kind in r4().resource_types and query.split() == [query] else None
