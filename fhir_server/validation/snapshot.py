"""What a profile and all that it is based on say, as one tree of elements; each rule keeps the name of the profile it is from.

A differential is laid over the tree of its base, and so is a snapshot where a profile has nothing else: what only repeats
its base adds no rule. https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhir.definitions import BadDefinition, Element, json_name, r4

EVERYTHING = "Resource"
WRAPPED = frozenset({"BackboneElement", "Element", EVERYTHING, "DomainResource"})
"""Types in a profile that say no more of an element than that it is there."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one profile says of one element: `content` is its ElementDefinition, `id` its place in the profile."""

    profile: str
    id: str
    content: Mapping[str, Any]

    @property
    def source(self) -> str:
        """The profile and the element: what an issue names as its reason."""
        return f"{self.profile}#{self.id}"


@dataclass(slots=True)
class Place:
    """An element of a profile, or a slice of one, with all that the chain says of it, the base first.

    `name` is the element's, without [x]; of the root the type's. `types` are the FHIR types that are left to it: a backbone is
    its path. `general` is the element that a slice is a part of. `refers` is the element of which a contentReference says
    that its content is the same. `shortened` is the statement that a choice has by its short form alone.
    """

    name: str
    types: tuple[str, ...]
    row: Element | None = None
    slice: str = ""
    general: "Place | None" = None
    refers: "Place | None" = None
    shortened: Statement | None = None
    said: list[Statement] = field(default_factory=list)
    children: dict[str, "Place"] = field(default_factory=dict)
    slices: dict[str, "Place"] = field(default_factory=dict)

    def last(self, member: str) -> tuple[Statement, Any] | None:
        """The last statement that has a member, with its value."""
        for statement in reversed(self.said):
            if member in statement.content:
                return statement, statement.content[member]
        return None

    def typed(self) -> Iterator[tuple[Statement, Mapping[str, Any]]]:
        """The types that the last statement about types leaves, as ElementDefinition.type has them."""
        told = self.last("type")
        for kind in told[1] if told else ():
            yield told[0], kind  # type: ignore[index]  # told stands, or there is nothing to go over

    def every(self) -> Iterator["Place"]:
        """The element and its slices, theirs too."""
        yield self
        for part in self.slices.values():
            yield from part.every()


def tree(type: str, chain: Iterable[Mapping[str, Any]]) -> Place:
    """The elements that profiles of one type say something of, the profile that is the base of all others first.

    BadDefinition for an element or a type that R4 does not have there.
    """
    root = Place(type, (type,))
    for definition in chain:
        _lay(definition, root)
    _refer(root)
    return root


def elements(definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a profile itself says: its differential, or where it has none its snapshot."""
    view = definition.get("differential") or definition.get("snapshot") or {}
    found: list[dict[str, Any]] = view.get("element", [])
    return found


def is_element(path: str) -> bool:
    """Whether R4 has a type or an element of this name: `CarePlan.activity.detail`, `HumanName.family`, `Patient.name.use`."""
    head, *names = path.split(".")
    place = Place(head, (head,))
    try:
        _find(place, ((name, "") for name in names))
    except KeyError:
        return False
    return head in r4().types


def _lay(definition: Mapping[str, Any], root: Place) -> None:
    """Writes what one profile says into the tree."""
    current: dict[str, str] = {}
    for content in elements(definition):
        id = content.get("id") or content.get("path", "")
        statement = Statement(definition["url"], id, content)
        try:
            place = _find(root, _steps(content, current), statement)
        except KeyError as error:
            raise BadDefinition(f"{id}: R4 has no such element ({error.args[0]})") from None
        place.said.append(statement)
        if "type" in content:
            place.types = _narrowed(place, content["type"], id)


def _steps(content: Mapping[str, Any], current: dict[str, str]) -> list[tuple[str, str]]:
    """The way to an element below the root: its names, each with the slice that it goes through.

    An id says so itself. Without one, an element is within the slice that was last begun on its way.
    """
    path = content.get("path", "").split(".")
    told = [step.partition(":")[::2] for step in content.get("id", "").split(".")]
    if [name for name, _ in told] != path:
        told = [(name, current.get(".".join(path[: place + 1]), "")) for place, name in enumerate(path)]
        told[-1] = (path[-1], content.get("sliceName", ""))
    whole = ".".join(path)
    for begun in [known for known in current if known.startswith(f"{whole}.")]:
        del current[begun]
    current[whole] = told[-1][1]
    return told[1:]


def _find(root: Place, steps: Iterable[tuple[str, str]], by: Statement | None = None) -> Place:
    place = root
    for name, part in steps:
        place = _child(place, name.removesuffix("[x]"), by)
        for slice in _reslices(part):
            place = _slice(place, slice)
    return place


def _reslices(name: str) -> Iterator[str]:
    """`a/b` is the part b of the slice a: https://hl7.org/fhir/R4/profiling.html#reslicing"""
    parts = name.split("/") if name else []
    return ("/".join(parts[: count + 1]) for count in range(len(parts)))


def _child(place: Place, name: str, by: Statement | None = None) -> Place:
    """The element below a place, made when it is first spoken of; `valueQuantity` is the slice of value[x] of that type."""
    if name in place.children:
        return place.children[name]
    rows = {kind: r4().elements(kind) for kind in place.types if kind in r4().types}
    found = [table[name] for table in rows.values() if name in table]
    if found:
        types = tuple(dict.fromkeys(kind for row in found for kind in row.types))
        return place.children.setdefault(name, Place(name, types, found[0]))
    for kind in rows:
        row, type = r4().members(kind).get(name, (None, ""))
        if row is not None:
            choice = _child(place, row.name)
            if by is not None and row.choice:
                _shorten(choice, type, by)
            return _slice(choice, name, type)
    raise KeyError(name)


def _shorten(choice: Place, type: str, by: Statement) -> None:
    """A profile that says `valueQuantity` and nothing of value[x] leaves it that type, as HL7's own snapshots have it."""
    others = [statement for statement in choice.said if statement is not choice.shortened]
    if any(it.profile == by.profile and it.content.keys() & {"type", "slicing"} for it in others):
        return
    if choice.shortened is None or choice.shortened.profile != by.profile:
        choice.shortened = Statement(by.profile, by.id, {"type": []})
        choice.said.append(choice.shortened)
    told = choice.shortened.content["type"]
    if {"code": type} not in told:
        told.append({"code": type})
    choice.types = tuple(kind["code"] for kind in told)


def _slice(place: Place, name: str, type: str = "") -> Place:
    if name not in place.slices:
        row = place.row
        members = {json_name(row, kind): kind for kind in row.types} if row and row.choice else {}
        type = type or members.get(name, "")
        place.slices[name] = Place(place.name, (type,) if type else place.types, row, name, place)
    return place.slices[name]


def _narrowed(place: Place, told: Iterable[Mapping[str, Any]], id: str) -> tuple[str, ...]:
    """The types that are left of those that the element may have."""
    codes = tuple(kind["code"] for kind in told if "code" in kind)
    allowed = place.row.types if place.row else place.types
    if allowed == (EVERYTHING,):
        wanted = tuple(code for code in codes if code not in WRAPPED)
        if unknown := set(wanted) - r4().resource_types:
            raise BadDefinition(f"{id}: {', '.join(sorted(unknown))} is no type of resource")
        return wanted or place.types
    kept = tuple(code for code in codes if code in allowed)
    plain = [code for code in codes if code not in allowed and code not in WRAPPED and "/" not in code]
    if plain and not (place.row and place.row.types[0] in {"id", "string", "uri"} and not place.row.choice):
        raise BadDefinition(f"{id}: the element has no type {', '.join(plain)}")
    return kept or place.types


def _refer(root: Place) -> None:
    """Where an element has the content of another (`Bundle.entry.link` of `Bundle.link`), what a profile says within the
    other holds there too.
    """
    known = r4().types
    head = root.name
    for kind in sorted(name for name in known if name == head or name.startswith(f"{head}.")):
        for row in r4().elements(kind).values():
            target = row.types[0]
            if "." not in target or target == f"{kind}.{row.name}" or not target.startswith(f"{head}."):
                continue
            meant = _at(root, target)
            if meant is not None and (meant.children or meant.said):
                _find(root, [(name, "") for name in f"{kind}.{row.name}".split(".")[1:]]).refers = meant


def _at(root: Place, path: str) -> Place | None:
    place: Place | None = root
    for name in path.split(".")[1:]:
        place = place.children.get(name) if place else None
    return place
