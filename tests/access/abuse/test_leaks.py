"""What a run leaves outside the store has nobody in it; and a clock that is wrong opens nothing for long."""

import time

import httpx
import pytest

from tests.access.house import BASE, LIFETIME
from tests.builders import PERSONNUMMER, TEST_PERSON, a_care_plan, a_patient
from tests.servers import serving
from tests.tokens import a_token

pytestmark = pytest.mark.anyio
SECRETS = (TEST_PERSON, TEST_PERSON[2:], "Hemligsson", "Hemlighetsgatan", "070-1740605", "bo-kvar-hemma")
MINUTE = 60


def test_l_05_no_log_no_measure_and_no_redirect_tells_who_somebody_is(tmp_path):
    known = {
        "name": [{"family": "Hemligsson", "given": ["Rune"]}],
        "address": [{"line": ["Hemlighetsgatan 1"]}],
        "telecom": [{"system": "phone", "value": "070-1740605"}],
    }
    with serving("serve", "--access", "open", "--database", f"sqlite:///{tmp_path}/plans.db") as server:
        with httpx.Client(base_url=f"{server.base}/") as api:
            told = [
                api.put("Patient/hemligsson", json=a_patient(id="hemligsson", **known)),
                api.put("CarePlan/bo-kvar-hemma", json=a_care_plan(id="bo-kvar-hemma", title="Hemlighetsgatan")),
                api.get(f"Patient?identifier={PERSONNUMMER}|{TEST_PERSON}"),
                api.get(f"Patient?name=Hemligsson&{TEST_PERSON}=1"),
                api.get(f"Patient/{TEST_PERSON}"),
                api.get(f"{TEST_PERSON}/x/y/z"),
                api.post("Patient", json=a_patient(gender="Hemligsson")),
                api.post(
                    "Patient",
                    headers={"Content-Type": "application/fhir+json"},
                    content=f'{{"name": "{TEST_PERSON}'.encode(),
                ),
                api.put("CarePlan/bo-kvar-hemma", json=a_care_plan(id="Hemligsson")),
            ]
        measures = httpx.get(f"{server.root}/metrics").text
        log = server.log.read_text()

    assert [201, 201, 200, 400, 404, 404, 422, 400, 400] == [answer.status_code for answer in told]
    assert len(told) <= len(log.splitlines())
    assert "fhir_requests" in measures
    redirects = " ".join(answer.headers.get("location", "") for answer in told[2:])
    refusals = " ".join(answer.text for answer in told[3:])
    assert [] == [one for one in SECRETS for place in (log, measures, redirects, refusals) if one in place]


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iat": 0, "exp": LIFETIME}, 200),
        ({"iat": 20, "exp": LIFETIME + 20}, 200),
        ({"iat": 5 * MINUTE, "exp": 10 * MINUTE}, 401),
        ({"iat": -5 * MINUTE, "exp": -20}, 200),
        ({"iat": -10 * MINUTE, "exp": -5 * MINUTE}, 401),
    ],
    ids=["now", "half a minute ahead", "five minutes ahead", "just over", "over for five minutes"],
)
async def test_l_07_a_clock_that_differs_by_seconds_is_borne_and_one_that_differs_by_minutes_is_not(
    api, claims, status
):
    now = int(time.time())
    times = {name: now + value for name, value in claims.items()}
    answer = await api.get("CarePlan", headers=a_timed_bearer(times))

    assert status == answer.status_code, answer.text


def a_timed_bearer(times):
    return {"Authorization": f"Bearer {a_token(aud=BASE, jti=f't-{times}'[:200], scope='user/CarePlan.rs', **times)}"}
