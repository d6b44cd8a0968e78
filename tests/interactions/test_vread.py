"""https://hl7.org/fhir/R4/http.html#vread"""

import httpx
import pytest

from tests.builders import a_care_plan

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def versions(api: httpx.AsyncClient) -> None:
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", title="ett"))
    await api.put("CarePlan/sip", json=a_care_plan(id="sip", title="två"))
    await api.delete("CarePlan/sip")


async def test_an_old_version_is_still_what_it_was(api):
    assert "ett" == (await api.get("CarePlan/sip/_history/1")).json()["title"]
    assert "två" == (await api.get("CarePlan/sip/_history/2")).json()["title"]


async def test_the_version_that_a_deletion_made_is_gone(api):
    assert 410 == (await api.get("CarePlan/sip/_history/3")).status_code


@pytest.mark.parametrize("version", ["0", "4", "01x", "-1", "²", "99999999999999999999"])
async def test_a_version_that_never_was_is_not_found(api, version):
    assert 404 == (await api.get(f"CarePlan/sip/_history/{version}")).status_code
