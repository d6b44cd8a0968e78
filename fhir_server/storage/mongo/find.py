"""A search: one pipeline for the page, in which MongoDB's planner chooses where to begin; another where a total is asked.

What `meta` says of the index is read in the same state of the database (`$unionWith` would have it in one round trip, but
promises no order, and is refused in transactions).
"""

from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from fhir_server.search.query import Criterion, Every, Query, reachable
from fhir_server.storage import store
from fhir_server.storage.mongo.document import STORED, stored
from fhir_server.storage.mongo.filter import Filter, all_of, flat
from fhir_server.storage.mongo.indexing import serves, state
from fhir_server.storage.mongo.order import after, keys, order_of
from fhir_server.storage.mongo.reach import Listed, Reach, listed, reached, rows_of
from fhir_server.storage.page import Position
from fhir_server.storage.rules import incomplete
from fhir_server.storage.store import Page


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: `count` of the resources that the query matches and the grant reaches, from `position` on, and
    with `total` how many there are. `definitions` is what the query was made by ("": by any).
    """

    query: Query
    grant: Criterion
    count: int
    position: Position | None = None
    total: bool = False
    definitions: str = ""

    async def page(self, database: AsyncDatabase[Any], session: AsyncClientSession) -> Page:
        """The page. Unavailable while the index is being made. The session sees one state of the database throughout."""
        await refuse_incomplete(database, session, self.definitions)
        found = await listed(database, self._criteria, session)
        order = keys(self.query)
        rows = await self._rows(database, found, session)
        shown, more = rows[: self.count], len(rows) > self.count
        last = tuple(key.value(shown[-1]) for key in order) if shown and more else None
        total = await self._total(database, found, session, len(shown), more=more) if self.total else None
        return Page(tuple(stored(row) for row in shown), total, last)

    @property
    def _criteria(self) -> list[Criterion]:
        """What the query asks, every hop of it within the grant, and the grant itself."""
        return list(flat([reachable(self.query, self.grant)], Every))

    def _reach(self, found: Listed, beyond: Filter) -> Reach:
        return reached(all_of([{"type": self.query.type, "live": True}, beyond]), self._criteria, found)

    async def _rows(self, database: AsyncDatabase[Any], found: Listed, session: AsyncClientSession) -> list[Any]:
        order = keys(self.query)
        reach = self._reach(found, {} if self.position is None else after(order, self.position))
        members = {**STORED, **{key.member: 1 for key in order}}
        stages = [*reach.stages({"$sort": order_of(order)}), {"$limit": self.count + 1}, {"$project": members}]
        return await rows_of(database.resources, stages, session)

    async def _total(
        self, database: AsyncDatabase[Any], found: Listed, session: AsyncClientSession, shown: int, *, more: bool
    ) -> int | None:
        """How many there are; None past COUNTED."""
        if self.position is None and not more:
            return shown
        counted = [*self._reach(found, {}).stages(), {"$limit": store.COUNTED + 1}, {"$count": "count"}]
        rows = await rows_of(database.resources, counted, session)
        count = next((int(row["count"]) for row in rows), 0)
        return count if count <= store.COUNTED else None


async def refuse_incomplete(database: AsyncDatabase[Any], session: AsyncClientSession, definitions: str) -> None:
    """Raises Unavailable while the index is being made, or is another's than that of these definitions ("": whosever)."""
    if not serves(await state(database, session), definitions):
        raise incomplete()
