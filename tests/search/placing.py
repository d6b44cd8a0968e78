"""Resources that have a value where a search expression looks for one, made from R4's tables of elements."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.fhir.definitions import Element, json_name, r4
from fhir_server.fhir.path.parse import Call, Literal, Member, Node, Operation, This, TypeTest, alternatives, parse


@dataclass(frozen=True)
class Step:
    """One element of a path: its name, the type that it must have ("": any), the members that must stand beside, and the type
    of resource that a reference must name.
    """

    name: str
    type: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    target: str = ""


@dataclass(frozen=True)
class Place:
    """Where a value stands: its type, what a reference there may name, and what a code must come from; `made` puts a value there,
    into a new resource of the type or a new element.
    """

    type: str
    targets: tuple[str, ...]
    binding: str
    made: Callable[[Any], dict[str, Any]]


def places(expression: str, type: str) -> Iterator[Place]:
    """The places that an expression about a type leads to."""
    for alternative in alternatives(parse(expression)):
        steps = list(_steps(alternative))
        if steps and steps[0].name[:1].isupper():
            root, *steps = steps
            if root.name not in {type, "Resource", "DomainResource"}:
                continue
        yield from _places(type, steps)


def _steps(node: Node) -> Iterator[Step]:
    match node:
        case This():
            return
        case Member(of, name):
            yield from _steps(of)
            yield Step(name)
        case TypeTest(of, "as", kind):
            *before, last = _steps(of)
            yield from (*before, replace(last, type=kind))
        case Call(of, "as" | "ofType", (Member(This(), kind),)):
            *before, last = _steps(of)
            yield from (*before, replace(last, type=kind))
        case Call(of, "extension", (Literal(_, url),)):
            yield from _steps(of)
            yield Step("extension", beside=(("url", str(url)),))
        case Call(of, "where", (criterion,)):
            *before, last = _steps(of)
            yield from (*before, _narrowed(last, criterion))
        case _:
            raise NotImplementedError(node)


def _narrowed(step: Step, criterion: Node) -> Step:
    match criterion:
        case TypeTest(Call(This(), "resolve", ()), "is", kind):
            return replace(step, target=kind)
        case Operation("=", Member(This(), name), Literal(_, value)):
            return replace(step, beside=(*step.beside, (name, str(value))))
    raise NotImplementedError(criterion)


def _places(type: str, steps: Sequence[Step]) -> Iterator[Place]:
    if not steps:
        yield Place(type, (), "", lambda value: value)
        return
    step, *rest = steps
    element = r4().elements(type).get(step.name)
    for kind in element.types if element else ():
        if step.type in {"", kind}:
            found = (
                _places(kind, rest)
                if rest
                else [Place(kind, _targets(element, step), element.binding, lambda one: one)]
            )
            for place in found:
                yield replace(place, made=_put(element, kind, step, place.made))


def _targets(element: Element, step: Step) -> tuple[str, ...]:
    return (step.target,) if step.target else element.targets


def _put(
    element: Element, kind: str, step: Step, inner: Callable[[Any], dict[str, Any]]
) -> Callable[[Any], dict[str, Any]]:
    def made(value: Any) -> dict[str, Any]:
        one = inner(value)
        one = one | dict(step.beside) if step.beside else one
        return {json_name(element, kind): [one] if element.many else one}

    return made
