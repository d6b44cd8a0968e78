"""What an emulator cannot be trusted to refuse is refused here: by looking at the indexes and at the source."""

import re
from pathlib import Path

import pytest

from fhir_server.search.index import Index
from fhir_server.storage.mongo.document import derived
from fhir_server.storage.mongo.schema import ARRAYS, INDEXES, SCHEMA, Made
from fhir_server.storage.mongo.store import MongoStore
from fhir_server.storage.store import Unopened
from tests.databases import mongo_at, new_database
from tests.storage.contract import Clock

SOURCES = sorted((Path(__file__).parents[3] / "fhir_server" / "storage" / "mongo").glob("*.py"))
FORBIDDEN = re.compile(
    r"collation|\$text\b|\$where|\$function|re\.compile|find_one_and_|find_and_modify|motor|secantus",
    re.IGNORECASE,
)
PATTERN = "$regex"
"""Only what no range of strings can say: `filter.py` makes it, of text that means nothing but itself (test_filter.py)."""
EVERY = [(name, index) for name, indexes in INDEXES.items() for index in indexes]


VALUES = {
    "tokens": {"a": [("s", "x")]},
    "references": {"b": [("T", "1")]},
    "spans": {"c": [(1, 2)]},
    "strings": {"d": [("k", "f", "e")]},
    "amounts": {"e": [(1.0, 2.0, "", "")]},
}
FULL = Index(**VALUES, words={"_text": ["x"]}, elements={"f": [Index(**VALUES)]})


def arrays_of(collection: str, index: Made) -> set[str]:
    """The arrays that an index goes through; several members of one array are one."""
    return {member.split(".")[0] for member, _ in index.members} & ARRAYS.get(collection, frozenset())


def test_no_index_goes_through_two_arrays():
    assert 2 == len(arrays_of("resources", Made((("type", 1), ("keys", 1), ("patients", 1)))))  # it would be noticed
    assert [] == [(name, index) for name, index in EVERY if len(arrays_of(name, index)) > 1]


def test_every_array_of_a_document_is_known_as_one():
    document = derived(FULL, ["p"])

    assert ARRAYS["resources"] == {member for member, value in document.items() if isinstance(value, list)}


def test_no_index_goes_through_two_arrays_of_the_elements_of_an_array():
    (element,) = derived(FULL, ["p"])["elements"]
    arrays = {f"elements.{member}" for member, value in element.items() if isinstance(value, list)}
    within = [{member for member, _ in index.members} & arrays for index in INDEXES["resources"]]

    assert {"elements.keys", "elements.codes", "elements.amounts"} < arrays
    assert [{"elements.keys"}] == [found for found in within if found]


def test_what_stands_by_its_parameters_in_a_document_is_in_no_index():
    maps = {member for member, value in derived(FULL, ["p"]).items() if isinstance(value, dict)}

    assert {"to", "low", "high", "has"} == maps
    assert set() == {member.split(".")[0] for _, index in EVERY for member, _ in index.members} & maps


@pytest.mark.parametrize("collection", ["resources", "versions"])
def test_the_type_stands_first_in_every_compound_index_but_that_of_the_whole_servers_history(collection):
    compound = [[member for member, _ in index.members] for index in INDEXES[collection] if len(index.members) > 1]

    compound.remove(["updated", "type", "id"])
    assert compound
    assert {"type"} == {first for first, *_ in compound}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_is_asked_of_mongodb_that_the_stores_do_not_share(path):
    code = re.sub(r'"""(?s:.)*?"""', "", path.read_text())

    assert [] == FORBIDDEN.findall(code)
    assert (PATTERN in code) == (path.name == "filter.py")


@pytest.mark.anyio
async def test_a_database_of_a_newer_release_is_refused_and_one_of_this_release_is_not():
    uri = new_database()
    async with mongo_at(uri, Clock()) as store:
        meta = store._link.database.meta
        await meta.update_one({"_id": "schema"}, {"$set": {"value": SCHEMA + 1}})
        with pytest.raises(Unopened, match=f"newer release of this server \\(schema {SCHEMA + 1}"):
            await MongoStore.open(uri, Clock())
        await meta.update_one({"_id": "schema"}, {"$set": {"value": SCHEMA}})
        async with mongo_at(uri, Clock()) as again:
            assert "" == await again.index_version()


@pytest.mark.anyio
async def test_every_index_is_made_at_start():
    async with mongo_at(new_database(), Clock()) as store:
        for name, indexes in INDEXES.items():
            found = await store._link.database[name].index_information()
            made = [[(member, int(way)) for member, way in it["key"]] for label, it in found.items() if label != "_id_"]
            assert sorted(list(index.members) for index in indexes) == sorted(made)
