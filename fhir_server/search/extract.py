"""What a resource can be found by: its search parameters applied to it.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from fhir_server.fhir.path import Path
from fhir_server.search.index import Index
from fhir_server.search.parameter import COMPOSITE, KINDS, STORED, WORDED, Component, Parameter, Parameters
from fhir_server.search.values.string import STRINGS, of_name
from fhir_server.search.values.token import TOKENS
from fhir_server.search.values.words import words_of

_Make: TypeAlias = Callable[[Any], Sequence[Any]]
"""From a value to its entries in the index."""

_Found: TypeAlias = dict[str, dict[str, list[Any]]]
"""By the name of a member of Index and by code, what was found."""


class _Source(NamedTuple):
    """Where values stand, and what is made of each: the member of Index, the code, and how. What several parameters find at
    one place is looked up once.
    """

    values: _Make
    entries: list[tuple[str, str, _Make]]


class _Element(NamedTuple):
    """Where the elements of a composite stand, by what each is found, and by which codes of those it must be found."""

    code: str
    elements: _Make
    sources: "_Sources"
    wanted: frozenset[str]

    def indexes(self, node: dict[str, Any]) -> list[Index]:
        """The indexes of the elements that have all components."""
        found = [self.sources.index(element) for element in self.elements(node)]
        return [index for index in found if all(map(index.has, self.wanted))]


@dataclass(frozen=True, slots=True)
class _Sources:
    """What is found in a resource or an element: by the member of JSON that a path goes into first ("": whatever there is),
    so that no path is walked into what is not there.
    """

    by_member: Mapping[str, Sequence[_Source]]
    composites: Sequence[_Element] = ()

    def index(self, node: dict[str, Any]) -> Index:
        """The index of a resource without its words, or of an element."""
        found = Index(**self._found(node))
        for composite in self.composites:
            if indexes := composite.indexes(node):
                found.elements.setdefault(composite.code, []).extend(indexes)
        return found

    def _found(self, node: dict[str, Any]) -> _Found:
        found: _Found = {place: {} for place in _KINDS}
        for member in ("", *node):
            for values, entries in self.by_member.get(member, ()):
                for value in values(node):
                    for place, code, make in entries:
                        if made := make(value):
                            found[place].setdefault(code, []).extend(made)
        for kind in found.values():
            for code, several in kind.items():
                if len(several) > 1:
                    kind[code] = sorted(set(several))
        return found


_PLACES = {
    "token": "tokens",
    "uri": "tokens",
    "reference": "references",
    "date": "spans",
    "string": "strings",
    "number": "amounts",
    "quantity": "amounts",
}
"""Where the values of a kind stand in an index."""
_KINDS = tuple(dict.fromkeys(_PLACES.values()))

_NAMES = frozenset({"family", "given"})
"""The codes of R4 that find parts of names, though their type is string alone."""


class Extractor:
    """Makes the index of resources, by these parameters, on a server of this base (without a slash at its end)."""

    def __init__(self, parameters: Parameters, base: str) -> None:
        self._parameters = parameters
        self._base = base
        self._sources: dict[str, _Sources] = {}

    def index(self, resource: dict[str, Any]) -> Index:
        """What a resource can be found by. Of a shape that is not FHIR's nothing is found; it never raises."""
        type = resource.get("resourceType")
        if not isinstance(type, str):
            return Index()
        index = (self._sources.get(type) or self._compiled(type)).index(resource)
        index.words.update(words_of(resource))
        return index

    def _compiled(self, type: str) -> _Sources:
        own = [one for one in self._parameters.of(type).values() if one.code not in STORED | WORDED]
        simple = self._by_member((one, one.paths) for one in own if one.kind != COMPOSITE)
        found = _Sources(simple, [row for one in own if one.kind == COMPOSITE for row in self._elements(one)])
        if own:
            self._sources[type] = found
        return found

    def _by_member(self, parameters: Iterable[tuple[Parameter, tuple[Path, ...]]]) -> dict[str, list[_Source]]:
        """Where the values of parameters that stand at these paths are found."""
        found: dict[str, list[_Source]] = {}
        for parameter, paths in parameters:
            for path in paths:
                source = _Source(path.values, list(self._entries(parameter, path)))
                found.setdefault(path.member, []).append(source)
        return found

    def _entries(self, parameter: Parameter, path: Path) -> Iterator[tuple[str, str, _Make]]:
        """What is made of a value for a parameter itself, and for those of its modifiers that ask something else."""
        yield _PLACES[parameter.kind], parameter.code, self._make(parameter, path.type)
        for place, modifier, makers in _BESIDE.get(parameter.kind, ()):
            if path.type in makers:
                yield place, f"{parameter.code}:{modifier}", makers[path.type]

    def _make(self, parameter: Parameter, type: str) -> _Make:
        make, base = KINDS[parameter.kind][type], self._base
        if parameter.kind == "reference":
            return lambda value: make(value, base)
        return of_name if parameter.code in _NAMES and type == "string" else make

    def _elements(self, parameter: Parameter) -> Iterator[_Element]:
        wanted = frozenset(component.parameter.code for component in parameter.components)
        for path in parameter.paths:
            yield _Element(parameter.code, path.values, self._within(path.type, parameter.components), wanted)

    def _within(self, type: str, components: tuple[Component, ...]) -> _Sources:
        """The components of an element of a type, as parameters of their own."""
        return _Sources(self._by_member((component.parameter, component.paths[type]) for component in components))


def _of_concept_text(concept: dict[str, Any]) -> Sequence[Any]:
    """The words of a concept, and those of its codings."""
    codings = concept.get("coding")
    told = (
        [concept.get("text"), *(one.get("display") for one in codings if type(one) is dict)]
        if type(codings) is list
        else [concept.get("text")]
    )
    return [entry for text in told if type(text) is str for entry in STRINGS["string"](text)]


def _of_coding_text(coding: dict[str, Any]) -> Sequence[Any]:
    return STRINGS["string"](coding["display"]) if type(coding.get("display")) is str else ()


def _of_type_text(identifier: dict[str, Any]) -> Sequence[Any]:
    concept = identifier.get("type")
    return _of_concept_text(concept) if type(concept) is dict else ()


def _of_typed(identifier: dict[str, Any]) -> Sequence[Any]:
    """The number with each type that it is given as: (system, code|value)."""
    concept, value = identifier.get("type"), identifier.get("value")
    if type(concept) is not dict or type(value) is not str:
        return ()
    return [(system, f"{code}|{value}") for system, code in TOKENS["CodeableConcept"](concept)]


def _of_logical(reference: dict[str, Any]) -> Sequence[Any]:
    """The identifiers in references themselves. https://hl7.org/fhir/R4/references.html#logical"""
    return TOKENS["Identifier"](reference.get("identifier"))


_BESIDE = {
    "token": (
        (
            "strings",
            "text",
            {"CodeableConcept": _of_concept_text, "Coding": _of_coding_text, "Identifier": _of_type_text},
        ),
        ("tokens", "of-type", {"Identifier": _of_typed}),
    ),
    "reference": (("tokens", "identifier", {"Reference": _of_logical}),),
}
"""What a modifier asks of, by kind of parameter: where it stands, under which name, and how it is made of a value."""
