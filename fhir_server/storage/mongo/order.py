"""The order of a search: sort keys, and what comes after a position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.search.query import Query, Sort
from fhir_server.storage.mongo.document import Document, path
from fhir_server.storage.mongo.filter import LAST_UPDATED, NEVER, RESOURCE_ID, Filter, all_of, any_of
from fhir_server.storage.page import Position


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the order: a member of a document. What has no value comes last either way: MongoDB puts it lowest, so an
    ascending key goes by `present` first, a member that only documents with a value have.
    """

    member: str
    descending: bool = False
    present: str = ""
    nullable: bool = False

    @property
    def terms(self) -> list[tuple[str, int]]:
        """The key in $sort."""
        direction = -1 if self.descending else 1
        return [(self.present, -1)] * bool(self.present) + [(self.member, direction)]

    def same(self, value: Any) -> Filter:
        """Documents that stand where the value stands."""
        return {self.member: value}

    def past(self, value: Any) -> Filter:
        """Documents that come after the value."""
        if value is None:
            return NEVER
        further = {self.member: {"$lt" if self.descending else "$gt": value}}
        return any_of([further, {self.member: None}]) if self.nullable else further

    def from_on(self, value: Any) -> Filter:
        """Documents at the value or after it: what an index can begin with."""
        return {} if self.nullable else {self.member: {"$lte" if self.descending else "$gte": value}}

    def value(self, document: Document) -> str | int | float | None:
        """What the document stands by."""
        found: Any = document
        for name in self.member.split("."):
            found = found.get(name)
            if found is None:
                return None
        return int(found) if isinstance(found, int) else found  # BSON's own kind of int prints otherwise


def keys(query: Query) -> list[Key]:
    """The keys of a query's order; the last is the id, so that no two resources stand at one place."""
    return [_key(sort) for sort in query.sort] + [Key("id")]


def _key(sort: Sort) -> Key:
    if sort.parameter == RESOURCE_ID:
        return Key("id", sort.descending)
    if sort.parameter == LAST_UPDATED:
        return Key("updated", sort.descending)
    if sort.descending:
        return Key(path("high", sort.parameter), descending=True, nullable=True)
    return Key(path("low", sort.parameter), present=path("has", sort.parameter), nullable=True)


def order_of(keys: Sequence[Key]) -> dict[str, int]:
    """The keys as $sort has them; one that stands twice counts the first time."""
    order: dict[str, int] = {}
    for key in keys:
        for member, direction in key.terms:
            order.setdefault(member, direction)
    return order


def after(keys: Sequence[Key], position: Position) -> Filter:
    """Documents that come after the position: later in one key, and the same in all keys before it."""
    later = [
        all_of([*(key.same(value) for key, value in zip(keys[:number], position, strict=False)), last.past(place)])
        for number, (last, place) in enumerate(zip(keys, position, strict=True))
    ]
    return all_of([keys[0].from_on(position[0]), any_of(later)])
