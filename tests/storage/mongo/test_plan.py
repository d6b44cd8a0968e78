"""What can be held of MongoDB's indexes without a MongoDB: that for each search listed in `search/indexes.json` there is one
whose leading members the search asks for or sorts by. Which one is chosen only its own planner says.
"""

from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest

from fhir_server.fhir.definitions import indexes
from fhir_server.search.parameter import load_parameters
from fhir_server.search.parse import Parser
from fhir_server.search.query import Criterion, Every, Linked, LinkedFrom, Query
from fhir_server.storage.mongo.filter import Filter, flat
from fhir_server.storage.mongo.order import keys, order_of
from fhir_server.storage.mongo.reach import hops_in, reached
from fhir_server.storage.mongo.schema import ARRAYS, COLLECTIONS

SHAPES: dict[str, str] = indexes()["shapes"]
KEPT = indexes()["mongodb"]
SERVING = [(shape, tuple(one["members"])) for one in KEPT for shape in one["shapes"]]
PARSER = Parser(load_parameters(), "http://127.0.0.1:8080/fhir")
LEADING = 2
"""The type and what is asked of it: with these an index is of use, whatever follows."""


def query_of(shape: str) -> Query:
    type, _, parameters = SHAPES[shape].partition("?")
    return PARSER.parse(type, tuple(parse_qsl(parameters)), lenient=False).query


def members(filter: Filter, within: str = "") -> Iterator[str]:
    """The paths of the members that a filter asks for, whichever way."""
    for name, value in filter.items():
        path = within if name.startswith("$") else f"{within}.{name}".removeprefix(".")
        if path:
            yield path
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from members(part, path)


def questions(type: str, where: Criterion, order: frozenset[str]) -> Iterator[frozenset[str]]:
    """What a search asks for and sorts by, and what it asks at the far end of each chain."""
    parts = list(flat([where], Every))
    found = reached({"type": type, "live": True}, parts, {})
    yield frozenset(members(found.direct)) | order
    for hop in (hop for part in parts for hop in hops_in(part)):
        assert isinstance(hop, Linked | LinkedFrom)
        yield from questions(hop.type, hop.where, frozenset())


def asked(shape: str) -> list[frozenset[str]]:
    query = query_of(shape)
    return list(questions(query.type, query.where, frozenset(order_of(keys(query)))))


@pytest.mark.parametrize(("shape", "index"), SERVING)
def test_an_index_leads_with_what_the_search_asks_for(shape, index):
    assert any(set(index[:LEADING]) <= question for question in asked(shape))


def test_an_index_that_leads_with_something_else_is_not_enough():
    assert not any({"type", "words"} <= question for question in asked("patient"))
    assert not any({"type", "spans.code"} <= question for question in asked("patient"))


def test_every_search_has_an_index_and_every_index_a_reason():
    assert SHAPES.keys() == {shape for shape, _ in SERVING}
    assert all(one["why"] for one in KEPT)


def test_every_entry_is_an_index_of_a_collection_and_no_two_are_one():
    entries = [(one["collection"], tuple(one["members"])) for one in KEPT]

    assert {collection for collection, _ in entries} <= set(COLLECTIONS)
    assert len(entries) == len(set(entries))


def test_no_two_arrays_stand_in_one_index():
    for one in KEPT:
        arrays = {member.split(".")[0] for member in one["members"]} & ARRAYS.get(one["collection"], frozenset())
        assert len(arrays) <= 1, one
