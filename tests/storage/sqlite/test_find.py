"""By which indexes a search finds what it finds: asked of SQLite itself, for each statement that was run."""

import pytest

from fhir_server.search.index import Index
from fhir_server.search.query import (
    Amount,
    Every,
    Identity,
    Linked,
    LinkedFrom,
    Query,
    Sort,
    Text,
    Token,
    Under,
    Without,
    Words,
)
from fhir_server.search.values.string import fold, key
from fhir_server.storage.sqlite import begin, chain
from fhir_server.storage.store import Grant, Put
from tests.storage.contract import MINE, NARROWED, OPEN, THEIRS, Clock, a_draft, a_put, ids, sqlite_at, write
from tests.storage.sqlite.plans import plan_of, scans

pytestmark = pytest.mark.anyio

SYSTEM = "http://unitsofmeasure.org"


def a_string(text: str) -> tuple[str, str, str]:
    return key(text), fold(text), text


@pytest.fixture
async def store():
    """Forty plans of ten patients, each plan with a title, a dose and a word of its own."""
    async with sqlite_at(":memory:", Clock()) as opened:
        patients = [Put("Patient", f"p{n}", a_draft(), _patient(n), (f"p{n}",), method="PUT") for n in range(10)]
        await write(opened, *patients, *(_plan(n) for n in range(40)))
        yield opened


def _patient(n: int) -> Index:
    return Index(tokens={"identifier": [("pnr", f"{n}")]}, strings={"family": [a_string(f"Öberg {n}")]})


def _plan(n: int) -> Put:
    return a_put(
        f"c{n:02}",
        patient=f"p{n % 10}",
        tokens={"url": [("", f"http://plans.example/{n:02}")]},
        references={"subject": [("Patient", f"p{n % 10}")]},
        strings={"title": [a_string(f"Plan {n:02}")]},
        amounts={"dose": [(n / 10, n / 10, SYSTEM, "mg")]},
        words={"_content": ["plan", f"w{n}"]},
    )


async def found(store, query: Query, grant: Grant = OPEN, count: int = 99) -> tuple[list[str], list[list[str]]]:
    """The ids, and SQLite's plan for each statement that was run on the way."""
    connection = store._readers._here.connection
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    page = await store.search(query, grant, count=count)
    connection.set_trace_callback(None)
    selects = [statement for statement in asked if statement.startswith("SELECT")]
    return ids(page), [plan_of(connection, one) for one in selects]


BY_INDEX = [
    (Text("title", "starts", "plan 0"), [f"c0{n}" for n in range(10)], "t USING PRIMARY KEY (parameter=? AND value>"),
    (Text("title", "equals", "plan 07"), ["c07"], "t USING PRIMARY KEY (parameter=? AND value=?"),
    (Text("title", "exact", "Plan 07"), ["c07"], "t USING PRIMARY KEY (parameter=? AND value=?"),
    (
        Under("url", "http://plans.example/3"),
        [f"c3{n}" for n in range(10)],
        "t USING PRIMARY KEY (parameter=? AND value>",
    ),
    (Amount("dose", "eq", 0.65, 0.75, SYSTEM, "mg"), ["c07"], "t USING PRIMARY KEY (parameter=? AND low>"),
    (Amount("dose", "gt", 3.8, 3.8), ["c39"], "t USING INDEX amounts_high (parameter=? AND high>"),
    (Words("_content", frozenset({"plan", "w7"})), ["c07"], "SCAN words VIRTUAL TABLE INDEX 0:M"),
    (
        Linked("subject", "Patient", Token("identifier", "pnr", "7")),
        ["c07", "c17", "c27", "c37"],
        "t USING PRIMARY KEY (parameter=? AND value=?",
    ),
    (
        Linked("subject", "Patient", Text("family", "starts", "oberg 7")),
        ["c07", "c17", "c27", "c37"],
        "t USING PRIMARY KEY (parameter=? AND value>",
    ),
]


@pytest.mark.parametrize(("criterion", "expected", "index"), BY_INDEX)
async def test_few_are_found_by_an_index(store, criterion, expected, index):
    found_ids, plans = await found(store, Query("CarePlan", criterion))

    assert expected == found_ids
    assert [] == [line for plan in plans for line in scans(plan)]
    assert any(index in line for plan in plans for line in plan)


async def test_what_points_here_is_found_by_an_index(store):
    criterion = LinkedFrom("CarePlan", "subject", Text("title", "equals", "plan 07"))

    found_ids, plans = await found(store, Query("Patient", criterion))

    assert ["p7"] == found_ids
    assert [] == [line for plan in plans for line in scans(plan)]
    assert any("resources USING INDEX resources_id (type=? AND id=?)" in line for plan in plans for line in plan)


ALONG = {
    ("title", False): "w USING INDEX strings_key (parameter=?",
    ("title", True): "w USING INDEX strings_key (parameter=?",
    ("dose", False): "w USING PRIMARY KEY (parameter=?",
    ("dose", True): "w USING INDEX amounts_high (parameter=?",
    ("_lastUpdated", False): "r USING INDEX resources_updated (type=?",
    ("_lastUpdated", True): "r USING INDEX resources_updated (type=?",
    ("_id", False): "r USING INDEX resources_live (type=?",
    ("_id", True): "r USING INDEX resources_live (type=?",
}


@pytest.mark.parametrize("criterion", [*(row[0] for row in BY_INDEX), Without(BY_INDEX[-1][0])])
@pytest.mark.parametrize("sort", ["title", "dose", "_lastUpdated", "_id"])
@pytest.mark.parametrize("descending", [False, True])
async def test_where_many_are_found_the_search_walks_along_an_index(store, monkeypatch, criterion, sort, descending):
    monkeypatch.setattr(begin, "GATHERED", -1)
    monkeypatch.setattr(begin, "FEW", -1)
    monkeypatch.setattr(begin, "LISTED", -1)
    monkeypatch.setattr(chain, "ENDS", -1)

    _, plans = await found(store, Query("CarePlan", criterion, (Sort(sort, descending),)), count=2)

    assert [] == [line for plan in plans for line in scans(plan)]
    assert any(ALONG[sort, descending] in line for plan in plans for line in plan)


async def test_a_scan_is_seen_for_what_it_is(store):
    connection = store._readers._here.connection

    assert ["SCAN r"] == scans(plan_of(connection, "SELECT 1 FROM resources r WHERE r.text <> ''"))
    assert [] == scans(plan_of(connection, "SELECT 1 FROM resources r WHERE r.type = '' AND r.text <> ''"))


async def test_a_chain_that_few_meet_drives_the_search_where_another_part_is_met_by_many(store, monkeypatch):
    """As many patients as there are, and one of them: the one is where the search begins."""
    monkeypatch.setattr(begin, "GATHERED", 5)
    monkeypatch.setattr(begin, "FEW", 1)
    many, one = Text("family", "starts", "oberg"), Token("identifier", "pnr", "7")
    query = Query("CarePlan", Linked("subject", "Patient", Every((many, one))))

    found_ids, plans = await found(store, query)

    assert ["c07", "c17", "c27", "c37"] == found_ids
    assert not any("resources_live" in line for plan in plans for line in plan)


async def test_every_hop_of_a_chain_is_within_the_grant(store):
    """Each plan of one patient points at another patient, too."""
    await write(
        store,
        a_put("mine", patient=MINE, references={"about": [("Patient", "p1"), ("Patient", "p2")]}),
        a_put("theirs", patient=THEIRS, references={"about": [("Patient", "p1"), ("Patient", "p2")]}),
    )
    of_mine, of_theirs = (
        Query("CarePlan", Linked("about", "Patient", Token("identifier", "pnr", number))) for number in "12"
    )
    back = Query("Patient", LinkedFrom("CarePlan", "about", Identity(frozenset({"theirs"}))))

    assert ["mine", "theirs"] == (await found(store, of_mine))[0] == (await found(store, of_theirs))[0]
    assert ["mine"] == (await found(store, of_mine, NARROWED))[0]
    assert [] == (await found(store, of_theirs, NARROWED))[0]
    assert ["p1", "p2"] == (await found(store, back))[0]
    assert [] == (await found(store, back, NARROWED))[0]
