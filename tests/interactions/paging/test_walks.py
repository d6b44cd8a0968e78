"""Pages stay right while others write: walks through searches that a seed makes up, judged by what the tests hold of them.

docs/search.md, Order, pages, totals. What stays as it is stands on one page, in its place, whatever is written beside it. What
is moved meanwhile may be met in its old place and in its new one, but no version of it twice.
"""

import string
from collections import Counter
from random import Random

import pytest

from tests.builders import issue_keys
from tests.databases import KINDS, empty_database
from tests.interactions.paging.asking import Asked, a_search
from tests.interactions.paging.records import Json, World, place_of
from tests.interactions.paging.writing import Kept, writing

pytestmark = pytest.mark.anyio

SEEDS = range(20)
MOST_PAGES = 500
"""More than there are resources to be shown, whatever is written."""
CHARACTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
"""Base64's, in their order: the next of the last one may differ in bits that mean nothing."""


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> str:
    """SQLite in a file, where readers do not wait for the writer."""
    return empty_database(request.param, tmp_path / "walked.db")


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_walk_meets_what_stays_once_and_in_its_place(api, seed):
    random = Random(seed)
    kept = Kept(random)
    assert 200 == (await api.post("", json=kept.transaction())).status_code
    asked = a_search(random, kept.staying, seed)

    async with writing(api, kept, asked.types, f"writers {seed}") as writers:
        pages, links = await walk(api, asked, writers)
    assert len(pages) > 1, asked
    assert_is_whole(asked, [one for page in pages for one in page["match"]], kept)
    for page in pages:
        assert_comes_along(asked, page, kept.staying)
    await assert_edits_are_refused(api, links[0], random)


async def walk(api, asked: Asked, writers) -> tuple[list[dict[str, list[Json]]], list[str]]:
    """The resources of each page by their mode, and the next links; between two pages something is written."""
    pages, links, address = [], [], asked.address
    while address:
        answer = await api.get(address)
        assert 200 == answer.status_code, answer.text
        page = {mode: [] for mode in ("match", "include", "outcome")}
        for entry in answer.json().get("entry", ()):
            page[entry["search"]["mode"]].append(entry["resource"])
        pages.append(page)
        address = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), None)
        links += [address] if address else []
        assert len(pages) < MOST_PAGES, "the walk comes to no end"
        await writers.overtake()
    return pages, links


def assert_is_whole(asked: Asked, matches: list[Json], kept: Kept) -> None:
    """All pages together: no gap, nothing twice, in order."""
    versions = Counter((place_of(one), one["meta"]["versionId"]) for one in matches)
    places = Counter(place_of(one) for one in matches)
    assert {1} >= set(versions.values()), asked
    steady = kept.staying if asked.moves else kept.steady
    expected = {place for place, one in kept.steady.items() if asked.holds(one, kept.steady)}
    assert expected & steady.keys() <= places.keys(), asked
    assert {1} >= {places[place] for place in steady if place in places}, asked
    assert [place_of(one) for one in asked.in_order(matches)] == [place_of(one) for one in matches], asked
    if asked.filter.own:
        assert [] == [one for one in matches if not asked.holds(one, kept.steady)], asked


def assert_comes_along(asked: Asked, page: dict[str, list[Json]], staying: World) -> None:
    """What is named comes along, each once, and is no match of the same page."""
    matches, along = ({place_of(one) for one in page[mode]} for mode in ("match", "include"))
    assert len(along) == len({(place_of(one), one["meta"]["versionId"]) for one in page["include"]}), asked
    assert not matches & along, asked
    assert not along or asked.along, asked
    for one in page["match"] if asked.along else ():
        if place_of(one) in staying:
            assert asked.along.places(one, staying) & staying.keys() <= matches | along, asked


async def assert_edits_are_refused(api, link: str, random: Random) -> None:
    assert 200 == (await api.get(link)).status_code
    address, _, token = link.partition("_page=")
    for edited in edits(token, random):
        refused = await api.get(f"{address}_page={edited}")
        assert (400, ["page-token"]) == (refused.status_code, issue_keys(refused.json())), edited
        assert "_page" in refused.json()["issue"][0]["details"]["text"]


def edits(token: str, random: Random) -> list[str]:
    """The token with one character another, one too few, one too many, and with what is no part of a token."""
    places = [0, random.randrange(len(token)), len(token) - 1]
    others = [token[:at] + _next(token[at]) + token[at + 1 :] for at in places]
    return [*others, token[:-1], token[1:], f"{token}A", f"{token}=", f"{token[:9]}.{token[9:]}", f"{token}{token}"]


def _next(character: str) -> str:
    return CHARACTERS[(CHARACTERS.index(character) + 1) % len(CHARACTERS)]
