"""Where an element stands in JSON, and how it is read, written and taken away there.

A primitive is a pair: its value, and the object beside it (`_birthDate`) with its id and extensions; a list of primitives is
two lists of one length. https://hl7.org/fhir/R4/json.html#primitive
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from fhir_server.fhir.definitions import Element, json_name, r4
from fhir_server.fhir.path.branch import kinds

MOST_MEMBERS = 400
"""No type of R4 has as many elements; an object with more is no element, and not looked through again and again."""

Pair: TypeAlias = tuple[Any, Any]
"""A value and what stands beside it; either may be None, not both."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An element, under the name that it has for one of its types, in the object `holder`. Of an element that does not
    repeat, the only place is 0.
    """

    holder: dict[str, Any]
    element: Element
    type: str

    @property
    def name(self) -> str:
        """The member of JSON."""
        return json_name(self.element, self.type)

    @property
    def _beside(self) -> str:
        """The member beside it; of what is no primitive there is none of this name."""
        return f"_{self.name}"

    def __len__(self) -> int:
        value, beside = self.holder.get(self.name), self.holder.get(self._beside)
        if self.element.many:
            return max(len(value) if type(value) is list else 0, len(beside) if type(beside) is list else 0)
        return int(value is not None or beside is not None)

    def __iter__(self) -> Iterator[Pair]:
        value, beside = self.holder.get(self.name), self.holder.get(self._beside)
        for at in range(len(self)):
            yield (_at(value, at), _at(beside, at)) if self.element.many else (value, beside)

    def insert(self, at: int, pair: Pair) -> None:
        """Puts a pair at a place, before what stood there and after it."""
        if not self.element.many:
            self._set(pair)
            return
        values, besides = self._lists(pair[1])
        values.insert(at, pair[0])
        if besides is not None:
            besides.insert(at, pair[1])

    def replace(self, at: int, pair: Pair) -> None:
        """Puts a pair at a place instead of what stood there."""
        if not self.element.many:
            self._set(pair)
            return
        values, besides = self._lists(pair[1])
        values[at] = pair[0]
        if besides is not None:
            besides[at] = pair[1]
        self._tidy(values, besides)

    def move(self, source: int, destination: int) -> None:
        """Takes what stands at one place, and puts it at another one of the list that is left."""
        for members in self._lists(None):
            if members is not None:
                members.insert(destination, members.pop(source))

    def remove(self, at: int) -> None:
        """Takes away what stands at a place, and the member with the last of it."""
        if not self.element.many:
            self._set((None, None))
            return
        values, besides = self._lists(None)
        del values[at]
        if besides is not None:
            del besides[at]
        self._tidy(values, besides)

    def rename(self, type: str) -> "Slot":
        """The slot of another type of the choice, at the same place in the order of members."""
        other = Slot(self.holder, self.element, type)
        names = {self.name: other.name, self._beside: other._beside}
        members = [(names.get(member, member), value) for member, value in self.holder.items()]
        self.holder.clear()
        self.holder.update(members)
        return other

    def _set(self, pair: Pair) -> None:
        for name, content in zip((self.name, self._beside), pair, strict=True):
            if content is None:
                self.holder.pop(name, None)
            else:
                self.holder[name] = content

    def _lists(self, beside: Any) -> tuple[list[Any], list[Any] | None]:
        """The values, and where anything stands beside them, or will, a list of that as long."""
        values = self._list(self.name)
        if beside is None and self._beside not in self.holder:
            return values, None
        besides = self._list(self._beside)
        values.extend([None] * (len(besides) - len(values)))
        besides.extend([None] * (len(values) - len(besides)))
        return values, besides

    def _list(self, name: str) -> list[Any]:
        if type(self.holder.get(name)) is not list:
            self.holder[name] = []
        found: list[Any] = self.holder[name]
        return found

    def _tidy(self, values: list[Any], besides: list[Any] | None) -> None:
        if not values:
            del self.holder[self.name]
        if besides is not None and not any(besides):
            del self.holder[self._beside]


@dataclass(frozen=True, slots=True)
class Spot:
    """One element of the resource, of a known type. The resource itself has neither a slot nor a parent."""

    type: str
    value: Any
    beside: dict[str, Any] | None = None
    slot: Slot | None = None
    at: int = 0
    parent: "Spot | None" = None

    @property
    def members(self) -> dict[str, Any] | None:
        """The object in which the elements of this one stand: beside a primitive, where there may be none, else its value."""
        members: dict[str, Any] | None = self.beside if r4().is_primitive(self.type) else self.value
        return members

    def children(self, element: Element) -> "Iterator[Spot]":
        """All that stands here of an element of this type. What has the wrong shape is as good as absent."""
        members = self.members
        if not members or len(members) > MOST_MEMBERS:
            return
        for kind in _chosen(self.type, element, members) if element.choice else element.types:
            slot, shapes = Slot(members, element, kind), kinds(kind)
            for at, (found, besides) in enumerate(slot):
                value = found if type(found) in shapes else None
                beside = besides if type(besides) is dict else None
                if value is not None or beside is not None:
                    yield Spot(_actual(kind, value), value, beside, slot, at, self)

    def opened(self) -> dict[str, Any]:
        """The object for elements of this one, made beside a primitive that has none yet."""
        members = self.members
        if members is None:
            members = {}
            self.replace(self.type, (self.value, members))
        return members

    def replace(self, type: str, pair: Pair) -> None:
        """Puts something else here, of a type that the element takes."""
        assert self.slot is not None, "the resource itself is replaced by PUT"
        slot = self.slot if self.slot.type == type else self.slot.rename(type)
        slot.replace(self.at, pair)

    def remove(self) -> None:
        """Takes the element away, and with it every element around it that is left empty: FHIR knows no empty ones."""
        assert self.slot is not None, "the resource itself is deleted by DELETE"
        self.slot.remove(self.at)
        if self.parent is not None and self.parent.slot is not None and not self.slot.holder:
            self.parent.close()

    def close(self) -> None:
        """Ends an element whose last own element was taken: a primitive keeps its value, all else goes."""
        if r4().is_primitive(self.type) and self.value is not None:
            self.replace(self.type, (self.value, None))
        else:
            self.remove()


def _at(members: Any, at: int) -> Any:
    return members[at] if type(members) is list and at < len(members) else None


def _chosen(type: str, element: Element, members: dict[str, Any]) -> list[str]:
    """The types that a choice has here: one, in what is valid. Looked for among what is there, since it may have fifty."""
    known = r4().members(type)
    plain = dict.fromkeys(name.removeprefix("_") for name in members)
    return [known[name][1] for name in plain if name in known and known[name][0] is element]


def _actual(kind: str, value: Any) -> str:
    """The type of a resource within a resource stands in itself."""
    named = value.get("resourceType") if kind == "Resource" and type(value) is dict else None
    return named if type(named) is str and named in r4().resource_types else kind
