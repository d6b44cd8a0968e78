"""A compiled subset of FHIRPath, for the constraints and the search expressions of R4 and of our own definitions.

An expression is compiled once for the type it is applied to, into closures over decoded JSON. Running it never raises:
what has the wrong shape is as good as absent, and `None` is FHIRPath's empty. Of R4's constraints all but five compile, and
every search expression. Outside the subset, and refused with PathError when compiled:

- `htmlChecks()` (txt-1, txt-2), `%rootResource` (ref-1) and the type of a descendant (dom-3), which validation does by hand;
- `replaceMatches()` (sdf-8a);
- what a reference points at, beyond its type: `resolve()` is followed by `is`, `as` or `ofType` only;
- the elements of primitives (`birthDate.extension`), quantities written out, reckoning with dates, `now()`, `today()`,
  `~`, `repeat()`, `aggregate()`, `$index`, `$total`, and functions that neither R4 nor we use.

Three readings differ from an engine of the whole language. `matches()` means the whole string, as R4's constraints do.
`as` and `is` mean the very type (`uri` is no canonical), or one derived from an abstract one. Of two dates the one without
a zone is read in the zone of the other; one told less exactly leaves the answer open, as everywhere.

https://hl7.org/fhirpath/N1/ https://hl7.org/fhir/R4/fhirpath.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.path.branch import Branches, items, kinds, truth
from fhir_server.fhir.path.compile import Compiler
from fhir_server.fhir.path.parse import Node, PathError, alternatives, parse

__all__ = ["Path", "PathError", "compile_path", "constraint", "expand"]


@dataclass(frozen=True, slots=True)
class Path:
    """Where values of one type stand: `values` gives those of a resource, all of the JSON type that `type` has.

    `targets` are the types of resource that a reference or canonical there may name, none of them: any. `binding` is the
    canonical of the value set that a code there must come from, empty without one. `member` is the member of JSON that the
    path goes into first: a resource without it has no values here; empty where that is not known.
    """

    type: str
    targets: tuple[str, ...]
    binding: str
    values: Callable[[Any], Sequence[Any]]
    member: str = ""


def constraint(expression: str, type: str) -> Callable[[Any, Any], bool | None]:
    """An invariant of a type, compiled: called with the node it sits on and `%resource`, it is True, False or None (empty).

    An element without a value but with an extension counts as there. PathError for what is outside the subset.
    """
    compiler = Compiler(type, presence=True)
    holds = truth(_compiled(compiler, parse(expression)))
    expected = kinds(type)

    def check(node: Any, resource: Any) -> bool | None:
        if node.__class__ not in expected:
            return None
        try:
            found: bool | None = holds(node, (resource if resource.__class__ is dict else {}, node))
        except RecursionError:
            return None
        return found

    return check


def compile_path(expression: str, type: str) -> Callable[[Any], list[Any]]:
    """An expression about a type, compiled: from a node to all that it leads to. PathError for what is outside the subset."""
    compiler = Compiler(type, presence=False)
    return _guarded(items(_compiled(compiler, parse(expression))), kinds(type))


def expand(expression: str, type: str) -> tuple[Path, ...]:
    """A search expression about a type, as one path for each type of value it leads to; an alternative that is about another
    resource has none. PathError for what is outside the subset. https://hl7.org/fhir/R4/searchparameter.html
    """
    compiler = Compiler(type, presence=False)
    return tuple(
        Path(branch.type, branch.targets, branch.binding, _guarded(items((branch,)), kinds(type)), branch.member)
        for alternative in alternatives(parse(expression))
        for branch in _compiled(compiler, alternative)
    )


def _compiled(compiler: Compiler, tree: Node) -> Branches:
    try:
        return compiler.branches(tree, compiler.root)
    except RecursionError:
        raise PathError("the expression is nested too deep") from None


def _guarded(get: Callable[[Any, tuple[Any, Any]], list[Any]], expected: frozenset[type]) -> Callable[[Any], list[Any]]:
    def values(node: Any) -> list[Any]:
        if node.__class__ not in expected:
            return []
        try:
            return get(node, (node if node.__class__ is dict else {}, node))
        except RecursionError:
            return []

    return values
