"""A part of a resource: what `_summary` and `_elements` ask for, tagged SUBSETTED so that it is not taken for the whole.

The names are those of the type's own elements: of what lies deeper `_summary=true` alone makes a choice.
https://hl7.org/fhir/R4/search.html#summary https://hl7.org/fhir/R4/search.html#elements
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.definitions import Element, r4
from fhir_server.fhir.outcome import BadParameter, Invalid, Issue

SPEC = "https://hl7.org/fhir/R4/search.html"
SUBSETTED: Mapping[str, str] = MappingProxyType(
    {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
)
SUMMARIES = ("true", "text", "data", "count", "false")
IDENTITY = frozenset({"resourceType", "id", "meta"})
"""Always there: what it is, which one, and (in meta) its version and who may see it."""
SUBJECTS = frozenset({"subject", "patient", "for"})
"""Whose it is stays as well: a finding without its patient could be put down to another."""
MOST_NAMES = 200
_NAME = re.compile(
    r"(?:([A-Z][A-Za-z]{0,63})\.)?([a-z][A-Za-z]{0,63})(?:\[x\])?(?:\.[a-z][A-Za-z]{0,63}){0,8}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Subset:
    """What is asked for. `elements` are pairs of a type (or "": any type) and the name of one of its elements; where there
    are any, they decide alone. `summary` is one of SUMMARIES; `count` shows no resource, and leaves this one whole.
    """

    summary: str = "false"
    elements: frozenset[tuple[str, str]] = frozenset()

    @property
    def counts(self) -> bool:
        """Whether only the number of matches is wanted, and none of them."""
        return self.summary == "count" and not self.elements

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self.summary in {"false", "count"} and not self.elements

    def of(self, resource: dict[str, Any]) -> dict[str, Any]:
        """The part of a resource, tagged; the resource itself where all of it is asked for, or where no name is about its
        type. What it demands, what changes its meaning (modifiers), its id, its meta and whose it is are never left out.
        """
        kind = resource["resourceType"]
        if self.elements:
            names = frozenset(name for type, name in self.elements if type in {"", kind})
            return tagged(_kept(resource, kind, _asked(kind, names))) if names else resource
        part = _PARTS.get(self.summary)
        return resource if part is None else tagged(part(resource, kind))


WHOLE = Subset()


def read_subset(parameters: Iterable[tuple[str, str]], type: str = "") -> Subset:
    """What the parameters `_summary` and `_elements` ask for; others are passed over. BadParameter for what is malformed, and
    for an element that R4 does not have.

    `type` is the type that is read or searched: names without a type are about it, and not about what is included with it.
    Without one they are about every type. `name[x]` and `nameType` name a choice too, `name.deeper` the whole of `name`.
    """
    given: dict[str, str] = {}
    for name, value in parameters:
        if name in {"_summary", "_elements"}:
            if name in given:
                raise BadParameter.because("parameter-repeated", name=name)
            given[name] = value
    if not given:
        return WHOLE
    summary = given.get("_summary", "false")
    if summary not in SUMMARIES:
        raise BadParameter.because("parameter-value", name="_summary", expected=", ".join(SUMMARIES))
    return Subset(summary, _names(given.get("_elements", ""), type))


def is_subsetted(resource: Any) -> bool:
    """Whether a resource says of itself that it is a part of one. Takes any JSON."""
    meta = resource.get("meta") if type(resource) is dict else None
    tags = meta.get("tag") if type(meta) is dict else None
    return any(_is_the_tag(tag) for tag in tags) if type(tags) is list else False


def refuse_subset(resource: dict[str, Any]) -> None:
    """Raises Invalid for a part of a resource: written back, it would delete what was left out of it."""
    if is_subsetted(resource):
        raise Invalid(
            Issue("business-rule", "subsetted", f"{resource['resourceType']}.meta.tag", source=f"{SPEC}#summary")
        )


def _is_the_tag(tag: Any) -> bool:
    return type(tag) is dict and all(tag.get(name) == value for name, value in SUBSETTED.items())


# ------------------------------------------------------------------------------------------------ reading


def _names(elements: str, type: str) -> frozenset[tuple[str, str]]:
    written = [name.strip() for name in elements.split(",") if name.strip()]
    found = [_NAME.fullmatch(name) for name in written]
    if len(written) > MOST_NAMES or not all(found):
        raise BadParameter.because("parameter-value", name="_elements", expected="name,name,…")
    names = frozenset((match[1] or type, match[2]) for match in found if match)
    for kind, name in names:
        _refuse_unknown(kind, name)
    return names


def _refuse_unknown(kind: str, name: str) -> None:
    if kind and kind not in r4().resource_types:
        raise BadParameter.because("parameter-value", name="_elements", expected="Type.name")
    if kind and name != "resourceType" and not _asked(kind, frozenset({name})):
        raise BadParameter.because("unknown-element", name=name, type=kind)


def _asked(kind: str, names: frozenset[str]) -> frozenset[str]:
    """The elements of a type that go by these names, with or without the type of a choice."""
    return frozenset(
        element.name for member, (element, _) in r4().members(kind).items() if names & {member, element.name}
    )


# ------------------------------------------------------------------------------------------------ parts


def _kept(resource: dict[str, Any], kind: str, names: frozenset[str]) -> dict[str, Any]:
    """The resource with these elements and what never goes. What stands beside a primitive follows it."""
    stays = _members(kind, names | _never_left_out(kind))
    return {name: value for name, value in resource.items() if name.removeprefix("_") in stays}


@lru_cache(maxsize=1024)
def _members(kind: str, names: frozenset[str]) -> frozenset[str]:
    own = {member for member, (element, _) in r4().members(kind).items() if element.name in names}
    return IDENTITY | own


@cache
def _never_left_out(kind: str) -> frozenset[str]:
    elements = r4().elements(kind).values()
    return SUBJECTS | {element.name for element in elements if element.min or element.modifier}


def _summary(resource: dict[str, Any], kind: str) -> dict[str, Any]:
    kept = _kept(resource, kind, _summarized(kind))
    return {name: value if name in IDENTITY else _cut(value, kind, name) for name, value in kept.items()}


@cache
def _summarized(kind: str) -> frozenset[str]:
    return frozenset(name for name, element in r4().elements(kind).items() if element.summary)


def _cut(value: Any, kind: str, member: str) -> Any:
    """A value with what the summary of its type leaves out of it; whole where its type has no summary of its own, and where
    its element is there for another reason than the summary.
    """
    element, inner = r4().members(kind).get(member, (None, ""))
    if element is None or not element.summary or not _has_summary(inner):
        return value
    if element.many:
        return [_shortened(one, inner) for one in value] if type(value) is list else value
    return _shortened(value, inner)


def _shortened(value: Any, kind: str) -> Any:
    """A value without what the summary leaves out; as it is where nothing would be left of it."""
    if type(value) is not dict:
        return value
    table = r4().members(kind)
    kept = {
        name: _cut(inner, kind, name)
        for name, inner in value.items()
        if name == "id" or _is_short(table.get(name.removeprefix("_"), (None, ""))[0])
    }
    return kept if kept.keys() - {"id"} else value


def _is_short(element: Element | None) -> bool:
    return element is None or bool(element.summary or element.min or element.modifier)


@cache
def _has_summary(kind: str) -> bool:
    """Whether a type says of some element that it is part of the summary; each has modifierExtension from its base."""
    if r4().is_primitive(kind) or kind == "Resource":
        return False
    return any(element.summary for name, element in r4().elements(kind).items() if name != "modifierExtension")


def _text(resource: dict[str, Any], kind: str) -> dict[str, Any]:
    return _kept(resource, kind, frozenset({"text"}))


def _data(resource: dict[str, Any], _: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "text"}


_PARTS: dict[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {"true": _summary, "text": _text, "data": _data}


def tagged(part: dict[str, Any]) -> dict[str, Any]:
    """The part of a resource, with the tag that says so; one that has it already as it is."""
    if is_subsetted(part):
        return part
    meta = part.get("meta", {})
    return part | {"meta": meta | {"tag": [*meta.get("tag", ()), dict(SUBSETTED)]}}
