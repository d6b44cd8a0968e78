"""An EHR that starts the app for the patient p1, an encounter and a plan."""

from typing import Any

import httpx

from tests.authorizing import NURSE, Browser, fields, query_of
from tests.builders import a_care_plan

SCOPE = "launch launch/encounter openid fhirUser offline_access patient/CarePlan.rs"
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "in-progress",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    "subject": {"reference": "Patient/p1"},
}


async def start(browser: Browser, person: str = NURSE, **form: Any) -> httpx.Response:
    """Where the EHR sends the browser."""
    page = await browser.client.get("/ehr")
    if 'name="person"' in page.text:
        page = await browser.follow(await browser.sign_in(page, person))
    return await browser.client.post("/launch", data={**fields(page), "client": "portal", "patient": "p1", **form})


async def launch_token(browser: Browser, person: str = NURSE, **form: Any) -> str:
    return query_of((await start(browser, person, **form)).headers["location"])["launch"]


async def launched(browser: Browser, api: httpx.AsyncClient) -> dict[str, Any]:
    """The token response of an app that was started so."""
    await api.put("Encounter/e1", json=ENCOUNTER)
    await api.put("CarePlan/c1", json=a_care_plan(id="c1"))
    token = await launch_token(browser, encounter="e1", plan="c1")
    return await browser.tokens(NURSE, launch=token, scope=SCOPE)
