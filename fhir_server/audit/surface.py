"""The trail laid over a store: AuditEvents are its rows, rendered as they are read, and those that came from elsewhere, stored
like any resource. Who reads or searches meets both as one.
"""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from fhir_server.audit.asked import of_rows
from fhir_server.audit.render import OWN, Renderer, number_of
from fhir_server.fhir.codec import decode
from fhir_server.fhir.instant import span
from fhir_server.fhir.outcome import BadParameter, NotFound
from fhir_server.search.parameter import APART
from fhir_server.search.query import NOTHING, Criterion, Every, Identity, Linked, LinkedFrom, Query, Some, Sort, Without
from fhir_server.storage import store as seam
from fhir_server.storage.over import Over
from fhir_server.storage.page import Position
from fhir_server.storage.rules import ENTRIES
from fhir_server.storage.store import Entry, Grant, Order, Page, Store, Stored

SORTS = ("date", "_lastUpdated", "_id")
"""What AuditEvents can be sorted by, one at a time."""

_LAST = (1 << 63) - 1
"""No number is higher."""


class TrailOverStore(Over):
    """A `Store` that has AuditEvents from its trail too, and hands on all else as it is."""

    def __init__(self, store: Store, renderer: Renderer) -> None:
        super().__init__(store)
        self._renderer = renderer
        self.commit = store.commit

    def read(self, type: str, id: str, grant: Grant) -> Coroutine[Any, Any, Stored]:
        """The current version. NotFound, Gone."""
        own = number_of(id) if type == ENTRIES else None
        return self._store.read(type, id, grant) if own is None else self._rendered(own, grant)

    def vread(self, type: str, id: str, version: int, grant: Grant) -> Coroutine[Any, Any, Stored]:
        """One version; an entry of the trail has only one. NotFound, Gone."""
        own = number_of(id) if type == ENTRIES else None
        return self._store.vread(type, id, version, grant) if own is None else self._rendered(own, grant, version)

    async def _rendered(self, number: int, grant: Grant, version: int = 1) -> Stored:
        mine = Identity(frozenset({str(number)}))
        found = [] if version != 1 else (await self._entries(mine, grant, Order(), 1, None, total=False))[0]
        if not found:
            raise NotFound.because("not-found" if version == 1 else "no-such-version")
        return self._renderer.stored(*found[0])

    def search(
        self, query: Query, grant: Grant, *, count: int, after: Position | None = None, total: bool = True
    ) -> Coroutine[Any, Any, Page]:
        """The resources that match and that the grant reaches. BadParameter for what AuditEvents are not asked, and for a hop
        to one of them.
        """
        if query.type == ENTRIES:
            return self._both(query, grant, count, after, total=total)
        if _hops(query.where):
            raise BadParameter.because("search-unsupported", name=ENTRIES, why="it is searched by itself alone")
        return self._store.search(query, grant, count=count, after=after, total=total)

    async def _both(self, query: Query, grant: Grant, count: int, after: Position | None, *, total: bool) -> Page:
        where, sort = of_rows(query.where), _sort_of(query)
        theirs = await self._store.search(
            replace(query, sort=(sort,)), grant, count=count + 1 if count else 0, after=after, total=total
        )
        order = Order("number" if sort.parameter == "_id" else "at", sort.descending)
        past = None if after is None else _past(order, after)
        rows, counted = await self._entries(where, grant, order, count + 1 if count else 0, past, total=total)
        found = [_Placed.of(one, sort) for one in (*theirs.items, *(self._renderer.stored(*row) for row in rows))]
        found.sort(key=lambda one: one.id)
        found.sort(key=lambda one: one.mark, reverse=sort.descending)
        shown = found[:count]
        more = (shown[-1].mark, shown[-1].id) if shown and len(found) > count else None
        return Page(tuple(one.stored for one in shown), _sum(theirs.total, counted) if total else None, more)

    async def _entries(
        self, where: Criterion, grant: Grant, order: Order, count: int, after: tuple[int, ...] | None, *, total: bool
    ) -> tuple[Sequence[tuple[int, Entry]], int | None]:
        """A grant that speaks of what rows do not tell reaches none of them."""
        try:
            reached = grant.over(of_rows(grant.query))
        except BadParameter:
            return [], 0
        if NOTHING in (where, reached.query):
            return [], 0
        return await self._store.find_entries(where, reached, order, count=count, after=after, total=total)


@dataclass(frozen=True, slots=True)
class _Placed:
    """An AuditEvent with what it is sorted by."""

    mark: Any
    id: str
    stored: Stored

    @classmethod
    def of(cls, stored: Stored, sort: Sort) -> "_Placed":
        return cls(_mark(stored, sort), stored.id, stored)


def _recorded(stored: Stored, *, descending: bool) -> int:
    """Of the span that `recorded` covers the end that the order goes by."""
    covered = span(decode(stored.text)["recorded"])
    assert covered is not None, "an instant was validated when it was stored"
    return covered[1] if descending else covered[0]


def _mark(stored: Stored, sort: Sort) -> Any:
    """What an AuditEvent is sorted by."""
    if sort.parameter == "date":
        return _recorded(stored, descending=sort.descending)
    return stored.updated if sort.parameter == "_lastUpdated" else stored.id


def _sort_of(query: Query) -> Sort:
    """What the answer is sorted by; without a wish, by date."""
    sort = query.sort or (Sort("date"),)
    if len(sort) > 1 or sort[0].parameter not in SORTS:
        raise BadParameter.because("parameter-value", name="_sort", expected=f"[-]{'|'.join(SORTS)}")
    return sort[0]


def _past(order: Order, after: Position) -> tuple[int, ...]:
    """The position among the rows of what stands, among all AuditEvents, at this one."""
    mark, id = after[0], str(after[-1])
    own = number_of(id)
    number = own if own is not None else -1 if id < OWN else _LAST
    return (number,) if order.by == "number" else (int(mark or 0), number)


def _sum(theirs: int | None, ours: int | None) -> int | None:
    if theirs is None or ours is None or theirs + ours > seam.COUNTED:
        return None
    return theirs + ours


def _hops(criterion: Criterion) -> bool:
    """Whether a criterion looks at AuditEvents from elsewhere."""
    match criterion:
        case Every(parts) | Some(parts):
            return any(map(_hops, parts))
        case Without(part):
            return _hops(part)
        case Linked() | LinkedFrom():
            return criterion.type in APART or _hops(criterion.where)
    return False
