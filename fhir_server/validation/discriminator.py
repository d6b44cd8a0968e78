"""Which slice a value belongs to: what a slice says at the places that its discriminators name, made into one question.

An answer is yes, no, or None where only what a reference points at could tell, and it is not here.
https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

from fhir_server.fhir.definitions import BadDefinition, Element, json_name, r4
from fhir_server.fhir.path.parse import Call, Literal, Member, Node, PathError, This, parse
from fhir_server.validation.codes import ValueSets
from fhir_server.validation.contained import resource_type
from fhir_server.validation.finding import Context
from fhir_server.validation.pattern import Test, exactly, having
from fhir_server.validation.snapshot import EVERYTHING, Place
from fhir_server.validation.target import Target, keeps_to_one, pointed
from fhir_server.validation.terminology import bindings, is_within

Says: TypeAlias = Callable[[Any, str, Context], bool | None]
"""Asked of a value and its type."""
Step: TypeAlias = tuple[str, str]
"""How a path goes on: member, extension, ofType or resolve, with the name or url."""


class Reach(Protocol):
    """The profiles and value sets that a profile may name."""

    value_sets: ValueSets

    def target(self, canonical: str) -> Target:
        """The profile or type with a canonical; BadDefinition where there is none."""
        ...

    def root(self, canonical: str) -> Place | None:
        """What a profile says; None of a bare type of R4."""
        ...


def matcher(place: Place, discriminators: Sequence[dict[str, Any]], reach: Reach) -> Says:
    """Whether a value belongs to a slice. BadDefinition where the slice says nothing at a place that is to tell it."""
    parts = []
    for discriminator in discriminators:
        steps = _steps(discriminator["path"], place)
        says = _Slice(discriminator["type"], reach).says(place, steps)
        if says is None:
            at = place.said[0].id if place.said else place.slice
            raise BadDefinition(f"{at}: nothing is said at {discriminator['path']}, which is to tell the slice")
        parts.append(says)
    return parts[0] if len(parts) == 1 else _all(parts)  # of no parts: every value


def _steps(path: str, place: Place) -> list[Step]:
    try:
        return list(_walk(parse(path)))
    except PathError as error:
        raise BadDefinition(f"{place.said[0].id if place.said else place.name}: {error}") from None


def _walk(node: Node) -> Iterator[Step]:
    match node:
        case This():
            return
        case Member(of, name):
            yield from _walk(of)
            yield "member", name
        case Call(of, "extension", (Literal(_, url),)):
            yield from _walk(of)
            yield "extension", str(url)
        case Call(of, "ofType", (Member(This(), name),)):
            yield from _walk(of)
            yield "ofType", name
        case Call(of, "resolve", ()):
            yield from _walk(of)
            yield "resolve", ""
        case _:
            raise PathError("a discriminator is a path of names, extension(url), ofType(type) and resolve()")


class _Slice:
    """One discriminator of one slice."""

    def __init__(self, kind: str, reach: Reach) -> None:
        if kind not in {"value", "pattern", "exists", "type", "profile"}:
            raise BadDefinition(f"no discriminator is of the type {kind}")
        self._kind, self._reach = kind, reach

    def says(self, place: Place, steps: Sequence[Step]) -> Says | None:
        """What is asked of a value; where the slice says nothing, what the element says that it is a part of."""
        alone = self._alone(place, steps)
        return self.says(place.general, steps) if alone is None and place.general is not None else alone

    def _alone(self, place: Place, steps: Sequence[Step]) -> Says | None:
        """What the slice itself says on the way and at its end, or the profile that its values keep to."""
        parts = list(self._own(place)) if self._kind in {"value", "pattern"} else []
        parts += self._at_end(place) if not steps else self._onward(place, steps[0], steps[1:])
        if not parts:
            parts += [says for root in self._roots(place) if (says := self.says(root, steps))]
        return (parts[0] if len(parts) == 1 else _all(parts)) if parts else None

    def _own(self, place: Place) -> Iterator[Says]:
        """Fixed values and patterns at a place: also of what is above the one that the path leads to."""
        for statement in place.said:
            for name, wanted in statement.content.items():
                if name.startswith("fixed"):
                    yield _holds(exactly(wanted))
                elif name.startswith("pattern"):
                    yield _holds(having(wanted))

    def _at_end(self, place: Place) -> list[Says]:
        if self._kind == "type":
            return [] if place.types == (EVERYTHING,) else [_is_type(place.types)]
        if self._kind == "profile":
            choices = [self._keeps(canonical) for _, kind in place.typed() for canonical in kind.get("profile", ())]
            return [_any(choices)] if choices else []
        if self._kind == "exists":
            return []
        if any(self._own(place)):
            return []
        return [*self._bound(place), *self._within(place)]

    def _bound(self, place: Place) -> Iterator[Says]:
        """A required binding tells a slice too."""
        binding = place.last("binding")
        for strength, canonical in bindings(binding[1]) if binding else ():
            codes = self._reach.value_sets.find(canonical)
            if strength == "required" and codes is not None:
                yield lambda value, kind, _, codes=codes: is_within(codes, value, kind)  # type: ignore[misc]

    def _within(self, place: Place) -> Iterator[Says]:
        """What is said of the elements below: a concept by its coding."""
        for child in place.children.values():
            yield from self._each(child, ())

    def _each(self, child: Place, steps: Sequence[Step]) -> Iterator[Says]:
        """What is asked of the values of an element: that there is one as it says, and one for each of its slices."""
        for part in child.every():
            if part is child or not (part.row and part.row.choice):
                says = self._alone(part, steps)
                if says is not None and child.row is not None:
                    yield _some(child.row, says)

    def _onward(self, place: Place, step: Step, rest: Sequence[Step]) -> list[Says]:
        kind, name = step
        if kind == "resolve":
            return self._resolved(place, rest)
        if kind == "ofType":
            parts = [part for part in place.every() if part is place or part.types == (name,)]
            found = [says for part in parts if (says := self._alone(part, rest))]
            return [_of_type(name, says) for says in found]
        if kind == "extension":
            return self._extended(place, name, rest)
        child = place.children.get(name)
        if child is None:
            return []
        if self._kind == "exists" and not rest:
            return _existence(child, child.row, lambda _: True)
        return list(self._each(child, rest))

    def _extended(self, place: Place, url: str, rest: Sequence[Step]) -> list[Says]:
        child = place.children.get("extension")
        parts = [part for part in child.slices.values() if _url(part, self._reach) == url] if child else []
        found: list[Says] = []
        for part in parts:
            if self._kind == "exists" and not rest:
                found += _existence(part, part.row, lambda value: value.get("url") == url)
            elif (says := self._alone(part, rest)) and part.row:
                found.append(_some(part.row, says, lambda value: value.get("url") == url))
        return found

    def _resolved(self, place: Place, rest: Sequence[Step]) -> list[Says]:
        """What is said of the resource that a reference points at, by the profiles that it may keep to."""
        choices: list[Says] = []
        for _, kind in place.typed():
            for canonical in kind.get("targetProfile", ()):
                target = self._reach.target(canonical)
                root = self._reach.root(canonical)
                if self._kind == "profile" and not rest:
                    choices.append(self._keeps(canonical))
                elif root is not None and (says := self.says(root, rest)):
                    choices.append(says)
                elif self._kind == "type" and not rest:
                    choices.append(_is_type((target.type,)))
        return [_of_target(choices)] if choices else []

    def _keeps(self, canonical: str) -> Says:
        target = self._reach.target(canonical)

        def says(value: Any, kind: str, context: Context) -> bool | None:
            if not target.takes(kind):
                return False
            return None if value is None else keeps_to_one((target,), value, context)

        return says

    def _roots(self, place: Place) -> Iterator[Place]:
        """The profiles that the values of a place keep to."""
        for _, kind in place.typed():
            canonicals = kind.get("profile", ())
            root = self._reach.root(canonicals[0]) if len(canonicals) == 1 else None
            if root is not None:
                yield root


def _url(part: Place, reach: Reach) -> str:
    """The url of the extensions in a slice."""
    url = part.children.get("url")
    fixed = url.last("fixedUri") if url else None
    if fixed:
        return str(fixed[1])
    return next(
        (reach.target(canonical).canonical for _, kind in part.typed() for canonical in kind.get("profile", ())), ""
    )


def _holds(test: Test) -> Says:
    return lambda value, _, __: None if value is None else test(value)


def _is_type(types: tuple[str, ...]) -> Says:
    return lambda _, kind, __: kind in types


def _of_type(name: str, says: Says) -> Says:
    return lambda value, kind, context: says(value, kind, context) if kind == name else False


def _of_target(choices: Sequence[Says]) -> Says:
    """Whether what a reference points at is told by one of the profiles; of what is not here its type may be known."""

    def says(value: Any, _: str, context: Context) -> bool | None:
        found = pointed(value, context)
        if not found.type:
            return None
        return _either(says_one(found.node, found.type, context) for says_one in choices)

    return says


def _existence(place: Place, row: Element | None, counts: Callable[[Any], bool]) -> list[Says]:
    least, most = place.last("min"), place.last("max")
    if row is None or not ((least and least[1]) or (most and most[1] == "0")):
        return []
    wanted, values = not (most and most[1] == "0"), values_in(row)
    return [lambda value, _, __: any(counts(found) for found, ___ in values(value)) is wanted]


def _some(row: Element, says: Says, counts: Callable[[Any], bool] = lambda _: True) -> Says:
    """Whether one of the values of an element is as it is said."""
    values = values_in(row)

    def some(value: Any, _: str, context: Context) -> bool | None:
        if value is None:
            return None
        return _either(says(found, type, context) for found, type in values(value) if counts(found))

    return some


def values_in(row: Element) -> Callable[[Any], Iterator[tuple[Any, str]]]:
    """From an object to the values that it has of an element, each with its type; none where it is no object."""
    by_member = {json_name(row, kind): (kind, r4().is_primitive(kind)) for kind in row.types}

    def values(node: Any) -> Iterator[tuple[Any, str]]:
        for name, (kind, primitive) in by_member.items() if type(node) is dict else ():
            member = node.get(name)
            for value in member if type(member) is list else [member]:
                if value is not None and (primitive or type(value) is dict):
                    yield value, resource_type(value) or kind if kind == "Resource" else kind

    return values


def _either(answers: Iterable[bool | None]) -> bool | None:
    unknown = False
    for answer in answers:
        if answer:
            return True
        unknown = unknown or answer is None
    return None if unknown else False


def _any(parts: Sequence[Says]) -> Says:
    return lambda value, kind, context: _either(part(value, kind, context) for part in parts)


def _all(parts: Sequence[Says]) -> Says:
    def says(value: Any, kind: str, context: Context) -> bool | None:
        answers = [part(value, kind, context) for part in parts]
        return False if False in answers else None if None in answers else True

    return says
