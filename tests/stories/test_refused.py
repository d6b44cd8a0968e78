"""What must be refused: each Bundle in examples/refused/ is, with the outcome beside it, and its twin, which differs in one thing, is not."""

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.fhir.definitions import read

pytestmark = pytest.mark.anyio

FILES = dict(read("examples/refused"))
ACCEPTED, OUTCOME = ".accepted.json", ".outcome.json"
TWINS = {name: bundle for name, bundle in FILES.items() if name.endswith(ACCEPTED)}
REFUSED = {name: bundle for name, bundle in FILES.items() if not name.endswith((ACCEPTED, OUTCOME))}


def twin(refused: dict[str, Any]) -> dict[str, Any]:
    (link,) = refused["link"]
    assert "accepted" == link["relation"]
    return TWINS[link["url"]]


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The places in which two values differ, each the highest that is not in both alike."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            yield from differences(one.get(name), other.get(name), f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{path}[{place}]")
    elif one != other:
        yield path


@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_refused_with_exactly_the_outcome_that_is_expected(api, name):
    expected = FILES[name.removesuffix(".json") + OUTCOME]

    refused = await api.post("", json=REFUSED[name])

    assert 422 == refused.status_code
    assert expected == refused.json()


@pytest.mark.parametrize("name", TWINS)
async def test_its_twin_is_accepted(api, name):
    accepted = await api.post("", json=TWINS[name])

    assert 200 == accepted.status_code, accepted.text


@pytest.mark.parametrize("name", REFUSED)
def test_it_differs_from_its_twin_in_one_thing(name):
    (refused,), (accepted,) = (bundle["entry"] for bundle in (REFUSED[name], twin(REFUSED[name])))

    assert 1 == len(list(differences(refused["resource"], accepted["resource"])))
    assert refused["request"] == accepted["request"]


@pytest.mark.parametrize("name", REFUSED)
async def test_it_says_why_in_swedish_too(api, name):
    refused = await api.post("", json=REFUSED[name], headers={"Accept-Language": "sv"})

    told = [issue["details"]["text"] for issue in refused.json()["issue"]]
    assert told != [issue["details"]["text"] for issue in FILES[name.removesuffix(".json") + OUTCOME]["issue"]]


def test_every_twin_is_somebodys_and_every_outcome_too():
    assert TWINS.keys() == {bundle["link"][0]["url"] for bundle in REFUSED.values()}
    assert {name.removesuffix(".json") + OUTCOME for name in REFUSED} == {
        name for name in FILES if name.endswith(OUTCOME)
    }


def test_each_says_in_one_line_what_is_wrong_or_right():
    for bundle in [*REFUSED.values(), *TWINS.values()]:
        (tag,) = bundle["meta"]["tag"]
        assert tag["display"].endswith(".")
