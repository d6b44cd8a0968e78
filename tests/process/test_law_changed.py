"""Another law is another definition: a deployment's own deadlines and agreements, and not a line of Python."""

import json
from pathlib import Path

import httpx
import pytest

from fhir_server.fhir.definitions import read
from tests.process.playing import STORIES, lines, owed, parts
from tests.servers import serving

HSA = "urn:oid:1.2.752.29.4.19"
REGION, TOWN = "SE2321000131-E000000123401", "SE2321000131-E000000123403"


def an_agreement(id: str, first: str, last: str, **told: dict) -> dict:
    terms = {
        "id": {"valueId": id},
        "region": {"valueIdentifier": {"system": HSA, "value": REGION}},
        "municipality": {"valueIdentifier": {"system": HSA, "value": TOWN}},
        "from": {"valueDate": first},
        "to": {"valueDate": last},
        **{name.replace("_", "-"): value for name, value in told.items()},
        "reason": {"valueString": "Avtalat"},
        "source": {"valueString": "överenskommelsen"},
    }
    return {"name": "agreement", "part": [{"name": name, **value} for name, value in terms.items()]}


AGREEMENTS = [
    an_agreement(
        "vintern",
        "2025-12-01",
        "2026-01-31",
        days={"valueUnsignedInt": 2},
        days_after_hour={"valueUnsignedInt": 2},
        amount={"valueMoney": {"value": 100, "currency": "SEK"}},
    ),
    an_agreement(
        "varen", "2026-02-01", "2026-06-30", days={"valueUnsignedInt": 9}, days_after_hour={"valueUnsignedInt": 9}
    ),
]


@pytest.fixture(scope="module")
def laws(tmp_path_factory) -> Path:
    """A folder with a call within a day instead of three, and agreements from a date on."""
    folder = tmp_path_factory.mktemp("laws") / "profiles"
    folder.mkdir()
    plan = json.loads(json.dumps(dict(read("profiles"))["PlanDefinition-discharge.json"]))
    (call,) = [it for it in plan["action"] if it["id"] == "kallelse-sip"]
    call["relatedAction"][0]["offsetDuration"]["value"] = 0
    (folder / "PlanDefinition-discharge.json").write_text(json.dumps(plan))
    own = {"resourceType": "Parameters", "id": "discharge-policy-own", "parameter": AGREEMENTS}
    (folder / "Parameters-discharge-policy-own.json").write_text(json.dumps(own))
    return folder.parent


@pytest.fixture(scope="module")
def server(laws):
    arguments = ("serve", "--access", "open", "--database", "sqlite:///:memory:")
    with serving(*arguments, FHIR_SERVER_DEFINITIONS=str(laws)) as running, httpx.Client(base_url=running.base) as api:
        for story in ("kommun-ej-klar", "utskrivning"):
            assert 200 == api.post("", json=STORIES[f"{story}.json"]).status_code
        yield api


def the_case(server: httpx.Client, story: str, when: str) -> dict:
    answer = server.get(f"/EpisodeOfCare/{story}-arende/$process", params={"at": when})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_another_deadline_makes_the_call_late(server):
    """Sent the day after the notice of discharge-ready: in time by the statute, and late by this one."""
    told = the_case(server, "kommun-ej-klar", "2026-01-20")

    assert ["kallelse-sip"] == [it["code"] for it in parts(told, "due") if it["late"]]
    assert [("late", "kallelse-sip")] == [(it["code"], it["about"]) for it in parts(told, "flag")]
    assert "no days 0" == owed(told)
    assert [] == [it["code"] for it in parts(the_case(server, "utskrivning", "2026-03-03"), "due") if it["late"]]


def test_the_agreement_of_the_day_of_the_notice_applies(server):
    winter = parts(the_case(server, "kommun-ej-klar", "2026-01-20"), "liability")
    spring = the_case(server, "utskrivning", "2026-03-12T12:00:00+01:00")

    assert ["vintern"] == [it["agreement"] for it in winter]
    assert "The agreement varen applies." == lines(spring)[0]
    assert "yes 2026-03-11 days 1" == owed(spring)
