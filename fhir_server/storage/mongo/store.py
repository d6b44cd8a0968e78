"""The MongoDB store: each call is one or a few commands, and every write of more than one document a transaction.

https://www.mongodb.com/docs/manual/core/transactions/
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Self

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from fhir_server.fhir.instant import END
from fhir_server.search.query import Criterion, Query
from fhir_server.storage.mongo import blocks, indexing, sought, trail, versions
from fhir_server.storage.mongo.blocks import Sealer
from fhir_server.storage.mongo.facts import Facts
from fhir_server.storage.mongo.find import Search
from fhir_server.storage.mongo.history import History
from fhir_server.storage.mongo.ledger import Ledger
from fhir_server.storage.mongo.link import Link, connect, telling_errors, unopened
from fhir_server.storage.mongo.number import Numbers, Writers, moment_of
from fhir_server.storage.mongo.reindex import reindex
from fhir_server.storage.mongo.schema import prepare
from fhir_server.storage.mongo.transaction import Hurry, transacted
from fhir_server.storage.mongo.values import values
from fhir_server.storage.page import Position
from fhir_server.storage.past import Past
from fhir_server.storage.rules import Place, walk
from fhir_server.storage.store import (
    Block,
    Commit,
    Entry,
    Grant,
    Indexing,
    Notice,
    Order,
    Page,
    Reindexed,
    Relation,
    Stored,
)


class MongoStore:
    """The `Store` in one database of a MongoDB replica set; several processes may have it open."""

    def __init__(self, link: Link, clock: Callable[[], int], process: int, definitions: str) -> None:
        """Made by `open`; `process` is a number that no other process has."""
        numbers = Numbers(clock, process)
        self._link = link
        self._clock = clock
        self._definitions = definitions
        self._writers = Writers(link.database, clock, process, numbers, definitions)
        self._sealer = Sealer(link.database, clock, process)
        self._ledger = Ledger(link, numbers, self._writers, definitions)
        self._facts = Facts(link.database, self._ledger, clock)

    @classmethod
    async def open(cls, uri: str, clock: Callable[[], int], definitions: str = "") -> Self:
        """The store at `mongodb://HOST:PORT/DATABASE`, its collections and indexes made where they are missing; `clock` gives
        milliseconds since 1970. `definitions` is what this process indexes and searches by: where the index is another's by
        then, both are refused ("": by any). Unopened.
        """
        link = await connect(uri)
        try:
            await prepare(link)
            return cls(link, clock, await _next_process(link), definitions)
        except PyMongoError as error:
            await link.client.close()
            raise unopened(error) from None
        except BaseException:
            await link.client.close()
            raise

    async def close(self) -> None:
        """Says that this process writes no more, and lets go of the database."""
        try:
            await self._sealer.leave()
            await self._writers.leave()
        except PyMongoError:
            pass  # the lease ends by itself
        finally:
            await self._link.client.close()

    # ------------------------------------------------------------------------------------------------ to read

    async def read(self, type: str, id: str, grant: Grant) -> Stored:
        """The current version. NotFound, Gone."""
        with telling_errors():
            return await versions.read(self._link.database, type, id, grant.query)

    async def vread(self, type: str, id: str, version: int, grant: Grant) -> Stored:
        """One version. NotFound, Gone."""
        with telling_errors():
            return await versions.vread(self._link.database, type, id, version, grant.query)

    async def history(
        self,
        type: str,
        id: str,
        grant: Grant,
        *,
        count: int,
        after: Position | None = None,
        since: int | None = None,
        at: tuple[int, int] | None = None,
    ) -> Page:
        """The versions of one resource, of a type, or of every type, newest first. NotFound."""
        with telling_errors():
            horizon = END if id else await self._writers.last_moment()  # first: what is read is read after it
            past = Past(type, id, count, after, since, at, horizon)
            async with self._link.client.start_session(snapshot=True) as session:
                return await History(past, grant.query).page(self._link.database, session)

    async def search(
        self, query: Query, grant: Grant, *, count: int, after: Position | None = None, total: bool = True
    ) -> Page:
        """The resources that match and that the grant reaches. Unavailable while the index is being made."""
        with telling_errors():
            async with self._link.client.start_session(snapshot=True) as session:
                asked = Search(query, grant.query, count, after, total, self._definitions)
                return await asked.page(self._link.database, session)

    async def values(self, type: str, parameter: str, grant: Grant, *, count: int) -> Sequence[tuple[str, str]]:
        """The values that a token parameter has. Unavailable while the index is being made."""
        with telling_errors():
            async with self._link.client.start_session(snapshot=True) as session:
                return await values(
                    self._link.database, type, parameter, grant.query, count, session, self._definitions
                )

    def resources(self, grant: Grant, *, after: Place = ("", "")) -> AsyncIterator[Stored]:
        """Every current resource in the order of type and id, from a place on; some at a time, each time as it is then."""
        return walk(partial(self._batch, grant), after)

    async def _batch(self, grant: Grant, after: Place, count: int) -> list[Stored]:
        with telling_errors():
            return await versions.current(self._link.database, grant.query, after, count)

    async def entries(self, grant: Grant, *, after: int = 0, count: int = 1000) -> Sequence[tuple[int, Entry]]:
        """The audit in the order of its numbers, to the horizon before which no transaction is open."""
        with telling_errors():
            horizon = await self._writers.horizon()
            return await sought.entries(self._link.database, grant.query, after, horizon, count)

    async def find_entries(
        self,
        where: Criterion,
        grant: Grant,
        order: Order,
        *,
        count: int,
        after: tuple[int, ...] | None = None,
        total: bool = False,
    ) -> tuple[Sequence[tuple[int, Entry]], int | None]:
        """The entries that meet a criterion about rows, and that the grant, about rows too, reaches."""
        with telling_errors():
            return await sought.find_entries(self._link.database, where, grant.query, order, count, after, total=total)

    async def blocks(self, organisation: str, *, after: int = 0, count: int = 100) -> Sequence[Block]:
        """The chain of an organisation, from a block on."""
        with telling_errors():
            return await blocks.blocks(self._link.database, organisation, after, count)

    async def heads(self) -> Sequence[Block]:
        """The last block of each chain, without its rows."""
        with telling_errors():
            return await blocks.heads(self._link.database)

    async def settled(self) -> int:
        """No entry will yet appear that was numbered before this moment."""
        with telling_errors():
            return moment_of(await self._writers.horizon())

    async def notices(self, *, after: int = 0, count: int = 1000) -> Sequence[tuple[int, int, Notice]]:
        """The outbox in the order of its numbers, to the horizon before which no transaction is open."""
        with telling_errors():
            horizon = await self._writers.horizon()
            return await trail.notices(self._link.database, after, horizon, count)

    async def relations(self, patient: str) -> Sequence[Relation]:
        """Who has to do with a patient, whenever."""
        with telling_errors():
            return await trail.relations(self._link.database, patient)

    # ------------------------------------------------------------------------------------------------ to write

    async def commit(self, commit: Commit) -> tuple[Stored, ...]:
        """Writes all of the Commit or nothing. NotFound, Conflict, Stale, TooLarge, Unavailable, Overtaken."""
        with telling_errors():
            return await self._ledger.record(commit)

    async def index_version(self) -> str:
        """Which definitions the whole index was made by; "" while it is being made."""
        with telling_errors():
            return str((await indexing.state(self._link.database)).get("value", ""))

    async def index_is(self, version: str) -> None:
        """Says by which definitions the index was made, or ("") that it is of no use. Overtaken."""
        with telling_errors():
            await indexing.end(self._link, version)

    async def indexing(self, version: str) -> Indexing:
        """Begins to make the index by these definitions, or goes on where that was left off, once nobody writes by others."""
        with telling_errors():
            reached = await indexing.begin(self._link, version)
            await self._writers.others_have_ended(version)
            return reached

    async def reindex(self, rows: Sequence[Reindexed], reached: Indexing | None = None) -> None:
        """Replaces what is derived from these versions, where they are still current. Overtaken."""
        with telling_errors():
            await reindex(self._link, rows, reached)

    async def tend(self) -> None:
        """Seals what is not sealed yet, up to the horizon before which no transaction is open."""
        with telling_errors():
            await self._sealer.seal(await self._writers.horizon())

    async def prune(self, organisation: str, number: int, entry: Entry) -> None:
        """Removes the blocks of a chain up to this number, and their entries, and writes the entry. Overtaken."""
        with telling_errors():
            await self._ledger.prune(organisation, number, entry)

    async def scour(self) -> None:
        """Nothing is left to do: how long MongoDB's files and its oplog keep what was removed is said in docs/operations.md."""

    # ------------------------------------------------------------------------------------------------ the server's own

    async def kept(self, kind: str, key: str) -> str | None:
        """The text of a fact; None where there is none."""
        with telling_errors():
            return await self._facts.kept(kind, key)

    async def all_kept(self, kind: str) -> Mapping[str, str]:
        """The facts of a kind: texts by their keys."""
        with telling_errors():
            return await self._facts.all_kept(kind)

    async def keep(self, kind: str, key: str, text: str, *, until: int, entries: Sequence[Entry] = ()) -> bool:
        """Keeps a fact; False where there is one already."""
        with telling_errors():
            return await self._facts.keep(kind, key, text, until, entries)

    async def replace(
        self, kind: str, key: str, old: str, new: str, *, until: int, entries: Sequence[Entry] = ()
    ) -> bool:
        """Puts a text in the place of the one that is known; False where that is not what is kept."""
        with telling_errors():
            return await self._facts.replace(kind, key, old, new, until, entries)

    async def drop(self, kind: str, key: str, *, entries: Sequence[Entry] = ()) -> bool:
        """Forgets a fact; True for the one who dropped it."""
        with telling_errors():
            return await self._facts.drop(kind, key, entries)

    # ------------------------------------------------------------------------------------------------ whether it works

    async def check(self) -> None:
        """Raises Unavailable where the store cannot be read or written just now."""
        with telling_errors():
            await self._link.database.meta.update_one(
                {"_id": "checked"}, {"$set": {"value": self._clock()}}, upsert=True
            )


async def _next_process(link: Link) -> int:
    """A number that no other process has been given."""
    meta, which = link.database.meta, {"_id": "processes"}

    async def work(session: AsyncClientSession, _: Hurry) -> int:
        await meta.update_one(which, {"$inc": {"value": 1}}, upsert=True, session=session)
        counted = await meta.find_one(which, session=session)
        return int(counted["value"]) if counted else 0

    return await transacted(link, work)
