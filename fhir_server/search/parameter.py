"""The search parameters that `search/` defines, compiled: for each type of resource its parameters by code.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from fhir_server.fhir.definitions import r4, read
from fhir_server.fhir.path import Path, PathError, expand
from fhir_server.search.values.date import SPANS
from fhir_server.search.values.reference import REFERENCES
from fhir_server.search.values.token import TOKENS
from fhir_server.search.values.uri import URIS

KINDS: Mapping[str, Mapping[str, Callable[..., Sequence[Any]]]] = {
    "token": TOKENS,
    "reference": REFERENCES,
    "date": SPANS,
    "uri": URIS,
}
"""For each kind of parameter what it makes of a value of each type."""

STORED = frozenset({"_id", "_lastUpdated"})
"""Found by what the store itself knows of a resource, so not indexed."""


class BadDefinition(ValueError):
    """A definition cannot be used; the message names the file and says why."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one type. `kind` is token, reference, date or uri; `targets` the types of resource that its
    references may name, none of them: any; `systems` those that its codes imply.
    """

    code: str
    url: str
    kind: str
    paths: tuple[Path, ...]
    targets: tuple[str, ...]
    systems: frozenset[str]


class Parameters:
    """Every search parameter by type and code."""

    def __init__(self, by_type: Mapping[str, Mapping[str, Parameter]]) -> None:
        self._by_type = by_type

    def of(self, type: str) -> Mapping[str, Parameter]:
        """The parameters of a type by code, in the order of the alphabet; none for a type that nothing is defined for."""
        return self._by_type.get(type, _NONE)

    @property
    def types(self) -> Iterable[str]:
        """The types that have a parameter."""
        return self._by_type.keys()


_NONE: Mapping[str, Parameter] = MappingProxyType({})


def load_parameters() -> Parameters:
    """The parameters as `search/` defines them. BadDefinition for one that is incomplete, does not compile, or would take the
    place of another.
    """
    return compiled(read("search"))


def compiled(definitions: Iterable[tuple[str, Mapping[str, Any]]]) -> Parameters:
    """The parameters that definitions (file name, JSON) make; what is no SearchParameter is passed over."""
    by_type: dict[str, dict[str, Parameter]] = {}
    for name, definition in definitions:
        if definition.get("resourceType") == "SearchParameter":
            for type, parameter in _of_each_type(name, definition):
                own = by_type.setdefault(type, {})
                if parameter.code in own:
                    raise BadDefinition(f"{name}: {type} has a search parameter {parameter.code} already")
                own[parameter.code] = parameter
    return Parameters({type: MappingProxyType(dict(sorted(own.items()))) for type, own in by_type.items()})


def _of_each_type(name: str, definition: Mapping[str, Any]) -> Iterator[tuple[str, Parameter]]:
    absent = [member for member in ("url", "code", "type", "base", "expression") if not definition.get(member)]
    if absent:
        raise BadDefinition(f"{name}: {', '.join(absent)} is missing")
    if definition["type"] not in KINDS:
        raise BadDefinition(
            f"{name}: parameters of type {definition['type']} are not understood, only {', '.join(KINDS)}"
        )
    for type in _concrete(name, definition["base"]):
        try:
            yield type, _parameter(definition, type)
        except PathError as error:
            raise BadDefinition(f"{name}: for {type}: {error}") from error


def _concrete(name: str, bases: Iterable[str]) -> list[str]:
    """The types that a definition is about: an abstract base stands for all that are derived from it."""
    tables = r4()
    unknown = sorted(set(bases) - tables.types)
    if unknown:
        raise BadDefinition(f"{name}: {', '.join(unknown)} is no type of R4")
    return sorted(type for type in tables.resource_types if not _lineage(type).isdisjoint(bases))


@cache
def _lineage(type: str) -> frozenset[str]:
    base = r4().base(type)
    return frozenset({type}) | (_lineage(base) if base else frozenset())


def _parameter(definition: Mapping[str, Any], type: str) -> Parameter:
    code, kind = definition["code"], definition["type"]
    paths = () if code in STORED else expand(definition["expression"], type)
    for path in paths:
        if path.type not in KINDS[kind]:
            raise PathError(f"a {kind} cannot be taken from a {path.type}")
    return Parameter(code, definition["url"], kind, paths, _targets(paths, definition), _implied(paths))


def _targets(paths: tuple[Path, ...], definition: Mapping[str, Any]) -> tuple[str, ...]:
    """What the elements allow, narrowed to what the definition names, if it names any of them."""
    allowed = {target for path in paths for target in path.targets if all(path.targets for path in paths)}
    named = set(definition.get("target", ()))
    return tuple(sorted(allowed & named or allowed or named))


def _implied(paths: tuple[Path, ...]) -> frozenset[str]:
    """The systems of the value sets that the codes come from, where all that the parameter finds are such codes."""
    found = [r4().codes(path.binding) if path.type == "code" and path.binding else None for path in paths]
    if None in found:
        return frozenset()
    return frozenset(system for codes in found for system, _ in codes or ())
