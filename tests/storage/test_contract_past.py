"""The contract of every store: any history is in it what it is in memory, whoever asks: same versions, same order."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.index import Index
from fhir_server.search.match import Candidate, matches
from fhir_server.search.query import Criterion
from fhir_server.storage.store import Commit, Delete, Grant, Put, Relation, Store
from tests.storage.contract import GRANTS, OPEN, STORES, Clock, a_draft
from tests.storage.test_contract_meaning import ASKED_UNDER, INDEXES, PATIENTS, RELATIONS, some_of

TYPES, IDS = ["CarePlan", "Goal", "AuditEvent"], ["0", "1"]
CONTENT = st.tuples(INDEXES, some_of(PATIENTS).map(sorted).map(tuple), RELATIONS)
STEPS = st.lists(
    st.tuples(st.sampled_from(TYPES), st.sampled_from(IDS), st.one_of(CONTENT, CONTENT, st.none()), st.integers(-2, 3)),
    min_size=6,
    max_size=14,
)
"""What is written to, what (None: it is deleted), and how the clock moves before it."""

MOMENTS = st.integers(-4, 20)
PLACES = [("CarePlan", "0"), ("AuditEvent", ""), ("CarePlan", ""), ("Goal", ""), ("", ""), ("", "")]
GRANTED = ASKED_UNDER.filter(lambda criterion: "Words(" not in repr(criterion))
"""What a Grant may say (`storage/store.py`)."""

ASKED = st.fixed_dictionaries(
    {"place": st.sampled_from(PLACES), "count": st.integers(1, 4)},
    optional={"since": MOMENTS, "at": st.tuples(MOMENTS, MOMENTS).map(lambda ends: (min(ends), max(ends)))},
)


@dataclass
class Version:
    """A version in memory, and when another followed it."""

    type: str
    id: str
    number: int
    updated: int
    index: Index
    patients: tuple[str, ...]
    relations: tuple[Relation, ...] = ()
    followed: int | None = None
    deleted: bool = False


@dataclass
class Memory:
    """All versions, and the current one of each resource."""

    versions: list[Version] = field(default_factory=list)
    current: dict[tuple[str, str], Version] = field(default_factory=dict)

    def change(self, type: str, id: str, content: Any, now: int) -> Put | Delete | None:
        """The change that a step is, made here too; None where it is none."""
        before = self.current.get((type, id))
        if content is None and (before is None or before.deleted):
            return None
        updated = now if before is None else max(now, before.updated + 1)
        number = 1 if before is None else before.number + 1
        if content is None:
            after = Version(type, id, number, updated, before.index, before.patients, deleted=True)
        else:
            after = Version(type, id, number, updated, *content)
        if before is not None:
            before.followed = updated
        self.versions.append(after)
        self.current[type, id] = after
        return Delete(type, id) if content is None else Put(type, id, a_draft(), *content)

    def history(self, criterion: Criterion, *, place: tuple[str, str], count: int, since: int = -99, at: Any = None):
        """What is shown of it, newest first; None where one resource is asked for and not found."""
        type, id = place
        reached = [one for one in self.versions if self.reaches(criterion, one) and belongs(one, type, id)]
        if id and not reached:
            return None
        shown = [one for one in reached if one.updated >= since and (at is None or was_current(one, *at))]
        shown.sort(key=lambda one: (one.updated, one.type, one.id), reverse=True)
        return [(one.type, one.id, one.number) for one in shown]

    def reaches(self, criterion: Criterion, one: Version) -> bool:
        return all(matches(criterion, self.candidate(it)) for it in (self.current[one.type, one.id], one))

    def candidate(self, it: Version) -> Candidate:
        """A version as it was made; relations, and what it may be linked with, are as they are now."""
        bonds = [relation for one in self.current.values() for relation in one.relations]
        others: list[Candidate] = []
        for one in self.current.values():
            if not one.deleted:
                others.append(Candidate(one.type, one.id, one.updated, one.index, one.patients, bonds, others))
        return Candidate(it.type, it.id, it.updated, it.index, it.patients, bonds, others)


def belongs(one: Version, type: str, id: str) -> bool:
    if not type:
        return one.type != "AuditEvent"
    return one.type == type and id in {"", one.id}


def was_current(one: Version, start: int, end: int) -> bool:
    return any(
        one.updated <= moment and (one.followed is None or moment < one.followed) for moment in range(start, end + 1)
    )


async def asked_of(store: Store, grant: Grant, asked: dict[str, Any]):
    """All pages of a history, and the total that the first one tells."""
    (type, id), rest = asked["place"], {name: value for name, value in asked.items() if name != "place"}
    try:
        page = await store.history(type, id, grant, **rest)
    except NotFound:
        return None
    found, total = list(page.items), page.total
    while page.next is not None:
        page = await store.history(type, id, grant, after=page.next, **rest)
        found += page.items
    assert len(found) == total
    return [(one.type, one.id, one.version) for one in found]


@pytest.mark.parametrize("name", STORES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, questions=st.lists(st.tuples(ASKED, GRANTED), min_size=3, max_size=6))
def test_a_history_is_in_the_store_what_it_is_in_memory(name, steps, questions):
    async def run() -> None:
        memory, clock = Memory(), Clock(0)
        with tempfile.TemporaryDirectory() as folder:
            async with STORES[name](Path(folder), clock) as store:
                for type, id, content, moved in steps:
                    clock.now = max(0, clock.now + moved)
                    if change := memory.change(type, id, content, clock.now):
                        await store.commit(Commit(OPEN, (change,)))
                clock.now = 1000
                for asked, criterion in questions:
                    for grant in (*GRANTS.values(), Grant(criterion, "TREAT", "any")):
                        assert memory.history(grant.query, **asked) == await asked_of(store, grant, asked)

    asyncio.run(run())
