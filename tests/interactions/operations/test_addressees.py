"""HealthcareService/$addressees: who would be told, by the register of the examples."""

import pytest

from fhir_server.fhir.definitions import read
from tests.builders import a_patient, issue_keys

pytestmark = pytest.mark.anyio

PREVIEW = "HealthcareService/$addressees"
ADDRESS = {"line": ["Kvarnvägen 12"], "postalCode": "999 01", "city": "Björkvik"}
MONDAY, NIGHT = "2026-03-02T10:00:00+01:00", "2026-03-02T22:00:00+01:00"


@pytest.fixture(autouse=True)
async def stored(api):
    register = dict(read("examples/base-data"))["adressregister.json"]
    assert 200 == (await api.post("", json=register)).status_code
    for id, told in {"p1": {"address": [ADDRESS], "birthDate": "1961-01-18"}, "nowhere": {"identifier": []}}.items():
        patient = {name: value for name, value in a_patient(id=id, **told).items() if value != []}
        assert 201 == (await api.put(f"Patient/{id}", json=patient)).status_code


async def told(api, **asked):
    """The answer's rows: those who are told by service (row, how), and what is missing."""
    answer = await api.get(PREVIEW, params={"patient": "Patient/p1", "message": "inskrivning", "at": MONDAY, **asked})
    assert 200 == answer.status_code, answer.text
    rows = [(one["name"], {it["name"]: it for it in one["part"]}) for one in answer.json().get("parameter", ())]
    found = {
        parts["service"]["valueCode"]: (parts["row"]["valueReference"]["reference"], parts["how"]["valueCode"])
        for name, parts in rows
        if name == "addressee"
    }
    missing = [(parts.get("service", {}).get("valueCode", ""), parts["reason"]["valueCode"]) for name, parts in rows if name == "missing"]  # fmt: skip
    return found, missing


async def test_it_tells_who_would_be_told_and_how(api):
    by_day, by_night = await told(api), await told(api, at=NIGHT)

    services = {
        "sol": ("HealthcareService/bistand-16-31", "direct"),
        "hsl": ("HealthcareService/hemsjukvard", "direct"),
        "primary-care": ("HealthcareService/vardcentral", "direct"),
    }
    assert (services, []) == by_day
    assert (services, []) == by_night  # both halves of the office are closed, and it lies with the one whose it is
    assert {"sol", "primary-care"} == (await told(api, **{"municipal-health-care": "false"}))[0].keys()
    assert ("HealthcareService/hemtjanst-norr", "direct") == (await told(api, message="hemgang"))[0]["home-care"]
    unit = (await api.post(PREVIEW, json=parameters())).json()["parameter"][0]["part"][0]
    assert "Biståndsenheten" == (await api.get(unit["valueReference"]["reference"])).json()["name"]


async def test_what_nobody_takes_comes_to_the_catch_all_and_what_is_not_known_is_said(api):
    row = (await api.get("HealthcareService/hemsjukvard")).json()
    assert 200 == (await api.put("HealthcareService/hemsjukvard", json={**row, "active": False})).status_code

    assert ("HealthcareService/samlingsbrevlada", "catch-all") == (await told(api))[0]["hsl"]
    unknown = await told(api, patient="Patient/nowhere")
    assert ({}, ("", "address-missing")) == (unknown[0], unknown[1][0])


async def test_what_it_is_asked_has_to_be_plain(api):
    refused = [
        await api.post(PREVIEW, json=parameters(**wrong))
        for wrong in ({"patient": "Organization/x"}, {"patient": None}, {"message": "strunt"}, {"at": "i morgon"})
    ]
    unknown = await api.post(PREVIEW, json=parameters(patient="Patient/none"))

    assert [["parameter-value"], ["parameter-missing"], ["parameter-value"], ["parameter-value"]] == [
        issue_keys(answer.json()) for answer in refused
    ]
    assert [400] * 4 == [answer.status_code for answer in refused]
    assert 404 == unknown.status_code
    assert 200 == (await api.post(PREVIEW, json=parameters())).status_code


def parameters(message="inskrivning", patient="Patient/p1", at=MONDAY):
    told = [("message", "valueCode", message), ("at", "valueDateTime", at)]
    told += [("patient", "valueReference", {"reference": patient})] if patient else []
    return {"resourceType": "Parameters", "parameter": [{"name": name, member: it} for name, member, it in told]}
