"""`search/indexes.json` and the database: the same indexes, and each of use to the searches that it is kept for.

SQLite is asked for its plan of the very statements that the store runs: as they come, with every sieve, and walking.
"""

import sqlite3
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

import pytest

from fhir_server.fhir.definitions import indexes
from fhir_server.search.parameter import load_parameters
from fhir_server.search.parse import Parser
from fhir_server.search.query import (
    BlockedBy,
    Criterion,
    Every,
    Everything,
    OfKind,
    OfPatient,
    Query,
    Reference,
    Related,
    Some,
    Sort,
    Token,
    Without,
)
from fhir_server.storage.past import Past
from fhir_server.storage.sqlite import begin, chain
from fhir_server.storage.sqlite.find import Search, search
from fhir_server.storage.sqlite.history import history
from fhir_server.storage.sqlite.schema import migrate
from tests.benchmarks.county import County, load
from tests.storage.sqlite.plans import indexes_used, plan_of, scans

SHAPES: dict[str, str] = indexes()["shapes"]
KEPT = indexes()["sqlite"]
BOUNDS = {
    "as it comes": {},
    "with every sieve": {"FEW": 0},
    "walking": {"FEW": -1, "GATHERED": -1, "LISTED": -1, "ENDS": -1},
}
PARSER = Parser(load_parameters(), "http://127.0.0.1:8080/fhir")


@pytest.fixture(scope="module")
def county(tmp_path_factory) -> Iterator[sqlite3.Connection]:
    file = tmp_path_factory.mktemp("county") / "plans.db"
    load(County(1000), f"sqlite:///{file}")
    connection = sqlite3.connect(file)
    yield connection
    connection.close()


def asked(shape: str) -> Search:
    type, _, parameters = SHAPES[shape].partition("?")
    parsed = PARSER.parse(type, tuple(parse_qsl(parameters)), lenient=False)
    return search(parsed.query, Everything(), count=2, total=True)


def statements(connection: sqlite3.Connection, asked: Callable[[], object], monkeypatch) -> list[str]:
    """What is run where something is asked, whichever way it goes."""
    run: list[str] = []
    for bounds in BOUNDS.values():
        with monkeypatch.context() as patched:
            for name, bound in bounds.items():
                patched.setattr(chain if name == "ENDS" else begin, name, bound)
            connection.set_trace_callback(run.append)
            asked()
            connection.set_trace_callback(None)
    return [
        statement for statement in run if statement.startswith("SELECT") and "words_" not in statement
    ]  # FTS5's own


@pytest.mark.parametrize("shape", SHAPES)
def test_a_search_goes_by_its_indexes_and_through_no_table(county, shape, monkeypatch):
    run = statements(county, lambda: asked(shape).page(county), monkeypatch)
    used = set().union(*(indexes_used(county, statement) for statement in run))

    assert [] == [line for statement in run for line in scans(plan_of(county, statement))]
    assert {index["name"] for index in KEPT if shape in index["shapes"]} <= used


# ------------------------------------------------------------------------------------------------ under a grant

UNIT = frozenset({"Organization/u1", "Practitioner/w1"})
DIRECTORY = OfKind(frozenset({"Organization", "Practitioner"}))
CLINICAL = OfKind(frozenset({"CarePlan", "Task", "Communication"}))
NOW = 1_775_800_000_000


def of_staff(*kinds: str) -> Criterion:
    related = Related(UNIT, frozenset(kinds), NOW)
    blocked = Without(Related(UNIT, frozenset({"block"}), NOW))
    closed = Without(BlockedBy("documented-by", frozenset({"inner-block", "outer-block"}), UNIT, NOW))
    bases = Some((Token("status", None, "active"), Token("status", None, "completed")))
    messages = Every((OfKind(frozenset({"Communication"})), Reference("recipient", "Organization", "u1")))
    return Some((Every((DIRECTORY, Everything())), Every((CLINICAL, related, blocked, closed, bases)), messages))


MINE = OfPatient(frozenset({"p1"}))
REACHING = {
    "a unit": of_staff("care-team", "consent"),
    "a unit of nobody": of_staff("never"),
    "a citizen": Some((DIRECTORY, Every((CLINICAL, MINE)))),
    "an app": Every((OfKind(frozenset({"CarePlan"})), Token("status", None, "completed"), MINE)),
}
UNDER_A_GRANT = (
    Query("CarePlan"),
    Query("CarePlan", Token("status", None, "completed"), (Sort("date", descending=True),)),
    Query("Communication", sort=(Sort("sent"),)),
    Query("Organization"),
    Query("Goal"),
)


@pytest.mark.parametrize("name", REACHING)
def test_a_search_under_a_grant_goes_by_indexes_and_through_no_table(county, name, monkeypatch):
    for query in UNDER_A_GRANT:
        asked = search(query, REACHING[name], count=2, total=True)
        run = statements(county, lambda it=asked: it.page(county), monkeypatch)
        assert [] == [line for statement in run for line in scans(plan_of(county, statement))]


@pytest.mark.parametrize("name", REACHING)
@pytest.mark.parametrize("type", ["CarePlan", "Organization", ""])
def test_a_history_under_a_grant_goes_by_indexes_and_through_no_table(county, name, type, monkeypatch):
    run = statements(county, lambda: history(county, Past(type, "", 2), REACHING[name]), monkeypatch)

    walked = [line for statement in run for line in scans(plan_of(county, statement)) if " USING INDEX " not in line]
    assert [] == walked


def test_of_other_types_nothing_is_asked(county, monkeypatch):
    """What a grant says of a type is as small as if it were written for that type alone."""
    alone = Every((Token("status", None, "completed"), MINE))

    assert search(Query("CarePlan"), alone, count=2) == search(Query("CarePlan"), REACHING["an app"], count=2)
    assert search(Query("Organization"), Everything(), count=2) == search(
        Query("Organization"), REACHING["a citizen"], count=2
    )
    of_goals = search(Query("Goal"), REACHING["an app"], count=2)
    assert [] == statements(county, lambda: of_goals.page(county), monkeypatch)
    assert [] == statements(county, lambda: history(county, Past("Goal", "", 2), REACHING["an app"]), monkeypatch)


def test_an_index_that_is_gone_is_missed(county, monkeypatch):
    """So the test above can fail."""
    name = next(one["name"] for one in KEPT if "in order of a date, the last first" in one["shapes"])
    county.execute("SAVEPOINT whole")
    county.execute(f"DROP INDEX {name}")
    try:
        last_first = asked("in order of a date, the last first")
        with pytest.raises(sqlite3.OperationalError, match=name):
            statements(county, lambda: last_first.page(county), monkeypatch)
    finally:
        county.execute("ROLLBACK TO whole")
        county.execute("RELEASE whole")


def test_the_database_has_the_indexes_that_are_listed_and_no_others():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%' AND name NOT LIKE 'words%'"
        " AND name NOT LIKE 'sqlite%'"
    ).fetchall()

    found = [index for (table,) in tables for index in indexes_of(connection, table)]

    listed = [(one["name"], one["table"], tuple(one["columns"]), one.get("unique", False)) for one in KEPT]
    assert sorted(listed) == sorted(found)
    connection.close()


def indexes_of(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str, tuple[str, ...], bool]]:
    for _, name, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})").fetchall():
        columns = tuple(column for _, _, column in connection.execute(f"PRAGMA index_info({name})"))
        yield (name if origin == "c" else f"{table} key"), table, columns, bool(unique)


def test_every_search_has_an_index_and_every_index_a_reason():
    served = {shape for index in KEPT for shape in index["shapes"]}

    assert {
        "words",
        "composite",
    } == SHAPES.keys() - served  # FTS5's own index; the elements of a type are looked through
    assert served <= SHAPES.keys()
    assert all(index["why"] for index in KEPT)
