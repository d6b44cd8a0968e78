"""The search parameters that `search/` defines, compiled: for each type of resource its parameters by code.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.definitions import BadDefinition, r4, read
from fhir_server.fhir.path import Path, PathError, expand
from fhir_server.search.values.amount import NUMBERS, QUANTITIES
from fhir_server.search.values.date import SPANS
from fhir_server.search.values.reference import REFERENCES
from fhir_server.search.values.string import STRINGS
from fhir_server.search.values.token import TOKENS
from fhir_server.search.values.uri import URIS
from fhir_server.search.values.words import CONTENT, TEXT

KINDS: Mapping[str, Mapping[str, Callable[..., Sequence[Any]]]] = {
    "token": TOKENS,
    "reference": REFERENCES,
    "date": SPANS,
    "string": STRINGS,
    "uri": URIS,
    "number": NUMBERS,
    "quantity": QUANTITIES,
}
"""For each kind of parameter what it makes of a value of each type."""

COMPOSITE = "composite"

STORED = frozenset({"_id", "_lastUpdated"})
"""Found by what the store itself knows of a resource, so not indexed."""

APART = frozenset({"AuditEvent"})
"""Types that answer to nothing but reads and searches of themselves: not to chains, to what comes along, to a search or a
history of several types. Of the parameters of every type they have STORED alone: most of them are rendered, not indexed."""

WORDED = frozenset({TEXT, CONTENT})
"""Found by the words of a resource; HL7's definitions have no expression."""

CHAIN = structure("search-chain")
"""The extension of a definition of ours that is another name for a chain: `care-team.participant`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one type. `kind` is one of R4's (https://hl7.org/fhir/R4/search.html#ptypes) but special;
    `targets` the types of resource that its references may name, none of them: any; `systems` those that its codes imply;
    `components` those of a composite; `chain` what it is another name for.
    """

    code: str
    url: str
    kind: str
    paths: tuple[Path, ...] = ()
    targets: tuple[str, ...] = ()
    systems: frozenset[str] = frozenset()
    components: tuple["Component", ...] = ()
    chain: str = ""

    @property
    def types(self) -> frozenset[str]:
        """The types of value that it finds."""
        return frozenset(path.type for path in self.paths)

    @property
    def leads(self) -> bool:
        """Whether it points at resources, which a chain can go on from: a canonical points at whoever bears the address."""
        return self.kind == "reference" and bool(self.types - {"canonical"})


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a composite parameter, named by its place: the values that it finds in an element of each type."""

    parameter: Parameter
    paths: Mapping[str, tuple[Path, ...]]


Definition: TypeAlias = Mapping[str, Any]
"""A SearchParameter as JSON."""

OFFICIAL = "http://hl7.org/fhir/"
"""What HL7's own definitions are addressed by."""


class Parameters:
    """Every search parameter by type and code; those of a type are compiled when it is first asked for."""

    def __init__(self, by_base: Mapping[str, Mapping[str, tuple[str, Definition]]], kinds: Mapping[str, str]) -> None:
        """`by_base`: by the type in `SearchParameter.base` and by code, the definitions and their files; `kinds` by url."""
        self._by_base = by_base
        self._kinds = kinds
        self._compiled: dict[str, Mapping[str, Parameter]] = {}

    def of(self, type: str) -> Mapping[str, Parameter]:
        """The parameters of a type by code, in the order of the alphabet; none for a type that nothing is defined for."""
        if type not in self._compiled:
            if type not in r4().resource_types:
                return _NONE
            found = {
                code: self._parameter(name, one, type) for code, (name, one) in sorted(self._defined(type).items())
            }
            self._compiled[type] = MappingProxyType(found)
        return self._compiled[type]

    def kinds(self, type: str) -> Mapping[str, str]:
        """The kinds of a type's parameters by code, without compiling them."""
        return {code: definition["type"] for code, (_, definition) in self._defined(type).items()}

    @property
    def types(self) -> Iterable[str]:
        """The types that have a parameter."""
        return [type for type in sorted(r4().resource_types) if self._defined(type)]

    def check(self) -> None:
        """Compiles all of them. BadDefinition for the first that cannot be used."""
        for type in self.types:
            self.of(type)

    def check_foreign(self) -> None:
        """Compiles those that are not HL7's, for the type that each names: what HL7 defines was checked before it was shipped.
        BadDefinition; also for a code that a type has twice.
        """
        for type in r4().resource_types:
            self._defined(type)
        for type, own in self._by_base.items():
            for name, definition in own.values():
                if not definition["url"].startswith(OFFICIAL):
                    self._parameter(name, definition, type)

    def _defined(self, type: str) -> dict[str, tuple[str, Definition]]:
        """The definitions of a type by code. BadDefinition where two have the same."""
        found: dict[str, tuple[str, Definition]] = {}
        for base in sorted(_lineage(type) & self._by_base.keys()):
            for code, (name, definition) in self._by_base[base].items():
                if type in APART and base != type and code not in STORED:
                    continue
                if code in found:
                    raise BadDefinition(f"{name}: {type} has a search parameter {code} already")
                found[code] = name, definition
        return found

    def _parameter(self, name: str, definition: Definition, type: str) -> Parameter:
        try:
            if chain := _chain(definition):
                self._refuse_astray(type, chain)
                return Parameter(definition["code"], definition["url"], definition["type"], chain=chain)
            return _parameter(definition, type, self._kinds)
        except PathError as error:
            raise BadDefinition(f"{name}: for {type}: {error}") from error

    def _refuse_astray(self, type: str, chain: str) -> None:
        """PathError for a chain that does not go from reference to reference to a parameter, or through another chain."""
        head, _, rest = chain.partition(".")
        code, _, target = head.partition(":")
        _, definition = self._defined(type).get(code, ("", {}))
        if not definition or _chain(definition) or (rest and definition["type"] != "reference"):
            raise PathError(f"{type} has no {'reference' if rest else 'parameter'} {code}")
        if rest:
            self._refuse_lost([target] if target else definition.get("target", ()), rest)

    def _refuse_lost(self, types: Iterable[str], chain: str) -> None:
        """It is enough that the chain goes on from one of the types."""
        lost = PathError(f"nothing says of which type {chain} is")
        for type in types:
            try:
                return self._refuse_astray(type, chain)
            except PathError as error:
                lost = error
        raise lost


_NONE: Mapping[str, Parameter] = MappingProxyType({})


@cache
def load_parameters() -> Parameters:
    """The parameters as `search/` defines them, made once a process. BadDefinition for one that is incomplete or would take
    the place of another, and for one of our own that does not compile; of HL7's that is left to `Parameters.check`.
    """
    return parameters_of(read("search"))


def parameters_of(definitions: Iterable[tuple[str, Definition]]) -> Parameters:
    """The parameters that definitions (file name, JSON) make; what is no SearchParameter is passed over. BadDefinition."""
    by_base: dict[str, dict[str, tuple[str, Definition]]] = {}
    kinds: dict[str, str] = {}
    for name, definition in definitions:
        if definition.get("resourceType") != "SearchParameter":
            continue
        _refuse_incomplete(name, definition)
        if definition["type"] in KINDS:
            kinds[definition["url"]] = definition["type"]
        for base in definition["base"]:
            own = by_base.setdefault(base, {})
            if definition["code"] in own:
                raise BadDefinition(f"{name}: {base} has a search parameter {definition['code']} already")
            own[definition["code"]] = name, definition
    found = Parameters(by_base, kinds)
    found.check_foreign()
    return found


def _refuse_incomplete(name: str, definition: Definition) -> None:
    demanded = ["url", "code", "type", "base"]
    if definition.get("code") not in WORDED and not _chain(definition):
        demanded.append("expression")
    if definition.get("type") == COMPOSITE:
        demanded.append("component")
    absent = [member for member in demanded if not definition.get(member)]
    if absent:
        raise BadDefinition(f"{name}: {', '.join(absent)} is missing")
    if definition["type"] not in {*KINDS, COMPOSITE}:
        raise BadDefinition(
            f"{name}: parameters of type {definition['type']} are not understood, only {', '.join((*KINDS, COMPOSITE))}"
        )
    unknown = sorted(set(definition["base"]) - r4().types)
    if unknown:
        raise BadDefinition(f"{name}: {', '.join(unknown)} is no type of R4")


@cache
def _lineage(type: str) -> frozenset[str]:
    base = r4().base(type)
    return frozenset({type}) | (_lineage(base) if base else frozenset())


def _parameter(definition: Definition, type: str, kinds: Mapping[str, str]) -> Parameter:
    code, url, kind = definition["code"], definition["url"], definition["type"]
    if code in STORED | WORDED:
        return Parameter(code, url, kind)
    paths = expand(definition["expression"], type)
    if kind == COMPOSITE:
        return Parameter(code, url, kind, paths, components=tuple(_components(definition, paths, kinds)))
    return _simple(code, url, kind, paths, definition)


def _chain(definition: Definition) -> str:
    return next((one["valueString"] for one in definition.get("extension", ()) if one["url"] == CHAIN), "")


def _simple(code: str, url: str, kind: str, paths: tuple[Path, ...], definition: Definition) -> Parameter:
    """What an element may hold besides (Procedure.performed an Age, where dates are asked for) gives no value."""
    fitting = tuple(path for path in paths if path.type in KINDS[kind])
    if paths and not fitting:
        raise PathError(f"a {kind} cannot be taken from a {paths[0].type}")
    return Parameter(code, url, kind, fitting, _targets(fitting, definition), _implied(fitting))


def _components(definition: Definition, elements: tuple[Path, ...], kinds: Mapping[str, str]) -> Iterator[Component]:
    for place, component in enumerate(definition["component"]):
        found = {element.type: expand(component["expression"], element.type) for element in elements}
        kind = _kind(kinds.get(component["definition"]), {path.type for own in found.values() for path in own})
        fitting = {type: tuple(path for path in own if path.type in KINDS[kind]) for type, own in found.items()}
        paths = tuple(path for own in fitting.values() for path in own)
        yield Component(_simple(str(place), component["definition"], kind, paths, {}), fitting)


def _kind(named: str | None, types: set[str]) -> str:
    """The kind of the definition that a component names, as far as any value is of it: R4's DocumentReference-relationship
    has its two the wrong way round.
    """
    found = [kind for kind in (named, *KINDS) if kind is not None and not types.isdisjoint(KINDS[kind])]
    if not found:
        raise PathError(f"nothing can be asked of {', '.join(sorted(types)) or 'nothing'}")
    return found[0]


def _targets(paths: tuple[Path, ...], definition: Definition) -> tuple[str, ...]:
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
