"""The contract of every store: one Query means the same in it and in memory (`search/match.py`): same ids, same order."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir.outcome import NotFound
from fhir_server.search.index import Index
from fhir_server.search.match import Candidate, answer, matches
from fhir_server.search.query import (
    Criterion,
    Every,
    Everything,
    Identity,
    Missing,
    OfPatient,
    Query,
    Reference,
    Related,
    Some,
    Sort,
    Span,
    Token,
    Without,
    every,
)
from fhir_server.storage.store import Grant, Put, Relation, Store
from tests.storage.contract import GRANTS, STORES, Clock, a_draft, ids, write

SYSTEMS, CODES = st.sampled_from(["", "s", "t"]), st.sampled_from(["", "x", "y", "å", "Z", "#"])
TYPES, NAMES = st.sampled_from(["Patient", "Practitioner", ""]), st.sampled_from(["p1", "p2", "1"])
TOKENS, REFERENCES, DATES = ["category", "status"], ["subject", "author"], ["date"]
PARAMETERS = st.sampled_from([*TOKENS, *REFERENCES, *DATES, "never", "_id", "_lastUpdated"])
INSTANTS = st.integers(0, 12)
ENDS = st.tuples(INSTANTS, INSTANTS).map(lambda ends: (min(ends), max(ends)))
PATIENTS, ACTORS, KINDS = ["p1", "p2"], ["Practitioner/1", "Organization/1"], ["care-team", "consent"]


def few(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, max_size=3, unique=True).map(sorted)


def some_of(values: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


INDEXES = st.builds(
    Index,
    tokens=st.fixed_dictionaries({}, optional={code: few(st.tuples(SYSTEMS, CODES)) for code in TOKENS}),
    references=st.fixed_dictionaries({}, optional={code: few(st.tuples(TYPES, NAMES)) for code in REFERENCES}),
    spans=st.fixed_dictionaries({}, optional={code: few(ENDS) for code in DATES}),
)
RELATIONS = st.lists(
    st.builds(
        lambda patient, actor, kind, ends: Relation(patient, actor, kind, "CarePlan/0", "", *ends),
        st.sampled_from(PATIENTS),
        st.sampled_from(ACTORS),
        st.sampled_from(KINDS),
        ENDS,
    ),
    max_size=2,
).map(tuple)
RESOURCES = st.lists(st.tuples(INDEXES, some_of(PATIENTS).map(sorted).map(tuple), RELATIONS, INSTANTS), max_size=8)

LEAVES: st.SearchStrategy[Criterion] = st.one_of(
    st.just(Everything()),
    st.builds(Identity, st.frozensets(st.sampled_from("01234"), max_size=3)),
    st.builds(Token, st.sampled_from(TOKENS), st.none() | SYSTEMS, st.none() | CODES),
    st.builds(Reference, st.sampled_from(REFERENCES), st.none() | TYPES, NAMES),
    st.builds(
        lambda parameter, relation, ends: Span(parameter, relation, *ends),
        st.sampled_from([*DATES, "_lastUpdated"]),
        st.sampled_from(["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]),
        ENDS,
    ),
    st.builds(Missing, PARAMETERS),
    st.builds(OfPatient, some_of(PATIENTS)),
    st.builds(Related, some_of(ACTORS), some_of(KINDS), INSTANTS),
)
CRITERIA = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(Every, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Some, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Without, parts),
    ),
    max_leaves=6,
)
SORTS = st.lists(
    st.builds(Sort, st.sampled_from([*TOKENS, *DATES, "never", "_id", "_lastUpdated"]), st.booleans()), max_size=3
)
QUERIES = st.builds(lambda where, sort: Query("CarePlan", where, tuple(sort)), CRITERIA, SORTS)


async def fill(store: Store, clock: Clock, resources: Sequence[Any]) -> list[Candidate]:
    """Puts the resources into the store, in an order of time that is not that of their ids; what they are in memory."""
    bonds = tuple(relation for _, _, relations, _ in resources for relation in relations)
    candidates = []
    for number, (index, patients, relations, clock.now) in enumerate(resources):
        await write(store, Put("CarePlan", f"{number}", a_draft(), index, patients, relations))
        candidates.append(Candidate("CarePlan", f"{number}", clock.now, index, patients, bonds))
    return candidates


async def pages(store: Store, query: Query, grant: Grant, size: int) -> tuple[list[str], int | None]:
    page = await store.search(query, grant, count=size)
    found, total = ids(page), page.total
    while page.next is not None:
        page = await store.search(query, grant, count=size, after=page.next)
        found += ids(page)
    return found, total


async def readable(store: Store, id: str, grant: Grant) -> bool:
    try:
        return id == (await store.read("CarePlan", id, grant)).id
    except NotFound:
        return False


def comparing(name, resources, compare) -> None:
    """Runs a comparison of a store, filled with the resources, with what they are in memory."""

    async def run() -> None:
        clock = Clock()
        with tempfile.TemporaryDirectory() as folder:
            async with STORES[name](Path(folder), clock) as store:
                await compare(store, await fill(store, clock, resources))

    asyncio.run(run())


@pytest.mark.parametrize("name", STORES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources=RESOURCES, queries=st.lists(QUERIES, min_size=3, max_size=6), size=st.integers(1, 5))
def test_a_query_means_the_same_in_the_store_and_in_memory(name, resources, queries, size):
    async def compare(store: Store, candidates: list[Candidate]) -> None:
        for query in queries:
            for grant in GRANTS.values():
                narrowed = Query(query.type, every(query.where, grant.query), query.sort)
                expected = [candidate.id for candidate in answer(narrowed, candidates)]
                assert (expected, len(expected)) == await pages(store, query, grant, size)

    comparing(name, resources, compare)


@pytest.mark.parametrize("name", STORES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources=RESOURCES, criteria=st.lists(CRITERIA, min_size=3, max_size=6))
def test_a_grant_reaches_by_id_what_its_criterion_matches(name, resources, criteria):
    async def compare(store: Store, candidates: list[Candidate]) -> None:
        for criterion in criteria:
            grant = Grant(criterion, "TREAT", "any")
            reached = [candidate.id for candidate in candidates if await readable(store, candidate.id, grant)]
            assert [candidate.id for candidate in candidates if matches(criterion, candidate)] == reached

    comparing(name, resources, compare)
