"""The contract of every store: what matches, in which order, page by page. What criteria mean stands in `search/query.py`."""

from collections.abc import AsyncIterator, Iterator

import pytest

from fhir_server.search.query import (
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
from fhir_server.storage import store as seam
from fhir_server.storage.store import Commit, Delete, Grant, Relation, Store
from tests.storage.contract import (
    MINE,
    NOON,
    OPEN,
    PLAIN,
    STORES,
    THEIRS,
    Clock,
    a_put,
    ids,
    in_the_way_of,
    write,
)

pytestmark = pytest.mark.anyio

DATE_OF_B = [(0, 5), (20, 29)]
ABC = frozenset("abc")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module: a store lives in the loop that opened it."""
    return "asyncio"


@pytest.fixture(scope="module", params=STORES)
async def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Store]]:
    """A store of each kind, filled once for all who only read it: filling one takes ten times as long as most of them do."""
    async with PLAIN[request.param](tmp_path_factory.mktemp("filled"), Clock()) as opened:
        with in_the_way_of(request.param):
            await fill(opened)
        filled = [one async for one in opened.resources(OPEN)]
        yield request.param, opened
        assert filled == [one async for one in opened.resources(OPEN)], "a test wrote into what all share"


@pytest.fixture
def filled(shared: tuple[str, Store]) -> Iterator[Store]:
    """It, for a test that writes nothing. The way is the test's: what opens a store of its own beside it may want another."""
    kind, opened = shared
    with in_the_way_of(kind):
        yield opened


async def fill(store: Store) -> None:
    """Plans a, b, c and d of MINE, e of THEIRS; and what must never be found: a goal, a deleted plan, an old version."""
    same = {"tokens": {"category": [("s", "x")]}, "references": {"author": [("Practitioner", "1")]}}
    await write(store, a_put("b", tokens={"category": [("s", "x"), ("t", "y")]}, spans={"date": [(12, 13)]}))
    await write(store, a_put("deleted", **same), a_put("goal", type="Goal", **same))
    await write(
        store,
        a_put(
            "a",
            tokens={"category": [("", "y"), ("s", "x")]},
            references={"author": [("Practitioner", "1")], "canonical": [("", "https://x.example/1")]},
            spans={"date": [(10, 19)]},
        ),
        a_put(
            "b",
            tokens={"category": [("s", "y")], "author:identifier": [("s", "x")]},
            references={"author": [("Organization", "1")]},
            spans={"date": DATE_OF_B},
        ),
        a_put("c", tokens={"category": [("t", "x")]}, spans={"date": [(15, 40)]}),
        a_put("d"),
        a_put("e", patient=THEIRS, spans={"date": [(12, 13)]}, **same),
    )
    team = Relation(THEIRS, "Practitioner/1", "care-team", "CareTeam/t", start=10, end=20)
    await write(store, a_put("t", type="CareTeam", patient=THEIRS, relations=(team,)))
    await store.commit(Commit(OPEN, (Delete("CarePlan", "deleted"),)))


MEANINGS = [
    (Everything(), "abcde"),
    (Every(()), "abcde"),
    (Every((Everything(), Everything())), "abcde"),
    (Every((Token("category", "s", "x"), Missing("canonical"))), "e"),
    (Every((Token("category", "s", "x"), Some(()))), ""),
    (every(Token("category", None, "x"), every(Reference("author", None, "1"), Everything())), "ae"),
    (Some(()), ""),
    (Some((Token("category", "s", "x"), Token("category", "t", "x"))), "ace"),
    (Some((Token("category", "s", "x"), Token("category", "s", "y"), Token("category", "s", "none"))), "abe"),
    (Some((Token("category", "s", "y"), Identity(frozenset("d")))), "bd"),
    (Some((Identity(frozenset("d")), Missing("category"), Everything())), "abcde"),
    (Some((Some((Identity(frozenset("a")),)), Some((Identity(frozenset("b")), Some(()))))), "ab"),
    (Some((*(Token("category", "s", f"{number}") for number in range(600)), Token("category", "s", "y"))), "b"),
    (Some(tuple(Span("date", "eq", 10, 19 + number) for number in range(600))), "abce"),
    (Some((Every((Token("category", "s", "x"), Missing("canonical"))), Identity(frozenset("d")))), "de"),
    (Without(Token("category", None, "x")), "bd"),
    (Without(Without(Token("category", None, "x"))), "ace"),
    (Without(Everything()), ""),
    (Without(Some(())), "abcde"),
    (Without(Missing("date")), "abce"),
    (Identity(frozenset("ad")), "ad"),
    (Identity(frozenset("a")), "a"),
    (Identity(frozenset()), ""),
    (Identity(frozenset({"goal", "deleted", "never"})), ""),
    (Without(Identity(frozenset("a"))), "bcde"),
    (Token("category", "s", "x"), "ae"),
    (Token("category", "", "y"), "a"),
    (Token("category", "", "x"), ""),
    (Token("category", None, "x"), "ace"),
    (Token("category", None, "X"), ""),
    (Token("category", "s", None), "abe"),
    (Token("category", "", None), "a"),
    (Token("category", None, None), "abce"),
    (Token("never", None, None), ""),
    (Token("author", None, "1"), ""),
    (Token("author:identifier", "s", "x"), "b"),
    (Reference("author", "Practitioner", "1"), "ae"),
    (Reference("author", None, "1"), "abe"),
    (Reference("author", "", "1"), ""),
    (Reference("canonical", "", "https://x.example/1"), "a"),
    (Reference("canonical", None, "https://x.example/1"), ""),
    (Reference("category", None, "x"), ""),
    (Missing("category"), "d"),
    (Missing("author"), "cd"),
    (Missing("date"), "d"),
    (Missing("never"), "abcde"),
    (Missing("_id"), ""),
    (Missing("_lastUpdated"), ""),
    (OfPatient(frozenset({MINE})), "abcd"),
    (OfPatient(frozenset({THEIRS, "p3"})), "e"),
    (OfPatient(frozenset()), ""),
    (Without(OfPatient(frozenset({MINE}))), "e"),
    (Related(frozenset({"Practitioner/1", "Practitioner/2"}), frozenset({"care-team"}), 10), "e"),
    (Related(frozenset({"Practitioner/1"}), frozenset({"care-team", "consent"}), 20), "e"),
    (Related(frozenset({"Practitioner/1"}), frozenset({"care-team"}), 21), ""),
    (Related(frozenset({"Practitioner/1"}), frozenset({"care-team"}), 9), ""),
    (Related(frozenset({"Practitioner/1"}), frozenset({"consent"}), 15), ""),
    (Related(frozenset({"Practitioner/2"}), frozenset({"care-team"}), 15), ""),
    (Without(Related(frozenset({"Practitioner/1"}), frozenset({"care-team"}), 15)), "abcd"),
]

# the stored ones: a from 10 to 19, b from 0 to 5 and from 20 to 29, c from 15 to 40, e from 12 to 13
SPANS = [
    ("eq", 10, 19, "ae"),
    ("eq", 11, 19, "e"),
    ("eq", 0, 5, "b"),
    ("ne", 10, 19, "bc"),
    ("ne", 0, 100, ""),
    ("gt", 13, 19, "bc"),
    ("gt", 30, 40, ""),
    ("lt", 10, 13, "b"),
    ("lt", 11, 11, "ab"),
    ("ge", 10, 19, "abce"),
    ("ge", 15, 40, "bc"),
    ("ge", 16, 40, "b"),
    ("le", 10, 19, "abe"),
    ("le", 20, 29, "abce"),
    ("le", 0, 4, ""),
    ("sa", 5, 12, "bc"),
    ("sa", 5, 11, "bce"),
    ("eb", 14, 15, "be"),
    ("eb", 5, 6, ""),
    ("ap", 19, 19, "ac"),
    ("ap", 6, 9, ""),
    ("ap", 5, 10, "ab"),
]


def reached(found: str, grant: Grant) -> list[str]:
    return [id for id in found if grant is OPEN or id != "e"]


@pytest.mark.parametrize(("criterion", "expected"), MEANINGS)
async def test_a_criterion_means_what_it_says(filled, grant, criterion, expected):
    page = await filled.search(Query("CarePlan", criterion), grant, count=10)

    assert reached(expected, grant) == ids(page)
    assert len(page.items) == page.total


@pytest.mark.parametrize(("relation", "low", "high", "expected"), SPANS)
async def test_a_span_stands_to_another_as_its_relation_says(filled, grant, relation, low, high, expected):
    criterion = Span("date", relation, low, high)

    assert reached(expected, grant) == ids(await filled.search(Query("CarePlan", criterion), grant, count=10))
    opposite = Without(criterion)
    others = "".join(id for id in "abcde" if id not in expected)
    assert reached(others, grant) == ids(await filled.search(Query("CarePlan", opposite), grant, count=10))


@pytest.mark.parametrize(
    ("relation", "low", "high", "expected"),
    [
        ("eq", 2000, 2999, "b"),
        ("eq", 1000, 2000, "ab"),
        ("ne", 2000, 2000, "ac"),
        ("gt", 2000, 2000, "c"),
        ("sa", 1999, 1999, "bc"),
        ("lt", 2000, 2000, "a"),
        ("eb", 3000, 3001, "ab"),
        ("ge", 2000, 2001, "bc"),
        ("le", 1999, 2000, "ab"),
        ("ap", 1001, 3000, "bc"),
        ("ap", 3001, 9999, ""),
    ],
)
async def test_the_time_of_the_last_change_is_a_span_of_a_millisecond(
    store, grant, clock, relation, low, high, expected
):
    for number, id in enumerate("abc", 1):
        clock.now = number * 1000
        await write(store, a_put(id))

    query = Query("CarePlan", Span("_lastUpdated", relation, low, high))

    assert list(expected) == ids(await store.search(query, grant, count=10))


async def test_a_search_finds_what_a_resource_is_now(store, grant):
    await write(store, a_put("a", tokens={"code": [("s", "1"), ("s", "2")]}, spans={"date": [(1, 2)]}))
    await write(store, a_put("a", tokens={"code": [("s", "2"), ("s", "3")]}, spans={"date": [(5, 6)]}))

    found = [ids(await store.search(Query("CarePlan", Token("code", "s", code)), grant, count=10)) for code in "123"]
    dated = [
        ids(await store.search(Query("CarePlan", Span("date", "eq", at, at + 1)), grant, count=9)) for at in (1, 5)
    ]

    assert [[], ["a"], ["a"]] == found
    assert [[], ["a"]] == dated


async def test_what_comes_back_after_a_deletion_is_found_again(store, grant):
    put = a_put("a", tokens={"code": [("s", "1")]})
    query = Query("CarePlan", Token("code", "s", "1"))
    await write(store, put)
    await store.commit(Commit(OPEN, (Delete("CarePlan", "a"),)))
    assert [] == ids(await store.search(query, grant, count=10))

    await write(store, put)

    assert ["a"] == ids(await store.search(query, grant, count=10))


async def test_a_resource_moves_between_patients_with_its_anchor(store):
    theirs = Grant(OfPatient(frozenset({THEIRS})), "TREAT", "theirs")
    mine = Grant(OfPatient(frozenset({MINE})), "TREAT", "mine")
    await write(store, a_put("a", patient=MINE))
    await write(store, a_put("a", patient=THEIRS))

    assert [[], ["a"]] == [ids(await store.search(Query("CarePlan"), grant, count=9)) for grant in (mine, theirs)]


# ------------------------------------------------------------------------------------------------ order and pages

ORDERS = [
    ((), "abcde"),
    ((Sort("_id"),), "abcde"),
    ((Sort("_id", descending=True),), "edcba"),
    ((Sort("date"),), "baecd"),
    ((Sort("date", descending=True),), "cbaed"),
    ((Sort("category"),), "acebd"),
    ((Sort("category", descending=True),), "abced"),
    ((Sort("never"),), "abcde"),
    ((Sort("never"), Sort("_id", descending=True)), "edcba"),
    ((Sort("category"), Sort("date")), "aecbd"),
    ((Sort("category"), Sort("date", descending=True)), "caebd"),
    ((Sort("category", descending=True), Sort("date")), "baecd"),
    ((Sort("category", descending=True), Sort("_id", descending=True)), "baecd"),
    # b was changed once, a millisecond after the others
    ((Sort("_lastUpdated"),), "acdeb"),
    ((Sort("_lastUpdated", descending=True), Sort("_id")), "bacde"),
    ((Sort("_lastUpdated"), Sort("_id", descending=True)), "edcab"),
]


@pytest.mark.parametrize(("sort", "expected"), ORDERS)
@pytest.mark.parametrize("size", [1, 2, 10])
async def test_every_page_goes_on_where_the_one_before_ended(filled, grant, sort, expected, size):
    query = Query("CarePlan", sort=sort)

    found, after, pages = [], None, 0
    while pages == 0 or after is not None:
        page = await filled.search(query, grant, count=size, after=after)
        assert len(page.items) <= size
        assert (5 if grant is OPEN else 4) == page.total
        found, after, pages = found + ids(page), page.next, pages + 1

    assert reached(expected, grant) == found
    assert -(-len(found) // size) == pages


async def test_a_search_that_does_not_count_has_no_total(filled, grant):
    page = await filled.search(Query("CarePlan"), grant, count=2, total=False)

    assert (["a", "b"], None) == (ids(page), page.total)


async def test_a_search_for_nothing_but_the_total_shows_nothing(filled, grant):
    page = await filled.search(Query("CarePlan"), grant, count=0)

    assert ((), 5 if grant is OPEN else 4, None) == (page.items, page.total, page.next)


async def test_past_the_end_there_is_nothing(filled, grant):
    page = await filled.search(Query("CarePlan"), grant, count=2, after=("zzz",))

    assert ((), None) == (page.items, page.next)


async def test_a_total_past_what_is_counted_is_left_out(filled, grant, monkeypatch):
    monkeypatch.setattr(seam, "COUNTED", 3)

    assert 1 == (await filled.search(Query("CarePlan", Identity(frozenset("a"))), grant, count=1)).total
    assert 3 == (await filled.search(Query("CarePlan", Identity(ABC)), grant, count=1)).total
    assert (await filled.search(Query("CarePlan", Identity(ABC | {"d"})), grant, count=1)).total is None
    assert (await filled.search(Query("CarePlan"), grant, count=1)).total is None


async def test_a_new_resource_does_not_shift_the_pages_that_follow(store, grant):
    await fill(store)
    first = await store.search(Query("CarePlan"), grant, count=2)
    await write(store, a_put("aa"))

    assert ["c"] == ids(await store.search(Query("CarePlan"), grant, count=1, after=first.next))


async def test_what_is_found_is_what_is_read(filled, grant):
    page = await filled.search(Query("CarePlan", Identity(frozenset("a"))), grant, count=10)

    assert (await filled.read("CarePlan", "a", grant),) == page.items
    assert NOON == page.items[0].updated


async def test_the_values_of_a_parameter_are_those_of_what_the_grant_reaches(filled, grant):
    of_mine = [("", "y"), ("s", "x"), ("s", "y"), ("t", "x")]

    assert of_mine == list(await filled.values("CarePlan", "category", grant, count=10))
    assert [] == list(await filled.values("CarePlan", "status", grant, count=10))
    assert [("s", "x")] == list(await filled.values("Goal", "category", grant, count=10))


async def test_values_that_only_others_have_are_told_under_the_open_grant_alone(store, grant):
    await write(store, a_put("a", tokens={"_tag": [("s", "mine")]}))
    await write(store, a_put("b", tokens={"_tag": [("s", "theirs")]}, patient=THEIRS))

    expected = [("s", "mine")] + ([("s", "theirs")] if grant is OPEN else [])
    assert expected == list(await store.values("CarePlan", "_tag", grant, count=10))


async def test_no_more_values_are_told_than_asked_for(filled):
    assert 2 == len(await filled.values("CarePlan", "category", OPEN, count=2))
