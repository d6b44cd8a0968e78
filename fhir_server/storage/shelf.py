"""The shelf: resources that are made when the server starts and then never change, and how they are laid over a store.

What stands on it is read and searched by the same Query as what is stored, under a Grant like everything else; it is judged
in memory (`search/match.py`), and no database knows of it.
"""

import dataclasses
from collections.abc import Coroutine, Iterable
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.match import Candidate, answer, matches, sort_value
from fhir_server.search.query import Criterion, Query, Sort, reachable
from fhir_server.storage.over import Over
from fhir_server.storage.page import Position
from fhir_server.storage.store import Commit, Grant, Matches, Overtaken, Page, Store, Stored


@dataclasses.dataclass(frozen=True, slots=True)
class Shelved:
    """One resource on the shelf: its only version, and what it is found by."""

    stored: Stored
    candidate: Candidate


class Shelf:
    """All there is of these types; a type of which nothing stands here is empty."""

    def __init__(self, types: frozenset[str], resources: Iterable[Shelved] = ()) -> None:
        """No two of the resources have the same type and id. They are taken when the first of them is asked for."""
        self.types = types
        self._resources = resources

    @cached_property
    def _kept(self) -> dict[tuple[str, str], Shelved]:
        return {(one.stored.type, one.stored.id): one for one in self._resources}

    @cached_property
    def _candidates(self) -> list[Candidate]:
        """Each may be linked with any of the others."""
        found: list[Candidate] = []
        found += (dataclasses.replace(one.candidate, others=found) for one in self._kept.values())
        return found

    async def read(self, type: str, id: str, grant: Grant) -> Stored:
        """The one version. NotFound."""
        found = self._kept.get((type, id))
        if found is None or not matches(grant.query, found.candidate):
            raise NotFound.because("not-found")
        return found.stored

    async def vread(self, type: str, id: str, version: int, grant: Grant) -> Stored:
        """The one version, by its number. NotFound for any other: those of earlier definitions are not kept."""
        found = await self.read(type, id, grant)
        if found.version != version:
            raise NotFound.because("no-such-version")
        return found

    async def search(
        self, query: Query, grant: Grant, *, count: int, after: Position | None = None, total: bool = True
    ) -> Page:
        """The resources that match and that the grant reaches, counted to the last."""
        found = self._found(query, grant.query)
        left = [one for one in found if after is None or _follows(one, after, query.sort)]
        shown = left[:count]
        return Page(
            tuple(self._kept[one.type, one.id].stored for one in shown),
            len(found) if total else None,
            _position(shown[-1], query.sort) if shown and len(left) > count else None,
        )

    def without_judged(self, commit: Commit) -> Commit:
        """The Commit without the conditions about what stands here: they are judged at once, for nothing here changes.
        Overtaken where one of them fails.
        """
        own = [condition for condition in commit.conditions if condition.query.type in self.types]
        if not all(map(self._holds, own)):
            raise Overtaken
        return replace(commit, conditions=tuple(one for one in commit.conditions if one not in own))

    def _holds(self, condition: Matches) -> bool:
        return {one.id for one in self._found(condition.query, condition.within)} == condition.ids

    def _found(self, query: Query, grant: Criterion) -> list[Candidate]:
        return answer(replace(query, where=reachable(query, grant)), self._candidates)


class ShelfOverStore(Over):
    """A `Store` that has the types of a shelf from there, and all else from the store beneath: a read of what is stored pays for
    one look into a set.
    """

    def __init__(self, shelf: Shelf, store: Store) -> None:
        super().__init__(store)
        self._shelf = shelf

    def read(self, type: str, id: str, grant: Grant) -> Coroutine[Any, Any, Stored]:
        """The current version. NotFound, Gone."""
        return self._holder(type).read(type, id, grant)

    def vread(self, type: str, id: str, version: int, grant: Grant) -> Coroutine[Any, Any, Stored]:
        """One version. NotFound, Gone."""
        return self._holder(type).vread(type, id, version, grant)

    def search(
        self, query: Query, grant: Grant, *, count: int, after: Position | None = None, total: bool = True
    ) -> Coroutine[Any, Any, Page]:
        """The resources that match and that the grant reaches."""
        return self._holder(query.type).search(query, grant, count=count, after=after, total=total)

    def commit(self, commit: Commit) -> Coroutine[Any, Any, tuple[Stored, ...]]:
        """Writes all of the Commit or nothing. NotFound, Conflict, Stale, Unavailable, Overtaken."""
        return self._store.commit(self._shelf.without_judged(commit) if commit.conditions else commit)

    def _holder(self, type: str) -> Shelf | Store:
        return self._shelf if type in self._shelf.types else self._store


def _position(candidate: Candidate, sort: tuple[Sort, ...]) -> Position:
    return (*(sort_value(key, candidate) for key in sort), candidate.id)


def _follows(candidate: Candidate, position: Position, sort: tuple[Sort, ...]) -> bool:
    """Whether a resource comes after a position: what has no value comes last, and ties go by id."""
    *marks, id = position
    for key, mark in zip(sort, marks, strict=True):
        own: Any = sort_value(key, candidate)
        if own != mark:
            return own is None or (mark is not None and (own < mark if key.descending else own > mark))
    return candidate.id > str(id)
