"""What R4 says of each type, out of `r4.json.gz`, and the server's own definitions, out of their folders.

`tools/generate_r4.py` makes the file. https://hl7.org/fhir/R4/elementdefinition.html
"""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from fhir_server.fhir import codec
from fhir_server.fhir.outcome import Unreadable


class BadDefinition(ValueError):
    """A definition cannot be used; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule in FHIRPath that a type or an element keeps; `severity` is error or warning, `human` is HL7's sentence."""

    key: str
    severity: str
    human: str
    expression: str


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type.

    `name` is FHIR's, without [x]; a `choice` stands in JSON under name and type. `types` are type names; a backbone is
    its path (`CarePlan.activity`), of a contentReference the path that it names. `targets` are the types of resource
    that a reference or canonical may name, none of them: any. `binding` is the canonical of a required value set, else
    empty. `constraints` are those of the element; those of its type stand at the type.
    """

    name: str
    types: tuple[str, ...]
    min: int
    many: bool
    choice: bool
    targets: tuple[str, ...]
    binding: str
    summary: bool
    modifier: bool
    constraints: tuple[Constraint, ...]


class R4:
    """The element tables of R4. A `type` is a resource type, a datatype, or the path of a backbone; an unknown one
    raises KeyError.
    """

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.resource_types: frozenset[str] = frozenset(tables["resources"])
        self._primitives = frozenset(tables["primitives"])
        self._types: dict[str, Any] = tables["types"]
        self._codes: dict[str, dict[str, list[str]]] = tables["codes"]
        self.profiles: tuple[dict[str, Any], ...] = tuple(tables["profiles"])
        """R4's profiles on datatypes that its own types speak of: SimpleQuantity, MoneyQuantity."""
        self._elements: dict[str, Mapping[str, Element]] = {}
        self._members: dict[str, Mapping[str, tuple[Element, str]]] = {}

    def elements(self, type: str) -> Mapping[str, Element]:
        """The elements of a type by FHIR name, inherited ones included, in the order of the spec."""
        if type not in self._elements:
            table = self._types[type]
            inherited = self.elements(table["base"]) if table["base"] else {}
            own = {row[0]: _element(row) for row in table["elements"]}
            self._elements[type] = MappingProxyType({**inherited, **own})
        return self._elements[type]

    def members(self, type: str) -> Mapping[str, tuple[Element, str]]:
        """What may stand in JSON by its name: `deceasedBoolean` gives the element deceased and its type boolean."""
        if type not in self._members:
            elements = self.elements(type).values()
            self._members[type] = MappingProxyType(
                {json_name(element, kind): (element, kind) for element in elements for kind in element.types}
            )
        return self._members[type]

    def constraints(self, type: str) -> tuple[Constraint, ...]:
        """The constraints of a type, inherited ones first."""
        table = self._types[type]
        inherited = self.constraints(table["base"]) if table["base"] else ()
        return inherited + tuple(Constraint(*row) for row in table["constraints"])

    def base(self, type: str) -> str:
        """The type that a type is derived from; empty for Resource and Element."""
        base: str = self._types[type]["base"]
        return base

    def is_primitive(self, type: str) -> bool:
        """Whether values of the type are strings, numbers or booleans in JSON."""
        return type in self._primitives

    @property
    def types(self) -> frozenset[str]:
        """Every type that has a table: resources, datatypes, backbones, and the abstract ones."""
        return frozenset(self._types)

    def codes(self, value_set: str) -> frozenset[tuple[str, str]] | None:
        """The (system, code) pairs of a required value set; None for one that cannot be enumerated."""
        expansion = self._codes.get(value_set)
        if expansion is None:
            return None
        return frozenset((system, code) for system, codes in expansion.items() for code in codes)


def json_name(element: Element, type: str) -> str:
    """The member of JSON that holds an element when it is of this type."""
    return of_type(element.name, type) if element.choice else element.name


def of_type(name: str, type: str) -> str:
    """What stands for `name[x]` where x is a type: `valueQuantity`, `fixedUri`."""
    return name + type[0].upper() + type[1:]


def _element(row: list[Any]) -> Element:
    name, flags, types, targets, binding, constraints = row
    required, many, choice, summary, modifier = (bool(flags >> place & 1) for place in range(5))
    return Element(
        name=name,
        types=tuple(types),
        min=int(required),
        many=many,
        choice=choice,
        targets=tuple(targets),
        binding=binding,
        summary=summary,
        modifier=modifier,
        constraints=tuple(Constraint(*constraint) for constraint in constraints),
    )


@cache
def r4() -> R4:
    """The tables, read once."""
    packed = files("fhir_server").joinpath("fhir", "r4.json.gz").read_bytes()
    return R4(msgspec.json.decode(gzip.decompress(packed)))


CORE = "http://hl7.org/fhir/StructureDefinition/"
"""The canonicals of R4's types begin with it."""

FOLDERS = ("profiles", "capability", "search", "security")
"""Where the server's own definitions stand."""

INDEXES = "indexes.json"
"""Stands in `search/`, and is no resource."""


def root() -> Traversable:
    """Where the definitions' folders stand: in the wheel, or beside the package in a checkout."""
    package = files("fhir_server")
    shipped = package.joinpath("_definitions")
    return shipped if shipped.is_dir() else package.joinpath("..")


_own: list[Path] = []
"""A deployment's own definitions: none, or one folder of the same four names."""


def lay_over(own: Path | None) -> None:
    """Lays a deployment's own folder over the shipped ones, file by file, before anything is read: once a process. BadDefinition where
    it is not there, or has in it what no room reads; RuntimeError where definitions were read already.
    """
    wanted = [] if own is None else [own.resolve()]
    if wanted == _own:
        return
    if read.cache_info().currsize:
        raise RuntimeError("definitions were read before they were laid over")
    for folder in wanted:
        _refuse_strangers(folder)
    _own[:] = wanted


def _refuse_strangers(own: Path) -> None:
    if not own.is_dir():
        raise BadDefinition(f"{own} is no folder")
    strangers = sorted({entry.name for entry in own.iterdir() if not entry.name.startswith(".")} - {*FOLDERS})
    if strangers:
        raise BadDefinition(f"{own} has {', '.join(FOLDERS)} and nothing else: {', '.join(strangers)}")
    if (own / "search" / INDEXES).exists():
        raise BadDefinition(f"{own} has search/{INDEXES}, which is the release's own")
    for file in sorted(own.glob("*/*.json")):
        _refuse_unreadable(file)


def _refuse_unreadable(file: Path) -> None:
    try:
        found = codec.decode(file.read_bytes())
    except Unreadable:
        found = None
    if not isinstance(found, dict) or "resourceType" not in found:
        raise BadDefinition(f"{file} is no resource in JSON")


def _entries(folder: str) -> dict[str, Traversable]:
    """The files of a folder by name, a deployment's own in the place of those shipped."""
    shipped = root().joinpath(*folder.split("/"))
    own = [over / folder for over in _own if folder in FOLDERS and (over / folder).is_dir()]
    return {entry.name: entry for place in (shipped, *own) for entry in place.iterdir()}


@cache
def read(folder: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The definitions in one folder (`profiles`, `search`, …) by file name, sorted; what is not JSON is passed over, and so is
    INDEXES. They are read once and shared: nobody may change them.
    """
    entries = _entries(folder)
    return tuple(
        (name, codec.decode(entries[name].read_bytes()))
        for name in sorted(entries.keys() - {INDEXES})
        if name.endswith(".json")
    )


def parts_of(parameter: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What the parts of a parameter say, by their names: the values of each, in their order."""
    told: dict[str, list[Any]] = {}
    for part in parameter["part"]:
        (value,) = (value for name, value in part.items() if name.startswith("value"))
        told.setdefault(part["name"], []).append(value)
    return told


def every() -> Iterator[dict[str, Any]]:
    """The definitions of all folders."""
    return (one for folder in FOLDERS for _, one in read(folder))


@cache
def by_canonical() -> Mapping[str, Mapping[str, Any]]:
    """The definitions of all folders by their canonicals."""
    return {one["url"]: one for one in every() if "url" in one}


@cache
def indexes() -> dict[str, Any]:
    """Which indexes the stores keep, and for searches of which shapes; search/README.md tells the members."""
    found: dict[str, Any] = codec.decode(root().joinpath("search", INDEXES).read_bytes())
    return found
