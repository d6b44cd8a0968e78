"""/health/live, /health/ready, /metrics."""

import pytest

from tests.builders import a_care_plan

pytestmark = pytest.mark.anyio
ROOT = "http://127.0.0.1:8080"


async def test_a_running_server_is_live_and_ready(api):
    assert {"status": "live", "missing": []} == (await api.get(f"{ROOT}/health/live")).json()
    assert {"status": "ready", "missing": []} == (await api.get(f"{ROOT}/health/ready")).json()


async def test_requests_are_counted_by_what_they_did(api):
    await api.post("CarePlan", json=a_care_plan())
    await api.get("CarePlan/none")

    metrics = (await api.get(f"{ROOT}/metrics")).text
    assert 'fhir_requests_total{interaction="create",status="201",type="CarePlan"} 1.0' in metrics
    assert 'fhir_requests_total{interaction="read",status="404",type="CarePlan"} 1.0' in metrics


async def test_metrics_name_nobody(api):
    await api.get("CarePlan?patient=Patient/hemlig")
    await api.get("Nothing/hemlig")

    assert "hemlig" not in (await api.get(f"{ROOT}/metrics")).text
