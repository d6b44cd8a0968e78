"""Parts of a resource that somebody may not see, taken away; and put back under what that one made of the rest.

What is left out is not said, but where the element's place must be kept: there stands that it is masked.
https://hl7.org/fhir/R4/extension-data-absent-reason.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.outcome import Invalid
from fhir_server.fhir.reference import parse_reference

MASKED: Mapping[str, Any] = MappingProxyType(
    {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
)
"""What stands in the place of a reference."""


@dataclass(frozen=True, slots=True)
class Mask:
    """The members of a resource's JSON along `path`, at whatever place in its lists, are taken away.

    With `targets` only a reference to one of these types, or to what does not tell its type, and its place is kept. With `having` or
    `beginning` only those of a list that have one of these members, themselves or in an extension, or a text that begins so.
    """

    path: tuple[str, ...]
    targets: frozenset[str] = frozenset()
    having: frozenset[str] = frozenset()
    beginning: tuple[str, ...] = ()

    @property
    def chooses(self) -> bool:
        """Whether it takes some of a list away, and leaves the others."""
        return bool(self.having or self.beginning)

    def hides(self, value: Any) -> bool:
        """Whether a value at the end of the path is taken away."""
        if type(value) is not dict:
            return False
        if self.targets:
            return _type(value) in {"", *self.targets}
        within = [value, *(one for one in value.get("extension", ()) if type(one) is dict)]
        had = any(not self.having.isdisjoint(one) for one in within)
        return had or any(type(one) is str and one.lstrip().startswith(self.beginning) for one in value.values())


def _type(reference: Mapping[str, Any]) -> str:
    """The type of what a reference means; "" where it does not tell."""
    literal = parse_reference(reference.get("reference", ""))
    return literal.type if literal is not None and literal.type else str(reference.get("type", ""))


def masked(resource: dict[str, Any], masks: Mapping[str, Iterable[Mask]]) -> dict[str, Any]:
    """The resource without what the masks of its type take away, and what it contains likewise; the resource itself where they
    take nothing.
    """
    for mask in masks.get(resource["resourceType"], ()):
        resource = _without(resource, mask.path, mask)
    contained = resource.get("contained")
    if type(contained) is not list:
        return resource
    left = [masked(one, masks) for one in contained]
    return resource if all(map(_same, contained, left)) else {**resource, "contained": left}


def _same(one: Any, other: Any) -> bool:
    return one is other


def _without(value: dict[str, Any], path: tuple[str, ...], mask: Mask) -> dict[str, Any]:
    name, *rest = path
    if not rest:
        return _cut(value, name, mask)
    inner = value.get(name)
    if type(inner) is dict:
        left = _without(inner, tuple(rest), mask)
        return value if left is inner else _with(value, name, left)
    if type(inner) is not list:
        return value
    parts = [_without(one, tuple(rest), mask) if type(one) is dict else one for one in inner]
    return value if all(map(_same, inner, parts)) else _with(value, name, parts)


def _cut(value: dict[str, Any], name: str, mask: Mask) -> dict[str, Any]:
    """Without a member, what stands beside it, or what of it the mask hides."""
    own = value.get(name)
    if mask.targets:
        return {**value, name: dict(MASKED)} if mask.hides(own) else value
    if not mask.chooses:
        return (
            {key: one for key, one in value.items() if key.removeprefix("_") != name} if _is_in(name, value) else value
        )
    if type(own) is not list or not any(map(mask.hides, own)):
        return value
    return _with(value, name, [one for one in own if not mask.hides(one)])


def _is_in(name: str, value: Mapping[str, Any]) -> bool:
    return name in value or f"_{name}" in value


def _with(value: dict[str, Any], name: str, inner: Any) -> dict[str, Any]:
    """The value with another member in its place; without it where nothing of it is left, for FHIR knows nothing empty."""
    return {key: inner if key == name else one for key, one in value.items() if key != name or inner}


# ------------------------------------------------------------------------------------------------ put back


def unmasked(made: dict[str, Any], before: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody who was `shown` a resource as it was `before` made of it, with what was masked in its place again.

    Invalid where what was made says anything of its own there, or where the place can no longer be told: by what was shown alone,
    so that nobody learns what is masked by trying.
    """
    kept = dict(made)
    for name, value in before.items():
        if name not in shown:
            _refuse(name in made, made)
            kept[name] = value
        elif value != shown[name]:
            kept[name] = _put_back(made.get(name), value, shown[name], made)
    return {name: kept[name] for name in _in_order(before, kept)}


def _put_back(made: Any, before: Any, shown: Any, within: Mapping[str, Any]) -> Any:
    if type(before) is dict and type(made) is dict and shown != MASKED:
        return unmasked(made, before, shown)
    if made == shown:
        return before
    if type(before) is list and len(before) > len(shown):
        _refuse(made is not None and type(made) is not list, within)
        return [*(made or ()), *(one for one in before if one not in shown)]
    if type(before) is not list:
        _refuse(made != shown, within)
        return before
    _refuse(type(made) is not list or len(made) < len(before), within)
    places = [number for number, one in enumerate(before) if one != shown[number]]
    _refuse(any(made[number] != shown[number] for number in places), within)
    return [before[number] if number in places else one for number, one in enumerate(made)]


def _in_order(before: Iterable[str], kept: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in before if name in kept)
    yield from (name for name in kept if name not in set(before))


def _refuse(touched: bool, within: Mapping[str, Any]) -> None:  # the condition reads in the call
    if touched:
        raise Invalid.because("masked-touched", within.get("resourceType", ""))
