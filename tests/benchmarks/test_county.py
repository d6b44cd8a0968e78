"""The county is what is said of it, and the searches that are measured in it find something."""

import asyncio
from collections import Counter
from random import Random
from urllib.parse import parse_qsl, unquote

import pytest

from fhir_server.fhir.codec import decode, encode
from fhir_server.search.parameter import load_parameters
from fhir_server.search.parse import Parser
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.validation.validate import Validator
from tests.benchmarks.county import OF_A_CASE, OPEN_OF_A_UNIT, County, load
from tests.benchmarks.shapes import SHAPES
from tests.storage.contract import OPEN, Clock

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SMALL = County(2_000)


def resources(county: County = SMALL) -> list[dict]:
    return [decode(encode(resource)) for resource in county.resources()]


def test_every_resource_is_valid_and_refers_to_what_came_before_it():
    validator, known = Validator(), set()

    for resource in resources():
        assert [] == [issue for issue in validator.issues(resource) if issue.blocks]
        assert references(resource) <= known
        known.add(f"{resource['resourceType']}/{resource['id']}")


def references(value) -> set[str]:
    if isinstance(value, dict):
        own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_a_county_is_the_same_again_and_about_as_large_as_was_asked():
    found = resources()

    assert resources() == found
    assert 0.95 < len(found) / SMALL.size < 1.05
    assert len(found) == len({(one["resourceType"], one["id"]) for one in found})


def test_what_is_open_of_a_unit_stays_the_same_while_what_is_closed_piles_up():
    counties = [County(size) for size in SIZES]
    closed = [(one.cases - one.open_cases) / one.units for one in counties]

    assert all(3 * one.open_cases <= OPEN_OF_A_UNIT * one.units for one in counties)
    assert sorted(closed) == closed
    assert 30 < closed[-1] / closed[0]


def test_messages_are_unread_in_open_cases_alone():
    unread = Counter(
        one["about"][0]["reference"]
        for one in resources()
        if one["resourceType"] == "Communication" and "received" not in one
    )

    closed = SMALL.cases - SMALL.open_cases
    assert Counter({f"EpisodeOfCare/e{number}": 1 for number in range(closed, SMALL.cases)}) == unread


def test_a_case_adds_as_many_resources_as_is_said():
    of_people = SMALL.people / SMALL.cases

    assert OF_A_CASE == round(len(list(SMALL.case(0))) + of_people)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("county") / "plans.db"
    load(SMALL, f"sqlite:///{path}")
    return str(path)


@pytest.mark.parametrize("shape", [one for one in SHAPES if ":missing" not in one.name], ids=lambda one: one.name)
def test_what_is_measured_finds_something(shape, file):
    assert 0 < max(asyncio.run(_found(file, shape.path(SMALL, Random(number)))) for number in range(5))


async def _found(file: str, path: str) -> int:
    type, _, parameters = path.partition("?")
    query = Parser(load_parameters(), "http://127.0.0.1:8080/fhir").parse(
        type, tuple(parse_qsl(unquote(parameters))), lenient=False
    )
    store = await SqliteStore.open(file, Clock())
    try:
        return len((await store.search(query.query, OPEN, count=10)).items)
    finally:
        await store.close()
