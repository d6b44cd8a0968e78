"""Inferno's SMART tests, taken again from outside: each has its number in the name of a test, and what it demands in `bars.py`.

The walks are those of a server that asks for tokens. TLS is judged where it ends: docs/security.md.
"""

import re
from pathlib import Path

import httpx
import pytest

from fhir_server.settings import Settings
from tests.access.authorize.bars import numbered
from tests.access.authorize.walks import Walk, first_version, from_ehr, standalone
from tests.authorizing import AUTH, PEOPLE, Browser, put_all
from tests.builders import a_care_plan, a_care_team
from tests.conftest import SECRET

pytestmark = pytest.mark.anyio

BARS = {"standalone": numbered("1"), "ehr": numbered("2", shift=2), "stu1": numbered("stu1")}
WAYS = {"standalone": standalone, "ehr": from_ehr, "stu1": first_version}
CASES = [pytest.param(way, number, id=number) for way, bars in BARS.items() for number in bars]
DISCOVERY = ["2.1.01", "3.1.01", "4.1.01"]
LAST = {"1.1": 4, "1.2": 8, "1.3": 8, "1.4": 3, "1.5": 3, "2.1": 1, "2.2": 10, "2.3": 8, "2.4": 3, "2.5": 3}
LAST |= {"3.1": 1, "3.2": 6, "4.1": 1, "4.2": 2, "4.3": 2}
KIT = {f"{group}.{number:02}" for group, last in LAST.items() for number in range(1, last + 1)}
"""All numbers that the kit has for what is claimed here."""
BY_TLS = {"1.2.01", "1.2.04", "2.2.03", "2.2.06", "3.2.01"}


@pytest.fixture(scope="module")
def settings(database) -> Settings:
    return Settings(database=database, access="smart", authorize=True, secret=SECRET)


async def _system(app: object) -> dict[str, str]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=AUTH) as client:
        told = (await client.post("/development-token", json={"scope": "system/*.cruds"})).json()
    return {"authorization": f"Bearer {told['access_token']}"}


@pytest.fixture(scope="module")
async def app(assembly) -> object:
    """A server with people, plans of two kinds, and a nurse in the team of the patient."""
    mine = [{"member": {"reference": "PractitionerRole/r1"}}]
    plans = [
        a_care_plan(id=f"c-{code}", category=[{"coding": [{"system": "urn:kind", "code": code}]}]) for code in "ab"
    ]
    headers = await _system(assembly.app)
    transport = httpx.ASGITransport(assembly.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"{assembly.server.base}/", headers=headers) as api:
        await put_all(api, [*PEOPLE, a_care_team(id="t1", participant=mine), *plans])
    return assembly.app


@pytest.fixture(scope="module")
async def walks(app) -> dict[str, Walk]:
    found = {}
    for way, walk in WAYS.items():
        browser = Browser(app)
        async with browser.client:
            found[way] = await walk(browser)
    return found


@pytest.mark.parametrize(("way", "number"), CASES)
async def test_smart(walks, way, number):
    BARS[way][number](walks[way])


@pytest.mark.parametrize("number", DISCOVERY)
async def test_smart_discovery_is_the_same_for_every_kind_of_app(app, number):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=AUTH) as client:
        answer = await client.get("/../fhir/.well-known/smart-configuration", headers={"accept": "text/html"})

    assert 200 == answer.status_code
    assert answer.headers["content-type"].startswith("application/json")
    assert {"launch-ehr", "launch-standalone", "client-confidential-asymmetric"} <= set(answer.json()["capabilities"])
    assert answer.json()["introspection_endpoint"]


async def test_smart_granular_a_search_finds_what_the_scope_names_and_nothing_else(app):
    for scope, found in (("patient/CarePlan.rs?category=urn:kind|a", {"c-a"}), ("patient/CarePlan.rs", {"c-a", "c-b"})):
        assert (found, {id: 200 if id in found else 404 for id in ("c-a", "c-b")}) == await _seen(app, scope)


async def _seen(app: object, scope: str) -> tuple[set[str], dict[str, int]]:
    """What a citizen with a scope finds, and how each plan's own address answers."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=AUTH) as client:
        told = (await client.post("/development-token", json={"scope": scope, "patient": "p1"})).json()
        client.headers["authorization"] = f"Bearer {told['access_token']}"
        base = AUTH.replace("/auth", "/fhir")
        rows = (await client.get(f"{base}/CarePlan")).json().get("entry", ())
        alone = {id: (await client.get(f"{base}/CarePlan/{id}")).status_code for id in ("c-a", "c-b")}
    return {row["resource"]["id"] for row in rows}, alone


def test_every_number_of_the_kit_has_a_test_or_is_judged_where_tls_ends():
    files = sorted(Path(__file__).parents[2].rglob("test_*.py"))
    names = [name for file in files for name in re.findall(r"def (test_smart_\w+)", file.read_text())]
    named = {".".join(found) for name in names for found in re.findall(r"(?<=_)(\d)_(\d)_(\d\d)(?=_)", name)}
    walked = {number for bars in BARS.values() for number in bars}

    assert KIT == BY_TLS | named | {*walked, *DISCOVERY} - set(BARS["stu1"])
    assert not BY_TLS & (named | walked)
