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
    Amount,
    BlockedBy,
    Criterion,
    Every,
    Everything,
    Identity,
    Linked,
    LinkedFrom,
    Missing,
    OfKind,
    OfPatient,
    Query,
    Reference,
    Related,
    Some,
    Sort,
    Span,
    Text,
    Together,
    Token,
    Under,
    Without,
    Words,
    every,
    narrowed,
)
from fhir_server.search.values.amount import LEAST, MOST
from fhir_server.search.values.string import fold, key
from fhir_server.storage.store import Grant, Put, Relation, Store
from tests.storage.contract import GRANTS, STORES, Clock, a_draft, ids, write

SYSTEMS, CODES = st.sampled_from(["", "s", "t"]), st.sampled_from(["", "x", "y", "å", "Z", "#"])
KINDS_KEPT = ["CarePlan", "Goal"]
TYPES = st.sampled_from(["Patient", "Practitioner", "Organization", "", *KINDS_KEPT])
NAMES = st.sampled_from(["p1", "p2", *"012345"])
TOKENS, REFERENCES, DATES = ["category", "status"], ["subject", "author"], ["date"]
STRINGS, AMOUNTS, WORDED, COMPOSITES = ["name", "title"], ["value"], ["_text", "_content"], ["pair"]
PARAMETERS = st.sampled_from(
    [*TOKENS, *REFERENCES, *DATES, *STRINGS, *AMOUNTS, *COMPOSITES, "never", "_id", "_lastUpdated"]
)
TEXTS = st.sampled_from(["Åsa", "asa", "Åsa Öberg", "öberg", "Zorn", "ab", "b", "100%", "a_b", ".*", "a.b"])
NUMBERS = st.sampled_from([LEAST, -1.0, 0.0, 0.1, 99.5, 100.0, 100.49999999999999, 1e300, MOST])
UNITS = st.sampled_from(["", "mg", "kg"])
SOME_WORDS = st.sampled_from(["asa", "oberg", "1", "日本", "and", "x"])
INSTANTS = st.integers(0, 12)
ENDS = st.tuples(INSTANTS, INSTANTS).map(lambda ends: (min(ends), max(ends)))
PATIENTS, KINDS = ["p1", "p2"], ["care-team", "consent"]
ACTORS = ["Practitioner/1", "Organization/1", "Organization/2"]


def few(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, max_size=3, unique=True).map(sorted)


def some_of(values: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


def by_code(codes: Sequence[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={code: few(values) for code in codes})


RANGES = st.tuples(NUMBERS, NUMBERS).map(lambda ends: (min(ends), max(ends)))
ENTRIES = TEXTS.map(lambda text: (key(text), fold(text), text))
AMOUNTS_HELD = st.tuples(RANGES, SYSTEMS, UNITS).map(lambda it: (*it[0], it[1], it[2]))
ELEMENTS = st.builds(
    Index,
    tokens=by_code(["0"], st.tuples(SYSTEMS, CODES)),
    amounts=by_code(["1"], AMOUNTS_HELD),
    strings=by_code(["1"], ENTRIES),
    spans=by_code(["1"], ENDS),
)


def _pair(actor: str) -> tuple[str, str]:
    type, _, id = actor.partition("/")
    return type, id


INDEXES = st.builds(
    Index,
    tokens=by_code(TOKENS, st.tuples(SYSTEMS, CODES)),
    references=by_code(REFERENCES, st.tuples(TYPES, NAMES) | st.sampled_from(ACTORS).map(_pair)),
    spans=by_code(DATES, ENDS),
    strings=by_code(STRINGS, ENTRIES),
    amounts=by_code(AMOUNTS, AMOUNTS_HELD),
    words=by_code(WORDED, SOME_WORDS),
    elements=st.fixed_dictionaries({}, optional={code: st.lists(ELEMENTS, max_size=2) for code in COMPOSITES}),
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
BLOCKS = st.builds(BlockedBy, st.sampled_from(REFERENCES), some_of(KINDS), some_of(ACTORS), INSTANTS)
"""What a reference points at is often one of the actors, or blocks would hardly ever hold."""

RESOURCES = st.lists(
    st.tuples(
        INDEXES,
        some_of(PATIENTS).map(sorted).map(tuple),
        RELATIONS,
        INSTANTS,
        st.sampled_from(["CarePlan", *KINDS_KEPT]),
    ),
    max_size=8,
)

RELATED_AS = st.sampled_from(["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])


def texts_of(codes: Sequence[str]) -> st.SearchStrategy[Criterion]:
    return st.one_of(
        st.builds(Text, st.sampled_from(codes), st.just("exact"), TEXTS),
        st.builds(
            Text,
            st.sampled_from(codes),
            st.sampled_from(["starts", "contains", "equals", "ends"]),
            TEXTS.map(fold).filter(bool) | st.sampled_from(["a", "o"]),
        ),
    )


def amounts_of(codes: Sequence[str]) -> st.SearchStrategy[Criterion]:
    return st.builds(
        lambda parameter, relation, ends, system, code: Amount(parameter, relation, *ends, system, code),
        st.sampled_from(codes),
        RELATED_AS,
        RANGES,
        st.none() | SYSTEMS,
        st.none() | UNITS,
    )


def spans_of(codes: Sequence[str]) -> st.SearchStrategy[Criterion]:
    return st.builds(
        lambda parameter, relation, ends: Span(parameter, relation, *ends), st.sampled_from(codes), RELATED_AS, ENDS
    )


def tokens_of(codes: Sequence[str]) -> st.SearchStrategy[Criterion]:
    return st.builds(Token, st.sampled_from(codes), st.none() | SYSTEMS, st.none() | CODES)


TOGETHER = st.builds(
    lambda first, second: Together("pair", (first, second)),
    tokens_of(["0"]) | st.lists(tokens_of(["0"]), min_size=1, max_size=2).map(lambda parts: Some(tuple(parts))),
    amounts_of(["1"]) | texts_of(["1"]) | spans_of(["1"]),
)
LEAVES: st.SearchStrategy[Criterion] = st.one_of(
    st.just(Everything()),
    st.builds(Identity, st.frozensets(st.sampled_from("01234"), max_size=3)),
    tokens_of(TOKENS),
    st.builds(Under, st.sampled_from(TOKENS), CODES.filter(bool)),
    st.builds(Reference, st.sampled_from(REFERENCES), st.none() | TYPES, NAMES),
    spans_of([*DATES, "_lastUpdated"]),
    texts_of(STRINGS),
    amounts_of(AMOUNTS),
    st.builds(Words, st.sampled_from(WORDED), st.frozensets(SOME_WORDS, min_size=1, max_size=2)),
    TOGETHER,
    st.builds(Missing, PARAMETERS),
    st.builds(OfKind, some_of(KINDS_KEPT)),
    st.builds(OfPatient, some_of(PATIENTS)),
    st.builds(Related, some_of(ACTORS), some_of(KINDS), INSTANTS),
    BLOCKS,
)
CRITERIA = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(Every, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Some, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Without, parts),
        st.builds(Linked, st.sampled_from(REFERENCES), st.sampled_from(KINDS_KEPT), parts),
        st.builds(LinkedFrom, st.sampled_from(KINDS_KEPT), st.sampled_from(REFERENCES), parts),
    ),
    max_leaves=6,
)
SORTED_BY = [*TOKENS, *DATES, *STRINGS, *AMOUNTS, "never", "_id", "_lastUpdated"]
SORTS = st.lists(st.builds(Sort, st.sampled_from(SORTED_BY), st.booleans()), max_size=3)
QUERIES = st.builds(
    lambda kind, where, sort: Query(kind, where, tuple(sort)),
    st.sampled_from(["CarePlan", *KINDS_KEPT]),
    CRITERIA,
    SORTS,
)
RELATED = st.builds(Related, some_of(ACTORS), some_of(KINDS), INSTANTS)
STAFF = st.builds(
    lambda directory, clinical, related, block, closed, bases, addressed: Some(
        (
            Every((OfKind(directory), Everything())),
            Every((OfKind(clinical), related, Without(block), Without(closed), Some(tuple(bases)))),
            Every((OfKind(frozenset({"CarePlan"})), addressed)),
        )
    ),
    some_of(KINDS_KEPT),
    some_of(KINDS_KEPT),
    RELATED,
    RELATED,
    BLOCKS,
    st.lists(tokens_of(TOKENS), max_size=3),
    st.builds(Reference, st.sampled_from(REFERENCES), TYPES, NAMES),
)
ONE_KIND = st.builds(
    lambda kind, token, patients: Every((OfKind(frozenset({kind})), token, OfPatient(patients))),
    st.sampled_from(KINDS_KEPT),
    tokens_of(TOKENS),
    some_of(PATIENTS),
)
UNBLOCKED = st.builds(lambda blocks: Without(Some(tuple(blocks))), st.lists(BLOCKS, min_size=1, max_size=2))
ASKED_UNDER = st.one_of(STAFF, ONE_KIND, UNBLOCKED, CRITERIA)
"""What a grant may say: of staff, of an app that was given one kind of plan, of whom only blocks keep out, and whatever else."""


async def fill(store: Store, clock: Clock, resources: Sequence[Any]) -> list[Candidate]:
    """Puts the resources into the store, in an order of time that is not that of their ids; what they are in memory."""
    bonds = tuple(relation for _, _, relations, _, _ in resources for relation in relations)
    candidates: list[Candidate] = []
    for number, (index, patients, relations, clock.now, type) in enumerate(resources):
        await write(store, Put(type, f"{number}", a_draft(), index, patients, relations))
        candidates.append(Candidate(type, f"{number}", clock.now, index, patients, bonds, candidates))
    return candidates


def as_candidates(resources: Sequence[Any]) -> list[Candidate]:
    """What they are in memory alone, without relations: nobody's actors have to do with them."""
    found: list[Candidate] = []
    for number, (index, patients, _, updated, type) in enumerate(resources):
        found.append(Candidate(type, f"{number}", updated, index, patients, others=found))
    return found


async def pages(store: Store, query: Query, grant: Grant, size: int) -> tuple[list[str], int | None]:
    page = await store.search(query, grant, count=size)
    found, total = ids(page), page.total
    while page.next is not None:
        page = await store.search(query, grant, count=size, after=page.next)
        found += ids(page)
    return found, total


async def readable(store: Store, type: str, id: str, grant: Grant) -> bool:
    try:
        return id == (await store.read(type, id, grant)).id
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
@given(
    resources=RESOURCES,
    queries=st.lists(st.tuples(QUERIES, ASKED_UNDER), min_size=3, max_size=6),
    size=st.integers(1, 5),
)
def test_a_query_means_the_same_in_the_store_and_in_memory(name, resources, queries, size):
    async def compare(store: Store, candidates: list[Candidate]) -> None:
        for query, asked_under in queries:
            for grant in (*GRANTS.values(), Grant(asked_under, "TREAT", "any")):
                where = every(narrowed(query.where, grant.query), grant.query)
                expected = [candidate.id for candidate in answer(Query(query.type, where, query.sort), candidates)]
                assert (expected, len(expected)) == await pages(store, query, grant, size)

    comparing(name, resources, compare)


@pytest.mark.parametrize("name", STORES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources=RESOURCES, criteria=st.lists(ASKED_UNDER, min_size=3, max_size=6))
def test_a_grant_reaches_by_id_what_its_criterion_matches(name, resources, criteria):
    async def compare(store: Store, candidates: list[Candidate]) -> None:
        for criterion in criteria:
            grant = Grant(criterion, "TREAT", "any")
            reached = [one.id for one in candidates if await readable(store, one.type, one.id, grant)]
            assert [candidate.id for candidate in candidates if matches(criterion, candidate)] == reached

    comparing(name, resources, compare)
