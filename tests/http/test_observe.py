"""What stands in the log of a request, and what does not."""

import pytest
from prometheus_client import CollectorRegistry

from fhir_server.http.observe import Observer
from tests.builders import a_care_plan

pytestmark = pytest.mark.anyio


async def test_a_request_leaves_one_line_without_ids_parameters_or_content(capsys, api):
    await api.put("CarePlan/hemligt-id", json=a_care_plan(id="hemligt-id", title="hemlig titel"))
    await api.get("CarePlan?patient=Patient/hemlig")
    await api.post("CarePlan", json=a_care_plan(status="hemlig"))

    lines = capsys.readouterr().err.splitlines()
    assert 3 == len(lines)
    assert all("hemlig" not in line for line in lines)
    assert "interaction=update type=CarePlan status=201" in lines[0]


def test_a_fault_is_logged_by_its_place_and_kind_never_by_its_message():
    said = []

    class Log:
        def error(self, event, **words):
            said.append((event, words))

    observer = Observer(CollectorRegistry(), Log(), print, lambda: 0.0)
    observer.fault(observer.begun("r1"), ValueError("Rune Ek 191212121212"))

    ((event, words),) = said
    assert "fault" == event
    assert "ValueError" == words["kind"]
    assert "191212121212" not in str(words)
