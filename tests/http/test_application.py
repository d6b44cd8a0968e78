"""What lies around the FHIR endpoint: compression, and the browser's same-origin rule."""

import pytest

from tests.builders import a_care_plan

pytestmark = pytest.mark.anyio
PORTAL = {"Origin": "https://portal.example"}


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


async def test_scripts_of_other_origins_are_let_in_by_nobody_unless_set(api):
    answer = await api.get("metadata", headers=PORTAL)

    assert [] == [name for name in answer.headers if name.startswith("access-control")]


class TestWithAnOrigin:
    @pytest.fixture
    def limits(self):
        return {"cors_origins": ["https://portal.example"]}

    async def test_its_scripts_may_call_and_read_etag_and_location(self, api):
        answer = await api.get("metadata", headers=PORTAL)

        assert "https://portal.example" == answer.headers["access-control-allow-origin"]
        assert {"ETag", "Location"} <= set(answer.headers["access-control-expose-headers"].split(", "))

    async def test_it_may_ask_first(self, api):
        asks = {**PORTAL, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "if-match"}

        assert 200 == (await api.options("CarePlan/sip", headers=asks)).status_code

    async def test_another_origin_is_not_let_in(self, api):
        answer = await api.get("metadata", headers={"Origin": "https://other.example"})

        assert "access-control-allow-origin" not in answer.headers
