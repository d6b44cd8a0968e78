"""What the server rests on has no fault that is known to be open, by what PyPI says of it.

https://docs.pypi.org/api/json/ tells the advisories of a version, and without one those of the newest.
"""

import ssl
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYPI = "https://pypi.org/pypi"
AT_ONCE = 8


def required() -> list[Requirement]:
    """What the server asks for."""
    told = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    return [Requirement(line) for line in told["project"]["dependencies"]]


def rested_on() -> dict[str, str]:
    """All that is installed for it, by name: the versions."""
    found: dict[str, str] = {}
    asked = required()
    while asked:
        name = canonicalize_name(asked.pop().name)
        if name not in found:
            installed = distribution(name)
            found[name] = installed.version
            asked += needed(installed.requires or ())
    return found


def needed(told: Iterable[str]) -> Iterator[Requirement]:
    for one in map(Requirement, told):
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            yield one


@cache
def client() -> httpx.Client:
    return httpx.Client(verify=ssl.create_default_context(), timeout=30, follow_redirects=True)


def advisories(name: str, version: str) -> list[str] | None:
    """The ids of those that are not withdrawn; None where nobody could be asked of this version."""
    for place in (f"{PYPI}/{name}/{version}/json", f"{PYPI}/{name}/json"):
        try:
            answer = client().get(place)
        except httpx.HTTPError:
            return None
        told: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        if told and told["info"]["version"] == version:
            return [one["id"] for one in told["vulnerabilities"] if not one.get("withdrawn")]
    return None


def test_l_10_nothing_that_is_known_to_be_open_is_rested_on():
    asked = {canonicalize_name(one.name) for one in required()}
    assert {"joserfc", "pymongo"} <= asked
    assert set() == asked & {"python-jose", "jose", "pyjwt", "motor", "lxml"}


def test_l_10_the_advisories_of_all_that_is_rested_on_are_none():
    installed = rested_on()
    if advisories("pycrypto", "2.6.1") is None:
        pytest.skip("L-10: advisories were not looked up: PyPI cannot be reached")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(installed, pool.map(advisories, installed, installed.values()), strict=True))
    assert {"joserfc", "cryptography", "starlette", "uvicorn"} <= found.keys()
    assert {} == {name: ids for name, ids in found.items() if ids}
    unknown = [f"{name} {installed[name]}" for name, ids in found.items() if ids is None]
    if unknown:
        pytest.skip(f"L-10: of these versions PyPI told nothing: {', '.join(unknown)}")


def test_l_10_a_fault_that_is_known_is_found():
    found = advisories("pycrypto", "2.6.1")
    if found is None:
        pytest.skip("L-10: advisories were not looked up: PyPI cannot be reached")
    assert "PYSEC-2017-94" in found
