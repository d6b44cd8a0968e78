"""References: to a resource of ours as type and id, to anything else as its whole address.

https://hl7.org/fhir/R4/search.html#reference
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.reference import is_id, parse_reference
from fhir_server.search.query import Reference
from fhir_server.search.values.escape import plain
from fhir_server.search.values.uri import of_canonical

Pair: TypeAlias = tuple[str, str]
EXPECTED = "id, Type/id, URL"
CONTAINED = ("", "#")
"""A resource that is contained cannot be asked for, but the reference has a value."""


def target(text: str, base: str) -> Pair:
    """What a reference names: the type and id of a resource at `base`, else ("", the whole address). A version is not
    looked at. https://hl7.org/fhir/R4/search.html#versions
    """
    kind, _, id = text.partition("/")
    if "/" not in id and kind in r4().resource_types:
        return kind, id
    parts = parse_reference(text)
    if parts and (parts.form == "relative" or (parts.form == "absolute" and parts.base == base)):
        return parts.type, parts.id
    return CONTAINED if text[:1] == "#" else ("", text)


def _of_reference(reference: dict[str, Any], base: str) -> Sequence[Pair]:
    literal = reference.get("reference")
    return (target(literal, base),) if type(literal) is str else ()


def _of_canonical(url: str, _: str) -> Sequence[Pair]:
    return of_canonical(url)


def _of_uri(url: str, base: str) -> Sequence[Pair]:
    return (target(url, base),)


REFERENCES: Mapping[str, Callable[[Any, str], Sequence[Pair]]] = {
    "Reference": _of_reference,
    "canonical": _of_canonical,
    **dict.fromkeys(("oid", "uri", "url", "uuid"), _of_uri),
}
"""What a value of a type gives, at a server's base."""


def reference(parameter: str, text: str, base: str, targets: tuple[str, ...], type: str = "") -> Reference | None:
    """What a value asks of a reference parameter, which may name resources of these types; `type` is the modifier's. None
    for a value that is malformed, or of another type than the modifier says.
    """
    text = plain(text)
    if is_id(text):
        alone = targets[0] if len(targets) == 1 else None
        return Reference(parameter, type or alone, text)
    kind, id = target(text, base)
    if (type and kind != type) or (kind and not is_id(id)) or (not kind and ":" not in id):
        return None
    return Reference(parameter, kind, id)
