"""What lies around the FHIR endpoint: compression."""

import pytest

from tests.builders import a_care_plan

pytestmark = pytest.mark.anyio


async def test_a_long_answer_is_compressed_for_whoever_takes_it(api):
    packed = await api.get("metadata", headers={"Accept-Encoding": "gzip"})
    plain = await api.get("metadata", headers={"Accept-Encoding": "identity"})

    assert "gzip" == packed.headers["content-encoding"]
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    assert int(packed.headers["content-length"]) < len(plain.content)


async def test_a_short_answer_is_left_as_it_is(api):
    await api.put("CarePlan/sip", json=a_care_plan(id="sip"))

    assert "content-encoding" not in (await api.get("CarePlan/sip", headers={"Accept-Encoding": "gzip"})).headers
