"""A guardian chooses on the approval page for whom the app is to act; the rules of the house say who is offered."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta

import httpx
import pytest

from fhir_server.assembly import Assembly
from fhir_server.settings import Settings
from tests.access.house import a_bearer, smart
from tests.access.worlds import RESERVE, SYSTEM
from tests.authorizing import BASE, CITIZEN, CLIENTS, NURSE, PEOPLE, Browser, claims_of, put_all, register
from tests.builders import PERSONNUMMER, TEST_PERSON

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def assembly(settings: Settings) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        await register(house, *CLIENTS)
        yield house


@pytest.fixture
async def browser(assembly: Assembly, api: httpx.AsyncClient) -> AsyncIterator[Browser]:
    api.headers.update(a_bearer(BASE, **{**SYSTEM, "sub": "planner", "scope": "system/*.cruds"}))
    await put_all(api, [*PEOPLE, *a_child("twelve", 12), *a_child("thirteen", 13), *a_child("nieces", 12, "NIECE")])
    one = Browser(assembly.app)
    async with one.client:
        yield one


def a_child(id: str, age: int, code: str = "GUARD") -> list[dict]:
    born = (date.today() - timedelta(days=age * 366 + 30)).isoformat()  # noqa: DTZ011  # days away from a birthday
    relationship = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": code}]}
    child = {
        "resourceType": "Patient",
        "id": id,
        "identifier": [{"system": RESERVE, "value": f"reserve-{id}"}],
        "name": [{"given": ["Ester"], "family": "Tolvansson"}],
        "birthDate": born,
    }
    relative = {
        "resourceType": "RelatedPerson",
        "id": f"guardian-of-{id}",
        "identifier": [{"system": PERSONNUMMER, "value": TEST_PERSON}],
        "active": True,
        "patient": {"reference": f"Patient/{id}"},
        "relationship": [relationship],
    }
    return [child, relative]


def offered(page: httpx.Response) -> list[str]:
    return re.findall(r'name="patient" value="(\w+)"', page.text)


async def test_a_guardian_is_asked_whether_it_is_for_a_child(browser):
    page = await browser.page(CITIZEN)

    assert ["p1", "twelve"] == offered(page)
    assert "Myself" in page.text


async def test_who_is_nobodys_guardian_is_asked_nothing(browser):
    assert [] == offered(await browser.page("Patient/p2"))
    assert [] == offered(await browser.page(CITIZEN, scope="user/CarePlan.rs"))


async def test_staff_are_not_offered_themselves(browser):
    assert "Myself" not in (await browser.page(NURSE)).text


@pytest.mark.parametrize(
    ("chosen", "given"), [("twelve", "twelve"), ("p1", "p1"), ("", "p1"), ("thirteen", "p1"), ("nieces", "p1")]
)
async def test_the_app_acts_for_whom_the_guardian_chose_among_the_offered(browser, api, chosen, given):
    told = await browser.tokens(CITIZEN, patient=chosen, scope="launch/patient patient/*.rs")

    assert (given, given) == (told["patient"], claims_of(told["access_token"])["patient"])
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    for patient in ("p1", "twelve"):
        status = (await api.get(f"Patient/{patient}", headers=bearer)).status_code
        assert (200 if patient == given else 404) == status
