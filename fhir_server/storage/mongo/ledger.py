"""What a Commit does to the database: judged and written in one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import Any, TypeAlias

from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from fhir_server.fhir.outcome import NotFound, Refusal, Unavailable
from fhir_server.search.match import Candidate, matches
from fhir_server.search.query import BlockedBy, Criterion, Everything, Related, settled_for
from fhir_server.storage.mongo import trail
from fhir_server.storage.mongo.blocks import prune
from fhir_server.storage.mongo.claim import claims_of, claims_of_condition
from fhir_server.storage.mongo.document import Document, candidate, earlier, place
from fhir_server.storage.mongo.find import Search
from fhir_server.storage.mongo.judge import Version, standing_of, version_of
from fhir_server.storage.mongo.link import Link
from fhir_server.storage.mongo.number import Numbers, Writers
from fhir_server.storage.mongo.reach import hops_in
from fhir_server.storage.mongo.transaction import HURRY, Hurry, transacted
from fhir_server.storage.mongo.turns import Turns
from fhir_server.storage.mongo.versions import settled
from fhir_server.storage.rules import incomplete, refuse
from fhir_server.storage.store import (
    SYSTEM_GRANTS,
    Change,
    Commit,
    Entry,
    Matches,
    Overtaken,
    Put,
    Relation,
    Stored,
)

_Take: TypeAlias = Callable[[int], Sequence[int]]
"""Gives so many numbers for rows of the trail."""

_Stamp: TypeAlias = Callable[[], int]
"""Gives the moment at which versions are made."""

_Present: TypeAlias = dict[str, Document]
"""The documents that are there before a Commit, by their `_id`."""


class _Unchanged(Exception):
    """There was nothing to change."""


class Ledger:
    """Writes Commits."""

    def __init__(self, link: Link, numbers: Numbers, writers: Writers, definitions: str) -> None:
        """`numbers` and `writers` are those of this process; `definitions` is what the resources are indexed by."""
        self._definitions = definitions
        self._link = link
        self._database = link.database
        self._numbers = numbers
        self._writers = writers
        self._turns = Turns()

    async def record(self, commit: Commit) -> tuple[Stored, ...]:
        """Writes all of the Commit or nothing. NotFound, Conflict, Stale, TooLarge, Overtaken."""
        async with self._turns.of(_names(commit)):
            await self._writers.announce()
            if commit.changes and not self._writers.index_is_ours:
                raise incomplete()
            with self._numbers.writing() as take, self._numbers.making() as stamp:
                if _is_one_row(commit):
                    return await self._write_row(commit, take)
                return await transacted(self._link, partial(self._attempt, commit, take, stamp))

    async def record_with(
        self, change: Callable[[AsyncClientSession], Awaitable[bool]], entries: Sequence[Entry]
    ) -> bool:
        """Makes a change and writes the entries that tell of it; where it says that it was none, nothing at all."""
        commit = Commit(SYSTEM_GRANTS["registry"], entries=tuple(entries))
        await self._writers.announce()
        with self._numbers.writing() as take:

            async def attempt(session: AsyncClientSession, hurry: Hurry) -> bool:
                if not await change(session):
                    raise _Unchanged
                hurry()
                await self._write_trail(commit, (), take, session)
                return True

            try:
                return await transacted(self._link, attempt)
            except _Unchanged:
                return False

    async def prune(self, organisation: str, number: int, entry: Entry) -> None:
        """Removes blocks of a chain, with their entries, and writes the entry that tells of it. Overtaken."""

        async def change(session: AsyncClientSession) -> bool:
            return await prune(self._database, organisation, number, session)

        if not await self.record_with(change, (entry,)):
            raise Overtaken

    async def _write_row(self, commit: Commit, take: _Take) -> tuple[()]:
        """One document is written whole or not at all, without a transaction."""
        try:
            async with asyncio.timeout(HURRY):
                await self._write_once(*trail.audited(commit.entries, {}, take(1)))
        except TimeoutError:
            raise Unavailable.because("store-away") from None
        return ()

    async def _write_once(self, row: Document) -> None:
        """The driver sends a row again where the answer to it was lost, and may find it there: nobody else has its number."""
        try:
            await self._database.audit.insert_one(row)
        except DuplicateKeyError:
            if await self._database.audit.find_one({"_id": row["_id"]}) != row:
                raise

    async def _attempt(
        self, commit: Commit, take: _Take, stamp: _Stamp, session: AsyncClientSession, hurry: Hurry
    ) -> tuple[Stored, ...]:
        present = await self._present(commit.changes, session)
        versions = await self._judged(commit, present, stamp(), session)
        await self._claim(commit.conditions, versions, session)
        for condition in commit.conditions:
            await self._refuse_unmet(condition, session)
        changed = [version for version in versions if version.document is not None]
        if changed:
            await self._write(changed, session)
        hurry()
        await self._write_trail(commit, versions, take, session)
        return tuple(version.stored for version in versions)

    async def _present(self, changes: Sequence[Change], session: AsyncClientSession) -> _Present:
        if not changes:
            return {}
        asked = [place(change.type, change.id) for change in changes]
        found = self._database.resources.find({"_id": {"$in": asked}}, session=session)
        return {row["_id"]: row for row in await found.to_list()}

    # ------------------------------------------------------------------------------------------------ judging

    async def _judged(self, commit: Commit, present: _Present, now: int, session: AsyncClientSession) -> list[Version]:
        """The versions to be. What is not the caller's to change is not found, whatever else could be said of it."""
        proposed = _proposed(commit.changes, present, now)
        versions = proposed if isinstance(proposed, list) else []
        for reach, touched in _touched(commit, present, versions).items():
            await self._refuse_hidden(reach, touched, session)
        if isinstance(proposed, Refusal):
            raise proposed
        return versions

    async def _refuse_hidden(self, reach: Criterion, touched: list[Candidate], session: AsyncClientSession) -> None:
        """Judged by the relations and references as they are before the Commit: nobody lets himself in by what he writes."""
        bonds: list[Relation] = []
        if any(isinstance(hop, Related | BlockedBy) for hop in hops_in(reach)):
            patients = sorted({patient for it in touched for patient in it.patients})
            found = self._database.relations.find({"patient": {"$in": patients}}, session=session)
            bonds = [trail.relation(row) for row in await found.to_list()]
        for it in touched:
            of_type = settled_for(reach, it.type)
            if not matches(await settled(self._database, of_type, it, session), _bound(it, bonds)):
                raise NotFound.because("not-found")

    async def _claim(
        self, conditions: Iterable[Matches], versions: Iterable[Version], session: AsyncClientSession
    ) -> None:
        asked = {claim for condition in conditions for claim in claims_of_condition(condition)}
        claims = sorted(asked.union(*(version.claims for version in versions)))
        if claims:
            touch = {"$inc": {"count": 1}, "$currentDate": {"at": True}}
            writes = [UpdateOne({"_id": claim}, touch, upsert=True) for claim in claims]
            await self._database.claims.bulk_write(writes, session=session)

    async def _refuse_unmet(self, condition: Matches, session: AsyncClientSession) -> None:
        count = len(condition.ids) + 1
        asked = Search(condition.query, condition.within, count=count, definitions=self._definitions)
        page = await asked.page(self._database, session)
        if not condition.met_by(page.items):
            raise Overtaken

    # ------------------------------------------------------------------------------------------------ writing

    async def _write(self, versions: Sequence[Version], session: AsyncClientSession) -> None:
        replaced = [version.before for version in versions if version.before is not None]
        if replaced:
            await self._follow(versions, session)
            gone = {"resource": {"$in": [it["_id"] for it in replaced]}}
            await self._database.relations.delete_many(gone, session=session)
        writes = [_write_of(version) for version in versions]
        written = await self._database.resources.bulk_write(writes, session=session)
        assert written.matched_count == len(replaced), "a transaction sees one state, or fails"
        relations = [row for version in versions for row in trail.related(version.stored, version.relations)]
        if relations:
            await self._database.relations.insert_many(relations, session=session)

    async def _follow(self, versions: Sequence[Version], session: AsyncClientSession) -> None:
        """Keeps the versions that are replaced; removes all of those of what is destroyed."""
        kept = [earlier(it.before) for it in versions if it.before is not None and not it.stored.destroyed]
        if kept:
            await self._database.versions.insert_many(kept, session=session)
        destroyed = [{"type": it.stored.type, "id": it.stored.id} for it in versions if it.stored.destroyed]
        if destroyed:
            await self._database.versions.delete_many({"$or": destroyed}, session=session)

    async def _write_trail(
        self, commit: Commit, versions: Sequence[Version], take: _Take, session: AsyncClientSession | None = None
    ) -> None:
        """Last of all: the time from taking numbers to the end of the transaction is bounded."""
        places = {(version.stored.type, version.stored.id): version for version in versions}
        notices = trail.noticed(commit, places)
        entries = trail.audited(commit.entries, places, take(len(commit.entries)))
        if len(entries) == 1:
            await self._database.audit.insert_one(entries[0], session=session)
        elif entries:
            await self._database.audit.insert_many(entries, session=session)
        if notices:
            await self._database.outbox.insert_many(trail.outgoing(notices, take(len(notices))), session=session)


def _is_one_row(commit: Commit) -> bool:
    return len(commit.entries) == 1 and not (commit.changes or commit.conditions or commit.notices)


def _names(commit: Commit) -> set[str]:
    """What other commits of this process may be at the same time: the resources, and the claims of identities."""
    names = {place(change.type, change.id) for change in commit.changes}
    carried = (claims_of(change.type, change.index) for change in commit.changes if isinstance(change, Put))
    return names.union(*carried, *map(claims_of_condition, commit.conditions))


def _proposed(changes: Sequence[Change], present: _Present, now: int) -> list[Version] | Refusal:
    found = [(change, present.get(place(change.type, change.id))) for change in changes]
    try:
        for change, before in found:
            refuse(change, standing_of(before))
    except Refusal as refusal:
        return refusal
    return [version_of(change, before, now) for change, before in found]


def _touched(commit: Commit, present: _Present, versions: Sequence[Version]) -> Mapping[Criterion, list[Candidate]]:
    """What is replaced and what is left behind, by what it must be for that."""
    touched: defaultdict[Criterion, list[Candidate]] = defaultdict(list)
    for change, version in zip_longest(commit.changes, versions):
        reach, before = commit.reach(change), present.get(place(change.type, change.id))
        if not isinstance(reach, Everything):
            touched[reach] += [candidate(before)] if before else []
            touched[reach] += [version.candidate] if version else []
    return touched


def _bound(candidate: Candidate, bonds: Sequence[Relation]) -> Candidate:
    mine = [bond for bond in bonds if bond.patient in candidate.patients]
    return replace(candidate, bonds=mine)


def _write_of(version: Version) -> InsertOne[Any] | ReplaceOne[Any]:
    """A new document, or one that takes the place of the version that was looked at: of another one the snapshot of the
    transaction knows nothing, and its replacing fails. By `_id` alone the database goes to the document without a plan.
    """
    if version.before is None:
        return InsertOne(version.sealed)
    return ReplaceOne({"_id": version.before["_id"]}, version.sealed)
